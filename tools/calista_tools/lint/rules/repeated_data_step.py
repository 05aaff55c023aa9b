from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.lint import steps
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.lint.migration import Migration
    from calista_tools.lint.operations import Operation
    from calista_tools.lint.sql import Statement

#: Ways of writing only what is not there yet.
_GUARDED = (
    r"(?i)\b(on\s+conflict|or\s+(?:ignore|replace)|not\s+exists|not\s+in|except|is\s+null|merge)\b"
)
_GUARDED_CALLS = r"on_conflict_do|not_in\b|notin_|exists\(|except_|prefix_with|is_\(None"
_WORD = r"[A-Za-z_]\w*"
_QUALIFIER = r'"?\b[A-Za-z_]\w*"?\.'
_STRING = r"'(?:[^']|'')*'"
_COMPUTED = "`{}` is computed from itself: a second run changes it again"
_ASSIGNMENT = r'(?s)"?(\w+)"?\s*=\s*(.+)'


@rule("CAL303", "repeated-data-step", about=("sql", "bulk_insert"))
def check(migration: Migration) -> Iterator[Finding]:
    """Data step gives another result when it is run twice.

    An upgrade that stopped half-way is run again, and a batch job is run by hand once more. Insert
    only what is missing (``ON CONFLICT DO NOTHING``, ``WHERE NOT EXISTS``), and set values instead
    of adding to them, or say by a ``WHERE`` which rows were done.

    Bad::

        op.bulk_insert(sa.table("tag", sa.column("name")), [{"name": "new"}])

    Bad::

        op.execute("UPDATE note SET size = size + 1")

    Good::

        op.execute("INSERT INTO tag (name) VALUES ('new') ON CONFLICT (name) DO NOTHING")

    Good::

        op.execute("UPDATE note SET size = length(body) WHERE size IS NULL")
    """
    upgrade = steps.of(migration.operations, "upgrade")
    created = steps.created_tables(upgrade)
    seen = set()
    for number, operation in enumerate(upgrade):
        if operation.conditional or operation.row in seen or not steps.changes_data(operation):
            continue
        if not created.isdisjoint(steps.tables_of(operation)):
            continue  # the step cannot be run twice: the table would be there already
        if problem := _problem(operation, upgrade[:number]):
            seen.add(operation.row)
            yield Finding.of(operation, problem)


def _problem(operation: Operation, before: Sequence[Operation]) -> str:
    """Return why a step cannot be run twice, "" where it can or where that is not known."""
    message = "inserts rows that may be there already: `ON CONFLICT DO NOTHING`, or `NOT EXISTS`"
    if operation.sql is None:
        verb = operation.keywords.get("verb")
        if verb == "update" and (column := _adds_up_in_core(operation)):
            return _COMPUTED.format(column)
        if operation.what != "bulk_insert" and verb != "insert":
            return ""
        written = ast.unparse(operation.node) if isinstance(operation.node, ast.expr) else ""
        guarded = re.search(_GUARDED_CALLS, written) is not None or "(" not in written
        return "" if guarded or _is_emptied(operation, before) else message
    for statement in steps.statements(operation):
        text = operation.sql[statement.start : statement.end]
        if statement.conditional or statement.unknown:
            continue
        if statement.verb == "insert":
            if not re.search(_GUARDED, re.sub(_STRING, "''", text)) and not _is_emptied(
                operation, before
            ):
                return message
        elif statement.verb == "update" and (column := _adds_up(text, statement)):
            return _COMPUTED.format(column)
    return ""


def _is_emptied(operation: Operation, before: Sequence[Operation]) -> bool:
    """Whether earlier steps take away what this one puts in."""
    tables = set(steps.tables_of(operation))
    return any(
        (statement.verb in ("delete", "truncate") and statement.table in tables)
        for earlier in before
        for statement in steps.statements(earlier)
    ) or any(
        earlier.sql is None
        and earlier.keywords.get("verb") == "delete"
        and (earlier.table in tables or not tables)
        for earlier in before
    )


def _adds_up(text: str, statement: Statement) -> str:
    """Return the column that an UPDATE adds to itself in rows that it will find again."""
    text = re.sub(_STRING, "''", text)
    head, _, condition = re.sub(r"\s+", " ", text).partition(" WHERE ")
    if not condition:
        head, _, condition = re.sub(r"\s+", " ", text).partition(" where ")
    if "select" in text.lower():
        return ""
    assignments = re.split(r"\bset\b", head, maxsplit=1, flags=re.IGNORECASE)[-1]
    mentioned = {word.lower() for word in re.findall(_WORD, condition)}
    written = {name.lower() for name in statement.written}
    if mentioned & written:
        return ""
    for part in assignments.split(","):
        found = re.match(_ASSIGNMENT, part.strip())
        if found is None:
            continue
        if _uses(found[1], re.sub(_QUALIFIER, "", found[2])):
            return found[1]
    return ""


def _adds_up_in_core(operation: Operation) -> str:
    """Return the column that SQLAlchemy's ``update()`` adds to itself, as above."""
    assigned = operation.keywords.get("set")
    condition = str(operation.keywords.get("where") or "")
    if not isinstance(assigned, dict) or not set(re.findall(_WORD, condition)).isdisjoint(assigned):
        return ""
    if "select" in condition or any("select" in text for text in assigned.values()):
        return ""
    return next((name for name, text in assigned.items() if _uses(name, text)), "")


def _uses(column: str, expression: str) -> bool:
    """Whether an operator of an expression is given the column itself."""
    own = rf'(?<![\w.])"?{re.escape(column)}\b"?(?![.(])'
    operator = r"(?:\+|-|\*|/|\|\|)"
    return re.search(rf"{own}\s*{operator}|{operator}\s*{own}", expression) is not None
