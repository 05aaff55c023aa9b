"""``calista-lint --infer-names``: the convention that a history follows, with its exceptions."""

import json
import tomllib
from pathlib import Path

import pytest

from calista_tools.lint.cli import main

REVISION = '''
"""tables"""
import sqlalchemy as sa
from alembic import op

revision = "a"
down_revision = None


def upgrade():
    for table in ("note", "page", "author"):
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("a", sa.Integer()),
            sa.Column("b", sa.Integer()),
            sa.PrimaryKeyConstraint("id", name=f"{table}_primary"),
            sa.UniqueConstraint("a", "b", name=f"u__{table}__a_b"),
            sa.ForeignKeyConstraint(["a"], ["other.id"], name=f"{table}_a_other_fkey"),
            sa.CheckConstraint("a > b", name=f"{table}_ordered_check"),
        )
        op.create_index(f"idx_{table}_a", table, ["a"])
    op.create_index("by_b", "note", ["b"])
    op.execute("CREATE TRIGGER tr_note_no BEFORE UPDATE ON note BEGIN SELECT 1; END")


def downgrade():
    op.drop_table("note")
'''


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder / "20250101_1000_tables.py").write_text(REVISION.lstrip())
    return folder


def test_prints_what_pyproject_takes(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--infer-names", str(versions)]) == 0
    text = capsys.readouterr().out
    names = tomllib.loads(text)["tool"]["calista"]["names"]
    assert names == {
        "pk": "%(table_name)s_primary",
        "uq": "u__%(table_name)s__%(column_0_N_name)s",
        "ix": "idx_%(table_name)s_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s",
        "trigger": "tr_%(table_name)s_%(action)s",
    }
    assert text.splitlines()[-1] == (
        "# migrations/versions/20250101_1000_tables.py:22: ix `by_b`, not `idx_note_b`"
    )


def test_the_name_of_the_only_table_is_no_part_of_a_convention(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    op.create_index("ix_note_note_a", "note", ["a"])
    op.create_index("ix_note_note_b", "note", ["b"])
    op.create_unique_constraint("uq_note_a", "note", ["a"])
"""
    path = versions / "20250101_1000_tables.py"
    path.write_text(REVISION.partition("def upgrade")[0].lstrip() + f"def upgrade():{body}")
    assert main(["--infer-names", str(versions)]) == 0
    assert tomllib.loads(capsys.readouterr().out)["tool"]["calista"]["names"] == {
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_label)s",
    }


def test_the_exceptions_are_what_the_rules_then_report(
    versions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--infer-names", str(versions)])
    (versions.parents[1] / "pyproject.toml").write_text(capsys.readouterr().out)
    rules = "CAL101,CAL102,CAL103,CAL104,CAL105,CAL106"
    assert main(["--select", rules, "--output-format", "concise", str(versions)]) == 1
    findings = [line for line in capsys.readouterr().out.splitlines() if "CAL" in line]
    assert len(findings) == 1
    assert findings[0].startswith("migrations/versions/20250101_1000_tables.py:22:5: CAL103")


def test_json(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--infer-names", "--output-format", "json", str(versions)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["names"]["ix"] == {
        "template": "idx_%(table_name)s_%(column_0_N_name)s",
        "follows": 3,
        "of": 4,
    }
    assert [one["name"] for one in found["exceptions"]] == ["by_b"]
