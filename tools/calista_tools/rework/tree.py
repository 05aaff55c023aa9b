"""How does the history look? One row a revision, newest first, with the branches drawn beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from calista_tools.effects.revision_kind import Effects, each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.history.graph import History
    from calista_tools.history.revision_record import Revision


class Signs(NamedTuple):
    """What the graph is drawn with."""

    published: str
    unpublished: str
    line: str
    fork: str
    down: str
    up: str
    across: str


UNICODE = Signs(*"●○│├╮╯─")
ASCII = Signs(*"*o||\\/-")


class Row(NamedTuple):
    """What is shown of one revision."""

    revision: Revision
    effects: Effects
    published: bool
    head: bool
    baseline: bool

    @property
    def tags(self) -> tuple[str, ...]:
        """What stands behind the summary in brackets."""
        words = [
            word for word, is_so in (("head", self.head), ("baseline", self.baseline)) if is_so
        ]
        depends = [f"depends on {name}" for name in self.revision.depends_on]
        return (*words, *self.revision.branch_labels, *depends)


def rows(history: History) -> list[Row]:
    """Return a row for each revision, newest first."""
    # An id that two files have is neither because of the file that the other one hides.
    heads = {revision.revision for revision in history.childless}
    bases = {revision.revision for revision in history.parentless}
    return [
        Row(
            revision,
            told,
            revision.revision in history.published,
            revision.revision in heads,
            revision.revision in bases,
        )
        for revision, told in each(reversed(history.ordered))
    ]


def render_tree(history: History, *, unicode: bool = True, width: int | None = None) -> str:
    """Return the history as a tree for the terminal.

    Args:
        history: What to show; its problems are listed below the tree.
        unicode: Draw with box characters; otherwise with ASCII.
        width: Cut lines to this many characters.
    """
    signs = UNICODE if unicode else ASCII
    shown = rows(history)
    graphs = list(_lanes([row.revision.revision for row in shown], history, signs, shown))
    margin = max((len(graph) for graph, _ in graphs), default=0)
    ids = max((len(row.revision.revision) for row in shown), default=0)
    lines: list[str] = []
    cells = iter(shown)
    for graph, is_row in graphs:
        if not is_row:
            lines.append(graph.rstrip())
            continue
        row = next(cells)
        dialects = "both" if len(row.effects.dialects) > 1 else "".join(row.effects.dialects) or "-"
        kind = row.effects.kind + ("?" if row.effects.unsure else "")
        tags = f"  ({', '.join(row.tags)})" if row.tags else ""
        lines.append(
            f"{graph:{margin}}  {row.revision.revision:{ids}}  {kind:7}  {dialects:10}  "
            f"{row.revision.summary}{tags}"
        )
    published = sum(row.published for row in shown)
    lines += ["", (f"{len(shown)} revision{'' if len(shown) == 1 else 's'}, {published} published ({signs.published}), "
              f"{len(shown) - published} not ({signs.unpublished})")]  # fmt: skip
    lines += [f"problem: {item.path.name}: {item.message}" for item in history.problems]
    return "\n".join(line if width is None else line[:width] for line in lines) + "\n"


def _lanes(
    order: Sequence[str], history: History, signs: Signs, shown: Sequence[Row]
) -> Iterator[tuple[str, bool]]:
    """Yield the drawing of each row and of the lines between, as ``git log --graph`` does."""
    lanes: list[str] = []
    for name, row in zip(order, shown, strict=True):
        if name not in lanes:
            lanes.append(name)
        # Several children: their lanes end here, in the first one.
        while lanes.count(name) > 1:
            last = len(lanes) - 1 - lanes[::-1].index(name)
            yield _corner(lanes, lanes.index(name), last, signs, signs.up), False
            del lanes[last]
        here = lanes.index(name)
        mark = signs.published if row.published else signs.unpublished
        yield " ".join(mark if lane == here else signs.line for lane in range(len(lanes))), True
        parents = list(history.parents[name])
        if not parents:
            del lanes[here]
            continue
        lanes[here] = parents[0]
        for parent in parents[1:]:
            lanes.insert(here + 1, parent)
            yield _corner(lanes, here, here + 1, signs, signs.down), False


def _corner(lanes: Sequence[str], start: int, end: int, signs: Signs, corner: str) -> str:
    """Draw a line from one lane to another one to its right."""
    drawn = [signs.line] * len(lanes)
    drawn[start], drawn[end] = signs.fork, corner
    drawn[start + 1 : end] = [signs.across] * (end - start - 1)
    text = drawn[0]
    for lane in range(1, len(drawn)):
        text += (signs.across if start < lane <= end else " ") + drawn[lane]
    return text
