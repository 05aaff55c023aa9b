"""The finding with the lines that it is about, underlined, as ruff shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.lint.outputs import end, headline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic, Report

#: Lines of a finding that are shown before the rest is left out.
_MOST_LINES = 5


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
    first = item.finding.row
    end_row, end_column = end(item)
    last = min(end_row, first + _MOST_LINES - 1, len(lines))
    shown = lines[first - 1 : last]
    if any(shown):
        width = len(str(last))
        yield f"{'':{width}} |"
        for row, line in enumerate(shown, first):
            # A line of generated data may be megabytes long.
            text = _printable(line[:200])
            yield f"{row:>{width}} | {text}".rstrip()
            start = item.finding.column - 1 if row == first else len(line) - len(line.lstrip())
            stop = end_column - 1 if row == end_row else len(line.rstrip())
            start, stop = min(start, len(text)), min(stop, len(text))
            mark = "^" * max(stop - start, 1)
            label = f" {item.code}" if row == last else ""
            yield f"{'':{width}} | {'':{start}}{mark}{label}"
        yield f"{'':{width}} |"
    if item.finding.fix:
        yield f"  = help: {item.finding.fix.message}"


def _printable(text: str) -> str:
    """Return the text with what would move the cursor replaced, one character for one."""
    return "".join(char if char.isprintable() else " " for char in text)
