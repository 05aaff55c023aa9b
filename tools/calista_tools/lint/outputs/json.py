"""A list of findings in the shape of ruff's JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.lint.outputs import end
from calista_tools.lint.rule import page_url
from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Diagnostic, Report


def render(report: Report) -> str:
    """Return the findings as a JSON list."""
    return as_json([_finding(item) for item in report.diagnostics])


def _finding(item: Diagnostic) -> dict[str, Any]:
    row, column = end(item)
    return {
        "code": item.code,
        "message": item.finding.message,
        "filename": str(item.path),
        "location": {"row": item.finding.row, "column": item.finding.column},
        "end_location": {"row": row, "column": column},
        "fix": _fix(item),
        "url": page_url(item.code, item.name),
    }


def _fix(item: Diagnostic) -> dict[str, Any] | None:
    fix = item.finding.fix
    if fix is None:
        return None
    edits = [
        {
            "content": edit.content,
            "location": {"row": edit.row, "column": edit.column},
            "end_location": {"row": edit.end_row, "column": edit.end_column},
        }
        for edit in fix.edits
    ]
    more = {"rename": fix.rename} if fix.rename else {}
    return {
        "applicability": "unsafe" if fix.unsafe else "safe",
        "message": fix.message,
        "edits": edits,
        **more,
    }
