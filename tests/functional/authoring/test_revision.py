"""``revision`` writes one whole, clean file and prints its path, or one error and no file."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from calista_tools.files.formatting import ruff
from calista_tools.history import read_history
from calista_tools.history.filename import is_policy_name, stamp_of
from tests.functional.authoring.conftest import Run

MESSAGES = [
    'it\'s "quoted"',
    'ends in a quote"',
    '"""triple"""',
    "a \\ backslash and one at the end \\",
    "{{ table }} {% if x %} {# no #}",
    "100% of %(rows)s ${mako} <% x %>",
    "🚀 größe テーブル",
    "long " * 60,
    "two\nlines\n\n  and an indented one  \n",
    "../../x",
    "a\ttab, a \x1b[31mcolour\x1b[0m, a form\x0cfeed",
    "con",
    "\\N{DASH} \\x \\u12",
    "Revises: nothing\nRevision ID: 0",
]


def files(project: Path) -> set[str]:
    return {path.name for path in (project / "migrations" / "versions").iterdir()} - {"__pycache__"}


def test_one_file_and_its_path(project: Path, tasks: Run) -> None:
    before = files(project)
    code, out, err = tasks("revision", "-m", "add a note")
    assert (code, err) == (0, "")
    path = Path(out.removesuffix("\n"))
    assert files(project) - before == {path.name}
    assert is_policy_name(path.name)
    assert path.name.endswith("_add_a_note.py")


@pytest.mark.parametrize("message", MESSAGES)
def test_the_docstring_holds_any_message(project: Path, tasks: Run, message: str) -> None:
    code, out, err = tasks("revision", "-m", message)
    assert (code, err) == (0, "")
    path = Path(out.removesuffix("\n"))
    assert path.parent == project / "migrations" / "versions"
    doc = ast.get_docstring(ast.parse(path.read_bytes()), clean=False)
    assert doc is not None
    assert doc.startswith(f"{message}\n\nRevision ID: ")
    subprocess.run([ruff(), "format", "--check", path], check=True)


def test_revisions_of_one_minute_sort_as_they_follow(project: Path, tasks: Run) -> None:
    for _ in range(4):
        assert tasks("revision", "-m", "the same again").code == 0
    history = read_history(project / "migrations" / "versions")
    assert not history.problems
    for revision in history.revisions.values():
        for parent in revision.down_revisions:
            ours, theirs = (
                stamp_of(revision.path.name),
                stamp_of(history.revisions[parent].path.name),
            )
            assert ours is not None
            assert theirs is not None
            assert ours > theirs
            assert f"{ours:%Y-%m-%d %H:%M}" in revision.doc


@pytest.mark.parametrize("kind", ["schema", "data", "append-only"])
def test_every_kind_passes_the_lint(project: Path, tasks: Run, kind: str) -> None:
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write("\n[tool.ruff]\nline-length = 100\n")
    path = tasks("revision", "-m", f"a {kind} step", "-k", kind, "--table", "order").out.strip()
    code, out, _ = tasks("lint", path)
    assert (code, out) == (0, "All checks passed!\n")


def broken(project: Path, name: str, content: bytes) -> None:
    folder = project / "migrations" / "versions"
    (head,) = read_history(folder).heads
    (folder / name).write_bytes(content.replace(b"HEAD", head.encode()))


REVISION = b"revision = %r\ndown_revision = %r\n"
#: ``HEAD`` becomes the id of the project's last revision.
CHILD = b"revision = 'child'\ndown_revision = 'HEAD'\n%s"


@pytest.mark.parametrize(
    ("spoil", "arguments", "message"),
    [
        (None, ["-m", "..."], "the message has no letter or digit"),
        (None, ["-m", "caf\udce9"], "the message is not valid Unicode"),
        (None, ["-m", "x", "-k", "magic"], "unknown kind 'magic'"),
        (None, ["-m", "x", "-k", "append-only"], "an append-only revision needs a table"),
        (None, ["-m", "x", "-t", "two words"], "table name 'two words' is not"),
        (None, ["-m", "x", "-t", "x" * 48], "is longer than 47 characters"),
        (None, ["-m", "x", "--head", "nowhere"], "'nowhere' is no revision"),
        (("x.py", b"def broken(:\n"), ["-m", "x"], r"x\.py:1: cannot be parsed"),
        (("x.py", CHILD % b"def broken(:\n"), ["-m", "x"], r"x\.py:\d: cannot be parsed"),
        (("x.py", b"\xff\xfe\x00"), ["-m", "x"], r"x\.py:1: "),
        (("x.py", b"pass\n"), ["-m", "x"], r"x\.py:1: has no `revision`"),
        (("x.py", REVISION % ("a", "gone")), ["-m", "x"], "unknown down_revision 'gone'"),
        (("x.py", REVISION % ("a", None)), ["-m", "x"], "the history has 2 heads"),
    ],
)
def test_one_error_and_no_file(
    project: Path,
    tasks: Run,
    spoil: tuple[str, bytes] | None,
    arguments: list[str],
    message: str,
) -> None:
    if spoil:
        broken(project, *spoil)
    before = files(project)
    code, out, err = tasks("revision", *arguments)
    assert (code, out) == (1, "")
    assert re.match(f"error: .*{message}.*\n(hint: .*\n)?$", err), err
    assert files(project) == before


def test_a_folder_without_history_starts_one(project: Path, tasks: Run) -> None:
    for path in (project / "migrations" / "versions").glob("*.py"):
        path.unlink()
    path = Path(tasks("revision", "-m", "start").out.strip())
    assert "down_revision: str | Sequence[str] | None = None" in path.read_text()


def test_a_branch_stays_in_its_version_location(project: Path, tasks: Run) -> None:
    versions = project / "migrations" / "versions"
    head = max(versions.glob("*.py"))
    (project / "later").mkdir()
    head.rename(project / "later" / head.name)
    ini = project / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(
            "[alembic]\n",
            "[alembic]\nversion_locations = %(here)s/migrations/versions:%(here)s/later\n",
        )
    )
    path = Path(tasks("revision", "-m", "x").out.strip())
    assert path.parent == project / "later"


def test_a_missing_folder_is_named(project: Path, tasks: Run) -> None:
    (project / "migrations").rename(project / "elsewhere")
    code, out, err = tasks("revision", "-m", "x")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {project}/migrations/versions: no such folder\nhint: ")


def test_it_works_from_any_folder_below(
    project: Path, tasks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = project / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Path(tasks("revision", "-m", "x").out.strip()).parent == project / "migrations/versions"


def test_the_project_may_bring_its_own_template(project: Path, tasks: Run) -> None:
    (project / "templates").mkdir()
    with (project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('templates = "templates"\n')
    template = project / "templates" / "script.py.j2"
    template.write_text('"""{{ docstring }}"""\nrevision = {{ revisionn }}\n')
    code, out, err = tasks("revision", "-m", "x")
    assert (code, out) == (1, "")
    assert err.startswith("error: template script.py.j2: 'revisionn' is undefined")


def test_nothing_heavy_is_imported(project: Path) -> None:
    code = (
        "import sys\n"
        "from calista_tools.program import program\n"
        "program().run(['calista-migrations', 'revision', '-m', 'x'])\n"
        "print(*sorted(name.partition('.')[0] for name in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[1].split())
    assert not loaded & {"alembic", "sqlalchemy", "mako", "sqlglot", "psycopg", "calista"}
    assert not any("create" in name for name in loaded)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_leaves_nothing(project: Path) -> None:
    before = files(project)
    slow = project / "bin"
    slow.mkdir()
    # A formatter that takes its time is where an author would lose patience.
    started = project / "started"
    (slow / "ruff").write_text(f"#!/bin/sh\ntouch {started}\nsleep 30\n")
    (slow / "ruff").chmod(0o755)
    code = (
        "import sys; from pathlib import Path; from calista_tools.files import formatting\n"
        f"formatting.ruff = lambda: {str(slow / 'ruff')!r}\n"
        "from calista_tools.program import program\n"
        "program().run(['calista-migrations', 'revision', '-m', 'x'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert files(project) == before
