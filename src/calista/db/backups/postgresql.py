"""How is a PostgreSQL database backed up and put back? Its schema `calista`, by pg_dump.

Only that schema: the database may hold other applications' data, which are not ours to put back.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from calista.db import catalog
from calista.db.backups import identity, programs
from calista.db.backups.contents import Contents
from calista.db.backups.files import BackupError, assert_room
from calista.db.backups.script import Script, Statement, strange
from calista.db.engine import SCHEMA, is_of_driver, milliseconds, words_of
from calista.db.policy import VERSION_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from calista.db.backups.programs import Programs
    from calista.db.database import Database

SUFFIX = ".dump"
#: A custom archive is compressed; this much of the tables' size must be free to begin.
_SHARE = 8
_KNOWS_TRANSACTION_TIMEOUT = 17
_TABLES = """SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace(:schema)
    AND c.relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""
#: A line of `pg_restore --list`, such as "215; 1259 16386 TABLE calista event_store postgres".
_OBJECT = re.compile(r"\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<schema>\S+) (?P<name>\S+) ")
#: What stands in other schemas and depends on what is in ours.
_DEPENDENTS = """
    WITH ours AS (
        SELECT 'pg_class'::regclass AS class, oid FROM pg_class
        WHERE relnamespace = to_regnamespace(:schema)
        UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type
        WHERE typnamespace = to_regnamespace(:schema)
        UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc
        WHERE pronamespace = to_regnamespace(:schema)
    ), dependents AS (
        SELECT d.classid, coalesce(r.ev_class, k.conrelid, t.tgrelid, a.adrelid, d.objid) AS oid
        FROM pg_depend d JOIN ours ON (d.refclassid, d.refobjid) = (ours.class, ours.oid)
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
        LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
        LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
        WHERE d.deptype IN ('n', 'a')
    )
    SELECT DISTINCT pg_describe_object('pg_class'::regclass, c.oid, 0)
    FROM dependents JOIN pg_class c USING (oid)
    WHERE c.relnamespace <> to_regnamespace(:schema)
    UNION SELECT pg_describe_object('pg_proc'::regclass, p.oid, 0)
    FROM dependents JOIN pg_proc p USING (oid)
    WHERE classid = 'pg_proc'::regclass AND p.pronamespace <> to_regnamespace(:schema)
    ORDER BY 1"""


def write(database: Database, target: Path) -> tuple[Programs, set[str]]:
    """Dump the schema into ``target``; returns the programs that can read it, and its tables.

    Raises:
        BackupError: There is no room or no fitting pg_dump, or it failed.
    """
    with database.connect() as connection:
        major = server_major(connection)
        size: int = connection.scalar(
            text(
                "SELECT coalesce(sum(pg_table_size(c.oid)), 0) FROM pg_class c"
                " WHERE c.relnamespace = to_regnamespace(:schema) AND c.relkind IN ('r', 'm')"
            ),
            {"schema": SCHEMA},
        )
        exists = connection.scalar(
            text("SELECT to_regnamespace(:schema) IS NOT NULL"), {"schema": SCHEMA}
        )
        tables = set(connection.execute(text(_TABLES), {"schema": SCHEMA}).scalars())
    found = programs.find(major, database.settings.pg_bin, os.environ)
    assert_room(target.parent, int(size) // _SHARE)
    # Before the first upgrade there is no schema to name, and an archive of nothing says so. A
    # schema has to be named all the same: else extensions, publications and large objects come in.
    chosen = [f"--schema={SCHEMA}"]
    if not exists:
        chosen = ["--schema=pg_catalog", "--exclude-schema=pg_catalog"]
    # By its name, which nobody else can know: to its stdout pg_dump appends, and writes the list of
    # contents twice.
    found.run(
        "pg_dump",
        [
            "--format=custom",
            "--no-password",
            f"--lock-wait-timeout={milliseconds(database.settings.lock_timeout)}",
            *chosen,
            f"--file={target}",
            f"--dbname={programs.CONNINFO}",
        ],
        database,
    )
    return found, tables


def server_major(connection: Connection) -> int:
    """Return the major version of the server."""
    return int((connection.dialect.server_version_info or (0,))[0])


def verify(database: Database, path: Path, using: Programs, tables: set[str]) -> None:
    """Read all of an archive: its list of contents alone would not show that rows are cut off.

    Raises:
        BackupError: It is no archive, a damaged one, or lacks one of these tables.
    """
    with path.open("rb") as file:
        if file.read(5) != b"PGDMP":
            raise BackupError("pg_dump ended well, and what it has written is no archive")
    with _script(database, path, using) as script:
        copied = {_table(statement)[0] for statement in script if statement.rows is not None}
    if missing := tables - copied:
        raise BackupError(f"pg_dump ended well, and left out {', '.join(sorted(missing))}")


@contextmanager
def _script(database: Database, path: Path, using: Programs) -> Iterator[Script]:
    with using.script(path, database) as stream:
        script = Script(stream)
        yield script
        if not script.complete:
            raise BackupError("pg_restore stopped before the end of the backup")


def _table(statement: Statement) -> tuple[str, list[str]]:
    """Return the name of the table of a COPY, and its columns."""
    match = re.match(rb'COPY \w+\."?(.+?)"? \((.*)\) FROM', statement.sql)
    if match is None:
        return "", []
    columns = [name.strip().strip('"') for name in match[2].decode(errors="replace").split(",")]
    return match[1].decode(errors="replace"), columns


def examine(database: Database, archive: Path, source: Path) -> Contents:
    """Read all of a backup, and make its schema beside ours in a transaction that is undone.

    Raises:
        BackupError: It is not whole, not CALISTA's, or says what no backup does.
    """
    using = _programs(database)
    _assert_ours(source, _list(database, archive, using, source))
    with database.connect() as connection:
        _assert_may_create(connection)
        _assert_nothing_depends(connection)
        trial = _Trial(connection, server_major(connection))
        try:
            with _script(database, archive, using) as script:
                for statement in script:
                    trial.take(statement)
        except BackupError as error:
            raise _not_whole(source, error) from error
        except Exception as error:
            raise _as_it_was(database, error) from error
        found = trial.contents()
        _driver(connection).rollback()
    return found


def read_through(database: Database, source: Path) -> None:
    """Read all of an archive, which notices one that was cut off.

    Raises:
        BackupError: It is not whole.
    """
    using = _programs(database)
    _assert_ours(source, _list(database, source, using, source))
    try:
        verify(database, source, using, set())
    except BackupError as error:
        raise _not_whole(source, error) from error


def _programs(database: Database) -> Programs:
    with database.connect() as connection:
        major = server_major(connection)
    return programs.find(major, database.settings.pg_bin, os.environ)


def _list(database: Database, archive: Path, using: Programs, source: Path) -> str:
    try:
        return using.list(archive, database)
    except BackupError as error:
        if "unsupported version" in error.message:
            raise BackupError(
                f"{source} was made by a newer pg_dump than pg_restore {using.major}, "
                f"which cannot read it",
                f"name the folder of newer programs: {programs.HOW_TO_NAME}",
            ) from error
        raise _not_whole(source, error) from error


def _not_whole(source: Path, error: BackupError) -> BackupError:
    return BackupError(
        f"{source} is not a whole backup: {error.message}", "the database was not touched"
    )


class _Trial:
    """What a backup makes, without its rows and without ours: made beside them, and looked at.

    Nothing of it stays, and nobody waits for it: what has our schema's name is only called otherwise
    until the transaction is undone.
    """

    def __init__(self, connection: Connection, major: int) -> None:
        self.connection = connection
        self.cursor = _driver(connection).cursor()
        self.major = major
        self.strange: list[str] = []
        self.current: list[str] = []
        self.first: dict[str, identity.FirstRow] = {}
        exists = connection.scalar(
            text("SELECT to_regnamespace(:schema) IS NOT NULL"), {"schema": SCHEMA}
        )
        if exists:
            self.cursor.execute(
                f"ALTER SCHEMA {SCHEMA} RENAME TO {SCHEMA}_{secrets.token_hex(8)}".encode()
            )

    def take(self, statement: Statement) -> None:
        """Make what a statement makes, or remember what it holds or what is strange of it."""
        if name := strange(statement.sql):
            if statement.sql.startswith(b"CREATE"):
                self.strange.append(f"{name} is not of ours")
        elif statement.rows is not None:
            self._look(statement)
        # What hangs on the strange could not be made; and what it is need not be known any more.
        elif not self.strange and not statement.sql.startswith(b"SELECT pg_catalog.setval"):
            _execute(self.cursor, statement.sql, self.major)

    def _look(self, statement: Statement) -> None:
        table, columns = _table(statement)
        first = None
        if table in identity.COLUMNS and set(identity.COLUMNS[table]) <= set(columns):
            first = self.first[table] = identity.FirstRow(table, columns)
        for lines in statement.rows or ():
            if table == VERSION_TABLE:
                self.current += [line.decode(errors="replace").rstrip("\n") for line in lines]
            elif first is not None:
                first.look(lines)

    def contents(self) -> Contents:
        """Return what was found."""
        marks = identity.Marks()
        for table, first in self.first.items():
            setattr(marks, table, first.mark())
        made = None
        if not self.strange:
            self.cursor.execute(f"SET LOCAL search_path = {SCHEMA}, public".encode())
            made = catalog.read(self.connection)
        return Contents(tuple(sorted(self.current)), marks, made, tuple(self.strange))


def restore(database: Database, archive: Path, assert_held: Callable[[], None]) -> None:
    """Replace the schema by what a backup holds, in one transaction of this process.

    Raises:
        BackupError: It could not be done; the database is as it was.
    """
    using = _programs(database)
    with database.connect() as connection:
        _assert_nothing_depends(connection)
        driver, major = _driver(connection), server_major(connection)
        try:
            cursor = driver.cursor()
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
            with _script(database, archive, using) as script:
                for statement in script:
                    strange(statement.sql)
                    _execute(cursor, statement.sql, major, statement.rows)
        except Exception as error:
            raise _as_it_was(database, error) from error
        assert_held()
        driver.commit()


def _driver(connection: Connection) -> Any:
    """Return psycopg's connection: SQLAlchemy would look for parameters in each statement."""
    return connection.connection.dbapi_connection


def _execute(
    cursor: Any, sql: bytes, major: int, rows: Iterator[list[bytes]] | None = None
) -> None:
    if rows is not None:
        with cursor.copy(sql) as copy:
            for block in rows:
                copy.write(b"".join(block))
        return
    # Newer programs write one setting that older servers do not know.
    if major >= _KNOWS_TRANSACTION_TIMEOUT or not sql.startswith(b"SET transaction_timeout"):
        # By the extended protocol, which takes one statement at a time and no more.
        cursor.execute(sql, binary=True)


def _as_it_was(database: Database, error: Exception) -> Exception:
    """Say of what stopped a restore that nothing was changed; what we do not know stays as it is."""
    if isinstance(error, BackupError):
        return BackupError(f"{error.message}; the database is as it was", error.hint)
    if not is_of_driver(error):
        return error
    words, hint = words_of(error, database.url), ""
    if re.search(r'role ".*" does not exist', words):
        hint = "make the role first (CREATE ROLE): the backup says what it owns or may do"
    return BackupError(
        f"the backup could not be restored: {words}; the database is as it was", hint
    )


def _assert_may_create(connection: Connection) -> None:
    """Refuse to begin for a role that could drop our schema, but not make it anew.

    Raises:
        BackupError: The role may not create schemas.
    """
    query = text("SELECT has_database_privilege(current_database(), 'CREATE')")
    if not connection.scalar(query):
        raise BackupError(
            f"a restore makes the schema {SCHEMA} anew, and this role may not create schemas;"
            " the database was not touched",
            "restore as a role that may, or GRANT CREATE ON DATABASE to this one",
        )


def _assert_nothing_depends(connection: Connection) -> None:
    """Refuse to drop with our schema what others have built upon it and no backup of ours holds.

    Raises:
        BackupError: There is a view, a foreign key or the like in another schema.
    """
    found = connection.execute(text(_DEPENDENTS), {"schema": SCHEMA}).scalars().all()
    if found:
        raise BackupError(
            f"a restore would drop what depends on the schema {SCHEMA}: {', '.join(found)};"
            " the database was not touched",
            "drop it yourself, restore, and make it again",
        )


def _assert_ours(source: Path, contents: str) -> None:
    """Refuse another archive; one without tables is ours from before the first upgrade.

    Raises:
        BackupError: It holds other schemas, or tables and no word about their revision.
    """
    objects = [match for match in map(_OBJECT.match, contents.splitlines()) if match]
    why = ""
    for item in objects:
        if item["schema"] not in (SCHEMA, "-"):
            why = f"it holds objects of other schemas, such as {item['schema']}"
    tables = {(item["kind"], item["name"]) for item in objects if item["kind"].startswith("TABLE")}
    if not why and tables and ("TABLE DATA", VERSION_TABLE) not in tables:
        why = f"it holds tables, but not the rows of {VERSION_TABLE}"
    if why:
        raise BackupError(
            f"{source} is not a backup of CALISTA's: {why}",
            "choose a file that `calista db backup` made",
        )
