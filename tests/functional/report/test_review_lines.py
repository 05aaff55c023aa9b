"""Each line of the review fails for its own reason, and what did not run is never ticked.

One project, committed on ``main``: every test changes a file or two of a branch that is in order.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.generated_history import write_project
from tests.functional.authoring.conftest import Run, tasks

__all__ = ["tasks"]

MOVES = "Upgrade + downgrade succeed on SQLite and Postgres"
ROUND_TRIP = "Round-trip tests pass (PG + SQLite): upgrade → assert → downgrade → assert"
APPEND_ONLY = "Append-only behavior enforced (UPDATE/DELETE blocked) where promised"
GUARDED = 'Postgres-only code is guarded by `if dialect == "postgresql":`'
NAMES = "Names of constraints/indexes/triggers follow conventions and match tests/docs"
REVERSIBLE = "Reversible (or rationale + safe fallback if not)"
RECREATED = "No unintended table recreations on SQLite (batch mode changes minimized)"
DATA = "No data loss without explicit, reviewed data migration"
AUTOGENERATE = "Autogenerate diff reviewed; manual edits applied where needed"
DEPENDENCIES = "Baseline/revision dependencies correct; no rewrites of published revisions"
LINES = [MOVES, ROUND_TRIP, APPEND_ONLY, GUARDED, NAMES, REVERSIBLE, RECREATED, DATA, AUTOGENERATE]
LINES += [DEPENDENCIES]

BASE = '''"""create entry

Revision ID: a1
Revises:
Create Date: 2024-01-01 08:00:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
    )
    op.execute("CREATE TRIGGER entry_forbid_update BEFORE UPDATE ON entry"
               " BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    op.execute("CREATE TRIGGER entry_forbid_delete BEFORE DELETE ON entry"
               " BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    op.execute("CREATE TRIGGER entry_forbid_replace BEFORE INSERT ON entry"
               " WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id)"
               " BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    op.create_table(
        "room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
    )


def downgrade() -> None:
    op.drop_table("room")
    op.drop_table("entry")
'''
BRANCH = '''"""create note

Revision ID: b2
Revises: a1
Create Date: 2024-01-02 08:00:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )  # up


def downgrade() -> None:
    # down
    op.drop_table("note")
'''
NEXT = '''"""create memo

Revision ID: c3
Revises: b2
Create Date: 2024-01-03 08:00:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.execute("CREATE TABLE memo (id INTEGER NOT NULL, CONSTRAINT pk_memo PRIMARY KEY (id))")


def downgrade() -> None:
    op.drop_table("memo")
'''
TABLES = """
for name in ("entry", "room"):
    sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("said", sa.String(length=40)),
    )
sa.Table("note", metadata, sa.Column("id", sa.Integer(), primary_key=True))
"""


class Project(NamedTuple):
    """The branch's files; and how a review of it is asked for."""

    folder: Path
    revision: Path
    tables: Path

    def replace(self, old: str, new: str, path: Path | None = None) -> None:
        """Change a file, by default the branch's revision."""
        path = path or self.revision
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is on ``main``."""
    folder = tmp_path_factory.mktemp("review")
    [old] = write_project(folder, 1)
    old.unlink()
    versions = folder / "migrations" / "versions"
    (versions / "20240101_0800_create_entry.py").write_text(BASE, encoding="utf-8")
    with (folder / "migrations" / "tables.py").open("r+", encoding="utf-8") as tables:
        head = tables.read().partition("\nsa.Table(")[0]
        tables.seek(0)
        tables.truncate()
        tables.write(head + TABLES)
    pyproject = folder / "pyproject.toml"
    text = re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text())
    pyproject.write_text(re.sub("append-only = .*", 'append-only = ["entry"]', text))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", ".")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "start")
    return folder


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


@pytest.fixture
def branch(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A branch that is in order, in the working folder; afterwards ``main`` is as it was."""
    monkeypatch.chdir(written)
    revision = written / "migrations" / "versions" / "20240102_0800_create_note.py"
    revision.write_text(BRANCH, encoding="utf-8")
    yield Project(written, revision, written / "migrations" / "tables.py")
    _git(written, "reset", "--hard", "--quiet")
    _git(written, "clean", "-fdq")


Opened = dict[str, list[str]]
Ask = Callable[[], Opened]


@pytest.fixture
def opened(tasks: Run) -> Ask:
    """Return the lines that are not ticked, with their evidence."""

    def ask() -> Opened:
        code, out, err = tasks("review", "--base", "main")
        plain = re.sub(r"\\([\\*_{}\[\]<>#|])", r"\1", out)
        found = re.findall(r"^- \[(.)\] (.*)\n((?:  - .*\n)+)", plain, re.MULTILINE)
        assert [line for _, line, _ in found] == LINES, out + err
        said = {line: re.findall("  - (.*)\n", evidence) for _, line, evidence in found}
        left = {line: said[line] for mark, line, _ in found if mark != "x"}
        assert code == any(not _does_not_apply(evidence) for evidence in left.values()), out
        return left

    return ask


def _does_not_apply(evidence: list[str]) -> bool:
    return evidence[0].startswith("does not apply: ")


def test_a_branch_that_is_in_order(branch: Project, opened: Ask) -> None:
    assert opened() == {}


def test_a_revision_that_cannot_be_upgraded_to(branch: Project, opened: Ask) -> None:
    """A3: nothing that needs the upgrade is ticked, and each line names the failing step."""
    branch.replace("  # up", "\n    op.execute('SELECT missing')")
    found = opened()
    assert set(found) == {
        MOVES,
        ROUND_TRIP,
        APPEND_ONLY,
        REVERSIBLE,
        RECREATED,
        DATA,
        AUTOGENERATE,
    }
    for line, evidence in found.items():
        assert "b2" in evidence[0], line
        assert "no such column: missing" in evidence[0], line


def test_a_downgrade_that_fails(branch: Project, opened: Ask) -> None:
    branch.replace("    # down", "    op.execute('SELECT missing')")
    found = opened()
    assert set(found) == {MOVES, ROUND_TRIP, REVERSIBLE, DATA}
    assert all("no such column: missing" in evidence[0] for evidence in found.values())


def test_an_upgrade_that_fails_the_second_time(branch: Project, opened: Ask) -> None:
    """The schema came back, so that it is reversible; a round-trip that fails has not passed."""
    branch.replace("def upgrade() -> None:", "RUNS = []\n\n\ndef upgrade() -> None:")
    branch.replace(
        "  # up",
        "\n    RUNS.append(1)\n    if len(RUNS) == 2:\n        op.execute('SELECT missing')",
    )
    found = opened()
    assert set(found) == {MOVES, ROUND_TRIP}
    assert all("upgrade again" in evidence[0] for evidence in found.values())


def test_a_second_upgrade_that_makes_something_else(branch: Project, opened: Ask) -> None:
    branch.replace("def upgrade() -> None:", "RUNS = []\n\n\ndef upgrade() -> None:")
    branch.replace(
        "  # up",
        "\n    RUNS.append(1)\n    if len(RUNS) == 2:\n"
        '        op.create_index(op.f("ix_note_note_id"), "note", ["id"])',
    )
    found = opened()
    assert set(found) == {ROUND_TRIP}
    assert "ix_note_note_id" in found[ROUND_TRIP][0]


def test_a_table_that_lets_itself_be_emptied(branch: Project, opened: Ask) -> None:
    branch.replace("  # up", '\n    op.execute("DROP TRIGGER entry_forbid_delete")')
    branch.replace(
        "    # down",
        '    op.execute("CREATE TRIGGER entry_forbid_delete BEFORE DELETE ON entry"\n'
        "               \" BEGIN SELECT RAISE(ABORT, 'append-only'); END\")",
    )
    found = opened()
    assert set(found) == {APPEND_ONLY}
    assert any("DELETE" in line for line in found[APPEND_ONLY])


def test_a_trigger_that_never_fires(branch: Project, opened: Ask) -> None:
    """Nothing in the source is wrong: only who tries it sees it."""
    branch.replace(
        "  # up",
        '\n    op.execute("DROP TRIGGER entry_forbid_update")\n'
        '    op.execute("CREATE TRIGGER entry_forbid_update BEFORE UPDATE ON entry"\n'
        "               \" WHEN NEW.id = -1 BEGIN SELECT RAISE(ABORT, 'append-only'); END\")",
    )
    branch.replace(
        "    # down",
        '    op.execute("DROP TRIGGER entry_forbid_update")\n'
        '    op.execute("CREATE TRIGGER entry_forbid_update BEFORE UPDATE ON entry"\n'
        "               \" BEGIN SELECT RAISE(ABORT, 'append-only'); END\")",
    )
    found = opened()
    assert set(found) == {APPEND_ONLY}
    assert any("entry: UPDATE went through" in line for line in found[APPEND_ONLY])


def test_nothing_is_promised(branch: Project, opened: Ask) -> None:
    pyproject = branch.folder / "pyproject.toml"
    branch.replace('append-only = ["entry"]', "append-only = []", pyproject)
    found = opened()
    assert set(found) == {APPEND_ONLY}
    assert found[APPEND_ONLY][0].startswith("does not apply: no table is listed")


def test_a_promise_about_no_table(branch: Project, opened: Ask) -> None:
    pyproject = branch.folder / "pyproject.toml"
    branch.replace('append-only = ["entry"]', 'append-only = ["entry", "entries"]', pyproject)
    found = opened()
    assert set(found) == {APPEND_ONLY}
    assert any("no table entries" in line for line in found[APPEND_ONLY])


def test_a_read_that_no_script_can_make(branch: Project, opened: Ask) -> None:
    branch.replace("  # up", '\n    op.get_bind().execute(sa.text("SELECT id FROM note")).first()')
    found = opened()
    assert set(found) == {GUARDED}
    assert "CAL203" in found[GUARDED][0]


def test_a_name_of_its_own(branch: Project, opened: Ask) -> None:
    branch.replace('op.f("pk_note")', 'op.f("note_key")')
    found = opened()
    assert set(found) == {NAMES}
    assert "note_key" in found[NAMES][0]


def test_a_data_step_without_a_way_back(branch: Project, opened: Ask) -> None:
    text = re.sub(
        r"    op\.create_table\(.*?# up",
        "    op.execute(\"UPDATE room SET said = 'a' WHERE said = 'no row of ours'\")",
        branch.revision.read_text(),
        flags=re.DOTALL,
    )
    branch.revision.write_text(text.replace('    # down\n    op.drop_table("note")', "    pass"))
    branch.replace('sa.Table("note"', "#", branch.tables)
    found = opened()
    assert set(found) == {REVERSIBLE}
    assert "CAL305" in found[REVERSIBLE][0]


def test_a_recreation_that_nobody_mentions(branch: Project, opened: Ask) -> None:
    batch = 'with op.batch_alter_table("room") as batch:\n        batch.alter_column('
    was = '"said", existing_type=sa.String(length=40), type_=sa.String(length=50))'
    branch.replace("  # up", f"\n    {batch}{was}")
    now = '"said", existing_type=sa.String(length=50), type_=sa.String(length=40))'
    branch.replace("    # down", f"    {batch}{now}")
    branch.replace(
        'sa.Column("said", sa.String(length=40))',
        'sa.Column("said", sa.String(length=50 if name == "room" else 40))',
        branch.tables,
    )
    found = opened()
    assert set(found) == {RECREATED}
    assert "CAL306" in found[RECREATED][0]


def test_schema_and_rows_in_one(branch: Project, opened: Ask) -> None:
    branch.replace("  # up", "\n    op.execute(\"UPDATE room SET said = 'a' WHERE said = 'none'\")")
    found = opened()
    assert set(found) == {DATA}
    assert "CAL302" in found[DATA][0]


def test_a_column_that_no_revision_adds(branch: Project, opened: Ask) -> None:
    branch.replace(
        'sa.Table("note", metadata',
        'sa.Table("note", metadata, sa.Column("body", sa.Text())',
        branch.tables,
    )
    found = opened()
    assert set(found) == {AUTOGENERATE}
    assert "note.body" in found[AUTOGENERATE][0]


def test_no_metadata_to_compare_with(branch: Project, opened: Ask) -> None:
    env = branch.folder / "migrations" / "env.py"
    branch.replace("target_metadata=target_metadata", "target_metadata=None", env)
    found = opened()
    assert set(found) == {AUTOGENERATE}
    assert found[AUTOGENERATE][0].startswith("does not apply: ")


def test_an_old_file_that_was_touched(branch: Project, opened: Ask) -> None:
    old = min(branch.revision.parent.glob("*.py"))
    old.write_text(f"{old.read_text()}\n# edited\n", encoding="utf-8")
    found = opened()
    assert set(found) == {DEPENDENCIES}
    assert f"{old.name} was changed" in found[DEPENDENCIES][0]


def test_a_revision_that_is_not_reached(branch: Project, opened: Ask) -> None:
    """The second of two never ran: no count of what is in order includes it."""
    second = branch.revision.with_name("20240103_0800_create_memo.py")
    second.write_text(NEXT, encoding="utf-8")
    branch.replace("  # up", "\n    op.execute('SELECT missing')")
    found = opened()
    for line in (MOVES, ROUND_TRIP, REVERSIBLE, RECREATED, DATA):
        assert any("c3" in said and "b2 cannot be upgraded to" in said for said in found[line])
    assert APPEND_ONLY in found
    assert AUTOGENERATE in found


def test_a_way_back_that_is_declared_not_to_be_one(branch: Project, opened: Ask) -> None:
    """The reason makes it reversible by the policy; a downgrade that never ran did not succeed."""
    pyproject = branch.folder / "pyproject.toml"
    with pyproject.open("a", encoding="utf-8") as file:
        file.write('\n[tool.calista.roundtrip.irreversible]\nb2 = "the notes are archived"\n')
    found = opened()
    assert set(found) == {MOVES, ROUND_TRIP}
    assert all("the notes are archived" in evidence[0] for evidence in found.values())


@pytest.mark.parametrize(
    ("codes", "line"),
    [
        ('"CAL308"', APPEND_ONLY),
        ('"CAL2"', GUARDED),
        ('"CAL1"', NAMES),
        ('"CAL301"', DATA),
        ('"CAL004"', AUTOGENERATE),
        ('"CAL4"', DEPENDENCIES),
    ],
)
def test_a_rule_that_is_off_says_nothing(
    branch: Project, opened: Ask, codes: str, line: str
) -> None:
    pyproject = branch.folder / "pyproject.toml"
    branch.replace("append-only", f"ignore = [{codes}]\nappend-only", pyproject)
    found = opened()
    assert set(found) == {line}
    assert found[line][0].startswith("not checked")


def test_a_file_that_cannot_be_read_is_not_found_in_order(branch: Project, opened: Ask) -> None:
    branch.replace("  # up", '\n    op.execute("CREATE TRIGGER x AFTER")  # noqa: E501')
    found = opened()
    for line in (APPEND_ONLY, GUARDED, NAMES, DATA):
        assert line in found, line


def test_a_history_without_revisions(branch: Project, tasks: Run) -> None:
    for path in branch.revision.parent.glob("*.py"):
        path.unlink()
    code, out, err = tasks("review", "--base", "main")
    assert (code, out) == (1, "")
    assert err.startswith("error: there is no revision to review\n")
