"""Workflow commands that GitHub shows beside the lines of a pull request.

Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.outputs import end, relative

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Report


def render(report: Report) -> str:
    """Return one ``::error`` command per finding."""
    lines = []
    for item in report.diagnostics:
        row, column = end(item)
        finding, path = item.finding, relative(item.path)
        properties = {
            "title": f"calista-lint ({item.code})",
            "file": path,
            "line": finding.row,
            "col": finding.column,
            "endLine": row,
            "endColumn": column,
        }
        listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
        place = f"{path}:{finding.row}:{finding.column}"
        lines.append(f"::error {listed}::{_data(f'{place}: {item.code} {finding.message}')}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
