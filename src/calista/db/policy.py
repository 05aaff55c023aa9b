"""Which options does the migrations policy ask of Alembic? The defaults, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Identity, inspect

from calista.db import tables
from calista.db.engine import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext

    #: ``alembic.context`` is a module that stands for the context of the moment.
    Context = EnvironmentContext | ModuleType

VERSION_TABLE = "alembic_version"


def options(context: Context, dialect: str, schema: str = SCHEMA) -> dict[str, Any]:
    """Return the policy's options for ``context.configure``."""
    return {
        "target_metadata": tables.metadata,
        "compare_type": True,
        "compare_server_default": _sqlite_default if dialect == "sqlite" else True,
        "render_as_batch": dialect == "sqlite",
        # Alembic thinks SQLite cannot roll DDL back; it can, once BEGIN is really sent.
        "transactional_ddl": True,
        "transaction_per_migration": True,
        "version_table": VERSION_TABLE,
        # Spelt out, so that no `alembic_version` in `public` is taken for ours.
        "version_table_schema": schema if dialect == "postgresql" else None,
        "include_object": _include_object(context, dialect),
    }


def _sqlite_default(
    _context: MigrationContext,
    _live: object,
    _column: object,
    _found: object,
    wanted: object,
    *_: Any,
) -> bool | None:
    """Do not look for PostgreSQL's identities on SQLite; leave the rest to Alembic (None)."""
    return False if isinstance(wanted, Identity) else None


def _include_object(
    context: Context, dialect: str
) -> Callable[[Any, str | None, str, bool, Any], bool]:
    """Tell autogenerate what is not ours, and what belongs to the other dialect."""
    owned: set[str] = set()

    def include(item: Any, name: str | None, kind: str, reflected: bool, match: Any) -> bool:
        if not reflected:
            return dialect in item.info.get("dialects", (dialect,))
        if kind != "table" or match is not None:
            return True
        # Reflection of the default schema sees all of the search path: another application's
        # tables in `public`, and the version table, which has its schema spelt out.
        if dialect == "postgresql" and not owned:
            bind = context.get_bind()
            owned.update(inspect(bind).get_table_names(schema=SCHEMA))
        return name != VERSION_TABLE and (dialect != "postgresql" or name in owned)

    return include
