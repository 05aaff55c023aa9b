from __future__ import annotations

import pytest

from calista_tools.roundtrip.rows.intended_changes import ANY_TABLE, meant


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE note SET a = 1", {"note": {"update"}}),
        ('update only public."Note" set a = 1', {"note": {"update"}}),
        ("DELETE FROM note WHERE id = 1", {"note": {"delete"}}),
        ("TRUNCATE TABLE note", {"note": {"delete"}}),
        ("INSERT INTO note (a) SELECT 1", {"note": {"insert"}}),
        ("INSERT INTO note VALUES (1) ON CONFLICT (id)\nDO UPDATE SET a = 1",
         {"note": {"insert", "update"}}),
        ("INSERT INTO note VALUES (1) ON CONFLICT DO NOTHING", {"note": {"insert"}}),
        ("REPLACE INTO note VALUES (1)", {"note": {"insert", "update", "delete"}}),
        ("DO $$ BEGIN UPDATE a SET x = 1; DELETE FROM b; END $$",
         {"a": {"update"}, "b": {"delete"}}),
        ("CREATE TABLE note (id INTEGER)", {}),
        ("ALTER TABLE note DROP COLUMN a", {}),
    ],
)  # fmt: skip
def test_verbs_by_table(statement: str, expected: dict[str, set[str]]) -> None:
    assert meant([statement]) == expected


ANY = {ANY_TABLE: {"insert", "update", "delete"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["SELECT tidy()"], ANY),
        (['SELECT "Tidy" (1)'], ANY),
        (["SELECT partman.create_parent('note')"], ANY),
        (["CREATE FUNCTION once() RETURNS void AS ''", "SELECT once()"], ANY),
        (["CREATE OR REPLACE FUNCTION app.once() RETURNS void AS ''", "SELECT once()"], ANY),
        (["CALL anything()"], ANY),
        (["DO $$ BEGIN PERFORM tidy(); END $$"], ANY),
        (["DO $$ BEGIN EXECUTE format('DELETE FROM %I', 'note'); END $$"], ANY),
        (["SELECT lower(name) FROM note"], {}),
        (["SELECT pg_catalog.lower(name) FROM note"], {}),
        (["SELECT once()"], {}),
        (["GRANT EXECUTE ON FUNCTION tidy() TO app"], {}),
        (["CREATE TRIGGER a AFTER INSERT ON note EXECUTE FUNCTION tidy()"], {}),
    ],
)  # fmt: skip
def test_what_the_projects_own_functions_write_is_not_said(
    statements: list[str], expected: dict[str, set[str]]
) -> None:
    assert meant(statements, {"tidy"}) == expected
