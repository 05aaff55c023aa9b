from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from calista_tools.effects.sql import foreign
from calista_tools.lint.rule import Finding, rule
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration

#: SQLAlchemy's SQLite compiler has no word for these (JSONB only since 2.1).
_TYPES = later(
    r"(?<!['\"\w])(ARRAY|BIT|BYTEA|CIDR|CITEXT|DATEMULTIRANGE|DATERANGE|DOMAIN|HSTORE|INET|INT4MULTIRANGE"
    r"|INT4RANGE|INT8MULTIRANGE|INT8RANGE|INTERVAL|JSONB|JSONPATH|MACADDR8?|MONEY|NUMMULTIRANGE"
    r"|NUMRANGE|OID|REGCLASS|REGCONFIG|TSMULTIRANGE|TSQUERY|TSRANGE|TSTZMULTIRANGE|TSTZRANGE"
    r"|TSVECTOR)(?=[(),.]|$)"
)
#: What Alembic can do to a SQLite table only by recreating it, in a batch block.
_BATCH_ONLY = frozenset(
    (
        "create_unique_constraint", "create_check_constraint", "create_foreign_key",
        "create_primary_key", "drop_constraint",
    )
)  # fmt: skip
#: Steps without SQL and columns that are looked at all the same.
_LIMITED = _BATCH_ONLY | {
    "add_column", "alter_column", "create_exclude_constraint", "create_table",
    "create_table_comment", "drop_column", "drop_table_comment",
}  # fmt: skip
#: What ``alter_column`` leaves as it is where nothing, or this, is said.
_ALTERATIONS = {"nullable": None, "type_": None, "server_default": False, "comment": False}


@rule("CAL201", "unguarded-postgresql", lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    """PostgreSQL-only code can run on SQLite.

    SQLite refuses it at the worst time, half-way through an upgrade. Guard it, give SQLite its own
    way, or use what both know: ``sa.JSON().with_variant(postgresql.JSONB(), "postgresql")``.
    Constraints and columns of a SQLite table are altered in a batch block.
    Source: https://alembic.sqlalchemy.org/en/latest/batch.html

    Bad::

        op.execute("CREATE EXTENSION citext")

    Bad::

        op.add_column("note", sa.Column("body", postgresql.JSONB()))

    Bad::

        op.create_unique_constraint("uq_note_title", "note", ["title"])

    Good::

        bind = op.get_bind()
        if bind.dialect.name == "postgresql":
            op.execute("CREATE EXTENSION citext")

    Good::

        body = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
        op.add_column("note", sa.Column("body", body))

    Good::

        with op.batch_alter_table("note") as batch:
            batch.create_unique_constraint("uq_note_title", ["title"])
    """
    if "sqlite" not in migration.dialects:
        return
    seen = set()
    for operation in migration.operations:
        if "sqlite" not in operation.dialects or operation.offline is not None:
            continue
        if operation.sql is None and not operation.specs and operation.what not in _LIMITED:
            continue
        found = _postgresql_only(operation)
        if found and (operation.row, found) not in seen:
            seen.add((operation.row, found))
            finding = Finding.of(operation, f"{found}: SQLite runs this line, too")
            # A new database goes up.
            yield finding._replace(passing=operation.direction == "downgrade")


def _postgresql_only(operation: Operation) -> str:
    """Return what of a step only PostgreSQL understands, "" where there is nothing."""
    if operation.sql is not None:
        return _construct(operation.sql)
    for column in operation.specs:
        if name := _type(column.type):
            return f"column type `{name}` exists in PostgreSQL only"
        default = column.server_default
        if isinstance(default, str) and not default.isalnum() and (found := _construct(default)):
            return found
    what = operation.what
    if what == "create_exclude_constraint" or any(made.kind == "ex" for made in operation.objects):
        return "exclusion constraints exist in PostgreSQL only"
    return "" if operation.in_batch else _batch_only(operation)


def _batch_only(operation: Operation) -> str:
    """Return what SQLite does in a batch block alone, of a step that stands in none."""
    what, keywords = operation.what, operation.keywords
    if what == "drop_constraint" and operation.name is None:
        return ""  # which fails on both: CAL107
    if what in _BATCH_ONLY:
        return f"`op.{what}` outside of `batch_alter_table` works on PostgreSQL only"
    if what in ("create_table_comment", "drop_table_comment"):
        return "a table's comment exists in PostgreSQL only"
    if what == "alter_column":
        changed = [key for key, same in _ALTERATIONS.items() if keywords.get(key, same) is not same]
        if changed:
            shown = " and ".join(f"`{key}`" for key in changed)
            return f"altering {shown} outside of `batch_alter_table` works on PostgreSQL only"
    if what == "add_column" and any(
        made.kind in ("uq", "fk") for made in operation.objects_on("sqlite")
    ):
        return "a column with a key outside of `batch_alter_table` works on PostgreSQL only"
    clauses = {"add_column": "if_not_exists", "drop_column": "if_exists"}
    if keywords.get(clauses.get(what, "")) is True:
        return f"`{clauses[what]}` of a column exists in PostgreSQL only"
    return ""


@lru_cache(maxsize=512)  # a history has few types, and uses them everywhere
def _type(shown: str) -> str:
    found = _TYPES.search(_without_variants(shown))
    return found[1] if found else ""


def _construct(sql: str) -> str:
    for item in foreign(sql, "sqlite"):
        return f"`{item.construct}` exists in PostgreSQL only"
    return ""


def _without_variants(shown: str) -> str:
    """Return a type's text without what it is on PostgreSQL alone."""
    while (start := shown.find(".with_variant(")) >= 0:
        depth = 0
        for end in range(start + len(".with_variant"), len(shown)):
            depth += {"(": 1, ")": -1}.get(shown[end], 0)
            if not depth:
                break
        inside = shown[start:end]
        first = shown[:start]
        if "sqlite" in inside:
            # SQLite uses the variant; the type in front is PostgreSQL's.
            first = inside.removeprefix(".with_variant(").rpartition(",")[0]
        shown = first + shown[end + 1 :]
    return shown
