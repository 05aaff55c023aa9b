"""For people: a line for each revision, what is wrong with it, a summary."""

from __future__ import annotations

from itertools import chain
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.files.shown_path import shown
from calista_tools.harmless import on_one_line
from calista_tools.roundtrip.proof.result import FEW_ROWS, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.roundtrip.proof.result import Run, Step


#: What there is to do about a head that differs.
_NEXT = {
    "drift": "write the revision that is missing: `{door} revision --autogenerate -m ...`",
    "parity": "give both databases the same in a revision",
}
_OR = 'or declare it with its reason in [tool.calista.roundtrip.{kind}]: {line} = "..."'
_NO_METADATA = "env.py gives no target_metadata: head was compared with no models"


def run_lines(run: Run, *, strict: bool = False) -> Iterator[str]:
    """Return everything that is told of one backend.

    Args:
        run: What was found there.
        strict: Whether what is said of head fails the run.
    """
    yield f"{run.backend}:"
    for step in run.steps:
        yield from map(on_one_line, step_lines(step))
    yield from map(on_one_line, summary_lines(run, strict=strict))


def step_lines(step: Step) -> Iterator[str]:
    """Return the lines for one revision."""
    if step.cached:
        word = "cached"
    elif step.proven:
        word = "ok"
    else:
        word = "skipped" if step.upgrade == SKIPPED else "FAILED"
    yield f"  {word:<8}{step.revision}  {step.summary or Path(step.filename).name}"
    if step.upgrade == SKIPPED:
        lines = iter((str(step.error),))
    elif step.proven:
        lines = _notes(step)
    else:
        lines = chain([shown(Path(step.filename))], finding_lines(step))
    yield from (f"          {line}" for line in lines)


def finding_lines(step: Step) -> Iterator[str]:
    """Return what is wrong with a revision, and how to see it."""
    if step.error:
        yield step.error
    if step.statement:
        yield f"statement: {step.statement}"
    yield from step.differences
    yield from _notes(step)
    if step.reproduce:
        yield "by hand, from an empty database:"
        yield from (f"  {line}" for line in step.reproduce)


def _notes(step: Step) -> Iterator[str]:
    if step.refused_rows:
        how = FEW_ROWS if FEW_ROWS in step.notes else "proven without rows"
        yield f"{how}, for the upgrade refuses our sample rows:"
        yield step.refused_rows
    notes = [*step.declared, *(note for note in step.notes if note != FEW_ROWS)]
    yield from (f"note: {note}" for note in notes)


def recreated_lines(run: Run) -> Iterator[str]:
    """Return the SQLite tables that were made anew, and why."""
    for step in run.steps:
        for item in step.recreated_tables:
            yield f"  {step.revision} recreates {item['table']}: {item['reason']}"


def summary_lines(run: Run, *, strict: bool = False) -> Iterator[str]:
    """Return what came out in the end."""
    recreated = list(recreated_lines(run))
    if recreated:
        yield "recreated tables:"
        yield from recreated
    titles = {"drift": "drift from the metadata", "parity": "parity"}
    for kind, lines in (("drift", run.drift), ("parity", run.parity)):
        if lines:
            yield f"FAILED: {titles[kind]}:" if strict else f"{titles[kind]}:"
            yield from (f"  {line}" for line in lines)
        if lines and strict:
            yield f"  = help: {_NEXT[kind].format(door=door())}"
            yield f"          {_OR.format(kind=kind, line=dumps(lines[0], ensure_ascii=False))}"
    for note in run.notes:
        yield f"{'FAILED' if strict and note in run.unknown else 'note'}: {note}"
    if strict and run.metadata is False:
        yield f"note: {_NO_METADATA}"
    counts = run.summary()
    parts = [f"{counts['proven']} proven"]
    if counts["cached"]:
        parts[0] += f" ({counts['cached']} of them before)"
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    words = "1 revision" if counts["revisions"] == 1 else f"{counts['revisions']} revisions"
    yield f"{run.backend} ({run.server}): {words}, {', '.join(parts)} in {run.seconds:.1f} s"
