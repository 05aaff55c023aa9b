"""Which constructs of a statement does one dialect alone understand?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.sql.cursor import words
from calista_tools.lint.sql.records import Only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.sql.draft import Draft
    from calista_tools.lint.sql.tokens import Token

PG, LITE = "postgresql", "sqlite"

_PG_VERBS = words(
    "truncate do merge copy comment grant revoke reassign security import call refresh cluster lock"
    " listen notify unlisten load discard checkpoint show set reset start prepare deallocate declare"
    " fetch move close execute select_into table abort"
)
_LITE_VERBS = frozenset(("pragma", "attach", "detach", "replace"))
#: What both create and drop; everything else of these verbs is PostgreSQL's.
_BOTH = frozenset(
    (
        "create table",
        "create table as",
        "create index",
        "create trigger",
        "create view",
        "drop table",
        "drop index",
        "drop trigger",
        "drop view",
    )
)
#: SQLite before 3.53 alters tables in these ways only.
_BOTH_CHANGES = frozenset(("add_column", "drop_column", "rename_column", "rename"))

_PG_TYPES = words(
    "JSONB SERIAL BIGSERIAL SMALLSERIAL SERIAL2 SERIAL4 SERIAL8 TIMESTAMPTZ TIMETZ BYTEA TSVECTOR"
    " TSQUERY HSTORE CITEXT INET CIDR MACADDR INT4RANGE INT8RANGE NUMRANGE TSRANGE TSTZRANGE"
    " DATERANGE REGCLASS LTREE VECTOR XML"
)
_LITE_TYPES = words("DATETIME BLOB TINYINT MEDIUMINT NVARCHAR CLOB LONGTEXT")
_PG_CALLS = words(
    "NOW GEN_RANDOM_UUID UUID_GENERATE_V4 CLOCK_TIMESTAMP STATEMENT_TIMESTAMP TO_CHAR TO_DATE"
    " TO_TIMESTAMP TO_TSVECTOR TO_TSQUERY DATE_TRUNC AGE EXTRACT NEXTVAL SETVAL CURRVAL"
    " CURRENT_SETTING SET_CONFIG ARRAY_AGG UNNEST REGEXP_REPLACE REGEXP_MATCHES STRING_TO_ARRAY"
    " ARRAY_TO_STRING ARRAY_LENGTH CARDINALITY GREATEST LEAST SPLIT_PART MD5 ENCODE DECODE FORMAT_TYPE"
    " JSON_BUILD_OBJECT JSON_BUILD_ARRAY ROW_TO_JSON TO_JSON TO_JSONB CREATE_HYPERTABLE INITCAP"
    " BOOL_AND BOOL_OR EVERY LPAD RPAD STRPOS MAKE_INTERVAL MAKE_DATE"
)
_LITE_CALLS = words(
    "STRFTIME JULIANDAY UNIXEPOCH DATETIME LAST_INSERT_ROWID RANDOMBLOB INSTR IFNULL PRINTF IIF"
    " GROUP_CONCAT TYPEOF JSON_EXTRACT JSON_GROUP_ARRAY JSON_GROUP_OBJECT JSON_TYPE TOTAL HEX"
    " QUOTE ZEROBLOB TOTAL_CHANGES SQLITE_VERSION"
)
_PG_WORDS = {
    "ILIKE": "ILIKE",
    "LATERAL": "LATERAL",
    "INFORMATION_SCHEMA": "information_schema",
    "PG_CATALOG": "pg_catalog",
    "PLPGSQL": "plpgsql",
}
_LITE_WORDS = {
    "AUTOINCREMENT": "AUTOINCREMENT",
    "GLOB": "GLOB",
    "SQLITE_MASTER": "sqlite_master",
    "SQLITE_SCHEMA": "sqlite_schema",
    "SQLITE_SEQUENCE": "sqlite_sequence",
    "ROWID": "rowid",
}
_PG_OPS = {"::": "::", "@>": "@>", "<@": "<@", "~*": "~*", "@@": "@@"}
#: Two words that say nothing one by one.
_PAIRS = {
    ("AT", "TIME"): (PG, "AT TIME ZONE"),
    ("DISTINCT", "ON"): (PG, "DISTINCT ON"),
    ("FOR", "UPDATE"): (PG, "FOR UPDATE"),
    ("FOR", "SHARE"): (PG, "FOR SHARE"),
    ("SIMILAR", "TO"): (PG, "SIMILAR TO"),
    ("AS", "IDENTITY"): (PG, "GENERATED AS IDENTITY"),
    ("ON", "CONSTRAINT"): (PG, "ON CONFLICT ON CONSTRAINT"),
    ("ARRAY", "["): (PG, "ARRAY"),
    ("WITHOUT", "ROWID"): (LITE, "WITHOUT ROWID"),
    ("INDEXED", "BY"): (LITE, "INDEXED BY"),
}


def only(draft: Draft, tokens: list[Token]) -> tuple[Only, ...]:
    """Return the constructs of a parsed statement that one dialect alone has, each once."""
    start = tokens[0].start
    found: dict[tuple[str, str], int] = {}
    for dialect, construct in _by_form(draft):
        found.setdefault((dialect, construct), start)
    for dialect, construct, offset in _by_word(tokens, draft.kind == "ddl"):
        found.setdefault((dialect, construct), offset)
    return tuple(Only(dialect, construct, offset) for (dialect, construct), offset in found.items())


def _by_form(draft: Draft) -> Iterator[tuple[str, str]]:
    verb, flags = draft.verb, draft.flags
    shown = verb.upper()
    if verb.replace(" ", "_") in _PG_VERBS:
        yield PG, shown
    elif verb in _LITE_VERBS:
        yield LITE, shown
    elif verb == "create trigger":
        if draft.trigger is not None:
            if draft.trigger.function is None:
                yield LITE, "a trigger with a body of its own"
            else:
                yield PG, "EXECUTE FUNCTION"
        if "if not exists" in flags:
            yield LITE, "CREATE TRIGGER IF NOT EXISTS"
    elif verb == "drop trigger":
        yield (PG, "DROP TRIGGER … ON") if "on" in flags else (LITE, "DROP TRIGGER without ON")
    elif verb.startswith(("create ", "drop ")) and verb not in _BOTH:
        yield PG, shown
    elif verb.startswith("alter "):
        yield from _alter(draft, shown)
    if verb.startswith("drop ") and "cascade" in flags:
        yield PG, f"{shown} … CASCADE"
    if verb.startswith("drop ") and len(draft.objects) > 1:
        yield PG, f"{shown} of several"
    if verb.startswith("create ") and "or replace" in flags:
        yield PG, "CREATE OR REPLACE"
    if verb == "create view" and "if not exists" in flags:
        yield LITE, "CREATE VIEW IF NOT EXISTS"
    if verb in ("insert", "update"):
        for flag in flags:
            if flag.startswith("or "):
                yield LITE, f"{shown} {flag.upper()}"
    if verb == "delete" and "using" in flags:
        yield PG, "DELETE … USING"
    for flag in sorted(flags & _FORM_FLAGS.keys()):
        yield _FORM_FLAGS[flag]
    for flag in flags:
        if flag.startswith("using ") and verb == "create index":
            yield PG, f"{flag[6:].upper()} index" if flag != "using btree" else "USING btree"


_FORM_FLAGS = {
    "concurrently": (PG, "CONCURRENTLY"),
    "include": (PG, "INCLUDE"),
    "unlogged": (PG, "UNLOGGED"),
    "partition of": (PG, "PARTITION OF"),
    "nulls not distinct": (PG, "NULLS NOT DISTINCT"),
    "like": (PG, "LIKE in CREATE TABLE"),
    "constraint": (PG, "CREATE CONSTRAINT TRIGGER"),
    "virtual": (LITE, "VIRTUAL TABLE"),
}


def _alter(draft: Draft, shown: str) -> Iterator[tuple[str, str]]:
    if draft.verb != "alter table":
        yield PG, shown
        return
    if "if exists" in draft.flags:
        yield PG, "ALTER TABLE IF EXISTS"
    if len(draft.changes) > 1:
        yield PG, "ALTER TABLE with several changes"
    for change in draft.changes:
        if change.what not in _BOTH_CHANGES:
            yield PG, f"ALTER TABLE … {change.what.replace('_', ' ').upper()}"
        elif change.flags & {"if exists", "if not exists", "cascade"}:
            clauses = sorted(change.flags & {"if exists", "if not exists", "cascade"})
            yield PG, f"ALTER TABLE … {' '.join(clauses).upper()}"


def _by_word(tokens: list[Token], ddl: bool) -> Iterator[tuple[str, str, int]]:
    last = len(tokens) - 1
    before = ""
    for at, token in enumerate(tokens):
        upper, kind = token.upper, token.kind
        if kind == "word":
            follows = tokens[at + 1].upper if at < last else ""
            if upper in _PG_WORDS:
                yield PG, _PG_WORDS[upper], token.start
            elif upper in _LITE_WORDS:
                yield LITE, _LITE_WORDS[upper], token.start
            elif (upper, follows) in _PAIRS:
                dialect, construct = _PAIRS[upper, follows]
                yield dialect, construct, token.start
            elif follows == "(":
                yield from _call(upper, before, token.start)
            elif upper in _PG_TYPES or upper in _LITE_TYPES:
                if (ddl and at > 1 and before not in _NO_TYPE_AFTER) or before in ("::", "AS"):
                    yield (PG if upper in _PG_TYPES else LITE), upper, token.start
            elif upper == "INTERVAL" and at < last and tokens[at + 1].kind == "string":
                yield PG, "INTERVAL", token.start
        elif kind == "op":
            if upper in _PG_OPS:
                yield PG, upper, token.start
            elif upper == "==":
                yield LITE, "==", token.start
        elif kind == "dollar":
            yield PG, "dollar-quoted string", token.start
        elif kind == "estring":
            yield PG, "E'' string", token.start
        before = upper


_NO_TYPE_AFTER = frozenset(("(", ",", ".", "COLUMN", "ON", "EXISTS", "CONSTRAINT", "TO", "INDEX"))


def _call(upper: str, before: str, start: int) -> Iterator[tuple[str, str, int]]:
    if before in ("INTO", "TABLE", "EXISTS", "FUNCTION", "ON", "REFERENCES"):
        # Names of tables and functions are followed by parentheses as well.
        return
    if upper in _PG_CALLS or upper.startswith(("JSONB_", "PG_", "UUID_GENERATE_")):
        yield PG, f"{upper.lower()}()", start
    elif upper in _LITE_CALLS:
        yield LITE, f"{upper.lower()}()", start
    elif upper == "RAISE":
        yield LITE, "RAISE()", start
