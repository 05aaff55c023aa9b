"""The reader against Alembic's own ``ScriptDirectory``, on random histories in random spellings."""

import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

from alembic.script import ScriptDirectory
from alembic.util import to_tuple
from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.history import read_history


class Node(NamedTuple):
    """A revision to be written."""

    revision: str
    parents: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]
    spelling: int
    folder: int
    place: int


@st.composite
def histories(draw: st.DrawFn) -> list[Node]:
    """Revisions that Alembic accepts: any shape of graph without a cycle."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(0, 9))):
        known = [node.revision for node in nodes]
        parents = draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else []
        others = [name for name in known if name not in parents]
        depends = draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
        labelled = [node for node in nodes if node.labels and node.revision not in parents]
        if draw(st.booleans()) and labelled:
            depends.append(draw(st.sampled_from(labelled)).labels[0])
        labels = (f"label{number}",) if draw(st.integers(0, 4)) == 0 else ()
        nodes.append(
            Node(
                f"rev{number}",
                tuple(parents),
                tuple(depends),
                labels,
                draw(st.integers(0, 17)),
                draw(st.integers(0, 1)),
                draw(st.integers(0, 99)),
            )
        )
    return nodes


def literal(values: tuple[str, ...], spelling: int) -> str:
    """One of the ways to write these values."""
    if not values:
        return ("None", "()", "[]")[spelling % 3]
    if len(values) == 1 and spelling < 6:
        return repr(values[0])
    return repr(list(values) if spelling % 2 else values)


def source(node: Node) -> str:
    """A revision file in one of the spellings."""
    down, labels = literal(node.parents, node.spelling), literal(node.labels, node.spelling)
    depends, name = literal(node.depends_on, node.spelling), repr(node.revision)
    head = f'"""revision {node.revision}\n\nRevises: {down}\n"""\nfrom alembic import op\n\n'
    plain = f"down_revision = {down}\nbranch_labels = {labels}\ndepends_on = {depends}\n"
    after = ""
    match node.spelling:
        case 0 | 1 | 2 | 3:
            body = f"revision = {name}\n{plain}"
        case 4:
            body = f"revision: str = {name}\n{plain.replace(' =', ': object =')}"
        case 5:
            body = f"IDENTIFIER = {name}\nrevision = IDENTIFIER\n{plain}"
        case 6:
            body = f"{plain}N = {node.revision[3:]}\nrevision = f'rev{{N}}'\n"
        case 7:
            body = f"revision = ('rev'\n   {node.revision[3:]!r})\n{plain}".replace("\n", "\r\n")
        case 8:
            body = f"revision, unused = {name}, 1\n{plain}"
        case 9:
            body = f"revision = 'other'\n{plain}if True:\n    revision = 'rev' + {name}[3:]\n"
        case 10:
            body = f"revision = 'other'\n{plain}"
            after = f"revision = {name}\n"
        case 11:
            body = f"revision = {name}\n{plain}"
            after = (
                'SQL = """\nrevision = \'string\'\n"""\ndef other():\n    revision = \'local\'\n'
            )
        case 12:
            body = f"x = 1; revision = {name}; y = 2\n{plain}"
        case 13:
            body = f"revision = \\\n    {name}\n{plain}"
        case 14:
            head = f"\ufeff{head}"
            body = f"revision = {name}\r\n{plain}".replace("\r\n", "\n")
        case 15:
            head = f"# -*- coding: utf-8 -*-\n{head}"
            body = f"revision = {name}\n\f\n{plain}"
        case 16:
            body = f'# it\'s "revision"\nrevision = {name}  # \'was\' "x"\n{plain}'
        case _:
            body = f"revision = {name}\n{plain}"
            after = "if down_revision == 'never':\n    revision = 'never'\n"
    functions = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
    return f"{head}{body}\n\n{functions}\n\n{after}"


@settings(deadline=None, max_examples=120)
@given(histories(), st.booleans())
def test_agrees_with_script_directory(nodes: list[Node], recursive: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name, "one"), Path(name, "two")]
        (folders[1] / "below" / "__pycache__").mkdir(parents=True)
        folders[0].mkdir()
        for node in nodes:
            folder = folders[node.folder]
            if recursive and node.place % 3 == 0:
                folder = folders[1] / "below"
            path = folder / f"{node.place:02}_{node.revision}.py"
            path.write_bytes(source(node).encode())
        theirs = ScriptDirectory(
            name, version_locations=folders, recursive_version_locations=recursive
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            walked = list(theirs.walk_revisions())
        ours = read_history(folders, recursive=recursive)

    assert ours.problems == []
    assert list(ours.heads) == theirs.get_heads()
    assert list(ours.bases) == theirs.get_bases()
    assert set(ours.revisions) == {script.revision for script in walked}
    for script in walked:
        revision = ours.revisions[script.revision]
        assert revision.path.resolve() == Path(script.path).resolve()
        assert revision.down_revisions == to_tuple(script.down_revision, default=())
        assert revision.doc.strip() == script.longdoc
        assert set(ours.children[script.revision]) == script.nextrev
        assert set(revision.branch_labels) == set(script._orig_branch_labels)
        assert set(ours.dependencies.get(script.revision, ())) == set(script._resolved_dependencies)
        below = theirs.iterate_revisions(script.revision, "base")
        assert ours.ancestors(script.revision, dependencies=True) == {s.revision for s in below}
    places = {revision.revision: place for place, revision in enumerate(ours.ordered)}
    assert len(places) == len(walked)
    for script in walked:
        for earlier in script._all_down_revisions:
            assert places[earlier] < places[script.revision]
    if ours.line is not None:
        assert [r.revision for r in ours.line] == [s.revision for s in reversed(walked)]
