"""``path:row:column: CODE message``, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.outputs import headline

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Report


def render(report: Report) -> str:
    """Return one line per finding."""
    return "".join(f"{headline(item)}\n" for item in report.diagnostics)
