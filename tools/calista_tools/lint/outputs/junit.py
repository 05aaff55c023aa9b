"""JUnit XML: a suite per file, a failed case per finding.

Source: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.outputs import relative
from calista_tools.rendering.for_programs import as_xml, element

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from calista_tools.lint.diagnostic import Diagnostic, Report

_NAME = "calista-lint"


def render(report: Report) -> str:
    """Return the report as ``testsuites``; a clean one holds a single passed case."""
    suites: dict[str, list[Diagnostic]] = {}
    for item in report.diagnostics:
        suites.setdefault(relative(item.path), []).append(item)
    total = len(report.diagnostics)
    root = element("testsuites", name=_NAME, tests=str(total or 1), failures=str(total))
    if not suites:
        suite = element("testsuite", root, name=_NAME, tests="1", failures="0")
        element("testcase", suite, name="No errors found", classname=_NAME)
    for path, items in suites.items():
        count = str(len(items))
        suite = element("testsuite", root, name=path, tests=count, failures=count)
        for item in items:
            _case(suite, path, item)
    return as_xml(root)


def _case(suite: Element, path: str, item: Diagnostic) -> None:
    row, column, message = item.finding.row, item.finding.column, item.finding.message
    case = element(
        "testcase",
        suite,
        name=item.code,
        classname=path.removesuffix(".py"),
        file=path,
        line=str(row),
        column=str(column),
    )
    element("failure", case, f"line {row}, col {column}, {message}", message=message)
