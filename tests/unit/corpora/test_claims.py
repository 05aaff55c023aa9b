"""Lines of a report are looked for in what clients of the databases say: seen, or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import URL

from tests.corpora.claims import seen
from tests.corpora.looks import Look, look

#: A revision as SQLite holds it before, after, and after the downgrade, which is not the same.
BEFORE = """
CREATE TABLE owner (id INTEGER, name VARCHAR(40), PRIMARY KEY (id));
CREATE TABLE note (id INTEGER PRIMARY KEY, size INTEGER NOT NULL, owner_id INTEGER,
    CONSTRAINT fk_note_owner FOREIGN KEY (owner_id) REFERENCES owner (id));
CREATE INDEX ix_note_size ON note (size);
INSERT INTO owner VALUES (1, 'a'), (2, 'b'), (3, NULL);
INSERT INTO note VALUES (1, 10, 1), (2, 20, 2);
"""
UPGRADE = """
CREATE TABLE owner (id INTEGER, name VARCHAR(40), PRIMARY KEY (id));
CREATE TABLE note (id INTEGER PRIMARY KEY, size INTEGER, owner_id INTEGER,
    CONSTRAINT fk_note_owner FOREIGN KEY (owner_id) REFERENCES owner (id));
CREATE INDEX ix_note_size ON note (size);
CREATE INDEX ix_note_owner ON note (owner_id);
INSERT INTO owner VALUES (2, 'b'), (3, NULL);
INSERT INTO note VALUES (1, 10, 1), (2, 20, 2);
"""
DOWNGRADE = """
CREATE TABLE owner (id INTEGER, name VARCHAR(20), CONSTRAINT pk_owner PRIMARY KEY (id));
CREATE TABLE note (id INTEGER PRIMARY KEY, size INTEGER, owner_id INTEGER);
CREATE INDEX ix_note_owner ON note (owner_id);
INSERT INTO owner VALUES (2, NULL), (3, NULL);
"""


@pytest.fixture
def looks(tmp_path: Path) -> Mapping[str, Look]:
    """What was seen at each moment."""
    found = {}
    scripts = {
        "before": BEFORE,
        "upgrade": UPGRADE,
        "downgrade": DOWNGRADE,
        "upgrade again": UPGRADE,
    }
    for moment, script in scripts.items():
        path = tmp_path / f"{moment}.db"
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.close()
        found[moment] = look(URL.create("sqlite", database=str(path)))
    return found


@pytest.mark.parametrize(
    "line",
    [
        "+index ix_note_owner on note",
        "-index ix_note_size on note",
        "-foreign key fk_note_owner on note",
        "~column note.size: nullable no → yes",
        "~column owner.name: type VARCHAR(40) → VARCHAR(20)",
        "~primary key unnamed on owner: name unnamed → pk_owner",
        "table owner: 1 of 3 rows lost (id=1) after upgrade",
        "table note: all 2 rows lost after downgrade",
        "column owner.name: 'b' → NULL in 1 row (id=2) after downgrade",
        "foreign key check: 1 row of note without a match in owner (rowid 1)",
    ],
)
def test_what_is_there_is_seen(looks: Mapping[str, Look], line: str) -> None:
    assert seen(line, looks) is True


@pytest.mark.parametrize(
    "line",
    [
        "-index ix_note_owner on note",
        "+index ix_note_size on note",
        "-foreign key fk_other on note",
        "+foreign key fk_note_owner on note",
        "~column note.owner_id: nullable no → yes",
        "~column owner.name: type VARCHAR(40) → VARCHAR(30)",
        "~primary key unnamed on note: name unnamed → pk_note",
        "upgrade again: +index ix_note_owner on note",
        "table owner: 2 of 3 rows lost (id=1, id=2) after upgrade",
        "table owner: all 3 rows lost after upgrade",
        "table note: 1 of 2 rows lost (id=1) after upgrade",
        "table note: gone with its 2 rows after downgrade",
        "column owner.name: 'b' → NULL in 1 row (id=2) after upgrade",
        "foreign key check: 2 rows of note without a match in owner (rowid 1, 2)",
        "foreign key check: 1 row of owner without a match in note (rowid 1)",
    ],
)
def test_what_is_not_there_is_not_seen(looks: Mapping[str, Look], line: str) -> None:
    assert seen(line, looks) is False


def test_a_line_of_no_known_kind(looks: Mapping[str, Look]) -> None:
    assert seen("the server was slow", looks) is None
