from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.objects import Column
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration


@rule("CAL304", "required-column", scope="schema", about=("add_column", "sql"))
def check(migration: Migration) -> Iterator[Finding]:
    """Column that must not be NULL is added to an existing table without a server default.

    PostgreSQL refuses it as soon as the table has a row, SQLite even when it has none. A Python-side
    ``default=`` does not help: it fills no row that is there; nor does ``DEFAULT NULL``. Give a
    ``server_default``; or add the column nullable, fill it in a data revision, and make it NOT NULL
    in a third one.
    Source: https://www.sqlite.org/lang_altertable.html#alter_table_add_column

    Bad::

        op.add_column("note", sa.Column("title", sa.Text(), nullable=False))

    Bad::

        op.execute("ALTER TABLE note ADD COLUMN title TEXT NOT NULL")

    Good::

        op.add_column("note", sa.Column("title", sa.Text(), nullable=False, server_default=""))

    Good::

        op.create_table("note", sa.Column("id", sa.Integer(), nullable=False))
        op.add_column("note", sa.Column("title", sa.Text(), nullable=False))
    """
    for operation in migration.operations:
        if operation.direction != "upgrade":
            continue
        for table, column in _added(operation):
            raw = operation.sql is not None
            if table is None or table in migration.made_here or not _required(column, raw):
                continue
            message = (
                f"`{table}.{column.name}` is NOT NULL without a server default, "
                "and the table may have rows"
            )
            yield Finding.of(operation, message)


def _added(operation: Operation) -> Iterator[tuple[str | None, Column]]:
    if operation.what == "add_column":
        for spec in operation.specs:
            yield operation.table, spec
    elif operation.sql is not None:
        dialect = "postgresql" if "postgresql" in operation.dialects else "sqlite"
        effects = operation.effects(dialect)
        for statement in effects.statements if effects else ():
            for change in statement.changes:
                if change.what == "add_column" and change.column is not None:
                    yield statement.table, change.column


def _required(column: Column, raw: bool) -> bool:
    """Whether a column must have a value, and the database has none for it.

    A key that is written in Python is left alone: SQLAlchemy makes an integer one a SERIAL.
    """
    default = column.server_default
    has_value = (
        (default is not None and str(default).strip("()").lower() != "null")
        or "identity" in column.attributes
        or "computed" in column.attributes
        or "server_default" in column.attributes
        or "serial" in column.type.lower()
    )
    return column.nullable is False and not has_value and (raw or not column.primary_key)
