"""SARIF 2.1.0, for code scanning.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from calista_tools import __version__
from calista_tools.lint.outputs import end, relative
from calista_tools.lint.pages import render as page
from calista_tools.lint.rule import all_rules
from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from calista_tools.lint.diagnostic import Diagnostic, Report
    from calista_tools.lint.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    """Return one SARIF run with the rules that found something."""
    known = all_rules()
    codes = sorted({item.code for item in report.diagnostics})
    driver = {
        "name": "calista-lint",
        "version": __version__,
        "rules": [_rule(known[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, codes) for item in report.diagnostics],
    }
    return as_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    """Return what is said of a rule: its page itself, and where it is published if it is."""
    described = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.doc},
        "help": {"text": rule.doc, "markdown": page(rule)},
    }
    return described | ({"helpUri": rule.url} if rule.url else {})


def _result(item: Diagnostic, codes: list[str]) -> dict[str, Any]:
    row, column = end(item)
    location = {
        "artifactLocation": {"uri": _uri(item.path)},
        "region": {
            "startLine": item.finding.row,
            "startColumn": item.finding.column,
            "endLine": row,
            "endColumn": column,
        },
    }
    return {
        "ruleId": item.code,
        "ruleIndex": codes.index(item.code),
        "level": "error",
        "message": {"text": item.finding.message},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: PurePath) -> str:
    """Return a path relative to the working folder, else a ``file:`` address."""
    text = relative(path)
    if text == str(path):
        return path.as_uri()
    return quote(PurePath(text).as_posix(), errors="surrogateescape")
