"""How is a PostgreSQL database backed up and put back? Its schema `calista`, by pg_dump.

Only that schema: the database may hold other applications' data, which are not ours to put back.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from sqlalchemy import text

from calista.db.backups import programs
from calista.db.backups.files import PARTIAL, BackupError, assert_room
from calista.db.engine import SCHEMA, milliseconds
from calista.db.policy import VERSION_TABLE

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from calista.db.backups.programs import Programs
    from calista.db.database import Database

SUFFIX = ".dump"
#: A custom archive is compressed; this much of the tables' size must be free to begin.
_SHARE = 8
_KNOWS_TRANSACTION_TIMEOUT = 17
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


def write(database: Database, target: Path) -> Programs:
    """Dump the schema into ``target``; returns the programs that can read it.

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
    found = programs.find(major, database.settings.pg_bin, os.environ)
    assert_room(target.parent, int(size) // _SHARE)
    # Before the first upgrade there is no schema to name, and an archive of nothing says so. A
    # schema has to be named all the same: else extensions, publications and large objects come in.
    chosen = [f"--schema={SCHEMA}"]
    if not exists:
        chosen = ["--schema=pg_catalog", "--exclude-schema=pg_catalog"]
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
    return found


def server_major(connection: Connection) -> int:
    """Return the major version of the server."""
    return int((connection.dialect.server_version_info or (0,))[0])


def verify(database: Database, path: Path, using: Programs) -> None:
    """Read all of an archive: its list of contents alone would not show that rows are cut off.

    Raises:
        BackupError: It is no archive, or a damaged one.
    """
    using.run("pg_restore", [f"--file={os.devnull}", str(path)], database)


def restore(database: Database, source: Path) -> None:
    """Replace the schema by what a backup holds, in one transaction.

    Raises:
        BackupError: It could not be done; the database is as it was.
    """
    with database.connect() as connection:
        major = server_major(connection)
        _assert_may_create(connection)
        _assert_nothing_depends(connection)
    found = programs.find(major, database.settings.pg_bin, os.environ)
    script = database.backup_dir / f"{database.label}-restore{PARTIAL}.sql"
    database.backup_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(script, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        found.run("pg_restore", [f"--file={script}", str(source)], database)
        _assert_complete(script)
        _suit(script, major)
        found.run(
            "psql",
            [
                "--no-psqlrc",
                "--quiet",
                "--no-password",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
                f"--dbname={programs.CONNINFO}",
                f"--command=SET LOCAL lock_timeout = {milliseconds(database.settings.lock_timeout)}",
                f"--command=DROP SCHEMA IF EXISTS {SCHEMA} CASCADE",
                f"--file={script}",
            ],
            database,
        )
    except BackupError as error:
        hint = error.hint
        if re.search(r'role ".*" does not exist', error.message):
            hint = "make the role first (CREATE ROLE): the backup says what it owns or may do"
        raise BackupError(f"{error.message}; the database is as it was", hint) from error
    finally:
        script.unlink(missing_ok=True)


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


def _assert_complete(script: Path) -> None:
    with script.open("rb") as file:
        file.seek(max(0, script.stat().st_size - 4096))
        if b"PostgreSQL database dump complete" not in file.read():
            raise BackupError("pg_restore stopped before the end of the backup")


def _suit(script: Path, major: int) -> None:
    """Comment out the one setting that newer programs write and older servers do not know."""
    setting = b"SET transaction_timeout = 0;"
    if major >= _KNOWS_TRANSACTION_TIMEOUT:
        return
    with script.open("r+b") as file:
        position = file.read(4096).find(b"\n" + setting)
        if position >= 0:
            file.seek(position + 1)
            # Of the same length, so that a script of any size is changed in its place.
            file.write(b"--" + setting[2:])


def read_through(database: Database, source: Path) -> None:
    """Read all of an archive, which notices one that was cut off.

    Raises:
        BackupError: It is not whole.
    """
    with database.connect() as connection:
        major = server_major(connection)
    found = programs.find(major, database.settings.pg_bin, os.environ)
    try:
        contents = found.run("pg_restore", ["--list", str(source)], database)
        verify(database, source, found)
    except BackupError as error:
        if "unsupported version" in error.message:
            raise BackupError(
                f"{source} was made by a newer pg_dump than pg_restore {found.major}, "
                f"which cannot read it",
                "name the folder of newer programs: CALISTA_PG_BIN, or [db] pg_bin in calista.toml",
            ) from error
        raise BackupError(f"{source} is not a whole backup: {error.message}") from error
    _assert_ours(source, contents)


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
