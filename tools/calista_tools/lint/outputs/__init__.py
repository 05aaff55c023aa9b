"""One file per output format; each renders a report to text with ``render``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from calista_tools.harmless import on_one_line

if TYPE_CHECKING:
    from pathlib import PurePath

    from calista_tools.lint.diagnostic import Diagnostic

FORMATS = ("full", "concise", "json", "github", "gitlab", "sarif", "junit")
#: The formats that people read; they end with a line that counts.
FOR_PEOPLE = ("full", "concise")


def relative(path: PurePath) -> str:
    """Return a path as seen from the working folder; absolute where it lies elsewhere."""
    text, folder = str(path), os.getcwd() + os.sep  # noqa: PTH109 - pathlib is not needed here
    return text.removeprefix(folder)


def end(item: Diagnostic) -> tuple[int, int]:
    """Return where a finding ends; where it begins if that is all that is known."""
    finding = item.finding
    if finding.end_row is None or finding.end_column is None:
        return finding.row, finding.column
    return finding.end_row, finding.end_column


def headline(item: Diagnostic) -> str:
    """Return ``path:row:column: CODE message``, with ``[*]`` where ``--fix`` helps."""
    finding = item.finding
    mark = "[*] " if finding.fix else ""
    place = f"{relative(item.path)}:{finding.row}:{finding.column}"
    return on_one_line(f"{place}: {item.code} {mark}{finding.message}")
