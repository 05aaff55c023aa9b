"""What does a report show of a finding?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.lint.rule import Finding


class Diagnostic(NamedTuple):
    """A finding with its file and its rule."""

    path: Path
    finding: Finding
    code: str
    name: str

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What reports are sorted by."""
        return str(self.path), self.finding.row, self.finding.column, self.code


class Report(NamedTuple):
    """The outcome of a run.

    Attributes:
        diagnostics: By file, row and column.
        failures: Our own bugs met on the way, one line each.
        files: How many files were reported on.
        left_out: Findings on published revisions that only matter before these run.
        fixable: Findings that ``--fix`` would repair; `unsafe` ones, that ``--unsafe-fixes`` would, too.
        closing: What else people are told at the end, a line each.
    """

    diagnostics: tuple[Diagnostic, ...]
    failures: tuple[str, ...] = ()
    files: int = 0
    left_out: int = 0
    fixable: int = 0
    unsafe: int = 0
    closing: tuple[str, ...] = ()
