"""JUnit XML: a suite per file, a failed case per finding.

Source: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from calista_tools.lint.outputs import relative

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Diagnostic, Report

#: What XML 1.0 cannot hold, however it is written.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return the report as ``testsuites``; a clean one holds a single passed case."""
    suites: dict[str, list[Diagnostic]] = {}
    for item in report.diagnostics:
        suites.setdefault(relative(item.path), []).append(item)
    total = len(report.diagnostics)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<testsuites name="calista-lint" tests="{total or 1}" failures="{total}">')
    if not suites:
        lines.append('  <testsuite name="calista-lint" tests="1" failures="0">')
        lines.append('    <testcase name="No errors found" classname="calista-lint"/>')
        lines.append("  </testsuite>")
    for path, items in suites.items():
        count = len(items)
        name = _attribute(path)
        lines.append(f'  <testsuite name={name} tests="{count}" failures="{count}">')
        for item in items:
            row, column = item.finding.row, item.finding.column
            message = _clean(item.finding.message)
            lines.append(
                f'    <testcase name="{item.code}" classname={_attribute(path.removesuffix(".py"))}'
                f' file={name} line="{row}" column="{column}">'
            )
            text = escape(f"line {row}, col {column}, {message}")
            lines.append(f"      <failure message={quoteattr(message)}>{text}</failure>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))
