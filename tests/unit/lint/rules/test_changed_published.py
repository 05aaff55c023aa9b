from pathlib import Path

import pytest

from calista_tools.history import read_history
from calista_tools.history.lock import lock
from calista_tools.lint.diagnostic import Diagnostic
from tests.unit.lint.project import Lint

A, B = "20250826_1030_a.py", "20250826_1031_b.py"


def revision(name: str, parent: str | None, step: str = "pass") -> str:
    return (
        f'"""{name}"""\nfrom alembic import op\n\nrevision = {name!r}\ndown_revision = {parent!r}\n'
        f"\n\ndef upgrade():\n    {step}\n\n\ndef downgrade():\n    pass\n"
    )


@pytest.fixture
def published(tmp_path: Path) -> str:
    """A lock file that records two revisions."""
    folder = tmp_path / "published"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    lock(read_history(folder), folder / "history.lock")
    return (folder / "history.lock").read_text()


FILES = {A: revision("a1", None), B: revision("b2", "a1", 'op.drop_index("i")')}


def found(
    lint: Lint, lock_file: str, code: str = "CAL402", **changed: str | None
) -> list[Diagnostic]:
    files = {**FILES, "../history.lock": lock_file}
    for name, text in changed.items():
        if text is None:
            del files[{"a": A, "b": B}[name]]
        else:
            files[{"a": A, "b": B}[name]] = text
    return lint(code, files)


@pytest.mark.parametrize(
    "step",
    [
        'op.drop_index("j")',
        'op.drop_index("i", table_name="t")',
        'op.drop_index("i"); op.drop_index("j")',
        'if True: op.drop_index("i")',
        "raise RuntimeError",
    ],
)
def test_reports(step: str, published: str, lint: Lint) -> None:
    [item] = found(lint, published, b=revision("b2", "a1", step))
    assert item.path.name == B
    assert "not what it was when it was published" in item.finding.message


def test_another_parent(published: str, lint: Lint) -> None:
    text = revision("b2", None, 'op.drop_index("i")')
    [item] = found(lint, published, b=text)
    assert "published after a1" in item.finding.message


def test_a_revision_that_is_gone_is_reported_at_the_lock(published: str, lint: Lint) -> None:
    [item] = found(lint, published, b=None)
    assert item.path.name == "history.lock"
    assert f"b2 ({B}) is gone" in item.finding.message


def test_a_damaged_lock(published: str, lint: Lint) -> None:
    [item] = found(lint, published + "<<<<<<< HEAD\n")
    assert item.path.name == "history.lock"
    assert item.finding.row == len(published.splitlines()) + 1


def test_a_changed_baseline_has_a_code_of_its_own(published: str, lint: Lint) -> None:
    text = revision("a1", None, 'op.drop_index("j")')
    assert found(lint, published, a=text) == []
    [item] = found(lint, published, "CAL403", a=text)
    assert item.path.name == A


@pytest.mark.parametrize(
    "text",
    [
        FILES[B].replace("\n", "\r\n"),
        FILES[B].replace('"""b2"""', '"""What it is for."""'),
        FILES[B].replace('"i")', "'i')  # the old one"),
        FILES[B].replace("    op.drop", "    # why\n    op.drop"),
        FILES[B].replace('("i")', '(\n        "i",\n    )'),
        FILES[B].replace("\n    op.drop", '\n    """Drop it."""\n    op.drop'),
    ],
)
def test_leaves_alone(text: str, published: str, lint: Lint) -> None:
    assert found(lint, published, b=text) == []
    assert found(lint, published, "CAL403", b=text) == []


def test_without_a_lock_nothing_is_published(lint: Lint) -> None:
    assert lint("CAL4", FILES) == []
