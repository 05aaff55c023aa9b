"""Which constructs of a statement does one dialect alone understand?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql.cursor import words
from calista_tools.effects.sql.statement_effects import Only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.sql.statement_draft import Draft
    from calista_tools.effects.sql.tokens import Token

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
    " BOOL_AND BOOL_OR EVERY LPAD RPAD STRPOS MAKE_INTERVAL MAKE_DATE GENERATE_SERIES DATE_PART"
    " TO_NUMBER QUOTE_LITERAL QUOTE_IDENT JSON_AGG CRYPT GEN_SALT DIGEST JUSTIFY_DAYS JUSTIFY_HOURS"
)
_PG_PREFIXES = ("JSONB_", "PG_", "UUID_GENERATE_", "ARRAY_", "REGEXP_")
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
_PG_OPS = frozenset(("::", "@>", "<@", "~*", "!~", "!~*", "@@", "#>", "#>>", "&&"))
#: Two words that say nothing one by one.
_PAIRS = {
    ("AT", "TIME"): (PG, "AT TIME ZONE"),
    ("DISTINCT", "ON"): (PG, "DISTINCT ON"),
    ("FOR", "UPDATE"): (PG, "FOR UPDATE"),
    ("FOR", "SHARE"): (PG, "FOR SHARE"),
    ("SIMILAR", "TO"): (PG, "SIMILAR TO"),
    ("NULLS", "NOT"): (PG, "NULLS NOT DISTINCT"),
    ("AS", "IDENTITY"): (PG, "GENERATED AS IDENTITY"),
    ("ON", "CONSTRAINT"): (PG, "ON CONFLICT ON CONSTRAINT"),
    ("ARRAY", "["): (PG, "ARRAY"),
    ("COLLATE", "NOCASE"): (LITE, "COLLATE NOCASE"),
    ("COLLATE", "RTRIM"): (LITE, "COLLATE RTRIM"),
    ("COLLATE", "BINARY"): (LITE, "COLLATE BINARY"),
    ("WITHOUT", "ROWID"): (LITE, "WITHOUT ROWID"),
    ("INDEXED", "BY"): (LITE, "INDEXED BY"),
}


#: Statements of one word more, or of none.
_SHORT = {
    ("VACUUM", "FULL"): (PG, "VACUUM FULL"),
    ("VACUUM", "("): (PG, "VACUUM with options"),
    ("VACUUM", "ANALYZE"): (PG, "VACUUM ANALYZE"),
    ("VACUUM", "VERBOSE"): (PG, "VACUUM VERBOSE"),
    ("VACUUM", "FREEZE"): (PG, "VACUUM FREEZE"),
    ("VACUUM", "INTO"): (LITE, "VACUUM INTO"),
    ("ANALYZE", "VERBOSE"): (PG, "ANALYZE VERBOSE"),
    ("REINDEX", ""): (LITE, "REINDEX of everything"),
    ("REINDEX", "TABLE"): (PG, "REINDEX TABLE"),
    ("REINDEX", "INDEX"): (PG, "REINDEX INDEX"),
    ("REINDEX", "SCHEMA"): (PG, "REINDEX SCHEMA"),
    ("REINDEX", "DATABASE"): (PG, "REINDEX DATABASE"),
    ("REINDEX", "("): (PG, "REINDEX with options"),
}


def only(draft: Draft, tokens: list[Token], text: str) -> tuple[Only, ...]:
    """Return the constructs of a parsed statement that one dialect alone has, each once."""
    start = tokens[0].start
    found: dict[tuple[str, str], int] = {}
    second = tokens[1].upper if len(tokens) > 1 else ""
    if (short := _SHORT.get((tokens[0].upper, second))) is not None:
        found.setdefault(short, start)
    for dialect, construct in _by_form(draft):
        found.setdefault((dialect, construct), start)
    if draft.verb == "create table" and tokens[-1].upper == "STRICT":
        found.setdefault((LITE, "STRICT"), tokens[-1].start)
    end = tokens[-1].end  # of this statement: the text may hold thousands
    if text.find("`", start, end) >= 0 or text.find("[", start, end) >= 0:
        for dialect, construct, offset in _by_quote(tokens, text):
            found.setdefault((dialect, construct), offset)
    for dialect, construct, offset in _by_word(tokens, draft.kind == "ddl"):
        found.setdefault((dialect, construct), offset)
    return tuple(Only(dialect, construct, offset) for (dialect, construct), offset in found.items())


#: What a name follows, and no array.
_BEFORE_NAME = words(
    "SET UPDATE FROM INTO TABLE SELECT WHERE AND OR ON INDEX JOIN BY COLUMN ADD DROP"
)


def _by_quote(tokens: list[Token], text: str) -> Iterator[tuple[str, str, int]]:
    """Yield names in SQLite's quotes, and PostgreSQL's arrays, which look alike to SQLite."""
    for before, token in zip([tokens[0], *tokens], tokens, strict=False):
        mark = text[token.start : token.start + 1]
        if mark == "`" and token.kind == "quoted":
            yield LITE, "name in backquotes", token.start
        elif mark == "[" and token.kind in ("quoted", "op"):
            if before.kind == "word" and before.upper not in _BEFORE_NAME:
                if before.end == token.start:
                    yield PG, "array [ ]", token.start
            elif before.upper in _BEFORE_NAME or before.upper == ".":
                yield LITE, "name in [brackets]", token.start


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
    if verb == "create index" and any(made.name is None for made in draft.objects):
        yield PG, "CREATE INDEX without a name"
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
            elif ddl and upper == "ON" and follows == "CONFLICT":
                yield LITE, "ON CONFLICT of a constraint", token.start
            elif ddl and upper.endswith("_OPS"):
                yield PG, "an operator class", token.start
            elif not ddl and upper == "DEFAULT" and before in _VALUE_AFTER:
                yield PG, "DEFAULT as a value", token.start
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
            elif upper == "~" and at and _ends_operand(tokens[at - 1]):
                yield PG, "~", token.start
            elif upper == "==":
                yield LITE, "==", token.start
        elif kind == "dollar":
            yield PG, "dollar-quoted string", token.start
        elif kind == "estring":
            yield PG, "E'' string", token.start
        before = upper


_VALUE_AFTER = frozenset(("(", ",", "="))
_BEFORE_OPERAND = words(
    "AND OR NOT WHERE SELECT WHEN THEN ELSE ON RETURNING BY CASE BETWEEN LIKE IN"
)


def _ends_operand(token: Token) -> bool:
    """Whether an operator behind this takes two: SQLite's `~` takes one."""
    if token.kind == "word":
        return token.upper not in _BEFORE_OPERAND
    return token.kind in ("quoted", "string", "number", "param") or token.upper in (")", "]")


_NO_TYPE_AFTER = frozenset(("(", ",", ".", "COLUMN", "ON", "EXISTS", "CONSTRAINT", "TO", "INDEX"))


def _call(upper: str, before: str, start: int) -> Iterator[tuple[str, str, int]]:
    if before in ("INTO", "TABLE", "EXISTS", "FUNCTION", "ON", "REFERENCES", "INDEX"):
        # Names of tables and functions are followed by parentheses as well.
        return
    if upper in _PG_CALLS or upper.startswith(_PG_PREFIXES):
        yield PG, f"{upper.lower()}()", start
    elif upper in _LITE_CALLS:
        yield LITE, f"{upper.lower()}()", start
    elif upper == "RAISE":
        yield LITE, "RAISE()", start
