"""Which revisions are known: from the files of a checkout, or from what a wheel carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista.db import revisions
from calista.db.revisions import HistoryError, Known


def add(folder: Path, revision: str, *parents: str, name: str = "") -> Path:
    versions = folder / "versions"
    versions.mkdir(exist_ok=True)
    down = {0: "None", 1: repr(parents[0])}.get(len(parents), repr(parents)) if parents else "None"
    path = versions / (name or f"{revision}.py")
    path.write_text(
        f'"""say {revision}\n\nMore.\n"""\nrevision: str = {revision!r}\ndown_revision = {down}\n'
        "def upgrade():\n    broken here ("
    )
    return path


def test_parents_come_before_children(tmp_path: Path) -> None:
    add(tmp_path, "a", "b")
    add(tmp_path, "b", "c")
    add(tmp_path, "c")
    assert list(revisions.known(tmp_path)) == ["c", "b", "a"]
    assert revisions.known(tmp_path)["a"] == Known("a", ("b",), "say a")
    assert revisions.head(tmp_path) == "a"


def test_only_the_top_of_a_file_is_read(tmp_path: Path) -> None:
    """`add` writes functions that are no Python: what stands in them is Alembic's matter."""
    add(tmp_path, "a")
    assert revisions.head(tmp_path) == "a"


def test_a_docstring_may_speak_of_functions(tmp_path: Path) -> None:
    path = add(tmp_path, "a")
    path.write_text('"""x\ndef y\n"""\nrevision = "a"\ndown_revision = None\n')
    assert revisions.head(tmp_path) == "a"


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    add(tmp_path, "a")
    assert revisions.head(tmp_path) == "a"
    add(tmp_path, "another", name="a.py")
    assert revisions.head(tmp_path) == "another"
    add(tmp_path, "child", "another")
    assert revisions.head(tmp_path) == "child"


def test_merges(tmp_path: Path) -> None:
    add(tmp_path, "a")
    add(tmp_path, "b", "a")
    add(tmp_path, "c", "a")
    with pytest.raises(HistoryError, match="one head; found b, c"):
        revisions.head(tmp_path)
    add(tmp_path, "d", "b", "c")
    known = revisions.known(tmp_path)
    assert revisions.head(tmp_path) == "d"
    assert [item.revision for item in revisions.pending(["b"], known, "d")] == ["c", "d"]
    assert revisions.pending(["d"], known, "d") == []


def test_what_a_wheel_carries_says_the_same(tmp_path: Path) -> None:
    add(tmp_path, "a")
    add(tmp_path, "b", "a")
    built = tmp_path / "built"
    built.mkdir()
    revisions.write_built_files(tmp_path, built)
    assert revisions.known(built) == revisions.known(tmp_path)
    assert revisions.head(built) == "b"


def test_two_heads_cannot_be_built(tmp_path: Path) -> None:
    add(tmp_path, "a")
    add(tmp_path, "b")
    with pytest.raises(HistoryError):
        revisions.write_built_files(tmp_path, tmp_path)
    assert not (tmp_path / revisions.HEAD_FILE).exists()


@pytest.mark.parametrize("content", [b"revision = (", b"\xff\xfe", b"revision = f()\n", b"x\0"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    path = add(tmp_path, "a")
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=r"a\.py"):
        revisions.head(tmp_path)


def test_cycles_and_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    with pytest.raises(HistoryError, match="found none"):
        revisions.head(tmp_path)
    add(tmp_path, "a", "b")
    add(tmp_path, "b", "a")
    with pytest.raises(HistoryError, match="its own ancestor"):
        revisions.head(tmp_path)
