"""``review`` and ``report`` answer the policy's checklist from what was really found."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.functional.authoring.conftest import Run, project, tasks

__all__ = ["project", "tasks"]

REVERSIBLE = "Reversible (or rationale + safe fallback if not)"
ROUND_TRIP = "Round-trip tests pass (PG + SQLite): upgrade → assert → downgrade → assert"
AUTOGENERATE = "Autogenerate diff reviewed; manual edits applied where needed"
DATA = "No data loss without explicit, reviewed data migration"
DEPENDENCIES = "Baseline/revision dependencies correct; no rewrites of published revisions"


@pytest.fixture
def repository(project: Path) -> Path:
    """The project with its three revisions committed on ``main``, proven on SQLite alone."""
    pyproject = project / "pyproject.toml"
    pyproject.write_text(re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text()))
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "start"],
    ):
        subprocess.run(["git", *arguments], cwd=project, check=True)
    return project


def lines(review: str) -> dict[str, tuple[bool, str]]:
    """Return each line of the checklist, whether it holds, and its evidence."""
    found = re.findall(r"^- \[(.)\] (.*)\n((?:  - .*\n)+)", review, re.MULTILINE)
    return {line.replace("\\", ""): (mark == "x", evidence) for mark, line, evidence in found}


def test_a_sound_revision(repository: Path, tasks: Run) -> None:
    path = Path(tasks("revision", "-m", "add *note*", "-t", "note").out.strip())
    _, out, err = tasks("review", "--base", "main")
    assert out.startswith("# Review of 1 revision\n\nSince `main` ("), err
    assert f"- `{path.name}` - add \\*note\\*\n" in out
    checklist = lines(out)
    assert len(checklist) == 10
    for line in (REVERSIBLE, ROUND_TRIP, DEPENDENCIES):
        assert checklist[line][0], checklist[line]
    assert "1 of 1 revision: " in checklist[REVERSIBLE][1]
    assert "git: none of 3 files was touched" in checklist[DEPENDENCIES][1]


def test_a_downgrade_that_forgets_is_told(repository: Path, tasks: Run) -> None:
    path = Path(tasks("revision", "-m", "add note", "-t", "note").out.strip())
    path.write_text(path.read_text().replace('op.drop_table("note")', "pass"))
    code, out, _ = tasks("review", "--base", "main")
    assert code == 1
    checklist = lines(out)
    for line in (REVERSIBLE, ROUND_TRIP):
        assert not checklist[line][0]
    assert "note" in checklist[ROUND_TRIP][1]
    assert re.search(r"^\d+ of 10 lines do not hold\.$", out, re.MULTILINE)


def test_a_table_that_the_metadata_lacks_is_told(repository: Path, tasks: Run) -> None:
    tasks("revision", "-m", "add note", "-t", "note")
    code, out, _ = tasks("review", "--base", "main")
    assert code == 1
    holds, evidence = lines(out)[AUTOGENERATE]
    assert not holds
    assert "drift: -table note" in evidence


def test_what_was_not_compared_is_not_claimed(repository: Path, tasks: Run) -> None:
    env = repository / "migrations" / "env.py"
    env.write_text(re.sub(r"target_metadata=[\w.]+", "target_metadata=None", env.read_text()))
    tasks("revision", "-m", "add note", "-t", "note")
    checklist = lines(tasks("review", "--base", "main").out)
    _, evidence = checklist[AUTOGENERATE]
    assert "does not apply: env.py gives no metadata to compare head with" in evidence
    assert "no drift" not in evidence
    assert "alike on" not in evidence, "one database is like nothing"
    assert "postgresql: not one of the project's `dialects`" in checklist[REVERSIBLE][1]


def test_nothing_new_is_a_review_of_everything(repository: Path, tasks: Run) -> None:
    code, out, err = tasks("review", "--base", "main")
    assert code == 0, out + err
    assert "what follows is about the whole history" in out
    assert "3 of 3 revisions" in lines(out)[REVERSIBLE][1]


def test_a_proof_without_rows_is_told(repository: Path, tasks: Run) -> None:
    path = Path(tasks("revision", "-m", "refuse rows").out.strip())
    up, down = path.read_text().split("def downgrade()")
    no_row = (
        "\n    if op.get_bind().exec_driver_sql('SELECT 1 FROM track_1').first():"
        "\n        raise ValueError('track_1 is not empty')\n"
    )
    path.write_text(f"{up.rstrip()}{no_row}\n\ndef downgrade(){down}")
    holds, evidence = lines(tasks("review", "--base", "main").out)[DATA]
    assert not holds
    assert "proven without rows" in evidence


def test_a_touched_old_file_is_told(repository: Path, tasks: Run) -> None:
    old = min((repository / "migrations" / "versions").glob("*.py"))
    old.write_text(old.read_text() + "\n# edited\n")
    code, out, _ = tasks("review", "--base", "main")
    assert code == 1
    holds, evidence = lines(out)[DEPENDENCIES]
    assert not holds
    assert f"{old.name} was changed" in evidence.replace("\\", "")


def test_an_unknown_base_is_an_error(repository: Path, tasks: Run) -> None:
    code, out, err = tasks("review", "--base", "nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("error: git knows no branch or commit 'nowhere'\n")


def test_the_report_is_one_escaped_file(repository: Path, tasks: Run) -> None:
    tasks("revision", "-m", "a <script>alert('x')</script> & more", "-t", "note")
    _, out, err = tasks("report", "--base", "main")
    path = Path(out.strip())
    assert path == repository / "build" / "migrations.html", err
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "a &lt;script&gt;" in text
    assert "CREATE TABLE note" in text
    assert not re.search(r"""(src|href)=["'](?!https://github\.com|#)""", text), "self-contained"


def test_a_report_that_fails_says_by_which_lines(repository: Path, tasks: Run) -> None:
    path = Path(tasks("revision", "-m", "add note", "-t", "note").out.strip())
    path.write_text(path.read_text().replace('op.drop_table("note")', "pass"))
    code, out, err = tasks("report", "--base", "main")
    assert (code, out) == (1, f"{repository / 'build' / 'migrations.html'}\n")
    _, _, said = err.partition("these lines of the review checklist do not hold:\n")
    assert {f"  {line}" for line in (REVERSIBLE, ROUND_TRIP)} <= set(said.splitlines())
    assert f"  {DEPENDENCIES}" not in said.splitlines()
