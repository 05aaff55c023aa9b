"""For people: a line for each revision, what is wrong with it, a summary, and what failed."""

from __future__ import annotations

import re
from itertools import chain
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.files.shown_path import shown
from calista_tools.harmless import on_one_line
from calista_tools.roundtrip.outputs.accepting import accepting
from calista_tools.roundtrip.proof.result import FEW_ROWS, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.roundtrip.proof.result import Run, Step


#: What there is to do about a head that differs.
_NEXT = {
    "drift": "write the revision that is missing: `{door} revision --autogenerate -m ...`",
    "parity": "give both databases the same in a revision",
}
_OR = 'or declare it with its reason in [tool.calista.roundtrip.{kind}]: {line} = "..."'
_NO_METADATA = "env.py gives no target_metadata: head was compared with no models"
#: Characters of a line, and findings of a revision, that are told without --verbose.
_WIDTH = 240
_FINDINGS = 4
#: A statement of `reproduce` that puts in rows.
_INSERT = re.compile(r"(?:SET \w+ = \w+; )?INSERT INTO ", re.IGNORECASE)


def run_lines(run: Run, *, strict: bool = False, verbose: bool = False) -> Iterator[str]:
    """Return everything that is told of one backend.

    Args:
        run: What was found there.
        strict: Whether what is said of head fails the run.
        verbose: Whether all is told, at whatever length.
    """
    yield f"{run.backend}:"
    for step in run.steps:
        yield from map(on_one_line, step_lines(step, verbose=verbose))
    yield from map(on_one_line, summary_lines(run, strict=strict))


def step_lines(step: Step, *, verbose: bool = False) -> Iterator[str]:
    """Return the lines for one revision; what is known of it takes one."""
    if step.known and not verbose:
        word = "known"
    elif step.cached:
        word = "cached"
    elif step.proven:
        word = "ok"
    else:
        word = "skipped" if step.upgrade == SKIPPED else "FAILED"
    yield f"  {word:<8}{step.revision}  {step.summary or Path(step.filename).name}"
    if step.known and not verbose:
        return
    if step.upgrade == SKIPPED:
        lines = iter((str(step.error),))
    elif step.proven:
        lines = _notes(step)
    else:
        lines = chain(
            [shown(Path(step.filename))],
            finding_lines(step, verbose=verbose),
            () if step.known else accepting(step),
        )
    yield from (f"          {line}" for line in lines)


def finding_lines(step: Step, *, verbose: bool = True) -> Iterator[str]:
    """Return what is wrong with a revision, and how to see it."""
    short = (lambda line: line) if verbose else _short
    if step.error:
        yield short(step.error)
    if step.statement:
        yield short(f"statement: {step.statement}")
    shown_ones = step.differences if verbose else step.differences[:_FINDINGS]
    yield from map(short, shown_ones)
    if more := len(step.differences) - len(shown_ones):
        yield f"and {more} more: --verbose"
    yield from map(short, _notes(step))
    if step.reproduce:
        yield "by hand, from an empty database:"
        yield from (f"  {line}" for line in (step.reproduce if verbose else _few(step.reproduce)))


def _short(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"


def _few(commands: Sequence[str]) -> Iterator[str]:
    """Return the commands with no more rows than fit in a line."""
    rows = [line for line in commands if _INSERT.match(line)]
    whole = sum(map(len, rows)) <= _WIDTH
    for line in commands:
        if whole or not _INSERT.match(line):
            yield line
        elif line is rows[-1]:
            yield f"(rows in {_tables(rows)}: --verbose prints them)"


def _tables(rows: Sequence[str]) -> str:
    found = [name for line in rows for name in re.findall(r"INSERT INTO ([\w.\"]+)", line)]
    names = [name.replace('"', "") for name in dict.fromkeys(found)]
    return ", ".join(names[-3:]) + (f" and {len(names) - 3} more tables" if len(names) > 3 else "")


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
    if run.gone:
        names = ", ".join(run.gone)
        yield f"note: known failures that are gone: {names}; `--write-baseline` forgets them"
    yield _counts(run)


def _counts(run: Run) -> str:
    counts = run.summary()
    parts = [f"{counts['proven']} proven"]
    if counts["cached"]:
        parts[0] += f" ({counts['cached']} of them before)"
        if counts["known"]:
            parts[0] = f"{counts['proven']} proven"
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    if counts["known"]:
        parts.append(f"{counts['known']} known failure{'' if counts['known'] == 1 else 's'}")
    if counts["cached"] and counts["known"]:
        parts.append(f"{counts['cached']} not run again")
    words = "1 revision" if counts["revisions"] == 1 else f"{counts['revisions']} revisions"
    return f"{run.backend} ({run.server}): {words}, {', '.join(parts)} in {run.seconds:.1f} s"


def failed_lines(runs: Sequence[Run], *, strict: bool = False) -> Iterator[str]:
    """Return what failed, in a line each: the last thing that is printed is what there is to do."""
    failed = []
    for run in runs:
        for step in run.steps:
            if not step.passes and step.upgrade != SKIPPED:
                why = step.error or step.differences[0]
                failed.append(f"{run.backend}  {step.revision}  {_short(why)}")
        left = sum(not step.passes and step.upgrade == SKIPPED for step in run.steps)
        if left:
            failed.append(f"{run.backend}  {left} not reached behind these")
        if strict:
            for kind, lines in (("drift", run.drift), ("parity", run.parity)):
                failed += [f"{run.backend}  {kind}  {len(lines)} at head"] if lines else []
            failed += [f"{run.backend}  head  {_short(line)}" for line in run.unknown]
    if failed:
        yield "failed:"
        yield from (on_one_line(f"  {line}") for line in failed)
