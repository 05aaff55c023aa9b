import subprocess
from pathlib import Path

import pytest

from tests.functional.lint.conftest import STRICT, Run

CLEAN = "All checks passed!\n"
OLD = '''\
"""Old.

Revision ID: zz
"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.add_column(
        "tag",
        sa.Column("title", sa.Text()),
    )
    op.drop_column("tag", "name")  # it was never used
    op.execute("""
        DELETE FROM tag
    """)
'''


@pytest.fixture
def old(project: Path) -> Path:
    path = project / "migrations" / "versions" / "old.py"
    path.write_text(OLD)
    return path


def configure(old: Path, text: str) -> None:
    (old.parents[2] / "pyproject.toml").write_text(f"{STRICT}{text}\n")


def test_a_baseline_accepts_what_was_there(old: Path, calista_lint: Run) -> None:
    configure(old, 'lint-baseline = "accepted.json"')
    code, _, err = calista_lint()
    assert code == 2
    assert "accepted.json: cannot be read" in err
    assert calista_lint("--write-baseline")[:2] == (0, "Accepted 6 errors in accepted.json.\n")
    assert calista_lint() == (0, CLEAN, "")
    old.write_text("# moved down\n\n" + OLD)
    assert calista_lint() == (0, CLEAN, "")
    old.write_text(OLD.replace("    op.execute", '    op.drop_table("tag")\n    op.execute'))
    code, out, _ = calista_lint("--output-format", "concise")
    assert code == 1
    assert out.count("CAL301") == 1
    assert "drops table `tag`" in out


def test_a_baseline_by_flag(old: Path, calista_lint: Run) -> None:
    assert calista_lint("--write-baseline")[0] == 2
    assert calista_lint("--baseline", "b.json", "--write-baseline")[0] == 0
    assert calista_lint("--baseline", "b.json")[0] == 0
    assert calista_lint() == (0, CLEAN, "")  # the key was written
    Path("b.json").write_text("[]")
    assert calista_lint("--baseline", "b.json")[0] == 2


def test_start_after(old: Path, calista_lint: Run) -> None:
    configure(old, 'start-after = "b2"')
    assert calista_lint()[0] == 1
    configure(old, 'start-after = "c3"')
    assert calista_lint() == (0, CLEAN, "")
    configure(old, 'start-after = "gone"')
    code, _, err = calista_lint()
    assert code == 2
    assert "`start-after` is 'gone', which is no revision here" in err


def test_start_after_still_sees_the_history(old: Path, calista_lint: Run) -> None:
    configure(old, 'start-after = "c3"')
    old.with_name("20250826_1040_other.py").write_text(OLD.replace('"c3"', '"d4"'))
    code, out, _ = calista_lint("--output-format", "concise", "--select", "CAL401")
    assert code == 1
    assert out.count("CAL401") == 2


def test_add_noqa(old: Path, calista_lint: Run) -> None:
    code, out, err = calista_lint("--add-noqa")
    assert (code, out) == (0, "Added 6 noqa directives.\n")
    assert err == "4 of them need a reason: replace `<why>`.\n"
    text = old.read_text()
    assert 'Revision ID: zz\n"""  # noqa: CAL001, CAL003\n' in text
    assert "def upgrade():  # noqa: CAL305 - <why>\n" in text
    assert '"name")  # it was never used  # noqa: CAL301 - <why>\n' in text
    assert '    """)  # noqa: CAL301, CAL302 - <why>\n' in text
    compile(text, "old.py", "exec")
    code, out, _ = calista_lint("--output-format", "concise")
    assert code == 1
    assert out.count("CAL008") == 3
    for number, reason in enumerate(("restore the backup", "moved by b2", "it is a cache")):
        text = text.replace("<why>", f"{reason} {number}", 1)
    old.write_text(text)
    assert calista_lint() == (0, CLEAN, "")
    assert calista_lint("--add-noqa")[1] == "Added 0 noqa directives.\n"
    assert old.read_text() == text


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_diff_base(old: Path, calista_lint: Run) -> None:
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "all")
    assert calista_lint()[0] == 1
    assert calista_lint("--diff-base", "main") == (0, CLEAN, "")
    git("checkout", "-qb", "topic")
    new = old.with_name("new file.py")
    new.write_text('revision = "d4"\ndown_revision = "c3"\n\n\ndef upgrade():\n    pass\n')
    for commit in (False, True):
        if commit:
            git("add", "-A")
            git("commit", "-qm", "new")
        code, out, _ = calista_lint("--diff-base", "main", "--output-format", "concise")
        assert code == 1
        assert out.count("CAL") == 1
        assert out.startswith("migrations/versions/new file.py:1:1: CAL001")
    for wrong in ("gone", "--exec=touch x", "main..topic"):
        code, out, err = calista_lint(f"--diff-base={wrong}")
        assert (code, out) == (2, "")
        assert err.startswith("error: --diff-base: ")


def test_diff_base_outside_of_a_repository(old: Path, calista_lint: Run) -> None:
    code, _, err = calista_lint("--diff-base", "main")
    assert code == 2
    assert err.startswith("error: --diff-base: ")
