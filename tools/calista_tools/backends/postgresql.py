"""PostgreSQL scratch databases: ours, inside a server of ours or of the user's."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from calista_tools.backends.pooler import HOW_TO_GO_ROUND, assert_own_session
from calista_tools.backends.programs import HOW_TO_GET_ONE
from calista_tools.backends.scratch import shown
from calista_tools.drivers import how_to_install, own_driver
from calista_tools.errors import ToolError
from calista_tools.urls import read_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection

    from calista_tools.backends.scratch import ScratchDatabase

#: Every name that we make or drop begins with this.
PREFIX = "calista_scratch_"
_OURS = re.compile(PREFIX + r"(?P<owner>[0-9a-f]{12})_\d+")


class PostgresServer:
    """Makes and drops scratch databases in a server.

    While it is open it holds an advisory lock whose key is part of its databases' names. A server
    lets go of the locks of a process that was killed, which is how the next one knows that the
    databases left behind are nobody's.

    Args:
        url: A database to connect to for administration; it is not changed.
        fast: Whether durability is off. There, copying a database's files takes a tenth of the
            time of writing its pages to the log, which is the default from PostgreSQL 15;
            elsewhere it would force a checkpoint of everything.
    """

    dialect = "postgresql"
    #: How often a database's sessions were ended, in this process.
    ended = 0

    def __init__(self, url: URL, *, fast: bool = False) -> None:
        self.url = url
        self._owner = secrets.token_hex(6)
        self._numbers = count(1)
        self._names: set[str] = set()
        #: What scratch databases made in the server itself: it goes with them.
        self.roles: set[str] = set()
        self._connection = _connect(url)
        try:
            assert_own_session(self._connection, url, partial(_connect, url))
            self._assert_may_create()
        except ToolError:
            self._disconnect()
            raise
        #: ``server_version_num``, such as 180006.
        self.version = int(str(self._execute("SHOW server_version_num")[0][0]))
        #: Whether the server is ours, and databases may be kept in it from run to run.
        self.keeps = fast
        self._strategy = " STRATEGY file_copy" if fast and self.version >= 150000 else ""
        self._known_roles = {name for (name,) in self._execute("SELECT rolname FROM pg_roles")}
        self._execute(f"SELECT pg_advisory_lock({int(self._owner, 16)})")
        self._remove_orphans()

    @property
    def server_version(self) -> str:
        """The server's version, such as ``PostgreSQL 18.6``."""
        number = self._execute("SHOW server_version")[0][0]
        return f"PostgreSQL {str(number).split()[0]}"

    def create(self, template: str | None = None) -> PostgresDatabase:
        """Return a new database: empty, or a copy of ``template``."""
        name = f"{PREFIX}{self._owner}_{next(self._numbers)}"
        self._names.add(name)
        self._create(name, template)
        return PostgresDatabase(name, self)

    def drop(self, name: str) -> None:
        """Drop one of our databases, whoever is connected to it."""
        if name in self._names:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            self._names.discard(name)
            if not self._names:
                self._drop_roles()

    def recreate(self, name: str, template: str | None) -> None:
        """Drop and make again one of our databases, empty or as a copy of ``template``."""
        assert name in self._names
        PostgresServer.ended += 1
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        if template is None:
            self._drop_roles()
        self._create(name, template)

    def keep(self, name: str, database: str) -> None:
        """Keep one of our databases under another name, by which nobody can connect to it."""
        assert database in self._names
        self.unkeep(name)
        self._send_away(database)
        self._execute(f'ALTER DATABASE "{database}" RENAME TO "{name}"')
        self._names.discard(database)
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')

    def take(self, name: str, database: str) -> bool:
        """Make one of our databases a copy of a kept one; tell whether that was there."""
        there = self._execute("SELECT 1 FROM pg_database WHERE datname = :name", name=name)
        if there:
            self.recreate(database, name)
        return bool(there)

    def unkeep(self, name: str) -> None:
        """Drop a kept copy, if it is there."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        """Drop every database that was made here, and disconnect."""
        try:
            for name in tuple(self._names):
                self.drop(name)
            self._drop_roles()
        finally:
            self._disconnect()

    def _disconnect(self) -> None:
        engine = self._connection.engine
        self._connection.close()
        engine.dispose()

    def _drop_roles(self) -> None:
        """Drop the roles that were not there before, unless another database needs them."""
        from sqlalchemy.exc import DBAPIError

        for role in sorted(self.roles - self._known_roles):
            quoted = role.replace('"', '""')
            with suppress(DBAPIError):
                self._execute(f'DROP ROLE IF EXISTS "{quoted}"')

    def _create(self, name: str, template: str | None) -> None:
        if template is not None:
            self._send_away(template)
        # template0 is as the server was made; whatever a site put into template1 stays out.
        source = f'"{template}"' if template else "template0"
        # Without CONNECTION LIMIT and the like, on purpose: a migration must find it ordinary.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE {source}{self._strategy}')

    def _assert_may_create(self) -> None:
        """Raise a ToolError for a role that could make no scratch database."""
        may = "SELECT rolcreatedb OR rolsuper, rolname FROM pg_roles WHERE rolname = current_user"
        [(allowed, role)] = self._execute(may)
        if not allowed:
            raise ToolError(
                f"{shown(self.url)}: the role {role} may not create databases",
                f"ALTER ROLE {role} CREATEDB, or another role: scratch databases are made there",
                exit_code=2,
            )

    def _send_away(self, database: str) -> None:
        """End the sessions of everybody who is connected to a database."""
        PostgresServer.ended += 1
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
            name=database,
        )

    def _execute(self, statement: str, **parameters: object) -> list[tuple[object, ...]]:
        from sqlalchemy import text

        if self._connection.invalidated:
            # Interrupted in the middle of a statement: a new session can still clean up.
            self._connection.rollback()
        result = self._connection.execute(text(statement), parameters)
        return [tuple(row) for row in result] if result.returns_rows else []

    def _remove_orphans(self) -> None:
        from sqlalchemy.exc import DBAPIError

        rows = self._execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, :p)", p=PREFIX
        )
        owners: dict[str, list[str]] = {}
        for (name,) in rows:
            if found := _OURS.fullmatch(str(name)):
                owners.setdefault(found["owner"], []).append(str(name))
        # Not tried: a lock taken in one database is free in every other, and another command may
        # have connected to the server through another one. All are listed everywhere.
        held = self._execute(
            "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND objsubid = 1"
        )
        alive = {key for (key,) in held}
        for owner, names in owners.items():
            if int(owner, 16) not in alive:
                for name in names:
                    # Another role's may be left to that one.
                    with suppress(DBAPIError):
                        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class PostgresDatabase:
    """One database; see `ScratchDatabase`."""

    def __init__(self, name: str, server: PostgresServer) -> None:
        self.name = name
        self.server = server

    @property
    def url(self) -> URL:
        """Where it is."""
        return self.server.url.set(database=self.name)

    def copy(self) -> PostgresDatabase:
        """Return a copy of it."""
        return self.server.create(template=self.name)

    def replace_by(self, other: ScratchDatabase | None) -> None:
        """Make it a copy of ``other``, or empty."""
        assert other is None or isinstance(other, PostgresDatabase)
        self.server.recreate(self.name, other.name if other else None)

    @property
    def roles(self) -> set[str]:
        """Roles that were created through it."""
        return self.server.roles

    @roles.setter
    def roles(self, names: set[str]) -> None:
        self.server.roles = names

    def drop(self) -> None:
        """Remove it."""
        self.server.drop(self.name)


@contextmanager
def open_server(url: str | URL | None = None) -> Iterator[PostgresServer]:
    """Open a server for scratch databases; they are gone when the block ends.

    Args:
        url: A server by its URL. Without one ``CALISTA_TEST_PG_URL`` is used if set, else a
            server of our own that all commands of this user share while they run.

    Raises:
        ToolError: There is no server to be had, or it refuses us.
    """
    from calista_tools.backends.lease import lease_server

    given = url or os.environ.get("CALISTA_TEST_PG_URL")
    lease = None if given else lease_server()
    try:
        url = _with_driver(given or lease.url)  # type: ignore[union-attr]
        server = PostgresServer(url, fast=lease is not None)
        try:
            yield server
        finally:
            server.close()
    finally:
        if lease is not None:
            lease.close()


def _with_driver(url: str | URL) -> URL:
    """Return the URL with a synchronous driver that is installed, unless it names one."""
    made = read_url(url, "PostgreSQL URL", exit_code=2) if isinstance(url, str) else url
    if made.get_backend_name() not in ("postgresql", "postgres"):
        raise ToolError(
            f"{shown(made)} is no PostgreSQL URL",
            "postgresql://user:password@host:5432/postgres",
            exit_code=2,
        )
    if "+" in made.drivername and not made.drivername.endswith("+asyncpg"):
        return made
    return made.set(drivername=f"postgresql+{own_driver()}")


def _connect(url: URL) -> Connection:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    except (NoSuchModuleError, ImportError) as error:
        raise ToolError(
            f"{shown(url)}: the driver is not installed: {error}",
            f"leave it out of the URL, or {how_to_install()}",
            exit_code=2,
        ) from error
    try:
        return engine.connect()
    except DBAPIError as error:
        words = " ".join(str(error.orig).split())
        hint = HOW_TO_GO_ROUND if "statement pooling" in words else HOW_TO_GET_ONE
        raise ToolError(f"cannot connect to {shown(url)}: {words}", hint, exit_code=2) from error
