"""The finding with the lines that it is about, underlined, as ruff shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.lint.outputs import end, headline
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic, Report

    #: Row and column where it begins, and where it ends.
    _Span = tuple[tuple[int, int], tuple[int, int]]

#: Lines of a finding that are shown before the rest is left out.
_MOST_LINES = 5
#: Characters of a line: one of generated data may be megabytes long.
_LONGEST = 200
#: The name that a message is about, as it may stand in the file: a column without its table.
_NAMED = later(
    r"(?:(?:\bnamed|\bname|\bcolumn|^index|\bhas no [a-z ]+) |^)`(?:[^`]*\.)?([^`.]+)`(?! has no)"
)


def render(report: Report) -> str:
    """Return each finding with its source, and an empty line between two."""
    sources: dict[Path, list[str]] = {}
    blocks = []
    for item in report.diagnostics:
        if item.path not in sources:
            sources[item.path] = _read(item.path)
        blocks.append("\n".join((headline(item), *_excerpt(item, sources[item.path]))) + "\n")
    return "\n".join(blocks) + ("\n" if blocks else "")


def _read(path: Path) -> list[str]:
    try:
        text = regular_file.read_text(path, errors="replace")
    except OSError:
        return []
    return text.split("\n")


def _excerpt(item: Diagnostic, lines: list[str]) -> Iterator[str]:
    span = _token(item, lines) or _whole(item)
    (first, start_column), (end_row, end_column) = span
    last = min(end_row, first + _MOST_LINES - 1, len(lines))
    shown = lines[first - 1 : last]
    if any(shown):
        width = len(str(last))
        yield f"{'':{width}} |"
        if first > item.finding.row:
            # Where the step begins whose argument it is.
            yield _numbered(item.finding.row, lines, width)
            if first > item.finding.row + 1:
                yield f"{'':{width}} | …"
        for row, line in enumerate(shown, first):
            text = _printable(line[:_LONGEST])
            yield _numbered(row, lines, width)
            start = start_column - 1 if row == first else len(line) - len(line.lstrip())
            stop = end_column - 1 if row == end_row else len(line.rstrip())
            start, stop = min(start, len(text)), min(stop, len(text))
            mark = "^" * max(stop - start, 1)
            label = f" {item.code}" if row == last else ""
            yield f"{'':{width}} | {'':{start}}{mark}{label}"
        yield f"{'':{width}} |"
    if item.finding.fix:
        yield f"  = help: {item.finding.fix.message}"


def _numbered(row: int, lines: list[str], width: int) -> str:
    return f"{row:>{width}} | {_printable(lines[row - 1][:_LONGEST])}".rstrip()


def _whole(item: Diagnostic) -> _Span:
    return (item.finding.row, item.finding.column), end(item)


def _token(item: Diagnostic, lines: list[str]) -> _Span | None:
    """Return where the text stands that a finding is about: what its message is about.

    Only where it is written once in what the finding spans, as a string of its own.
    """
    named = _NAMED.search(item.finding.message)
    (first, column), (last, end_column) = _whole(item)
    if named is None or last > len(lines):
        return None
    written = re.compile(rf"""(["']){re.escape(named[1])}\1""")
    found = []
    for row in range(first, last + 1):
        start = column - 1 if row == first else 0
        stop = end_column - 1 if row == last else len(lines[row - 1])
        found += [(row, one) for one in written.finditer(lines[row - 1], start, stop)]
    if len(found) != 1:
        return None
    row, one = found[0]
    return (row, one.start() + 1), (row, one.end() + 1)


def _printable(text: str) -> str:
    """Return the text with what would move the cursor replaced, one character for one."""
    return "".join(char if char.isprintable() else " " for char in text)
