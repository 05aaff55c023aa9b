"""Columns whose values depend on each other, in a row or across tables, get values all the same."""

from __future__ import annotations

from typing import Any

Database = Any

KINDS = [
    (
        "CREATE TABLE evaluator (id INTEGER PRIMARY KEY, kind VARCHAR(9) NOT NULL,"
        " CHECK (kind IN ('LLM', 'CODE', 'BUILTIN')), UNIQUE (kind, id))"
    ),
    (
        "CREATE TABLE builtin (id INTEGER PRIMARY KEY, kind VARCHAR(9) DEFAULT 'BUILTIN' NOT NULL,"
        " CHECK (kind = 'BUILTIN'), FOREIGN KEY (kind, id) REFERENCES evaluator (kind, id))"
    ),
    (
        "CREATE TABLE code (id INTEGER PRIMARY KEY, kind VARCHAR(9) DEFAULT 'CODE' NOT NULL,"
        " CHECK (kind = 'CODE'), FOREIGN KEY (kind, id) REFERENCES evaluator (kind, id))"
    ),
]


def test_a_reference_to_rows_of_one_kind(database: Database) -> None:
    database.fill(*KINDS)
    kinds = {row[0]: row[1] for row in database.rows("evaluator")}
    for table, kind in (("builtin", "BUILTIN"), ("code", "CODE")):
        rows = database.rows(table)
        assert rows
        assert all(kinds[row[0]] == kind == row[1] for row in rows)
    assert database.samples.unfilled == {}


def test_many_columns_that_a_check_asks_for_null(database: Database) -> None:
    local = "auth <> 'LOCAL' OR (hash IS NOT NULL AND salt IS NOT NULL AND client IS NULL)"
    remote = "auth <> 'OAUTH2' OR (hash IS NULL AND salt IS NULL AND subject IS NOT NULL)"
    ldap = "auth <> 'LDAP' OR (unique_id IS NOT NULL AND hash IS NULL)"
    database.fill(
        "CREATE TABLE account (id INTEGER PRIMARY KEY, auth VARCHAR(9) NOT NULL, hash VARCHAR(40),"
        " salt VARCHAR(40), client VARCHAR(40) UNIQUE, subject VARCHAR(40) UNIQUE,"
        " unique_id VARCHAR(40) UNIQUE, CHECK (auth IN ('LOCAL', 'OAUTH2', 'LDAP')),"
        f" CHECK ({local}), CHECK ({remote}), CHECK ({ldap}))"
    )
    assert len(database.rows("account")) >= 3
    assert database.samples.unfilled == {}


def test_a_column_made_from_a_document(database: Database) -> None:
    typed = "JSON" if database.dialect == "sqlite" else "jsonb"
    path = "'$.id'" if database.dialect == "sqlite" else "'id'"
    database.fill(
        f"CREATE TABLE message (id INTEGER PRIMARY KEY, body {typed} NOT NULL,"
        f" message_id TEXT GENERATED ALWAYS AS (body ->> {path}) STORED NOT NULL)"
    )
    assert len({row[2] for row in database.rows("message")}) == 3


def test_no_row_of_ours_refers_to_nothing_on_sqlite(sqlite: Database) -> None:
    sqlite.fill(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id))"
    )
    # Nothing can be referred to, and SQLite would take the row.
    assert sqlite.rows("child") == []
    assert [str(table) for table in sqlite.samples.unfilled] == ["child"]


def test_a_reference_to_what_is_no_key_on_sqlite(sqlite: Database) -> None:
    sqlite.fill(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, code VARCHAR(9) NOT NULL)",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, code VARCHAR(9) REFERENCES parent (code))",
    )
    assert len(sqlite.rows("child")) == 3
