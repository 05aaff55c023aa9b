"""What does a database hold? Told by its own client, and not by what is to be checked.

SQLite says how each object was created, PostgreSQL's ``pg_dump`` how it would be.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calista_tools.backends.programs import find_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

_ON = r"(?:ONLY )?([\w.]+)"
#: Statements of a dump about a part of a table: what is cut away, and the table in it.
_PARTS = re.compile(
    rf"ALTER TABLE (?:IF EXISTS )?{_ON} (?:ADD|ALTER COLUMN) |CREATE (?:UNIQUE )?INDEX \S+ ON {_ON}"
    rf"|CREATE (?:CONSTRAINT )?TRIGGER \S+ .*? ON {_ON}",
    re.IGNORECASE,
)
_NOISE = re.compile(r"--|\\|SET |SELECT pg_catalog\.set_config|\s*$")


@dataclass(frozen=True)
class Fragment:
    """A column, a constraint or a whole statement, in lower case and without quotes."""

    owner: str
    text: str


@dataclass
class Look:
    """What a database held at one moment.

    Attributes:
        rows: Of each table, by column; values as text, None for NULL.
        broken: References without a match: the table, and the one it refers to.
    """

    fragments: list[Fragment]
    rows: dict[str, list[dict[str, str | None]]]
    broken: list[tuple[str, str]] = field(default_factory=list)


def look(url: URL) -> Look:
    """Read everything."""
    return _sqlite(str(url.database)) if url.get_backend_name() == "sqlite" else _postgresql(url)


def plain(text: str) -> str:
    """Spell SQL as all its spellings are compared: what only looks different does not count."""
    text = re.sub(r'["`\[\]]|\bpublic\.', "", text)
    return re.sub(r"\s*([(),])\s*", r"\1", " ".join(text.split())).lower().rstrip(";,")


def parts(statement: str) -> tuple[str, list[str], str]:
    """Split a CREATE TABLE: what stands before its parentheses, its parts, and what follows."""
    head, _, body = statement.partition("(")
    found, depth, quote, start = [], 0, "", 0
    for at, char in enumerate(body):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif char == ")" or (char == "," and not depth):
            found.append(body[start:at])
            start = at + 1
            if char == ")":
                break
    return head, found, body[start:]


def _of_table(name: str, statement: str) -> Iterator[Fragment]:
    _, inside, after = parts(statement)
    yield Fragment(name, f"create table {name} {plain(after)}".strip())
    for part in inside:
        yield Fragment(name, plain(part))


def _sqlite(path: str) -> Look:
    connection = sqlite3.connect(path)
    found = Look([], {})
    made = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    ).fetchall()
    for kind, name, owner, sql in made:
        if kind == "table" and not name.startswith("sqlite_"):
            found.fragments += _of_table(plain(name), sql)
            cursor = connection.execute(f"SELECT * FROM {_quoted(name)}")
            names = [column[0] for column in cursor.description]
            found.rows[name] = [
                {key: _text(value) for key, value in zip(names, row, strict=True)} for row in cursor
            ]
        elif kind != "table":
            found.fragments.append(Fragment(plain(owner), plain(sql)))
    found.broken = [
        (table, referred)
        for table, _, referred, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    connection.close()
    return found


def _postgresql(url: URL) -> Look:
    import psycopg

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    dump = subprocess.run(
        [find_programs().path("pg_dump"), "--schema-only", "--no-owner", "-d", address],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = Look(list(_fragments(dump)), {})
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname, c.relkind = 'p' FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
            " AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
        ).fetchall()
        for schema, name, partitioned in tables:
            only = "" if partitioned else "ONLY "
            source = f"{only}{_quoted(schema)}.{_quoted(name)}"
            rows = connection.execute(f"SELECT to_jsonb(t) FROM {source} AS t".encode())
            key = name if schema == "public" else f"{schema}.{name}"
            found.rows[key] = [{c: _text(v) for c, v in row[0].items()} for row in rows]
    return found


def _fragments(dump: str) -> Iterator[Fragment]:
    lines: list[str] = []
    for line in dump.splitlines():
        if not lines and _NOISE.match(line):
            continue
        lines.append(line)
        if line.endswith(";"):
            statement, lines = "\n".join(lines), []
            made = re.match(r"CREATE (?:UNLOGGED |FOREIGN )?TABLE (\S+)", statement)
            if made:
                yield from _of_table(plain(made[1]), statement)
                continue
            spelt = plain(statement)
            about = _PARTS.match(spelt)
            owner = next((name for name in about.groups() if name), "") if about else ""
            text = spelt[about.end() :] if about and spelt.startswith("alter") else spelt
            yield Fragment(owner, text)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, sort_keys=True)
