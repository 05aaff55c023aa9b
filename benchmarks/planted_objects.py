"""Which objects beside PostgreSQL's tables come back otherwise? For `planted_defects`."""

from __future__ import annotations

from benchmarks.planted_details import ONE, PLAIN, TRIGGER, forgotten, on_pg
from benchmarks.planted_kind import Kind

BODY = "CREATE OR REPLACE FUNCTION {t}_one() RETURNS int LANGUAGE sql"
UNDO_TRIGGER = "DROP TRIGGER {t}_go ON {t}; DROP FUNCTION {t}_f()"
ROW = "CREATE TRIGGER {t}_go AFTER UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION {t}_f()"
VIEW = "CREATE VIEW {t}_v AS SELECT id, code FROM {t}"
MANY = "CREATE MATERIALIZED VIEW {t}_many AS SELECT code FROM {t}"


def function(change: str, says: str = "~function {t}_one()") -> Kind:
    """Return a function that the downgrade does not change back."""
    return on_pg(change, "", says, setup=ONE, undo="DROP FUNCTION {t}_one()")


def trigger(before: str, after: str) -> Kind:
    """Return a trigger that comes back otherwise than it was."""
    return on_pg(
        "DROP TRIGGER {t}_go ON {t}",
        after,
        "~trigger {t}_go on {t}",
        setup=f"{PLAIN}; {before}",
        undo=UNDO_TRIGGER,
    )


VIEWS = {
    "view_without_its_check_option": on_pg(
        "ALTER VIEW {t}_v RESET (check_option)",
        "",
        "~view {t}_v: options",
        setup=f"{VIEW} WITH LOCAL CHECK OPTION",
        undo="DROP VIEW {t}_v",
    ),
    "view_column_with_default": on_pg(
        "ALTER VIEW {t}_v ALTER code SET DEFAULT 'x'",
        "",
        "~column {t}_v.code: default",
        setup=VIEW,
        undo="DROP VIEW {t}_v",
    ),
    "view_column_renamed": on_pg(
        "ALTER VIEW {t}_v RENAME COLUMN code TO word",
        "",
        "{t}_v",
        setup=VIEW,
        undo="DROP VIEW {t}_v",
    ),
    "materialized_other_text": on_pg(
        "DROP MATERIALIZED VIEW {t}_many",
        f"{MANY} WHERE amount > 1",
        "~materialized view {t}_many",
        setup=MANY,
        undo="DROP MATERIALIZED VIEW {t}_many",
    ),
    "materialized_left_empty": on_pg(
        "REFRESH MATERIALIZED VIEW {t}_many WITH NO DATA",
        "",
        "~materialized view {t}_many: populated",
        setup=MANY,
        undo="DROP MATERIALIZED VIEW {t}_many",
    ),
    "materialized_without_index": on_pg(
        "DROP INDEX ix_{t}",
        "",
        "-unique index ix_{t} on {t}_many",
        setup=f"{MANY.replace('code', 'id')}; CREATE UNIQUE INDEX ix_{{t}} ON {{t}}_many (id)",
        undo="DROP MATERIALIZED VIEW {t}_many",
    ),
}

CODE = {
    "function_other_text": function(f"{BODY} AS 'SELECT 2'"),
    "function_left_strict": function("ALTER FUNCTION {t}_one() STRICT"),
    "function_left_parallel_safe": function("ALTER FUNCTION {t}_one() PARALLEL SAFE"),
    "function_other_cost": function("ALTER FUNCTION {t}_one() COST 7"),
    "function_left_leakproof": function("ALTER FUNCTION {t}_one() LEAKPROOF"),
    "function_overloaded": function(
        "CREATE FUNCTION {t}_one(n int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "+function {t}_one(",
    ),
    "function_other_argument": on_pg(
        f"{BODY.replace('()', '(n int DEFAULT 2)')} AS 'SELECT n'",
        "",
        "~function {t}_one(",
        setup=f"{BODY.replace('()', '(n int DEFAULT 1)')} AS 'SELECT n'",
        undo="DROP FUNCTION {t}_one(int)",
    ),
    "function_returns_another_type": on_pg(
        "DROP FUNCTION {t}_one()",
        ONE.replace("RETURNS int", "RETURNS bigint"),
        "~function {t}_one()",
        setup=ONE,
        undo="DROP FUNCTION {t}_one()",
    ),
    "trigger_of_another_time": trigger(TRIGGER, ROW),
    "trigger_of_another_level": trigger(ROW, ROW.replace("EACH ROW", "EACH STATEMENT")),
    "trigger_no_longer_deferrable": trigger(
        ROW.replace("TRIGGER", "CONSTRAINT TRIGGER", 1).replace(
            "FOR", "DEFERRABLE INITIALLY DEFERRED FOR"
        ),
        ROW,
    ),
    "trigger_without_its_old_rows": trigger(
        ROW.replace("FOR EACH ROW", "REFERENCING OLD TABLE AS old FOR EACH STATEMENT"),
        ROW.replace("EACH ROW", "EACH STATEMENT"),
    ),
    "trigger_with_other_arguments": trigger(TRIGGER.replace("_f()", "_f('a')"), TRIGGER),
    "trigger_left_for_replicas": on_pg(
        "ALTER TABLE {t} ENABLE REPLICA TRIGGER {t}_go",
        "",
        "~trigger {t}_go on {t}: enabled",
        setup=f"{PLAIN}; {TRIGGER}",
        undo=UNDO_TRIGGER,
    ),
}

TYPES = {
    "enum_label_renamed": on_pg(
        "ALTER TYPE {t}_kind RENAME VALUE 'a' TO 'x'",
        "",
        "~enum {t}_kind: labels (a, b) → (x, b)",
        setup="CREATE TYPE {t}_kind AS ENUM ('a', 'b')",
    ),
    "domain_other_default": on_pg(
        "ALTER DOMAIN {t}_d SET DEFAULT 5",
        "",
        "~domain {t}_d",
        setup="CREATE DOMAIN {t}_d AS int",
        undo="DROP DOMAIN {t}_d",
    ),
    "domain_left_not_null": on_pg(
        "ALTER DOMAIN {t}_d SET NOT NULL",
        "",
        "{t}_d",
        setup="CREATE DOMAIN {t}_d AS int",
        undo="DROP DOMAIN {t}_d",
    ),
    "domain_of_another_type": on_pg(
        "DROP DOMAIN {t}_d",
        "CREATE DOMAIN {t}_d AS bigint",
        "~domain {t}_d",
        setup="CREATE DOMAIN {t}_d AS int",
        undo="DROP DOMAIN {t}_d",
    ),
    "domain_check_left_unvalidated": on_pg(
        "ALTER DOMAIN {t}_d DROP CONSTRAINT positive",
        "ALTER DOMAIN {t}_d ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID",
        "{t}_d",
        setup="CREATE DOMAIN {t}_d AS int CONSTRAINT positive CHECK (VALUE > 0)",
        undo="DROP DOMAIN {t}_d",
    ),
    "composite_other_type": on_pg(
        "ALTER TYPE {t}_pair ALTER ATTRIBUTE y TYPE bigint",
        "",
        "~column {t}_pair.y: type",
        setup="CREATE TYPE {t}_pair AS (x int, y int)",
        undo="DROP TYPE {t}_pair",
    ),
    "cast_left": forgotten(
        "CREATE CAST ({t}_pair AS text) WITH INOUT",
        "cast ",
        setup="CREATE TYPE {t}_pair AS (x int, y int)",
        undo="DROP TYPE {t}_pair CASCADE",
    ),
    "operator_class_left": forgotten(
        "CREATE OPERATOR CLASS {t}_ops FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =,"
        " FUNCTION 1 btint4cmp(int, int)",
        "{t}_ops",
    ),
    "search_dictionary_left": forgotten(
        "CREATE TEXT SEARCH DICTIONARY {t}_words (TEMPLATE = simple)", "{t}_words"
    ),
}

AROUND = {
    f"comment_left_on_a_{what.partition(' ')[0].lower()}": on_pg(
        f"COMMENT ON {what} IS 'why'", "", says, setup=setup, undo=undo
    )
    for what, says, setup, undo in (
        ("FUNCTION {t}_one()", "~function {t}_one(): comment", ONE, "DROP FUNCTION {t}_one()"),
        ("TRIGGER {t}_go ON {t}", "~trigger {t}_go on {t}: comment", f"{PLAIN}; {TRIGGER}",
         UNDO_TRIGGER),
        ("VIEW {t}_v", "~view {t}_v: comment", VIEW, "DROP VIEW {t}_v"),
        ("SEQUENCE {t}_numbers", "~sequence {t}_numbers: comment", "CREATE SEQUENCE {t}_numbers",
         ""),
        ("SCHEMA {t}_room", "~schema {t}_room: comment", "CREATE SCHEMA {t}_room",
         "DROP SCHEMA {t}_room"),
        ("TYPE {t}_kind", "~enum {t}_kind: comment", "CREATE TYPE {t}_kind AS ENUM ('a')", ""),
        ("DOMAIN {t}_d", "~domain {t}_d: comment", "CREATE DOMAIN {t}_d AS int",
         "DROP DOMAIN {t}_d"),
        ("POLICY {t}_mine ON {t}", "~policy {t}_mine on {t}: comment",
         "CREATE POLICY {t}_mine ON {t} USING (true)", ""),
        ("RULE {t}_never ON {t}", "~rule {t}_never on {t}: comment",
         "CREATE RULE {t}_never AS ON DELETE TO {t} WHERE OLD.id = 0 DO INSTEAD NOTHING", ""),
        ("STATISTICS {t}_s", "{t}_s", "CREATE STATISTICS {t}_s ON code, amount FROM {t}", ""),
    )
} | {
    "sequence_privilege_left": forgotten(
        "GRANT USAGE ON SEQUENCE {t}_numbers TO PUBLIC",
        "~sequence {t}_numbers: privileges",
        setup="CREATE SEQUENCE {t}_numbers",
    ),
    "schema_privilege_left": forgotten(
        "GRANT USAGE ON SCHEMA {t}_room TO PUBLIC",
        "~schema {t}_room: privileges",
        setup="CREATE SCHEMA {t}_room",
        undo="DROP SCHEMA {t}_room",
    ),
    "type_privilege_left": forgotten(
        "REVOKE USAGE ON TYPE {t}_kind FROM PUBLIC",
        "~enum {t}_kind: privileges",
        setup="CREATE TYPE {t}_kind AS ENUM ('a')",
    ),
    "default_privileges_in_schema": forgotten(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA {t}_room GRANT USAGE ON SEQUENCES TO PUBLIC",
        "default privileges",
        setup="CREATE SCHEMA {t}_room",
        undo="DROP SCHEMA {t}_room CASCADE",
    ),
    "foreign_wrapper_left": forgotten("CREATE FOREIGN DATA WRAPPER {t}_w", "{t}_w"),
    "foreign_server_left": forgotten(
        "CREATE SERVER {t}_s FOREIGN DATA WRAPPER {t}_w",
        "{t}_s",
        setup="CREATE FOREIGN DATA WRAPPER {t}_w",
        undo="DROP FOREIGN DATA WRAPPER {t}_w CASCADE",
    ),
    "extension_in_another_schema": on_pg(
        "ALTER EXTENSION pg_trgm SET SCHEMA {t}_room",
        "",
        "~extension pg_trgm: schema",
        setup="CREATE SCHEMA {t}_room; CREATE EXTENSION pg_trgm",
        undo="DROP EXTENSION pg_trgm; DROP SCHEMA {t}_room",
    ),
    "object_in_another_schema": on_pg(
        "ALTER TABLE {t}_of SET SCHEMA {t}_room",
        "",
        "table {t}_of",
        "{t}_of",
        setup="CREATE SCHEMA {t}_room; CREATE TABLE {t}_of (a int)",
        undo="DROP TABLE IF EXISTS {t}_of; DROP SCHEMA {t}_room CASCADE",
    ),
}  # fmt: skip

#: While there is one, any statement may change anything: it comes after all others.
EVENT_TRIGGER = {
    "event_trigger_left": forgotten(
        "CREATE EVENT TRIGGER {t}_e ON sql_drop EXECUTE FUNCTION {t}_f()",
        "event trigger {t}_e",
        setup="CREATE FUNCTION {t}_f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        undo="DROP EVENT TRIGGER IF EXISTS {t}_e; DROP FUNCTION {t}_f()",
    ),
}

OBJECTS = VIEWS | CODE | TYPES | AROUND
