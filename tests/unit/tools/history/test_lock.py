from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.history import read_history
from calista_tools.history.lock import Break, check_lock, lock
from calista_tools.history.lockfile import parse_lock, read_lock

SOURCE = '"""{0}"""\n\nrevision = "{0}"\ndown_revision = {1!r}\n\n\ndef upgrade() -> None:\n    run("{0}")\n'


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Three revisions in a line: a, b, c."""
    for number, (revision, parent) in enumerate([("a", None), ("b", "a"), ("c", "b")]):
        path = tmp_path / f"20240101_000{number}_{revision}.py"
        path.write_text(SOURCE.format(revision, parent))
    return tmp_path


def add(versions: Path, name: str, revision: str, parent: str | tuple[str, ...] | None) -> Path:
    path = versions / name
    path.write_text(SOURCE.format(revision, parent))
    return path


def record(versions: Path, **options: str) -> list[str]:
    entries = lock(read_history(versions), versions / "history.lock", **options)
    return [entry.revision for entry in entries]


def breaks(versions: Path) -> list[Break]:
    return check_lock(read_history(versions), versions / "history.lock")


def test_records_in_order_with_a_header(versions: Path) -> None:
    assert record(versions) == ["a", "b", "c"]

    text = (versions / "history.lock").read_text()
    assert text.startswith("# calista history lock, version 1\n")
    assert "#   calista-migrations lock --check\n" in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == "baseline a"
    assert [line.split()[:2] for line in lines[1:]] == [["a", "-"], ["b", "a"], ["c", "b"]]
    assert lines[1].endswith(" 20240101_0000_a.py")
    assert breaks(versions) == []


def test_nothing_new_writes_nothing(versions: Path) -> None:
    record(versions)
    before = (versions / "history.lock").stat()

    assert record(versions) == []

    assert (versions / "history.lock").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_appending_keeps_earlier_bytes(versions: Path, newline: bytes) -> None:
    record(versions)
    path = versions / "history.lock"
    path.write_bytes(path.read_bytes().replace(b"\n", newline).rstrip(b"\r\n"))
    before = path.read_bytes()
    add(versions, "20240101_0003_d.py", "d", "c")

    assert record(versions) == ["d"]

    after = path.read_bytes()
    assert after.startswith(before + newline + b"d c sha256:")
    assert after.count(b"\r\n") == (after.count(b"\n") if newline == b"\r\n" else 0)
    assert breaks(versions) == []


def test_through_publishes_a_prefix(versions: Path) -> None:
    assert record(versions, through="b") == ["a", "b"]
    assert read_lock(versions / "history.lock").published == {"a", "b"}


def test_formatting_is_no_break(versions: Path) -> None:
    record(versions)
    for path in versions.glob("*.py"):
        text = path.read_text().replace('"', "'").replace("\n", "\r\n") + "# comment\n"
        path.write_bytes(text.replace("'''", '"""').encode())

    assert breaks(versions) == []


def test_a_moved_file_is_no_break(versions: Path) -> None:
    record(versions)
    (versions / "20240101_0001_b.py").rename(versions / "20240101_0001_better_name.py")

    assert breaks(versions) == []


def test_changed(versions: Path) -> None:
    record(versions)
    path = add(versions, "20240101_0001_b.py", "b", "a")
    path.write_text(path.read_text().replace("run(", "ran("))

    (found,) = breaks(versions)

    assert (found.code, found.kind, found.revision, found.path) == ("CAL402", "changed", "b", path)
    assert found.message == "published revision b is not what it was when it was published"
    assert "git log -p -- ':/*20240101_0001_b.py'" in found.hint


def test_changed_baseline(versions: Path) -> None:
    record(versions)
    path = versions / "20240101_0000_a.py"
    path.write_text(path.read_text().replace("run(", "ran("))

    assert [(b.code, b.kind, b.revision) for b in breaks(versions)] == [("CAL403", "changed", "a")]


def test_removed(versions: Path) -> None:
    record(versions)
    (versions / "20240101_0002_c.py").unlink()

    (found,) = breaks(versions)

    assert (found.code, found.kind, found.revision) == ("CAL402", "removed", "c")
    assert found.path == versions / "history.lock"
    assert found.path.read_text().splitlines()[found.line - 1].startswith("c b ")


def test_unreadable(versions: Path) -> None:
    record(versions)
    (versions / "20240101_0002_c.py").write_text("def upgrade(:\n")

    (found,) = breaks(versions)

    assert (found.kind, found.revision) == ("removed", "c")
    assert "cannot be parsed" in found.message


def test_reordered(versions: Path) -> None:
    record(versions)
    add(versions, "20240101_0003_x.py", "x", "b")
    add(versions, "20240101_0002_c.py", "c", "x")

    (found,) = breaks(versions)

    assert (found.code, found.kind, found.revision) == ("CAL402", "reordered", "c")
    assert found.message == "published revision c now follows x; it was published after b"


def test_second_baseline(versions: Path) -> None:
    record(versions)
    path = add(versions, "20240101_0003_z.py", "z", None)

    (found,) = breaks(versions)

    assert (found.code, found.kind, found.revision, found.path) == ("CAL403", "baseline", "z", path)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("c b ", "c b x", 15, "cannot be understood"),
        ("b a ", "<<<<<<< HEAD\nb a ", 14, "a merge conflict is not resolved"),
        ("b a ", "<<<<<<<\nb a ", 14, "a merge conflict is not resolved"),
        ("b a ", "<<<<<<<<\nb a ", 14, "cannot be understood: '<<<<<<<<'"),
        ("c b ", "b a ", 15, "b is recorded twice"),
        ("b a ", "b c ", 14, "b stands before c"),
    ],
)
def test_damaged_lock(versions: Path, old: str, new: str, line: int, words: str) -> None:
    record(versions)
    path = versions / "history.lock"
    path.write_text(path.read_text().replace(f"\n{old}", f"\n{new}"))

    found = next(b for b in breaks(versions) if b.kind == "damaged")

    assert (found.code, found.path, found.line) == ("CAL402", path, line)
    assert words in found.message
    with pytest.raises(ToolError):
        record(versions)


def test_missing_baseline_line(versions: Path) -> None:
    record(versions)
    path = versions / "history.lock"
    path.write_text(path.read_text().replace("baseline a\n", "baseline b\n"))

    assert [(b.code, b.kind) for b in breaks(versions)] == [("CAL403", "baseline")]


def test_refuses_two_heads(versions: Path) -> None:
    add(versions, "20240101_0003_x.py", "x", "b")

    with pytest.raises(ToolError, match="several heads: c, x"):
        record(versions)

    assert not (versions / "history.lock").exists()


def test_refuses_a_broken_history(versions: Path) -> None:
    add(versions, "20240101_0003_x.py", "x", "gone")

    with pytest.raises(ToolError, match="unknown down_revision 'gone'"):
        record(versions)


def test_refuses_to_record_over_a_break(versions: Path) -> None:
    record(versions)
    add(versions, "20240101_0001_b.py", "b", "a").write_text(
        SOURCE.format("b", "a").replace("run", "ran")
    )

    with pytest.raises(ToolError, match="not what it was"):
        record(versions)


def test_ids_of_any_spelling(tmp_path: Path) -> None:
    names = ["a b", "c,d", "%41", "ä", "-x"[1:] + "_"]
    for number, name in enumerate(names):
        parent = names[number - 1] if number else None
        add(tmp_path, f"20240101_000{number}_x.py", name, parent)

    assert record(tmp_path) == names
    assert breaks(tmp_path) == []
    assert [e.revision for e in read_lock(tmp_path / "history.lock").entries] == names


def test_no_lock_records_nothing(versions: Path) -> None:
    assert breaks(versions) == []
    assert parse_lock("").published == frozenset()


def test_unreadable_lock_is_an_error(versions: Path) -> None:
    (versions / "history.lock").write_bytes(b"\xff")

    with pytest.raises(ToolError, match="it is not UTF-8"):
        breaks(versions)
