"""Plain ``alembic revision`` writes what ``invoke revision`` writes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from calista_tools.history import read_history
from calista_tools.history.filename import stamp_of
from tests.functional.authoring.conftest import Run


def normal(path: Path) -> str:
    """The text without what must differ: the revision id and the moment."""
    text = re.sub(r"\b[0-9a-f]{12}\b", "<id>", path.read_text(encoding="utf-8"))
    return re.sub(r"Create Date: [-+: 0-9]+", "Create Date: <date>", text)


def versions(project: Path) -> set[Path]:
    return set((project / "migrations" / "versions").glob("*.py"))


@pytest.mark.parametrize(
    "message",
    [
        "create event store",
        'Add the user\'s "e-mail"',
        "{{ jinja }} ${mako} <%python%> % 100",
        "back\\slash\n\ntwo lines",
        "größe 🚀",
        "a message that is much longer than any file name should ever be allowed to become here",
    ],
)
def test_both_doors_write_the_same(project: Path, tasks: Run, alembic_: Run, message: str) -> None:
    ours = Path(tasks("revision", "-m", message).out.strip())
    text, name = normal(ours), ours.name[14:]
    ours.unlink()
    before = versions(project)
    code, _, err = alembic_("revision", "-m", message)
    assert (code, err) == (0, "")
    (theirs,) = versions(project) - before
    assert theirs.name[14:] == name
    assert normal(theirs) == text


def test_a_child_of_the_same_minute_is_dated_after_its_parent(
    project: Path, tasks: Run, alembic_: Run
) -> None:
    first = Path(tasks("revision", "-m", "one").out.strip())
    text = first.read_text()
    for message in ("two", "one", "one"):  # the last two would be written over `first` otherwise
        assert alembic_("revision", "-m", message).code == 0
    assert first.read_text() == text
    history = read_history(project / "migrations" / "versions")
    assert not history.problems
    chain = sorted(history.revisions.values(), key=lambda revision: revision.path.name)[-4:]
    assert [revision.summary for revision in chain] == ["one", "two", "one", "one"]
    for parent, child in pairwise(chain):
        assert child.down_revisions == (parent.revision,)
        older, younger = stamp_of(parent.path.name), stamp_of(child.path.name)
        assert older is not None
        assert younger is not None
        assert older < younger
    assert not list((project / "migrations" / "versions").glob(".*"))


def test_alembics_options_reach_the_template(project: Path, alembic_: Run) -> None:
    history = read_history(project / "migrations" / "versions")
    (head,) = history.heads
    (parent,) = history.revisions[head].down_revisions
    before = versions(project)
    arguments = ["--head", parent, "--splice", "--branch-label", "side", "--depends-on", head]
    done = alembic_("revision", "-m", "aside", "--rev-id", "1234", *arguments)
    assert done.code == 0, done.err
    (path,) = versions(project) - before
    found = read_history(project / "migrations" / "versions").revisions["1234"]
    assert found.path == path
    assert found.down_revisions == (parent,)
    assert found.branch_labels == ("side",)
    assert found.depends_on == (head,)


def test_an_error_is_said_in_words(project: Path, alembic_: Run) -> None:
    before = versions(project)
    code, _, err = alembic_("revision", "-m", "...")
    assert code != 0
    assert err.startswith("error: the message has no letter or digit to name the file by\nhint: ")
    assert versions(project) == before
