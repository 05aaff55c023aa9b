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

#: Names that SQLAlchemy writes as they are, and PostgreSQL has no type of.
_TYPES = later(
    r"^(DATETIME|BINARY|BLOB|CLOB|DOUBLE|LONGBLOB|LONGTEXT|MEDIUMBLOB|MEDIUMINT|MEDIUMTEXT|NVARCHAR"
    r"|TINYBLOB|TINYINT|TINYTEXT|VARBINARY)(?=[(),.]|$)"
)


@rule("CAL204", "unguarded-sqlite", lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    """SQLite-only code can run on PostgreSQL.

    What was tried on the development database fails in production. Guard it and give PostgreSQL
    its own way, or write what both know: ``ON CONFLICT``, ``CURRENT_TIMESTAMP``, ``sa.DateTime()``.

    Bad::

        op.execute("PRAGMA foreign_keys=OFF")

    Bad::

        op.execute("INSERT OR REPLACE INTO tag (id, name) VALUES (1, 'new')")

    Good::

        bind = op.get_bind()
        if bind.dialect.name == "sqlite":
            op.execute("PRAGMA foreign_keys=OFF")

    Good::

        op.execute("INSERT INTO tag (id, name) VALUES (1, 'new') ON CONFLICT (id) DO NOTHING")
    """
    if "postgresql" not in migration.dialects:
        return
    seen = set()
    for operation in migration.operations:
        if "postgresql" not in operation.dialects or operation.offline is not None:
            continue
        if operation.sql is None and not operation.specs:
            continue
        found = _sqlite_only(operation)
        if found and (operation.row, found) not in seen:
            seen.add((operation.row, found))
            yield Finding.of(operation, f"{found}: PostgreSQL runs this line, too")


def _sqlite_only(operation: Operation) -> str:
    """Return what of a step only SQLite understands, "" where there is nothing."""
    if operation.sql is not None:
        return _construct(operation.sql)
    for column in operation.specs:
        if name := _type(column.type):
            return f"column type `{name}` exists in SQLite only"
        default = column.server_default
        if (
            isinstance(default, str)
            and not default.isalnum()
            and (construct := _construct(default))
        ):
            return construct
    return ""


@lru_cache(maxsize=512)  # a history has few types, and uses them everywhere
def _type(shown: str) -> str:
    found = None if ".with_variant(" in shown else _TYPES.search(shown)
    return found[1] if found else ""


def _construct(sql: str) -> str:
    for item in foreign(sql, "postgresql"):
        return f"`{item.construct}` exists in SQLite only"
    return ""
