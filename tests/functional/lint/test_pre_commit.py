"""The hooks, as another repository gets them: cloned and installed by pre-commit itself."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEADER = """\
import sqlalchemy as sa
from alembic import op

revision = "{0}"
down_revision = {1}


"""
PROJECT = {
    "pyproject.toml": '[tool.calista]\npolicy = "calista"\n',
    "migrations/env.py": "",
    "migrations/versions/20250826_1030_create_stream.py": HEADER.format("a1", None)
    + """\
def upgrade():
    op.create_table(
        "stream",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="stream_key"),
        sa.UniqueConstraint("name", name="uq_stream_name"),
    )
    op.create_index("stream_by_name", "stream", ["name"])


def downgrade():
    op.drop_index("stream_by_name", "stream")
    op.drop_table("stream")
""",
    "migrations/versions/20250826_1031_change_stream.py": HEADER.format("b2", '"a1"')
    + """\
def upgrade():
    with op.batch_alter_table("stream") as batch:
        batch.create_unique_constraint("stream_id_name", ["id", "name"])
        batch.create_check_constraint("named", "name <> \'\'")
        batch.create_foreign_key("to_itself", "stream", ["id"], ["id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE INDEX plain ON stream (id)")
        op.execute("CREATE TRIGGER tr_stream BEFORE DELETE ON stream BEGIN SELECT 1; END")
    else:
        op.execute("CREATE INDEX ix_stream_stream_id ON stream (id)")


def downgrade():
    op.execute("SELECT 1")
""",
    "src/versions.py": "# no revision, and none of ours\n",
}
#: The file, the line and the code of every name that was planted wrong, and of nothing else.
EXPECTED = [
    ("20250826_1030_create_stream.py", 13, "CAL101"),
    ("20250826_1030_create_stream.py", 16, "CAL103"),
    ("20250826_1031_change_stream.py", 10, "CAL102"),
    ("20250826_1031_change_stream.py", 11, "CAL105"),
    ("20250826_1031_change_stream.py", 12, "CAL104"),
    ("20250826_1031_change_stream.py", 14, "CAL103"),
    ("20250826_1031_change_stream.py", 15, "CAL106"),
]


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
        "  - id: calista-lint\n    args: [--output-format, concise, --select, CAL1]\n"
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
    found = re.findall(
        r"^migrations/versions/(\S+?):(\d+):\d+: (CAL\d+) ", done.stdout, re.MULTILINE
    )
    assert [(file, int(row), code) for file, row, code in found] == EXPECTED
    assert "Found 7 errors.\n" in done.stdout
    assert "src/versions.py" not in done.stdout
