"""`calista db verify` finds what no trigger can prevent."""

from __future__ import annotations

from typing import Any

import pytest

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def verify_after(calista: Any, place: Any, statement: str) -> list[str]:
    """Do something to a fresh schema; returns what verify says, its first lines only."""
    assert calista("db", "upgrade", "--yes", "--no-backup").code == 0
    assert calista("db", "verify")[:2] == (0, "")
    before = place.catalog()
    place.execute(statement)
    after = place.catalog()
    result = calista("db", "verify")
    assert place.catalog() == after
    assert result.code == (1 if result.out else 0)
    assert bool(result.out) or after != before
    return [line for line in result.out.splitlines() if not line.startswith("    ")]


@on_postgresql
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "ALTER TABLE event_store DISABLE TRIGGER event_store_forbid_mod",
            "trigger event_store_forbid_mod on event_store is",
        ),
        (
            "ALTER TABLE event_store ENABLE TRIGGER event_store_forbid_truncate",
            "trigger event_store_forbid_truncate on event_store is",
        ),
        (
            "DROP TRIGGER upgrade_log_forbid_mod ON upgrade_log",
            "trigger upgrade_log_forbid_mod on upgrade_log is missing",
        ),
        (
            "ALTER TABLE event_store DROP CONSTRAINT ck_event_store_positive_version",
            "constraint ck_event_store_positive_version on event_store is missing",
        ),
        (
            "ALTER TABLE event_store ALTER event_type TYPE text USING 'hacked'",
            "column event_store.event_type is",
        ),
        (
            "DROP INDEX ix_event_store_event_store_payload",
            "index ix_event_store_event_store_payload",
        ),
        (
            (
                "CREATE OR REPLACE FUNCTION event_store_forbid_mod() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN RETURN NEW; END'"
            ),
            "function event_store_forbid_mod() is",
        ),
        (
            "CREATE RULE quiet AS ON INSERT TO event_store DO INSTEAD NOTHING",
            "rule quiet on event_store is not of ours",
        ),
        ("ALTER TABLE event_store ALTER metadata SET NOT NULL", "column event_store.metadata is"),
        ("COMMENT ON TABLE event_store IS 'mine'", "table event_store is"),
        ("ALTER TABLE event_store SET UNLOGGED", "table event_store is"),
    ],
)
def test_on_postgresql(calista: Any, place: Any, statement: str, found: str) -> None:
    (line,) = verify_after(calista, place, statement)[:1]
    assert line.startswith(found)


@on_sqlite
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "DROP TRIGGER event_store_forbid_replace",
            "trigger event_store_forbid_replace on event_store is missing",
        ),
        (
            "CREATE TRIGGER quiet BEFORE INSERT ON event_store BEGIN SELECT RAISE(IGNORE); END",
            "trigger quiet on event_store is not of ours",
        ),
        (
            "DROP INDEX ix_event_store_event_store_event_type",
            "index ix_event_store_event_store_event_type is missing",
        ),
        ("ALTER TABLE event_store ADD COLUMN mine", "column event_store.mine is not of ours"),
        ("DROP TABLE upgrade_log", "column upgrade_log.applied_at is missing"),
    ],
)
def test_on_sqlite(calista: Any, place: Any, statement: str, found: str) -> None:
    assert found in verify_after(calista, place, statement)


def test_additions_that_change_nothing_are_let_be(calista: Any, place: Any) -> None:
    statement = "CREATE INDEX mine ON event_store (version)"
    assert verify_after(calista, place, statement) == []


def test_a_database_that_is_behind_is_not_compared(calista: Any) -> None:
    assert calista("db", "verify").code == 3
