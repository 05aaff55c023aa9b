"""Random histories with branches, merges and a published part: broken at random, and rebased."""

import tempfile
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.errors import ToolError
from calista_tools.history import History, read_history
from calista_tools.history.lock import check_lock, lock
from calista_tools.history.transaction import apply
from calista_tools.rework.rebase import plan_rebase
from tests.integration.history.conftest import ENV

SOURCE = '''"""revision {name}

Revision ID: {name}
Revises: {revises}
"""
from alembic import op
import sqlalchemy as sa

revision = "{name}"
down_revision = {parents!r}


def upgrade() -> None:
    op.create_table("t_{name}", sa.Column("id", sa.Integer()))


def downgrade() -> None:
    op.drop_table("t_{name}")
'''
NO_BREAK = ("reformat", "rename", "comment", "docstring", "nothing")
BREAKS = ("change", "remove", "reparent", "garble", "insert", "new id")
#: Whatever else a break is called, the published id is no longer to be found.
KINDS = {"change": "changed", "reparent": "reordered", "insert": "reordered"}

#: For each revision: how far back its parents are (0 is the one before it).
graphs = st.lists(
    st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True), min_size=1, max_size=9
)


def write(folder: Path, name: str, parents: tuple[str, ...], minute: int) -> Path:
    """Write one revision file."""
    down = parents if len(parents) > 1 else parents[0] if parents else None
    path = folder / f"20240101_00{minute:02}_make_{name}.py"
    path.write_text(SOURCE.format(name=name, revises=", ".join(parents), parents=down))
    return path


def build(folder: Path, graph: list[list[int]], minutes: list[int]) -> History:
    """Write a history; ``minutes`` may date children before their parents."""
    names = ["r0"]
    write(folder, "r0", (), 0)
    for number, backs in enumerate(graph, 1):
        parents = tuple(dict.fromkeys(names[-1 - min(back, len(names) - 1)] for back in backs))
        write(folder, f"r{number}", parents, minutes[number % len(minutes)] if minutes else number)
        names.append(f"r{number}")
    return read_history(folder)


def break_one(history: History, name: str, how: str) -> None:
    """Break one revision's file in one way, or change it in a way that is no break."""
    path = history.revisions[name].path
    text = path.read_text()
    match how:
        case "reformat":
            changed = text.replace(f'"t_{name}"', f"'t_{name}'").replace("\n", "\r\n")
            path.write_bytes(changed.encode())
        case "rename":
            path.rename(path.with_name(f"20240101_0000_other_{name}.py"))
        case "comment":
            path.write_text(text.replace("revision r", "Revision R") + "# more\n")
        case "docstring":
            path.write_text(text.replace(f'"""revision {name}', f'"""what {name} is for\n\nIt'))
        case "insert":
            parents = history.revisions[name].down_revisions
            new = write(path.parent, f"before_{name}", parents, 0)
            old = new.read_text().partition("down_revision = ")[2].partition("\n")[0]
            path.write_text(
                text.replace(f"down_revision = {old}", f"down_revision = 'before_{name}'")
            )
        case "new id":
            path.write_text(text.replace(f'revision = "{name}"', f'revision = "new_{name}"', 1))
        case "change":
            path.write_text(text.replace("sa.Integer()", "sa.BigInteger()"))
        case "remove":
            path.unlink()
        case "garble":
            path.write_text(text + "def (:\n")
        case "reparent":
            down = "None" if history.revisions[name].down_revisions else '"r_new"'
            lines = [
                f"down_revision = {down}" if ln.startswith("down_revision") else ln
                for ln in text.split("\n")
            ]
            path.write_text("\n".join(lines))


@settings(deadline=None, max_examples=60)
@given(graphs, st.lists(st.sampled_from(NO_BREAK + BREAKS), min_size=10, max_size=10), st.data())
def test_check_reports_every_break_and_nothing_else(
    graph: list[list[int]], ways: list[str], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history = build(folder, graph, [])
        through = data.draw(st.sampled_from(list(history.revisions)))
        lock_file = folder / "history.lock"
        published = {entry.revision for entry in lock(history, lock_file, through=through)}
        broken = dict(zip(history.revisions, ways, strict=False))
        for revision, how in broken.items():
            break_one(history, revision, how)

        found = check_lock(read_history(folder), lock_file)

    expected = {
        (revision, KINDS.get(how, "removed"))
        for revision, how in broken.items()
        if revision in published and how in BREAKS
    }
    # An unpublished revision that was made a base starts a second history: CAL403.
    second = {
        (revision, "baseline")
        for revision, how in broken.items()
        if revision not in published and how == "reparent"
    }
    # So does what was put before the baseline, or the baseline under another id.
    if broken["r0"] in ("insert", "new id"):
        second.add(("before_r0" if broken["r0"] == "insert" else "new_r0", "baseline"))
    assert {(item.revision, item.kind) for item in found} == expected | second
    assert len(found) == len(expected | second)
    for item in found:
        assert item.hint
        assert item.code == (
            "CAL403" if item.revision == "r0" or item.kind == "baseline" else "CAL402"
        )


def edit_lock(lines: list[str], number: int, other: int, how: str) -> list[str]:
    """Edit one line of the lock file by hand, or two."""
    revision, parents, digest, name = lines[number].split(" ")
    match how:
        case "delete":
            return lines[:number] + lines[number + 1 :]
        case "swap":
            lines = list(lines)
            lines[number], lines[other] = lines[other], lines[number]
            return lines
        case "twice":
            return [*lines, lines[number]]
        case "digest":
            digest = digest[:-1] + ("0" if digest[-1] != "0" else "1")
        case "cut":
            return [*lines[:number], lines[number][:-20].rpartition(" ")[0], *lines[number + 1 :]]
        case "parents":
            parents = "r_other" if parents != "r_other" else "-"
        case "name":
            name = "some_other_name.py"
    return [*lines[:number], f"{revision} {parents} {digest} {name}", *lines[number + 1 :]]


@settings(deadline=None, max_examples=100)
@given(
    graphs,
    st.sampled_from(["delete", "swap", "twice", "digest", "cut", "parents", "name"]),
    st.data(),
)
def test_check_reports_every_edit_of_the_lock_that_counts(
    graph: list[list[int]], how: str, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        history = build(folder, graph, [])
        lock_file = folder / "history.lock"
        through = data.draw(st.sampled_from(list(history.revisions)))
        entries = lock(history, lock_file, through=through)
        text = lock_file.read_text().splitlines()
        start = len(text) - len(entries)
        number = data.draw(st.integers(0, len(entries) - 1))
        other = data.draw(st.integers(0, len(entries) - 1))
        edited = edit_lock(text[start:], number, other, how)
        lock_file.write_text("\n".join([*text[:start], *edited, ""]))

        found = check_lock(history, lock_file)

    revision = entries[number].revision
    if how in ("digest", "parents"):
        kind = "changed" if how == "digest" else "reordered"
        assert (revision, kind) in {(item.revision, item.kind) for item in found}
        assert {item.revision for item in found} <= {revision, ""}
    elif how in ("twice", "cut"):
        assert any(item.kind == "damaged" for item in found)
        assert all(item.revision == "" or how == "cut" for item in found)
    elif how == "delete":
        # The newest line alone can go unnoticed: that is a revision not yet published.
        needed = not entries[number].parents or any(revision in e.parents for e in entries)
        assert bool(found) == needed
    else:
        order = [line.split(" ")[0] for line in edited]
        late = any(
            order.index(parent) > order.index(entry.revision)
            for entry in entries
            for parent in entry.parents
        )
        assert bool(found) == late
        assert how == "swap" or not late


@settings(deadline=None, max_examples=40)
@given(graphs, st.lists(st.integers(0, 59), max_size=9), st.data())
def test_rebase_leaves_one_head_that_alembic_reaches(
    graph: list[list[int]], minutes: list[int], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "migrations", "versions")
        folder.mkdir(parents=True)
        (folder.parent / "env.py").write_text(ENV)
        history = build(folder, graph, minutes)
        through = data.draw(st.sampled_from(list(history.revisions)))
        entries = lock(history, folder.parent / "history.lock", through=through)
        history.published = frozenset(entry.revision for entry in entries)
        before = {
            r.path.name: r.path.read_bytes()
            for r in history.revisions.values()
            if r.revision in history.published
        }
        if all(not history.published <= history.ancestors(head) for head in history.heads):
            with pytest.raises(ToolError, match="several branches are published"):
                plan_rebase(history)
            return

        plan = plan_rebase(history)
        apply(plan.changes(), folder)

        after = read_history(folder)
        assert after.problems == []
        assert len(after.heads) == 1
        assert set(after.revisions) == set(history.revisions)
        assert plan.history.parents == after.parents
        for file, content in before.items():
            assert (folder / file).read_bytes() == content
        assert check_lock(after, folder.parent / "history.lock") == []
        for revision in after.revisions.values():
            for parent in revision.down_revisions:
                if revision.revision not in history.published:
                    parent_name = after.revisions[parent].path.name
                    assert parent_name[:13] < revision.path.name[:13]
        config = Config()
        config.set_main_option("script_location", str(folder.parent))
        config.set_main_option("sqlalchemy.url", f"sqlite:///{name}/test.db")
        command.upgrade(config, "head")
