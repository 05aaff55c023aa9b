import os
import warnings
from pathlib import Path

import pytest

from calista_tools.history import Problem, Revision, read_file, read_history, read_source

PATH = Path("20240101_0000_x.py")
PLAIN = 'revision = "{0}"\ndown_revision = {1!r}\n\n\ndef upgrade() -> None:\n    pass\n'


def write(folder: Path, name: str, revision: str, parent: str | None) -> Path:
    path = folder / f"{name}.py"
    path.write_text(PLAIN.format(revision, parent))
    return path


def problem(source: str | bytes) -> Problem:
    found = read_source(source.encode() if isinstance(source, str) else source, PATH)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("source", "revision", "parents"),
    [
        ('revision = "a"\ndown_revision = None', "a", ()),
        ('revision: str = "a"\ndown_revision: str | None = "b"', "a", ("b",)),
        ('revision = "a"\ndown_revision = ("b", "c")', "a", ("b", "c")),
        ('revision = "a"\ndown_revision = ["b"]', "a", ("b",)),
        ('revision = "a" "b"\ndown_revision = ("c")', "ab", ("c",)),
        ('BASE = "b"\nrevision = "a" + BASE\ndown_revision = BASE', "ab", ("b",)),
        ('N = 7\nrevision = f"rev{N:03}"\ndown_revision = revision and None', "rev007", ()),
        ('ONE = TWO = "b"\ndown_revision = parent = ONE\nrevision = "a"', "a", ("b",)),
        ('revision, down_revision = "a", ("b", "c")', "a", ("b", "c")),
        ('"""revision = "no"\n"""\nrevision = "a"\ndown_revision = None', "a", ()),
        ('X = """\nrevision = "no"\n"""\nrevision = "a"\ndown_revision = None', "a", ()),
        ('revision = "no"\ndown_revision = None\nif True:\n    revision = "a"', "a", ()),
    ],
)
def test_spellings(source: str, revision: str, parents: tuple[str, ...]) -> None:
    for text in (source, source.replace("\n", "\r\n"), "\ufeff" + source):
        found = read_source(text.encode(), PATH)
        assert isinstance(found, Revision), found
        assert (found.revision, found.down_revisions) == (revision, parents)


def test_encodings() -> None:
    source = '# coding: latin-1\n"""größe"""\nrevision = "ä"\ndown_revision = None\n'

    found = read_source(source.encode("latin-1"), PATH)

    assert found == Revision(str(PATH), "ä", doc="größe")


@pytest.mark.parametrize(
    ("source", "kind", "line", "words"),
    [
        ("", "no-revision", 1, "has no `revision`"),
        ('revision = "a"', "no-revision", 1, "has no `down_revision`"),
        ("\nrevision = 7\ndown_revision = None", "no-revision", 2, "`revision` is 7"),
        ("def upgrade(:\n", "unreadable", 1, "cannot be parsed"),
        ("\n<<<<<<< HEAD\n", "unreadable", 2, "cannot be parsed"),
        (b"revision = '\xff'\n", "unreadable", 1, "cannot be parsed"),
        (b"revision = '\x00'\n", "unreadable", 1, "cannot be parsed"),
        ("import x\nrevision = x.y\n", "unknown-value", 2, "`revision` is not a constant"),
        ("from x import R\nrevision = R\n", "unknown-value", 2, "`R`, which is imported"),
        ("from x import revision\n", "unknown-value", 1, "`revision` is imported"),
        ("if x():\n    revision = 'a'\n", "unknown-value", 2, "set under a condition"),
        ("revision = 'a'\nglobals()['b'] = 1\n", "unknown-value", 2, "set at run time"),
        ("revision = 'a' + 1\n", "unknown-value", 1, "cannot be evaluated"),
        ("revision = 'a@b'\ndown_revision = None", "unknown-value", 1, "holds @"),
        ("revision = 'a'\ndown_revision = 5", "unknown-value", 2, "`down_revision` is 5"),
        ("revision = 'a'\ndown_revision = ('b', None)", "unknown-value", 2, "('b', None)"),
        ("revision = f'{1:>999999999}'", "unknown-value", 1, "longer than an id can be"),
        ("revision = '%999999999d' % 1", "unknown-value", 1, "not a constant"),
    ],
)
def test_says_why_it_cannot_tell(source: str | bytes, kind: str, line: int, words: str) -> None:
    found = problem(source)

    assert (found.kind, found.path, found.line) == (kind, PATH, line)
    assert words in found.message
    assert "\n" not in found.message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "from x import LABEL\nbranch_labels = ('a', LABEL)\n",
            "`branch_labels` ",
        ),
        (
            "needs = []\ntry:\n    needs += ['b']\nexcept E:\n    pass\ndepends_on = needs\n",
            "`depends_on`",
        ),
        ("import x\ndepends_on = x.NEEDED\n", "`depends_on` "),
    ],
)
def test_a_revision_has_its_place_without_labels_and_dependencies(source: str, words: str) -> None:
    text = f"{source}revision = 'a'\ndown_revision = 'b'\n"

    found = read_source(text.encode(), PATH)

    assert isinstance(found, Revision)
    assert (found.revision, found.down_revisions) == ("a", ("b",))
    assert (found.branch_labels, found.depends_on) == ((), ())
    assert [words in one.message for one in found.unread] == [True]


def test_what_could_not_be_read_is_a_problem_of_the_history(tmp_path: Path) -> None:
    text = "import x\nrevision = 'a'\ndown_revision = None\ndepends_on = x.NEEDED\n"
    (tmp_path / "a.py").write_text(text)

    history = read_history(tmp_path)

    assert list(history.revisions) == ["a"]
    assert [one.line for one in history.problems] == [4]


def test_deep_nesting_is_a_problem_not_a_crash() -> None:
    assert problem("revision = " + "(" * 5000 + ")" * 5000).kind == "unreadable"


def test_warnings_of_the_source_are_not_ours() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_source(b'X = 1\nY = "\\d"\nrevision = "a"\ndown_revision = None\n', PATH)

    assert isinstance(found, Revision)


def test_a_mistake_in_a_function_is_found_on_demand() -> None:
    source = b'revision = "a"\ndown_revision = None\n\n\ndef upgrade():\n    return 1 2\n'

    assert isinstance(read_source(source, PATH), Revision)
    thorough = read_source(source, PATH, thorough=True)
    assert isinstance(thorough, Problem)
    assert thorough.line == 6


def test_large_files(tmp_path: Path) -> None:
    rows = "    op.execute(\"INSERT INTO t VALUES ('0123456789', 'abcdefghij')\")\n" * 80_000
    path = tmp_path / "20240101_0000_big.py"
    path.write_text(PLAIN.format("a", None) + rows)
    assert path.stat().st_size > 5_000_000

    assert isinstance(read_file(path), Revision)


def test_legacy_files_are_named_by_their_id(tmp_path: Path) -> None:
    path = tmp_path / "12ab.py"
    path.write_text("down_revision = None\n")

    assert read_file(path) == Revision(str(path), "12ab")


def test_missing_file_is_a_problem(tmp_path: Path) -> None:
    found = read_file(tmp_path / "none.py")

    assert isinstance(found, Problem)
    assert found.message == "cannot be read: No such file or directory"


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
def test_which_files_count(tmp_path: Path) -> None:
    first = write(tmp_path, "b", "b", "a")
    second = write(tmp_path, "a", "a", None)
    hidden = write(tmp_path, ".c", "c", "b")
    for name in ("__init__", "__init__x", ".#lock"):
        write(tmp_path, name, "no", None)
    (tmp_path / "folder.py").mkdir()
    write(tmp_path / "folder.py", "d", "d", "c")
    (tmp_path / "again.py").symlink_to(first)
    (tmp_path / "zloop.py").symlink_to(tmp_path / "zloop.py")
    (tmp_path / "text.txt").write_text("x")
    (tmp_path / "linked.py").symlink_to(tmp_path / "text.txt")
    os.mkfifo(tmp_path / "pipe.py")

    flat = read_history(tmp_path)
    deep = read_history([tmp_path, tmp_path / "folder.py"], recursive=True)

    assert [r.path.name for r in flat.revisions.values()] == [hidden.name, second.name, "again.py"]
    assert set(deep.revisions) == {"a", "b", "c", "d"}
    assert [(p.kind, p.path.name) for p in flat.problems] == [
        ("unreadable", "pipe.py"),
        ("unreadable", "zloop.py"),
    ]


def test_no_folder_is_an_empty_history(tmp_path: Path) -> None:
    history = read_history(tmp_path / "none")

    assert (history.heads, history.bases, history.problems) == ((), (), [])
    assert history.line == ()
