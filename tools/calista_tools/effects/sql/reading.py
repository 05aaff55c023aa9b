"""Does a text write rows, change the schema, or neither - and can that be known from it?

What calls a function that is not known to leave rows alone may do anything.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from calista_tools.effects.sql import HOLE, effects
from calista_tools.effects.sql.cursor import words
from calista_tools.effects.sql.tokens import statements
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.sql.statement_effects import Statement
    from calista_tools.effects.sql.tokens import Token


class Reading(NamedTuple):
    """What a text does on one dialect.

    Attributes:
        schema: It changes the schema.
        rows: It writes or removes rows.
        unsure: It may do what its text does not say.
        tables: Those that it names, also those that it only reads.
    """

    schema: bool
    rows: bool
    unsure: bool
    tables: frozenset[str]


#: Words that a parenthesis follows though they call nothing, and types with a length.
_NO_CALLS = words(
    "IN ANY ALL SOME EXISTS VALUES AND OR NOT ON USING SELECT FROM WHERE HAVING BY AS WITH WHEN THEN"
    " ELSE CASE LIKE ILIKE IS BETWEEN UNION INTERSECT EXCEPT OVER FILTER PARTITION WITHIN ROWS RANGE"
    " GROUPING SETS CUBE ROLLUP LATERAL ROW ARRAY INTO SET RETURNING MATERIALIZED IF ELSIF ELSEIF"
    " WHILE RETURN LIMIT OFFSET DISTINCT JOIN CHAR CHARACTER VARCHAR VARYING NUMERIC DECIMAL BIT TIME"
    " TIMESTAMP INTERVAL FLOAT TIMESTAMPTZ LOOP EXECUTE PERFORM EXPLAIN ANALYZE DO END BEGIN"
)
#: Functions of the databases that write no rows.
_HARMLESS = words(
    "ABS AGE AVG BOOL_AND BOOL_OR BTRIM CARDINALITY CAST CEIL CEILING CHAR_LENGTH CHR CLOCK_TIMESTAMP"
    " COALESCE COL_DESCRIPTION CONCAT CONCAT_WS CONVERT_FROM CONVERT_TO COUNT CRC32 CURRENT_DATABASE"
    " CURRENT_SCHEMA CURRENT_SCHEMAS CURRENT_SETTING CURRENT_USER DATE DATETIME DECODE DENSE_RANK DIGEST"
    " DIV ENCODE ENUM_RANGE EVERY EXTRACT FIRST_VALUE FLOOR FORMAT FORMAT_TYPE GEN_RANDOM_UUID"
    " GENERATE_SERIES GENERATE_SUBSCRIPTS GREATEST GROUP_CONCAT HEX IFNULL IIF INITCAP INSTR JULIANDAY"
    " LAG LAST_VALUE LEAD LEAST LEFT LENGTH LOWER LPAD LTRIM MAX MD5 MIN MOD NOW NTH_VALUE NULLIF"
    " NUM_NONNULLS NUM_NULLS OBJ_DESCRIPTION OCTET_LENGTH OVERLAY POSITION POWER PRINTF QUOTE"
    " QUOTE_IDENT QUOTE_LITERAL QUOTE_NULLABLE RANDOM RANK REPEAT REPLACE REVERSE RIGHT ROUND ROW_NUMBER"
    " ROW_TO_JSON RPAD RTRIM SETSEED SHA256 SIGN SPLIT_PART SQRT STARTS_WITH STRFTIME STRPOS SUBSTR"
    " SUBSTRING SUM TOTAL TRANSLATE TRIM TRUNC TYPEOF UNICODE UNISTR UNNEST UPPER UUID_GENERATE_V4"
    " UUIDV7 VERSION XMLAGG LASTVAL CURRVAL"
)
_HARMLESS_FAMILIES = (
    "PG_GET_", "PG_ADVISORY_", "PG_TRY_ADVISORY_", "PG_TABLE_", "PG_RELATION_", "PG_TOTAL_RELATION_",
    "PG_TYPEOF", "PG_SLEEP", "HAS_", "TO_", "ARRAY_", "STRING_", "JSON_", "JSONB_", "REGEXP_", "DATE_",
    "MAKE_", "REGR_", "STDDEV", "VAR_", "PERCENTILE_", "TXID_", "INET_", "PRAGMA_",
)  # fmt: skip
#: With these begins what is read by itself in the body of a ``DO``.
_READ_APART = words(
    "CREATE ALTER DROP INSERT UPDATE DELETE TRUNCATE MERGE COMMENT GRANT REVOKE COPY RAISE"
)
#: What writes only through what it calls, or not at all.
_LOOKED_INTO = words("SELECT VALUES TABLE WITH ( DECLARE DO EXPLAIN")
_MAY_DO_ANYTHING = frozenset(["call", "execute"])
#: Where a `FROM` names no table.
_OF_ROLES = words("REVOKE GRANT REASSIGN")
_OF_A_CALL = words("EXTRACT SUBSTRING TRIM OVERLAY POSITION")
_NO_TABLES = words("SELECT LATERAL VALUES STDIN STDOUT")


def read(text: str, dialect: str, harmless: frozenset[str] = frozenset()) -> Reading:
    """Return what a text of one or several statements does on a dialect.

    Functions in ``harmless``, in capitals, are not asked after either.
    """
    text = text.replace("\\:", ":")
    found = effects(text, dialect)
    schema = rows = False
    unsure = bool(found.troubles)
    tables: set[str] = set()
    for statement in found.statements:
        made = _changes(statement)
        schema, rows = schema or made[0], rows or made[1]
        unsure = unsure or bool(statement.unknown) or statement.verb in _MAY_DO_ANYTHING
        tables.update(statement.tables)
        touched = [(one.table, one.referred_table) for one in statement.objects]
        tables.update(name for pair in (*touched, (statement.table,)) for name in pair if name)
    for raw in statements(text, dialect):
        tables.update(_named(raw.tokens))
        if raw.tokens and raw.tokens[0].upper in _LOOKED_INTO:
            unsure = unsure or _may_write(raw.tokens, harmless)
    return Reading(schema, rows, unsure, frozenset(name for name in tables if HOLE not in name))


def _changes(statement: Statement) -> tuple[bool, bool]:
    """Whether one statement changes the schema, and whether it writes rows."""
    if "temporary" in statement.flags:
        return False, False
    if statement.verb in ("create table as", "select into"):
        return True, True
    if statement.kind == "ddl":
        return True, False
    # SQLite's own tables hold counters and statistics.
    own = (statement.table or "").startswith("sqlite_")
    return False, statement.kind == "dml" and not own


def _may_write(tokens: Sequence[Token], harmless: frozenset[str]) -> bool:
    """Whether a statement that reads, or a block, may write by what it calls."""
    first = tokens[0].upper
    if first == "EXPLAIN":
        ran = any(token.upper in ("ANALYZE", "ANALYSE") for token in tokens)
        return ran and any(token.upper in _READ_APART for token in tokens)
    if first == "DO":
        return _other_language(tokens) or any(_calls(part, harmless) for part in _steering(tokens))
    return _calls(tokens, harmless)


def _other_language(tokens: Sequence[Token]) -> bool:
    languages = [
        following.value.lower()
        for token, following in pairwise(tokens)
        if token.upper == "LANGUAGE"
    ]
    return any(language != "plpgsql" for language in languages)


def _steering(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield what a ``DO`` block holds beside the statements that are read by themselves."""
    bodies = [token.value for token in tokens if token.kind in ("dollar", "string", "estring")]
    for raw in statements(max(bodies, key=len, default=""), "postgresql"):
        places = (at for at, token in enumerate(raw.tokens) if token.upper in _READ_APART)
        yield raw.tokens[: next(places, len(raw.tokens))]


def _calls(tokens: Sequence[Token], harmless: frozenset[str]) -> bool:
    """Whether a function is called that is not known to leave rows alone."""
    for at in range(len(tokens) - 1):
        token = tokens[at]
        if tokens[at + 1].upper != "(" or token.kind not in ("word", "quoted"):
            continue
        before = tokens[at - 1].upper if at else ""
        if before in ("AS", ")", "WITH", "RECURSIVE") or (before == "," and _names(tokens, at + 1)):
            continue  # the columns of an alias or of a WITH
        name = token.value.upper()
        if token.upper not in _NO_CALLS and name not in harmless and may_write(name):
            return True
    return False


def may_write(function: str) -> bool:
    """Whether a function is not known to leave rows alone."""
    name = function.upper()
    return name not in _HARMLESS and not name.startswith(_HARMLESS_FAMILIES)


def _names(tokens: Sequence[Token], at: int) -> bool:
    """Whether a parenthesis holds the columns of a further query of a WITH: ``AS (`` follows."""
    at += 1
    while at < len(tokens) and (tokens[at].kind in ("word", "quoted") or tokens[at].upper == ","):
        at += 1  # names alone, so that no part is passed over twice
    if at >= len(tokens) or tokens[at].upper != ")":
        return False
    return [token.upper for token in tokens[at + 1 : at + 3]] == ["AS", "("]


def _named(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield the tables that a statement names where tables stand."""
    made = {
        tokens[at].value
        for at in range(len(tokens) - 2)
        if tokens[at + 1].upper == "AS" and tokens[at + 2].upper in ("(", "MATERIALIZED", "NOT")
    }
    inside: list[str] = []
    first = tokens[0].upper if tokens else ""
    wanted = {"FROM", "JOIN", *(["USING"] if first in ("DELETE", "MERGE") else ())}
    if first in _OF_ROLES:
        return
    for at, token in enumerate(tokens):
        before = tokens[at - 1].upper if at else ""
        if token.upper == "(":
            inside.append(before)
        elif token.upper == ")" and inside:
            inside.pop()
        elif token.upper in wanted and not (
            before == "DISTINCT" or (inside and inside[-1] in _OF_A_CALL)
        ):
            name = _table(tokens, at + 1)
            if name is not None and name not in made:
                yield name


def _table(tokens: Sequence[Token], at: int) -> str | None:
    """Return the table whose name begins at a place, without its schema; None where none does."""
    while at < len(tokens) and tokens[at].upper == "ONLY":
        at += 1
    if at + 2 < len(tokens) and tokens[at + 1].upper == ".":
        at += 2
    if at >= len(tokens) or tokens[at].kind not in ("word", "quoted"):
        return None
    called = at + 1 < len(tokens) and tokens[at + 1].upper == "("
    return None if called or tokens[at].upper in _NO_TABLES else tokens[at].value
