"""How does a command that needs the database get it, at the right revision?"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from calista.db import gate
from calista.db.database import Database
from calista.db.upgrade import standing_of, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from calista.db.upgrade import Watcher
    from calista.settings import Settings


@contextmanager
def open_database(settings: Settings, watcher: Watcher) -> Iterator[Connection]:
    """Open the database if it is current, after an upgrade if the settings ask for one.

    Raises:
        SchemaBehindError: It is behind, and nobody asked for automatic upgrades.
        SchemaAheadError: It is at a revision that this version does not know.
    """
    database = Database.of(settings)
    if not database.exists:
        _upgrade_if_wanted(database, standing_of(database), watcher)
    with database.connect() as connection:
        standing = gate.look(connection)
        if standing.state is gate.State.CURRENT:
            yield connection
            return
    _upgrade_if_wanted(database, standing, watcher)
    with database.connect() as connection:
        gate.require_current(connection)
        yield connection


def _upgrade_if_wanted(database: Database, standing: gate.Standing, watcher: Watcher) -> None:
    if not standing.upgradable:
        raise gate.SchemaAheadError(standing)
    if not database.settings.auto_upgrade:
        raise gate.SchemaBehindError(standing)
    upgrade(database, watcher)
