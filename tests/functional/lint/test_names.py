"""``calista-lint --names``: what is listed, in the shape that others parse."""

import json
from pathlib import Path
from typing import Any

import pytest

from calista_tools.lint.cli import main

ENV = """
from sqlalchemy import MetaData

target_metadata = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""
FIRST = '''
"""create note"""
import sqlalchemy as sa
from alembic import op

revision = "a"
down_revision = None


def upgrade():
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), unique=True),
        sa.CheckConstraint("id > 0", name="positive"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("CREATE TRIGGER note_no BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END")


def downgrade():
    op.drop_table("note")
'''
SECOND = '''
"""rename note"""
from alembic import op

revision = "b"
down_revision = "a"


def upgrade():
    op.drop_constraint("positive", "note", type_="check")
    op.rename_table("note", "page")
    op.create_index(op.get_bind().scalar(QUERY), "page", ["title"])


def downgrade():
    op.rename_table("page", "note")
'''


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    (tmp_path / "migrations" / "env.py").write_text(ENV)
    (folder / "20250101_1000_create_note.py").write_text(FIRST.lstrip())
    (folder / "20250101_1001_rename_note.py").write_text(SECOND.lstrip())
    return folder


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["--names", "--output-format", "json", *arguments]) == 0
    entries: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return entries


def test_entries_have_the_shape_of_the_contract(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = listed(capsys, str(versions))
    [check] = [one for one in entries if one["kind"] == "ck" and one["op"] == "create"]
    assert check == {
        "op": "create",
        "kind": "ck",
        "table": "note",
        "name": "ck_note_positive",
        "columns": [],
        "dialects": ["sqlite", "postgresql"],
        "implicit": False,
        "reason": None,
        "filename": str(versions / "20250101_1000_create_note.py"),
        "row": 14,
    }


def test_dialects_that_differ_have_an_entry_each(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [one for one in listed(capsys, str(versions)) if one["kind"] == "pk"]
    made = {(one["op"], one["table"], one["name"], *one["dialects"]) for one in keys}
    assert made == {
        ("create", "note", None, "sqlite"),
        ("create", "note", "note_pkey", "postgresql"),
        ("rename", "page", None, "sqlite"),
        ("rename", "page", "note_pkey", "postgresql"),
    }
    assert all(one["implicit"] for one in keys)
    assert all(one["reason"] for one in keys if one["name"] is None)


def test_the_history_is_replayed_in_order(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = listed(capsys, str(versions))
    done = [(one["op"], one["kind"], one["name"]) for one in entries if "sqlite" in one["dialects"]]
    assert done == [
        ("create", "table", "note"),
        ("create", "ck", "ck_note_positive"),
        ("create", "pk", None),
        ("create", "uq", "uq_note_title"),
        ("create", "trigger", "note_no"),
        ("drop", "ck", "ck_note_positive"),
        ("rename", "table", "page"),
        ("rename", "pk", None),
        ("rename", "uq", "uq_note_title"),
        ("rename", "trigger", "note_no"),
        ("create", "ix", None),
    ]
    assert entries[-1]["reason"] == "is read from the database"


def test_one_file_is_listed_with_what_the_others_tell_of_it(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = listed(capsys, str(versions / "20250101_1001_rename_note.py"))
    assert {Path(one["filename"]).name for one in entries} == {"20250101_1001_rename_note.py"}
    assert ("rename", "uq_note_title") in {(one["op"], one["name"]) for one in entries}


def test_for_people(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--names", str(versions)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        "migrations/versions/20250101_1000_create_note.py:10: "
        "create table note on note [sqlite, postgresql]"
    )


@pytest.mark.parametrize("question", ["--names", "--infer-names"])
@pytest.mark.parametrize(
    "options",
    [
        ["--fix"],
        ["--select", "CAL1"],
        ["--add-noqa"],
        ["--exit-zero"],
        ["--ignore", "CAL1", "--diff"],
    ],
)
def test_refuses_what_it_would_ignore(
    question: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([question, *options]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err.startswith(f"error: {question} checks nothing, so it does not take --")
    assert "hint: " in printed.err
