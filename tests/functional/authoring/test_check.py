"""``check`` is strict: what head should not be, and what nobody has written yet, fails it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from calista_tools.roundtrip.roundtrip_cli import main as roundtrip
from tests.functional.authoring.conftest import Run

BODY = 'sa.Table("body", metadata, sa.Column("id", sa.Integer(), primary_key=True))\n'


@pytest.fixture
def one(project: Path) -> Path:
    """The project, proven on SQLite alone."""
    pyproject = project / "pyproject.toml"
    pyproject.write_text(re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text()))
    return project


def _add_to_models(project: Path, text: str) -> None:
    with (project / "migrations" / "tables.py").open("a", encoding="utf-8") as file:
        file.write(text)


def _declare(project: Path, kind: str, line: str) -> None:
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[tool.calista.roundtrip.{kind}]\n{json.dumps(line)} = "made elsewhere"\n')


def test_what_is_in_order_passes(one: Path, tasks: Run) -> None:
    code, out, err = tasks("check")
    assert code == 0, out + err
    assert "check passed in" in out


def test_a_column_that_no_revision_adds(one: Path, tasks: Run) -> None:
    _add_to_models(one, 'metadata.tables["track_1"].append_column(sa.Column("body", sa.Text()))\n')
    code, out, _ = tasks("check")
    assert code == 1
    block = out[out.index("FAILED: drift from the metadata:") :].splitlines()
    assert block[1] == "  +column track_1.body (only in the metadata)"
    assert "revision --autogenerate" in block[2]
    assert "[tool.calista.roundtrip.drift]" in block[3]
    assert re.search(r"^check failed in .*: round-trip$", out, re.MULTILINE)
    # The round-trip's own exit code is about revisions.
    assert roundtrip(["--backend=sqlite"]) == 0


def test_a_table_that_is_only_at_head(one: Path, tasks: Run) -> None:
    tables = one / "migrations" / "tables.py"
    tables.write_text(tables.read_text().partition('\nsa.Table(\n    "track_3"')[0])
    code, out, _ = tasks("check")
    assert code == 1
    assert "  -table track_3 (only at head)" in out
    assert "revision --autogenerate" in out


def test_drift_that_is_declared_passes(one: Path, tasks: Run) -> None:
    _add_to_models(one, BODY)
    assert tasks("check").code == 1
    _declare(one, "drift", "+table body (only in the metadata)")
    code, out, _ = tasks("check")
    assert code == 0, out
    assert "note: +table body (only in the metadata) - made elsewhere" in out


def test_no_metadata_is_no_drift(one: Path, tasks: Run) -> None:
    env = one / "migrations" / "env.py"
    env.write_text(re.sub(r"target_metadata=[\w.]+", "target_metadata=None", env.read_text()))
    code, out, err = tasks("check")
    assert code == 0, out + err
    assert "note: env.py gives no target_metadata: head was compared with no models" in out


def test_metadata_that_cannot_be_compared_fails(one: Path, tasks: Run) -> None:
    """An answer that was not given is not yes."""
    env = one / "migrations" / "env.py"
    broken = "\n\ndef _refuse(*_: object) -> bool:\n    raise ValueError('not today')\n"
    text = env.read_text().replace("\n\n\ndef configure", f"{broken}\n\ndef configure", 1)
    env.write_text(text.replace("compare_type=True", "compare_type=_refuse"))
    code, out, _ = tasks("check")
    assert code == 1
    assert "head could not be compared with the metadata: ValueError: not today" in out


def test_a_difference_between_the_databases(project: Path, tasks: Run) -> None:
    path = Path(tasks("revision", "-m", "more").out.strip())
    source = path.read_text()
    up, down = source.split("def downgrade()")
    extra = 'sa.Column("id", sa.Integer(), nullable=False)'
    extra += ', sa.PrimaryKeyConstraint("id", name=op.f("pk_extra"))'
    up = up.replace("pass  # PostgreSQL only", f'op.create_table("extra", {extra})  #')
    down = down.replace("pass  # what upgrade() did on PostgreSQL", 'op.drop_table("extra")  #')
    guard = 'if bind.dialect.name == "postgresql":'
    up = up.replace(guard, f"{guard}  # noqa: CAL202 - SQLite is for development")
    down = down.replace(guard, f"{guard}  # noqa: CAL202 - upgrade made none on SQLite")
    path.write_text(f"{up}def downgrade(){down}")
    env = project / "migrations" / "env.py"
    env.write_text(re.sub(r"target_metadata=[\w.]+", "target_metadata=None", env.read_text()))
    code, out, _ = tasks("check")
    assert code == 1
    block = out[out.index("FAILED: parity") :].splitlines()
    assert block[1] == "  +table extra"
    assert "[tool.calista.roundtrip.parity]" in block[2] + block[3]
    _declare(project, "parity", "+table extra")
    code, out, _ = tasks("check")
    assert code == 0, out


@pytest.mark.parametrize("kind", ["schema", "data"])
@pytest.mark.parametrize("both", [True, False])
def test_an_untouched_stub(project: Path, tasks: Run, kind: str, *, both: bool) -> None:
    pyproject = project / "pyproject.toml"
    if not both:
        text = re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text())
        pyproject.write_text(text)
    path = Path(tasks("revision", "-m", "a thing", "--kind", kind).out.strip())
    code, out, _ = tasks("check")
    assert code == 1
    shown = path.relative_to(project)
    assert re.search(
        rf"^{re.escape(str(shown))}:\d+: upgrade\(\) and downgrade\(\)", out, re.MULTILINE
    )
    assert re.search(r"^check failed in .*: untouched stubs$", out, re.MULTILINE), out


STUBS = {
    "pass": ("    pass", "    pass"),
    "Alembic's words": (
        '    """Upgrade schema."""\n    pass',
        '    """Downgrade schema."""\n    pass',
    ),
    "an ellipsis": ("    ...", "    ..."),
    "a bind": ("    bind = op.get_bind()\n    dialect = bind.dialect.name", "    return"),
}
FILLED = {
    "upgrade": ('    op.execute("SELECT 1")', "    pass"),
    "downgrade": ("    pass", '    op.execute("SELECT 1")'),
    "on one database": (
        '    if op.get_bind().dialect.name == "sqlite":\n        op.execute("SELECT 1")',
        "    pass",
    ),
    "a reason": ('    """Nothing: it marks the end of release 1."""', "    pass"),
    "refuses": ("    raise NotImplementedError", "    pass"),
}


def _revision(project: Path, bodies: tuple[str, str], parent: str) -> Path:
    path = project / "migrations" / "versions" / "20250101_0800_empty.py"
    path.write_text(
        f'"""empty\n\nRevision ID: e1\nRevises: {parent}\nCreate Date: 2025-01-01 08:00:00+00:00\n'
        f'"""\n\nfrom alembic import op\n\nrevision = "e1"\ndown_revision = "{parent}"\n\n\n'
        f"def upgrade() -> None:\n{bodies[0]}\n\n\ndef downgrade() -> None:\n{bodies[1]}\n",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("bodies", [*STUBS.values(), *FILLED.values()], ids=[*STUBS, *FILLED])
def test_what_is_a_stub(
    one: Path, bodies: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from calista_tools.authoring.stubs import main as stubs

    last = max((one / "migrations" / "versions").glob("*.py"))
    [parent] = re.findall(r'^revision: str = "(\w+)"', last.read_text(), re.MULTILINE)
    path = _revision(one, bodies, parent)
    assert stubs([]) == int(bodies in STUBS.values())
    assert (path.name in capsys.readouterr().out) == (bodies in STUBS.values())


def test_published_revisions_are_left_alone(
    one: Path, tasks: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    from calista_tools.authoring.stubs import main as stubs

    last = max((one / "migrations" / "versions").glob("*.py"))
    [parent] = re.findall(r'^revision: str = "(\w+)"', last.read_text(), re.MULTILINE)
    _revision(one, STUBS["pass"], parent)
    assert stubs([]) == 1
    assert tasks("lock").code == 0
    assert stubs([]) == 0


def test_an_old_history_is_left_alone(one: Path) -> None:
    """Without a lock, git says what is old; of that only the head is asked for."""
    from calista_tools.authoring.stubs import main as stubs

    versions = one / "migrations" / "versions"
    last = max(versions.glob("*.py"))
    [parent] = re.findall(r'^revision: str = "(\w+)"', last.read_text(), re.MULTILINE)
    path = _revision(one, STUBS["pass"], parent)
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "start"],
    ):
        subprocess.run(["git", *words], cwd=one, check=True)
    assert stubs([]) == 1, "the head"
    later = path.read_text().replace("e1", "e2").replace(f'"{parent}"', '"e1"')
    later = later.replace(f"Revises: {parent}", "Revises: e1").replace("    pass", "    op.f('a')")
    (versions / "20250102_0800_later.py").write_text(later, encoding="utf-8")
    assert stubs([]) == 0
