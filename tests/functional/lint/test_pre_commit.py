"""The hooks, as another repository gets them: cloned and installed by pre-commit itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = {
    "migrations/env.py": "",
    "migrations/versions/20250826_1030_create_stream.py": """\
revision = "a1"
down_revision = None


def upgrade():
    pass
""",
    "migrations/versions/second.py": """\
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.drop_table("stream")


def downgrade():
    pass
""",
    "src/versions.py": "# no revision, and none of ours\n",
}
EXPECTED = """\
migrations/versions/second.py:1:1: CAL001 file name `second.py` is not `YYYYMMDD_HHMM_<summary>.py`
migrations/versions/second.py:1:1: CAL405 revision 'a1' is also in 20250826_1030_create_stream.py
migrations/versions/second.py:11:1: CAL305 `downgrade()` does nothing, `upgrade()` does
"""


def git(folder: Path, *arguments: str) -> str:
    identity = {
        f"GIT_{role}_{what}": "test@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, env=os.environ | identity
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This repository as it stands, uncommitted changes too, as a git repository with one commit."""
    copy = tmp_path_factory.mktemp("hooks")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    git(copy, "init", "-q")
    git(copy, "add", "-A")
    git(copy, "commit", "-qm", "state")
    return copy, git(copy, "rev-parse", "HEAD")


def test_hook_reports_by_file_and_line(hooks: tuple[Path, str], tmp_path: Path) -> None:
    repository, revision = hooks
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {repository}\n  rev: {revision}\n  hooks:\n"
        "  - id: calista-lint\n    args: [--output-format, concise]\n"
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path.parent / "pre-commit-home")},
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert EXPECTED + "Found 3 errors.\n" in done.stdout
    assert "src/versions.py" not in done.stdout
