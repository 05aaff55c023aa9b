"""The replay itself: real findings are seen, by each kind of line, and made-up ones are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from tests.corpora import replay_findings
from tests.corpora.replay_findings import findings

Write = Callable[..., Path]

CREATE = (
    """
    op.create_table(
        "owner",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), sa.CheckConstraint("name <> ''", name="ck_owner_name")),
    )
    op.create_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner_id", sa.Integer, sa.ForeignKey("owner.id", name="fk_note_owner")),
        sa.Column("size", sa.Integer),
    )
    op.create_index("ix_note_size", "note", ["size"])
    """,
    """
    op.drop_table("note")
    op.drop_table("owner")
    """,
)
TYPE = """
with op.batch_alter_table("owner") as batch:
    batch.alter_column("name", type_=sa.String(80))
"""
CONSTRAINT = """
with op.batch_alter_table("owner") as batch:
    batch.drop_constraint("ck_owner_name", type_="check")
"""
DEFECTS = {
    "r01_rows_lost": ('op.execute("DELETE FROM note")', ""),
    "r02_column_kept": ('op.add_column("note", sa.Column("kind", sa.Text))', ""),
    "r03_values": ('op.execute("UPDATE note SET size = NULL")', ""),
    "r04_index_lost": ('op.drop_index("ix_note_size", "note")', ""),
    "r05_fails": ("", 'op.execute("SELECT nothing FROM note")'),
    "r06_left_over": ("""op.execute("INSERT INTO owner (id, name) VALUES (7777, 'x')")""", ""),
    "r07_type": (TYPE, ""),
    "r08_table_kept": ('op.create_table("extra", sa.Column("id", sa.Integer))', ""),
    "r09_constraint_lost": (CONSTRAINT, ""),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each dialect."""
    return str(request.param)


def replayed(
    run: dict[str, Any], ini: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Return what the script says of a report."""
    report = tmp_path / "report.json"
    report.write_text(json.dumps(run), encoding="utf-8")
    code = replay_findings.main([str(report), "--config", str(ini)])
    return code, capsys.readouterr().out


def test_what_is_real_is_seen(
    backend: str, project: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ini = project({"r00": CREATE, **DEFECTS})
    run = prove(Project(ini), Options(backend=backend, cache=False)).as_json()
    found = {step["revision"]: findings(step) for step in run["steps"]}
    assert [revision for revision in DEFECTS if not found[revision]] == []
    count = sum(map(len, found.values()))
    expected = f"{backend}: {count} findings, {count} reproduced, 0 not reproduced\n"
    assert replayed(run, ini, tmp_path, capsys) == (0, expected)


MADE_UP = [
    "-index ix_note_size on note",
    "+column note.owner_id",
    "-column note.size",
    "~column note.size: type INTEGER → TEXT",
    "+table owner",
    "-foreign key fk_note_owner on note",
    "-check ck_owner_name on owner",
    "upgrade again: -column note.size",
    "-index ix_note_size on note: lost when note was recreated",
    "foreign key check: 1 row of note without a match in owner (rowid 1)",
    "table note: 1 of 3 rows lost (id=1) after downgrade",
    "table note: all 3 rows lost (id=1, id=2, id=3) after upgrade",
    "table note: gone with its 3 rows after downgrade",
    "table note: 1 row left over after downgrade (id=1)",
    "column note.size: 1 → NULL in 1 row (id=1) after downgrade",
    "downgrade: OperationalError: database is locked",
    "upgrade of empty tables: IntegrityError: no",
    "there is no downgrade",
    "something that nobody ever said",
]


def test_what_is_made_up_is_not_seen(
    backend: str, project: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    harmless = (
        'op.add_column("note", sa.Column("kind", sa.Text))',
        'op.drop_column("note", "kind")',
    )
    lossy = ('op.execute("DELETE FROM note")', "")
    ini = project({"r00": CREATE, "r01": harmless, "r02": lossy})
    run = prove(Project(ini), Options(backend=backend, cache=False)).as_json()
    _, step, real = run["steps"]
    assert findings(step) == []
    rows = [line for line in real["reproduce"] if line.startswith("INSERT")]
    step["differences"] = MADE_UP
    up, down = "alembic upgrade r01", "alembic downgrade r00"
    step["reproduce"] = ["alembic upgrade r00", up, down, up]
    step["reproduce"][1:1] = [line.replace(', "kind"', "") for line in rows if "kind" not in line]
    run["steps"] = [step]
    code, said = replayed(run, ini, tmp_path, capsys)
    assert code == 1
    assert f"{len(MADE_UP)} findings, 0 reproduced, {len(MADE_UP)} not reproduced" in said
    assert [line for line in MADE_UP if f"r01 NOT: {line}\n" not in said] == []


def test_a_revision_that_passes_in_one_run_only(
    project: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enum = 'sa.Enum("a", "b", name="kind")'
    again = f'op.create_table("b", sa.Column("id", sa.Integer), sa.Column("k", {enum}))'
    first = f'op.create_table("a", sa.Column("id", sa.Integer), sa.Column("k", {enum}))'
    ini = project({"r00": (first, 'op.drop_table("a")'), "r01": (again, "")})
    run = prove(Project(ini), Options(backend="postgresql", cache=False)).as_json()
    assert run["steps"][1]["upgrade"] == "error"
    assert "+table b" in run["steps"][1]["differences"]
    code, said = replayed(run, ini, tmp_path, capsys)
    assert "r01" not in said
    assert code == 0


def test_a_history_that_begins_on_tables(
    backend: str,
    project: Write,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ini = project({"r00": ('op.add_column("old", sa.Column("name", sa.Text))', "")})
    (ini.parent / "first_tables.py").write_text(
        "def make(engine):\n"
        "    with engine.begin() as connection:\n"
        '        connection.exec_driver_sql("CREATE TABLE old (id INTEGER)")\n',
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(ini.parent)
    settings = Settings(prepare="first_tables:make")
    options = Options(backend=backend, cache=False, settings=settings)
    run = prove(Project(ini), options).as_json()
    (step,) = run["steps"]
    assert "+column old.name" in step["differences"]
    code, said = replayed(run, ini, tmp_path, capsys)
    assert (code, "0 not reproduced" in said) == (0, True), said
