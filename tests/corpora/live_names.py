"""Which constraints, indexes and triggers does a database have? Asked of its own catalogs."""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

from sqlalchemy import URL, Connection, create_engine, inspect, text
from sqlalchemy.exc import SAWarning
from sqlalchemy.pool import NullPool


class LiveName(NamedTuple):
    """One object at head.

    Attributes:
        kind: ``pk``, ``uq``, ``ix``, ``fk``, ``ck`` or ``trigger``.
        name: None where SQLite keeps none.
        columns: Empty where the catalog does not say.
    """

    table: str
    kind: str
    name: str | None
    columns: tuple[str | None, ...]


def live_names(
    url: URL, ignored: frozenset[str] = frozenset({"alembic_version"})
) -> list[LiveName]:
    """Return what is live in every schema, version tables left out, sorted."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            read = _postgresql if engine.dialect.name == "postgresql" else _sqlite
            found = [item for item in read(connection) if item.table not in ignored]
    finally:
        engine.dispose()
    return sorted(found, key=repr)


_CONSTRAINTS = """
SELECT c.relname, k.contype, k.conname,
       ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number
             ORDER BY p.place)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND n.nspname !~ '^(pg_|information_schema$)'
"""
_INDEXES = """
SELECT c.relname, 'i', i.relname,
       ARRAY(SELECT CASE WHEN p.number = 0 THEN NULL ELSE a.attname END
             FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS p(number, place)
             LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = p.number
             WHERE p.place <= x.indnkeyatts ORDER BY p.place)
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^(pg_|information_schema$)'
  AND NOT EXISTS (SELECT FROM pg_constraint k
                  WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""
_TRIGGERS = """
SELECT c.relname, 't', t.tgname, ARRAY[]::name[]
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname !~ '^(pg_|information_schema$)'
"""
_KINDS = {"p": "pk", "u": "uq", "f": "fk", "c": "ck", "x": "ex", "i": "ix", "t": "trigger"}


def _postgresql(connection: Connection) -> list[LiveName]:
    found = []
    for query in (_CONSTRAINTS, _INDEXES, _TRIGGERS):
        for table, kind, name, columns in connection.execute(text(query)):
            kind = kind.decode() if isinstance(kind, bytes) else kind
            found.append(LiveName(table, _KINDS[kind], name, tuple(columns)))
    return found


def _sqlite(connection: Connection) -> list[LiveName]:
    """Constraint names stand in the text of the tables only; SQLAlchemy reads most from there."""
    # It skips expression indexes with a warning; they are read below.
    warnings.simplefilter("ignore", SAWarning)
    look = inspect(connection)
    texts = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    found = []
    for table, written in texts.all():
        if table.startswith("sqlite_"):
            continue
        key = look.get_pk_constraint(table)
        keys = [LiveName(table, "pk", key["name"], tuple(key["constrained_columns"]))]
        items = [
            *(keys if keys[0].columns else []),
            *(
                LiveName(table, "uq", one["name"], tuple(one["column_names"]))
                for one in look.get_unique_constraints(table)
            ),
            *(
                LiveName(table, "fk", one["name"], tuple(one["constrained_columns"]))
                for one in look.get_foreign_keys(table)
            ),
            *(LiveName(table, "ck", one["name"], ()) for one in look.get_check_constraints(table)),
        ]
        names = _quoted_names(written)
        found += [
            item._replace(name=names.get((item.kind, item.columns), item.name)) for item in items
        ]
    return found + _sqlite_indexes_and_triggers(connection)


_NAMED = re.compile(
    r"""CONSTRAINT\s+(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])\s+
    (?P<kind>PRIMARY\s+KEY|UNIQUE|FOREIGN\s+KEY)\s*\((?P<columns>[^()]*)\)""",
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = {"P": "pk", "U": "uq", "F": "fk"}


def _quoted_names(written: str) -> dict[tuple[str, tuple[str | None, ...]], str]:
    """Return the quoted names of table constraints, which SQLAlchemy does not read right."""
    found = {}
    for match in _NAMED.finditer(written):
        columns = tuple(part.strip().strip('"`[]') for part in match["columns"].split(","))
        name = match["name"][1:-1].replace('""', '"')
        found[_WORDS[match["kind"][0].upper()], columns] = name
    return found


def _sqlite_indexes_and_triggers(connection: Connection) -> list[LiveName]:
    found = []
    rows = connection.execute(
        text("SELECT type, name, tbl_name FROM sqlite_master WHERE type IN ('index', 'trigger')")
    )
    for what, name, table in rows.all():
        if what == "trigger":
            found.append(LiveName(table, "trigger", name, ()))
        elif not name.startswith("sqlite_autoindex_"):
            quoted = name.replace('"', '""')
            info = connection.execute(text(f'PRAGMA index_info("{quoted}")')).all()
            found.append(LiveName(table, "ix", name, tuple(row[2] for row in info)))
    return found
