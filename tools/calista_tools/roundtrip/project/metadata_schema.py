"""What does the project's metadata make? Made once, in a scratch database, and read from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.backends import synchronous
from calista_tools.roundtrip.live.live_database import snapshot_of
from calista_tools.roundtrip.snapshot.diff import ORDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import URL, MetaData

    from calista_tools.roundtrip.snapshot import Group, Snapshot
    from calista_tools.roundtrip.snapshot.snapshot_record import Key, Properties

#: What autogenerate does not see, and is compared on its own.
UNSEEN = ("trigger", "function", "procedure")
_NOT_COMPARED = frozenset({*UNSEEN, "check"})


def makes_more_than_tables(metadata: Sequence[MetaData]) -> bool:
    """Tell whether what the metadata makes has triggers or functions, by events of its own."""
    return any(
        list(target.dispatch.after_create)
        for item in metadata
        for target in (item, *item.tables.values())
    )


def made_by(metadata: Sequence[MetaData], url: URL) -> Snapshot:
    """Make everything in an empty database and read it; whatever that raises comes through."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool
    from sqlalchemy.schema import CreateSchema

    url = synchronous(url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
        for item in metadata:
            if not list(item.dispatch.before_create):
                for schema in sorted({table.schema or "" for table in item.tables.values()} - {""}):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
            # In SQLite nothing but tables is made, of which none is there.
            item.create_all(connection, checkfirst=connection.dialect.name != "sqlite")
        connection.commit()
    engine.dispose()
    return snapshot_of(url)


def unlike(one: Snapshot, other: Snapshot) -> set[str]:
    """Return the tables that are not the same in both, as far as autogenerate sees them."""
    return {
        name
        for name in one.keys() | other.keys()
        if name not in one or name not in other or _seen(one[name]) != _seen(other[name])
    }


def _seen(group: Group) -> Mapping[Key, Properties]:
    return {
        key: _unordered(properties) if not key.table else properties
        for key, properties in group.items()
        if key.kind not in _NOT_COMPARED
    }


def _unordered(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != ORDER}
