"""What few migrations touch in PostgreSQL: rare objects, their owners, comments and privileges."""

from __future__ import annotations

from collections.abc import Sequence

from tests.integration.roundtrip.pairs.pair import PG, Pair, Step, alone, sql

TABLE = "CREATE TABLE {t} (id int PRIMARY KEY, code varchar(40), note text)"
BACK = "TO CURRENT_USER"
WRAPPER = "CREATE FOREIGN DATA WRAPPER {t}_w"
SERVER = "CREATE SERVER {t}_s FOREIGN DATA WRAPPER {t}_w"


def pair(
    setup: str | Sequence[str],
    up: str | Sequence[str],
    says: str,
    good: str | Sequence[str],
    bad: str | Sequence[str] = (),
) -> Pair:
    """Return an upgrade that one downgrade undoes and the other does not."""

    def code(statements: str | Sequence[str]) -> str:
        return sql(*([statements] if isinstance(statements, str) else statements)) or "pass"

    return Pair(code(setup), Step(code(up), code(bad)), (says,), Step(code(up), code(good)), PG)


def comment(what: str, says: str, *setup: str) -> Pair:
    on = f"COMMENT ON {what} IS "
    return pair(setup, f"{on}'why'", says, f"{on}NULL", f"{on}'because'")


def owner(what: str, says: str, *setup: str) -> Pair:
    alter = f"ALTER {what} OWNER "
    return pair(setup, f"{alter}TO pg_monitor", says, f"{alter}{BACK}")


def made(create: str, says: str, drop: str) -> Pair:
    return pair([], create, f"+{says}", drop)


def again(create: str, says: str, bad: str, drop: str, *setup: str) -> Pair:
    return pair([*setup, create], drop, f"~{says}", create, bad)


COMMENTS = {
    "domain_check": comment(
        "CONSTRAINT c ON DOMAIN {t}_d", "~domain {t}_d: comments",
        "CREATE DOMAIN {t}_d AS int CONSTRAINT c CHECK (VALUE > 0)",
    ),
    "collation": comment(
        "COLLATION {t}_c", "~collation {t}_c: comment", 'CREATE COLLATION {t}_c FROM "C"'
    ),
    "operator": comment(
        "OPERATOR {t}.=## (int, int)", "~operator {t}.=##(integer,integer): comment",
        "CREATE SCHEMA {t}",
        "CREATE OPERATOR {t}.=## (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)",
    ),
    "search": comment(
        "TEXT SEARCH CONFIGURATION {t}_ts", "~text search configuration {t}_ts: comment",
        "CREATE TEXT SEARCH CONFIGURATION {t}_ts (COPY = simple)",
    ),
    "server": comment("SERVER {t}_s", "~server {t}_s: comment", WRAPPER, SERVER),
    "composite": comment(
        "TYPE {t}_pair", "~type {t}_pair: comment", "CREATE TYPE {t}_pair AS (a int)"
    ),
    "index_of_a_key": comment(
        "INDEX {t}_pkey", "~primary key {t}_pkey on {t}: index comment", TABLE
    ),
}  # fmt: skip

OWNED = {
    "collation_owner": owner("COLLATION {t}_c", "~collation {t}_c: owner",
                             'CREATE COLLATION {t}_c FROM "C"'),
    "publication_owner": owner("PUBLICATION {t}_p", "~publication {t}_p: owner",
                               "CREATE PUBLICATION {t}_p"),
    "statistics_owner": owner("STATISTICS {t}_s", "~statistics {t}_s on {t}: owner", TABLE,
                              "CREATE STATISTICS {t}_s ON code, note FROM {t}"),
    "composite_privilege": pair(
        "CREATE TYPE {t}_pair AS (a int)", "REVOKE USAGE ON TYPE {t}_pair FROM PUBLIC",
        "~type {t}_pair: type privileges", "GRANT USAGE ON TYPE {t}_pair TO PUBLIC",
    ),
    "identity_privilege": pair(
        "CREATE TABLE {t} (id int GENERATED ALWAYS AS IDENTITY)",
        "GRANT USAGE ON SEQUENCE {t}_id_seq TO pg_monitor", "~column {t}.id: identity options",
        "REVOKE USAGE ON SEQUENCE {t}_id_seq FROM pg_monitor",
    ),
    "wrapper_privilege": pair(
        WRAPPER, "GRANT USAGE ON FOREIGN DATA WRAPPER {t}_w TO pg_monitor",
        "~foreign data wrapper {t}_w: privileges",
        "REVOKE USAGE ON FOREIGN DATA WRAPPER {t}_w FROM pg_monitor",
    ),
    "grant_option": pair(
        [TABLE, "GRANT SELECT ON {t} TO pg_monitor WITH GRANT OPTION"],
        "REVOKE SELECT ON {t} FROM pg_monitor", "~table {t}: privileges",
        "GRANT SELECT ON {t} TO pg_monitor WITH GRANT OPTION", "GRANT SELECT ON {t} TO pg_monitor",
    ),
}  # fmt: skip

OBJECTS = {
    "conversion": made(
        "CREATE CONVERSION {t}_c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        "conversion {t}_c", "DROP CONVERSION {t}_c",
    ),
    "access_method": made(
        "CREATE ACCESS METHOD {t}_m TYPE TABLE HANDLER heap_tableam_handler",
        "access method {t}_m", "DROP ACCESS METHOD {t}_m",
    ),
    "language": made(
        "CREATE LANGUAGE {t}_l HANDLER plpgsql_call_handler", "language {t}_l", "DROP LANGUAGE {t}_l"
    ),
    "search_parser": made(
        "CREATE TEXT SEARCH PARSER {t}_p (START = prsd_start, GETTOKEN = prsd_nexttoken,"
        " END = prsd_end, LEXTYPES = prsd_lextype)",
        "text search parser {t}_p", "DROP TEXT SEARCH PARSER {t}_p",
    ),
    "search_template": made(
        "CREATE TEXT SEARCH TEMPLATE {t}_t (LEXIZE = dsimple_lexize)", "text search template {t}_t",
        "DROP TEXT SEARCH TEMPLATE {t}_t",
    ),
    "operator_without_commutator": again(
        "CREATE OPERATOR {t}.=#= (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int,"
        " COMMUTATOR = OPERATOR({t}.=#=), RESTRICT = eqsel)",
        "operator {t}.=#=(integer,integer): commutator",
        "CREATE OPERATOR {t}.=#= (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int)",
        "DROP OPERATOR {t}.=#= (int, int)", "CREATE SCHEMA {t}",
    ),
    "member_of_a_family": pair(
        "CREATE OPERATOR FAMILY {t}_f USING btree",
        "ALTER OPERATOR FAMILY {t}_f USING btree ADD OPERATOR 1 < (int4, int8)",
        "~operator family {t}_f for btree: operators",
        "ALTER OPERATOR FAMILY {t}_f USING btree DROP OPERATOR 1 (int4, int8)",
    ),
    "domain_without_collation": again(
        'CREATE DOMAIN {t}_d AS text COLLATE "C"', "domain {t}_d: collation",
        "CREATE DOMAIN {t}_d AS text", "DROP DOMAIN {t}_d",
    ),
    "range_without_difference": again(
        "CREATE TYPE {t}_r AS RANGE (subtype = float8, subtype_diff = float8mi)",
        "range {t}_r: difference", "CREATE TYPE {t}_r AS RANGE (subtype = float8)",
        "DROP TYPE {t}_r",
    ),
    "column_of_a_foreign_table": pair(
        [WRAPPER, SERVER, "CREATE FOREIGN TABLE {t} (a int OPTIONS (x 'y')) SERVER {t}_s"],
        "ALTER FOREIGN TABLE {t} ALTER a OPTIONS (SET x 'z')", "~column {t}.a: foreign options",
        "ALTER FOREIGN TABLE {t} ALTER a OPTIONS (SET x 'y')",
    ),
    "clustered_by_its_key": pair(
        TABLE, "ALTER TABLE {t} CLUSTER ON {t}_pkey", "~primary key {t}_pkey on {t}: clustered",
        "ALTER TABLE {t} SET WITHOUT CLUSTER",
    ),
    "statistics_of_an_index": pair(
        [TABLE, "CREATE INDEX {t}_i ON {t} (lower(code))"],
        "ALTER INDEX {t}_i ALTER COLUMN 1 SET STATISTICS 500", "~index {t}_i on {t}: statistics",
        "ALTER INDEX {t}_i ALTER COLUMN 1 SET STATISTICS -1",
    ),
    "no_longer_published": Pair(
        sql("CREATE TABLE {t} (a int)", "CREATE TABLE {t}_2 (a int)",
            "CREATE PUBLICATION {t}_p FOR TABLE {t}, {t}_2"),
        Step(
            sql("ALTER TABLE {t} RENAME TO {t}_1", "CREATE TABLE {t} (a int)",
                "INSERT INTO {t} TABLE {t}_1", "DROP TABLE {t}_1"),
        ),
        ("~publication {t}_p: tables",),
        Step(
            sql("ALTER PUBLICATION {t}_p DROP TABLE {t}"), sql("ALTER PUBLICATION {t}_p ADD TABLE {t}")
        ),
        PG,
    ),
    "index_beside_writers": Pair(
        sql(TABLE),
        Step(alone("CREATE INDEX CONCURRENTLY {t}_i ON {t} (code)")),
        ("+index {t}_i on {t}",),
        Step(
            alone("CREATE INDEX CONCURRENTLY {t}_i ON {t} (code)"),
            alone("DROP INDEX CONCURRENTLY {t}_i"),
        ),
        PG,
    ),
}  # fmt: skip

ON_POSTGRESQL = (
    {f"comment_{name}": pair for name, pair in COMMENTS.items()} | OWNED | OBJECTS
)  # fmt: skip
