"""Which defects does only a newer PostgreSQL know? Kinds of them, each with the version it came with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.planted_details import PLAIN, TRIGGER, forgotten, index, on_pg

if TYPE_CHECKING:
    from benchmarks.planted_kind import Kind

TWICE = "ALTER TABLE {t} ADD COLUMN twice int GENERATED ALWAYS AS (amount * 2)"
NAMED = "ALTER TABLE {t} ADD CONSTRAINT {t}_says NOT NULL note"
SPANS = "CREATE TABLE {t}_spans (area int4range NOT NULL, during daterange NOT NULL"
KEY = "CONSTRAINT uq_{t} UNIQUE (area, during WITHOUT OVERLAPS)"
SPAN_KEY = "ALTER TABLE {t}_spans ADD CONSTRAINT fk_{t} FOREIGN KEY (area, PERIOD during)"
SPAN_REFERENCE = "REFERENCES {t}_spans (area, PERIOD during)"
FK = "ALTER TABLE {t} ADD CONSTRAINT fk_{t} FOREIGN KEY (amount) REFERENCES {t} (id)"
FREE = "UPDATE {t} SET amount = NULL; ALTER TABLE {t} ALTER amount DROP DEFAULT"
PAIR = "ALTER TABLE {t} ADD CONSTRAINT fk_{t} FOREIGN KEY (note, amount) REFERENCES {t} (code, id)"
OUT = "CREATE PUBLICATION {t}_out"
DROP_OUT = "DROP PUBLICATION {t}_out"
BODY = "CREATE OR REPLACE FUNCTION {t}_one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT {0}; END"


def body(number: int) -> str:
    return BODY.replace("{0}", str(number))


SINCE: dict[int, dict[str, Kind]] = {
    14: {
        "column_left_compressed": on_pg(
            "ALTER TABLE {t} ALTER note SET COMPRESSION pglz", "", "~column {t}.note: compression"
        ),
        "function_other_sql_body": on_pg(
            body(2), "", "~function {t}_one()", setup=body(1), undo="DROP FUNCTION {t}_one()"
        ),
        "forgotten_expression_statistics": forgotten(
            "CREATE STATISTICS {t}_s ON (amount + 1), code FROM {t}", "+statistics {t}_s on {t}"
        ),
        "trigger_replaced": on_pg(
            TRIGGER.replace("CREATE", "CREATE OR REPLACE").replace("UPDATE", "DELETE"),
            "",
            "~trigger {t}_go on {t}",
            setup=f"{PLAIN}; {TRIGGER}",
            undo="DROP TRIGGER {t}_go ON {t}; DROP FUNCTION {t}_f()",
        ),
    },
    15: {
        "unique_without_its_nulls": index(
            "(note) NULLS NOT DISTINCT", "(note)", unique=True
        ),
        "unique_forgets_its_nulls": on_pg(
            "ALTER TABLE {t} DROP CONSTRAINT uq_{t}",
            "ALTER TABLE {t} ADD CONSTRAINT uq_{t} UNIQUE (note)",
            "~unique uq_{t} on {t}",
            setup="ALTER TABLE {t} ADD CONSTRAINT uq_{t} UNIQUE NULLS NOT DISTINCT (note)",
        ),
        "foreign_key_that_empties_more": on_pg(
            "ALTER TABLE {t} DROP CONSTRAINT fk_{t}",
            f"{PAIR} ON DELETE SET NULL",
            "~foreign key fk_{t} on {t}",
            setup=f"{FREE}; ALTER TABLE {{t}} ADD CONSTRAINT uq_{{t}} UNIQUE (code, id);"
            f" {PAIR} ON DELETE SET NULL (amount)",
        ),
        "view_with_its_users_rights": on_pg(
            "ALTER VIEW {t}_v SET (security_invoker = true)",
            "",
            "~view {t}_v: options",
            setup="CREATE VIEW {t}_v AS SELECT code FROM {t}",
            undo="DROP VIEW {t}_v",
        ),
        "publication_without_filter": on_pg(
            "ALTER PUBLICATION {t}_out SET TABLE {t}",
            "",
            "~publication {t}_out: tables",
            setup=f"{OUT} FOR TABLE {{t}} (id, code) WHERE (id > 0)",
            undo=DROP_OUT,
        ),
        "published_schema": on_pg(
            "ALTER PUBLICATION {t}_out ADD TABLES IN SCHEMA {t}_room",
            "",
            "~publication {t}_out: schemas",
            setup=f"CREATE SCHEMA {{t}}_room; {OUT}",
            undo=f"{DROP_OUT}; DROP SCHEMA {{t}}_room",
        ),
    },
    17: {
        "forgotten_maintain_privilege": forgotten(
            "GRANT MAINTAIN ON {t} TO PUBLIC", "~table {t}: privileges"
        ),
        "other_expression": on_pg(
            "ALTER TABLE {t} ALTER twice SET EXPRESSION AS (amount * 3)",
            "",
            "~column {t}.twice: generated",
            "column {t}.twice: ",
            setup=f"{TWICE} STORED",
        ),
        "collation_other_builtin_locale": on_pg(
            "DROP COLLATION {t}_c",
            "CREATE COLLATION {t}_c (provider = builtin, locale = 'C')",
            "~collation {t}_c",
            setup="CREATE COLLATION {t}_c (provider = builtin, locale = 'C.UTF-8')",
            undo="DROP COLLATION {t}_c",
        ),
        "domain_lost_name_of_not_null": on_pg(
            "ALTER DOMAIN {t}_d DROP CONSTRAINT {t}_must; ALTER DOMAIN {t}_d SET NOT NULL",
            "",
            "~domain {t}_d: constraints",
            setup="CREATE DOMAIN {t}_d AS int CONSTRAINT {t}_must NOT NULL",
            undo="DROP DOMAIN {t}_d",
        ),
    },
    18: {
        "check_not_enforced": on_pg(
            "ALTER TABLE {t} DROP CONSTRAINT ck_{t}",
            "ALTER TABLE {t} ADD CONSTRAINT ck_{t} CHECK (code <> '') NOT ENFORCED",
            "~check ck_{t} on {t}",
            setup="ALTER TABLE {t} ADD CONSTRAINT ck_{t} CHECK (code <> '')",
        ),
        "foreign_key_not_enforced": on_pg(
            "ALTER TABLE {t} ALTER CONSTRAINT fk_{t} NOT ENFORCED",
            "",
            "~foreign key fk_{t} on {t}",
            setup=f"{FREE}; {FK}",
        ),
        "generated_column_left_virtual": on_pg(
            "ALTER TABLE {t} DROP COLUMN twice",
            TWICE,
            "~column {t}.twice: generated",
            setup=f"{TWICE} STORED",
        ),
        "forgotten_virtual_column": forgotten(f"{TWICE} VIRTUAL", "+column {t}.twice"),
        "virtual_other_expression": on_pg(
            "ALTER TABLE {t} ALTER twice SET EXPRESSION AS (amount * 3)",
            "",
            "~column {t}.twice: generated",
            "column {t}.twice: ",
            setup=TWICE,
        ),
        "not_null_lost_its_name": on_pg(
            "ALTER TABLE {t} DROP CONSTRAINT {t}_says; ALTER TABLE {t} ALTER note SET NOT NULL",
            "",
            "-not null note on {t}",
            setup=NAMED,
        ),
        "not_null_renamed": on_pg(
            "ALTER TABLE {t} RENAME CONSTRAINT {t}_says TO {t}_tells",
            "",
            "~not null note on {t}: name {t}_says → {t}_tells",
            setup=NAMED,
        ),
        "not_null_left_unvalidated": on_pg(
            "ALTER TABLE {t} ALTER note DROP NOT NULL",
            f"{NAMED} NOT VALID",
            "~not null note on {t}: validated yes → no",
            setup=NAMED,
        ),
        "not_null_no_longer_inherited": on_pg(
            "ALTER TABLE {t} ALTER CONSTRAINT {t}_says NO INHERIT",
            "",
            "~not null note on {t}: inherit yes → no",
            setup=NAMED,
        ),
        "key_without_its_overlaps": on_pg(
            "ALTER TABLE {t}_spans DROP CONSTRAINT uq_{t}",
            "ALTER TABLE {t}_spans ADD CONSTRAINT uq_{t} UNIQUE (area, during)",
            "~unique uq_{t} on {t}_spans",
            setup=f"{SPANS}, {KEY})",
            undo="DROP TABLE {t}_spans",
        ),
        "lost_temporal_foreign_key": on_pg(
            "ALTER TABLE {t}_spans DROP CONSTRAINT fk_{t}",
            "",
            "-foreign key fk_{t} on {t}_spans",
            setup=f"{SPANS}, {KEY}); {SPAN_KEY} {SPAN_REFERENCE}",
            undo="DROP TABLE {t}_spans",
        ),
        "published_generated_columns": on_pg(
            "ALTER PUBLICATION {t}_out SET (publish_generated_columns = stored)",
            "",
            "~publication {t}_out: publishes",
            setup=f"{OUT} FOR TABLE {{t}}",
            undo=DROP_OUT,
        ),
    },
}  # fmt: skip

NEWER = {
    name: kind._replace(since=major)
    for major, kinds in SINCE.items()
    for name, kind in kinds.items()
}
