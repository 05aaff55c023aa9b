"""How often was each rule broken?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Diagnostic, Report


def render(report: Report, output_format: str) -> str:
    """Return the counts, most frequent first: a line per rule, or JSON."""
    by_code: dict[str, list[Diagnostic]] = {}
    for item in report.diagnostics:
        by_code.setdefault(item.code, []).append(item)
    ordered = sorted(by_code.values(), key=lambda items: (-len(items), items[0].code))
    if output_format == "json":
        return as_json(
            [
                {
                    "code": items[0].code,
                    "name": items[0].name,
                    "count": len(items),
                    "fixable": any(item.finding.fix for item in items),
                }
                for items in ordered
            ]
        )
    width = max((len(str(len(items))) for items in ordered), default=0)
    return "".join(
        f"{len(items):>{width}}\t{items[0].code}"
        f"\t[{'*' if any(item.finding.fix for item in items) else ' '}] {items[0].name}\n"
        for items in ordered
    )
