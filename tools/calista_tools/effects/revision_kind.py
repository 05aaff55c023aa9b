"""What does a revision touch? Kind, dialects and tables, by the lint's own reading of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from calista_tools.effects.evaluator import Project
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql.reading import Reading
    from calista_tools.history.revision_record import Revision

_NEUTRAL = frozenset({"read", "raise", "autocommit", "batch", "batch_exit"})
_WRITES = frozenset({"insert", "update", "delete", "merge"})


class Effects(NamedTuple):
    """What the upgrade of one revision does.

    Attributes:
        kind: ``schema``, ``data``, ``mixed``, ``merge`` (several parents, nothing else) or
            ``empty``; ``unknown`` where the file cannot be followed.
        dialects: The dialects that anything runs on, sorted.
        tables: The tables that it names, in either direction.
        unsure: Something in it cannot be known from source.
    """

    kind: str
    dialects: tuple[str, ...] = ()
    tables: frozenset[str] = frozenset()
    unsure: bool = False

    @property
    def writes_rows(self) -> bool:
        """Whether it may change rows, not only the schema."""
        return self.kind in ("data", "mixed", "unknown") or self.unsure


def effects(
    revision: Revision, source: bytes | None = None, project: Project | None = None
) -> Effects:
    """Follow a revision file without running it.

    Args:
        revision: The revision; its file is read unless ``source`` is given.
        source: The file's content.
        project: Where the modules that it imports are read; what lies around the file if None.
    """
    import ast

    from calista_tools.effects.evaluator import Project, evaluate
    from calista_tools.history.reader import parse, read_bytes

    found = source if source is not None else read_bytes(revision.path)
    tree = parse(found, revision.path) if isinstance(found, bytes) else found
    if not isinstance(tree, ast.Module):
        return Effects("unknown", unsure=True)
    project = project or Project.around(revision.path.parent)
    evaluation = evaluate(tree, revision.path, project)
    read = [(item, _read(item)) for item in evaluation.operations]
    upgrade = [(item, one) for item, one in read if item.direction == "upgrade"]
    unsure = bool(evaluation.troubles) or "upgrade" in evaluation.unseen
    unsure = unsure or any(one.unsure for _, one in upgrade)
    kind = _kind([one for _, one in upgrade], "merge" if revision.is_merge else "empty")
    acting = [item for item, one in upgrade if one.schema or one.rows or one.unsure]
    return Effects(
        "unknown" if unsure and kind == "empty" else kind,
        tuple(sorted({name for item in acting for name in item.dialects})),
        frozenset(name for _, one in read for name in one.tables),
        unsure,
    )


def each(revisions: Iterable[Revision]) -> Iterator[tuple[Revision, Effects]]:
    """Yield each revision with its effects; what they import is read once for all of them."""
    from calista_tools.effects.evaluator import Project

    projects: dict[Path, Project] = {}
    for revision in revisions:
        folder = revision.path.parent
        project = projects.get(folder)
        if project is None:
            project = projects[folder] = Project.around(folder)
        yield revision, effects(revision, project=project)


def same_tables(ours: list[Revision], theirs: list[Revision]) -> dict[str, tuple[Path, Path]]:
    """Return the tables that both sides touch, each with a file of either side."""
    first: dict[str, Path] = {}
    for revision, told in each(ours):
        for table in told.tables:
            first.setdefault(table, revision.path)
    found: dict[str, tuple[Path, Path]] = {}
    for revision, told in each(theirs):
        for table in told.tables & first.keys():
            found.setdefault(table, (first[table], revision.path))
    return dict(sorted(found.items()))


def _kind(steps: list[Reading], nothing: str) -> str:
    schema, rows = any(one.schema for one in steps), any(one.rows for one in steps)
    return "mixed" if schema and rows else "schema" if schema else "data" if rows else nothing


def _read(operation: Operation) -> Reading:
    """Return what one step does, on all the dialects that it runs on."""
    from calista_tools.effects.sql.reading import Reading, read

    named = (operation.table, operation.referred_table)
    objects = ((item.table, item.referred_table) for item in operation.objects)
    tables = frozenset(name for pair in (named, *objects) for name in pair if name)
    what = operation.what
    if what != "sql":
        acts = what not in _NEUTRAL
        rows = what == "bulk_insert"
        return Reading(acts and not rows, rows, what == "unknown", tables)
    text = operation.sql
    if text is None:
        partial = operation.keywords.get("partial")
        text = _with_holes(partial) if isinstance(partial, str) else None
    if text is None:
        return _construct(operation, tables)
    texts = [read(text, dialect) for dialect in sorted(operation.dialects)]
    return Reading(
        any(one.schema for one in texts),
        any(one.rows for one in texts),
        any(one.unsure for one in texts),
        tables.union(*(one.tables for one in texts)),
    )


def _with_holes(partial: str) -> str:
    from calista_tools.effects.sql import HOLE

    return partial.replace("\0", HOLE)


def _construct(operation: Operation, tables: frozenset[str]) -> Reading:
    """Return what a statement does that is no text: SQLAlchemy's own, or one that is not known."""
    from calista_tools.effects.sql.reading import Reading, may_write

    verb = str(operation.keywords.get("verb", ""))
    if verb in _WRITES:
        return Reading(schema=False, rows=True, unsure=False, tables=tables)
    if verb.startswith(("create", "drop")):
        return Reading(schema=True, rows=False, unsure=False, tables=tables)
    called = operation.keywords.get("calls", ())
    harmless = verb == "select" and isinstance(called, tuple) and not any(map(may_write, called))
    return Reading(schema=False, rows=False, unsure=not harmless, tables=tables)
