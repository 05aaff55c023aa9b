"""Which SQL makes the schema and the rows that a database holds? One statement each, in order."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from sqlalchemy import URL

_STRINGS = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*|/\*.*?\*/"""
_TOKENS = re.compile(rf"{_STRINGS}|;|[^'\"$;/-]+|.", re.DOTALL)
#: What a dump says to the session that reads it, not to the schema.
_OF_THE_SESSION = re.compile(
    r"SET |SELECT pg_catalog\.set_config|COMMENT ON EXTENSION|ALTER DATABASE|CREATE SCHEMA public;?$"
)


def sqlite_statements(path: Path, version_table: str) -> list[str]:
    """Return what makes a SQLite database: tables, rows, then indexes, views and triggers."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as connection:
        objects = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND tbl_name != ? AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
            (version_table,),
        ).fetchall()
        tables = [(name, sql) for kind, name, sql in objects if kind == "table"]
        statements = [sql for _, sql in tables]
        for name, _ in tables:
            statements.extend(_sqlite_rows(connection, name))
        rank = {"index": 0, "view": 1, "trigger": 2}
        others = [(rank[kind], sql) for kind, _, sql in objects if kind in rank]
        statements += [sql for _, sql in sorted(others, key=lambda item: item[0])]
    return statements


def _sqlite_rows(connection: Connection, table: str) -> Iterator[str]:
    quoted = '"' + table.replace('"', '""') + '"'
    info = connection.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
    columns = ['"' + row[1].replace('"', '""') + '"' for row in info if row[6] in (0, 1)]
    values = " || ', ' || ".join(f"quote({column})" for column in columns)
    query = f"SELECT {values} FROM {quoted}"  # noqa: S608
    for (row,) in connection.execute(query):
        yield f"INSERT INTO {quoted} ({', '.join(columns)}) VALUES ({row})"  # noqa: S608


def postgres_statements(url: URL, version_table: str, default_schema: str) -> list[str]:
    """Return what makes a PostgreSQL database, as ``pg_dump`` says it.

    Names in the default schema lose its name, so that they land where unqualified names of a
    revision land.

    Raises:
        ToolError: There is no ``pg_dump``, or it fails.
    """
    from calista_tools.backends.programs import find_programs

    program = find_programs().path("pg_dump")
    command = [program, "--no-owner", "--inserts", f"--exclude-table={version_table}"]
    try:
        done = subprocess.run(
            command, env=_environment(url), capture_output=True, text=True, check=True
        )
    except OSError as error:
        raise ToolError(f"{program}: {error.strerror}", "a squash needs pg_dump") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        raise ToolError(f"pg_dump failed: {lines[-1] if lines else error.returncode}") from error
    statements: list[str] = []
    lines = [line for line in done.stdout.splitlines() if not line.startswith("\\")]
    for statement in split("\n".join(lines)):
        if not _OF_THE_SESSION.match(statement):
            made = re.sub(r"^CREATE SCHEMA (?!IF)", "CREATE SCHEMA IF NOT EXISTS ", statement)
            statements.append(unqualified(made, default_schema))
    own = f"CREATE SCHEMA IF NOT EXISTS {default_schema}"
    return [statement for statement in statements if statement != own]


def split(text: str) -> list[str]:
    """Cut a PostgreSQL script into statements, without their semicolons and outer comments."""
    statements: list[str] = []
    parts: list[str] = []
    for match in _TOKENS.finditer(text):
        piece = match.group()
        if piece == ";":
            statements.append("".join(parts).strip())
            parts = []
        elif not (piece.startswith(("--", "/*")) and not "".join(parts).strip()):
            parts.append(piece)
    statements.append("".join(parts).strip())
    return [statement for statement in statements if statement]


def unqualified(statement: str, schema: str) -> str:
    """Take a schema's name off the names in a statement; texts and function bodies stay."""
    name = re.compile(rf"(?<![\w.\"])(?:{re.escape(schema)}|\"{re.escape(schema)}\")\.")
    parts: list[str] = []
    after_nextval = False
    for match in _TOKENS.finditer(statement):
        piece = match.group()
        if piece[0] in "'$" and len(piece) > 1:
            # The one text that pg_dump itself writes: nextval('public.t_id_seq'::regclass)
            parts.append(f"'{name.sub('', piece[1:])}" if after_nextval else piece)
        elif piece.startswith(("--", "/*")):
            parts.append(piece)
        else:
            parts.append(name.sub("", piece))
        after_nextval = piece.rstrip().endswith(("nextval(", "setval("))
    return "".join(parts)


def _environment(url: URL) -> dict[str, str]:
    """Return libpq's variables for a URL: arguments would show the password to everybody."""
    given = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port or url.query.get("port"),
        "PGUSER": url.username or url.query.get("user"),
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    return {**os.environ, **{name: str(value) for name, value in given.items() if value}}
