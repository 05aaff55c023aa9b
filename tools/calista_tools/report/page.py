"""What does the HTML report show? One self-contained page: checklist, lint, round-trip, SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.environment.databases import revision_sql
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.rendering.rendering import render
from calista_tools.report.checklist import answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.history import Revision
    from calista_tools.report.evidence import Evidence


class Script(NamedTuple):
    """A revision under review: its text and its SQL by dialect."""

    revision: Revision
    source: str
    sql: Sequence[tuple[str, str]]


def page(evidence: Evidence) -> tuple[str, Sequence[str]]:
    """Return the page, and the lines of the checklist that do not hold."""
    answered = answers(evidence)
    open_lines = [answer.line for answer in answered if answer.fails]
    values = {
        "project": evidence.config.root.name,
        "evidence": evidence,
        "answers": answered,
        "holds": not open_lines,
        "scripts": list(_scripts(evidence)),
        "tree": _tree(evidence),
        "written": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    }
    filters = {"file_name": lambda path: PurePath(path).name}
    return render(evidence.config, "report.html.j2", values, filters=filters), open_lines


def _scripts(evidence: Evidence) -> Iterator[Script]:
    for revision in evidence.new:
        source = regular_file.read_text(revision.path, errors="replace")
        sql = [(name, _sql(evidence, revision, name)) for name in evidence.config.dialects]
        yield Script(revision, source, sql)


def _sql(evidence: Evidence, revision: Revision, dialect: str) -> str:
    try:
        return revision_sql(evidence.config, revision.revision, dialect)
    except ToolError as error:
        return f"-- not written: {error.message}"


def _tree(evidence: Evidence) -> str:
    from calista_tools.history.project_history import read_project
    from calista_tools.rework.exports import render as export

    return export(read_project(evidence.config, thorough=True), "text", unicode=True, width=None)
