"""A Code Quality report for GitLab's merge requests.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.lint.outputs import end, relative
from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Report


def render(report: Report) -> str:
    """Return the findings as a JSON list, each with a fingerprint that survives moved lines."""
    # Here: hashlib loads OpenSSL, and most runs print for people.
    from hashlib import sha256

    seen: dict[str, int] = {}
    issues: list[dict[str, Any]] = []
    for item in report.diagnostics:
        path = relative(item.path).replace("\\", "/")
        row, column = end(item)
        identity = f"{path}:{item.code}:{item.finding.message}"
        count = seen[identity] = seen.get(identity, 0) + 1
        digest = sha256(f"{identity}:{count}".encode(errors="surrogateescape")).hexdigest()
        issues.append(
            {
                "check_name": item.code,
                "description": f"{item.code}: {item.finding.message}",
                "severity": "major",
                "fingerprint": digest,
                "location": {
                    "path": path,
                    "positions": {
                        "begin": {"line": item.finding.row, "column": item.finding.column},
                        "end": {"line": row, "column": column},
                    },
                },
            }
        )
    return as_json(issues)
