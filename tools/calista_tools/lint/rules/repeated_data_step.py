from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement
    from calista_tools.lint.migration import Migration

#: Ways of writing only what is not there yet.
_GUARDED = (
    r"(?i)\b(on\s+conflict|or\s+(?:ignore|replace)|not\s+exists|not\s+in|except|is\s+null|merge)\b"
)
_GUARDED_CALLS = r"on_conflict_do|not_in\b|notin_|exists\(|except_|prefix_with|is_\(None"
_INSERTS = "inserts rows that may be there already: `ON CONFLICT DO NOTHING`, or `NOT EXISTS`"
_COMMENT = r"--[^\n]*|(?s:/\*.*?\*/)"
_WORD = r"[A-Za-z_]\w*"
_QUALIFIER = r'(?i)"?\b(?!excluded\b)[A-Za-z_]\w*"?\.'
_STRING = r"'(?:[^']|'')*'"
_COMPUTED = "`{}` is computed from itself: a second run changes it again"
_ASSIGNMENT = r'(?s)"?(\w+)"?\s*=\s*(.+)'
_TUPLE = r"(?s)\(([^()]*)\)\s*=\s*(?:ROW\s*)?\((.+)\)"
_SAME = r"\b(?:abs|cast|ceil|coalesce|floor|ifnull|lower|nullif|round|trim|upper)\s*"
_MORE = r"(?:,[^()]*|as\s[^()]*)?"
_ADDING = r"\b(?:array_append|array_cat|array_prepend|concat|concat_ws|jsonb_insert|reverse)\s*"
_REPLACE = r"(?i)\breplace\(\s*([^\s(),']+)\s*,\s*'([^']+)'\s*,\s*'([^']*)'"


@rule("CAL303", "repeated-data-step", about=("sql", "bulk_insert"))
def check(migration: Migration) -> Iterator[Finding]:
    """Data step gives another result when it is run twice.

    An upgrade that stopped half-way is run again, and a batch job is run by hand once more. Insert
    only what is missing (``ON CONFLICT DO NOTHING``, ``WHERE NOT EXISTS``), and set values instead
    of adding to them, or say by a ``WHERE`` which rows were done. Adding to a value is also
    ``concat``, ``array_append``, a counter in ``DO UPDATE`` and ``values(n=t.c.n + 1)``, while
    ``data - 'key'`` is none; ``COPY`` inserts what is there already.

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
    emptied = _Emptied()
    for operation in upgrade:
        if operation.conditional or operation.row in seen or not steps.changes_data(operation):
            pass
        elif not created.isdisjoint(steps.tables_of(operation)):
            pass  # the step cannot be run twice: the table would be there already
        elif problem := _problem(operation, emptied):
            seen.add(operation.row)
            yield Finding.of(operation, problem)
        emptied.add(operation)


class _Emptied:
    """The tables from which earlier steps take something away."""

    def __init__(self) -> None:
        self._tables: set[str | None] = set()
        self._by_some = False

    def add(self, operation: Operation) -> None:
        """Take in the next step."""
        if operation.sql is None and operation.keywords.get("verb") == "delete":
            self._tables.add(operation.table)
            self._by_some = True
        for statement in steps.statements(operation):
            if statement.verb in ("delete", "truncate"):
                self._tables.add(statement.table)

    def covers(self, operation: Operation) -> bool:
        """Whether earlier steps take away what this one puts in."""
        tables = set(steps.tables_of(operation))
        return not self._tables.isdisjoint(tables) or (self._by_some and not tables)


def _problem(operation: Operation, emptied: _Emptied) -> str:
    """Return why a step cannot be run twice, "" where it can or where that is not known."""
    if operation.sql is None:
        return _problem_in_core(operation, emptied)
    for statement in steps.statements(operation):
        text = operation.sql[statement.start : statement.end]
        if statement.conditional or statement.unknown:
            continue
        if statement.verb == "copy" and statement.kind == "dml":
            if not emptied.covers(operation):
                return _INSERTS
        elif statement.verb == "insert":
            plain = re.sub(_COMMENT, " ", re.sub(_STRING, "''", text))
            if not re.search(_GUARDED, plain) and not emptied.covers(operation):
                return _INSERTS
            _, _, change = plain.lower().partition("do update set ")
            if change and (column := _adds_up(f"set {change}", statement, text)):
                return _COMPUTED.format(column)
        elif statement.verb == "update" and (column := _adds_up(text, statement, text)):
            return _COMPUTED.format(column)
    return ""


def _problem_in_core(operation: Operation, emptied: _Emptied) -> str:
    """As above, of a step that is written in Python."""
    keywords = operation.keywords
    verb = keywords.get("verb")
    if verb == "update" and (column := _adds_up_in_core(operation)):
        return _COMPUTED.format(column)
    if operation.what != "bulk_insert" and verb != "insert":
        return ""
    written = ast.unparse(operation.node) if isinstance(operation.node, ast.expr) else ""
    guarded = keywords.get("guarded") is True or re.search(_GUARDED_CALLS, written) is not None
    return "" if guarded or "(" not in written or emptied.covers(operation) else _INSERTS


def _adds_up(text: str, statement: Statement, whole: str) -> str:
    """Return the column that an UPDATE adds to itself in rows that it will find again."""
    text = re.sub(r"\s+", " ", re.sub(_COMMENT, " ", re.sub(_STRING, "''", text)))
    head, condition = [*re.split(r"(?i) where ", text, maxsplit=1), ""][:2]
    if "select" in text.lower():
        return ""
    assignments = re.split(r"\bset\b", head, maxsplit=1, flags=re.IGNORECASE)[-1]
    found = dict(_assigned(assignments))
    mentioned = {word.lower() for word in re.findall(_WORD, condition)}
    if not mentioned.isdisjoint(name.lower() for name in (*statement.written, *found)):
        return ""
    growing = _growing(whole)
    for column, value in found.items():
        if _uses(column, re.sub(_QUALIFIER, "", value)) or column.lower() in growing:
            return column
    return ""


def _assigned(assignments: str) -> Iterator[tuple[str, str]]:
    """Yield each column of a SET clause with its new value; those of a tuple one by one."""
    for part in _parts(assignments):
        if (found := re.match(_ASSIGNMENT, part.strip())) is not None:
            yield found[1], found[2]
        elif (found := re.match(_TUPLE, part.strip())) is not None:
            names = re.findall(_WORD, found[1])
            yield from zip(names, _parts(found[2]), strict=False)


def _parts(text: str) -> Iterator[str]:
    """Yield what stands between the commas that are in no parenthesis."""
    depth, start = 0, 0
    for at, character in enumerate(text):
        if character in "()[]":
            depth += 1 if character in "([" else -1
        elif character == "," and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _growing(text: str) -> frozenset[str]:
    """Return the columns for which ``replace(column, 'x', 'xx')`` puts in what it looks for."""
    found: dict[str, bool] = {}
    for call in re.finditer(_REPLACE, text):
        found.setdefault(call[1].lower(), call[2] in call[3])
    return frozenset(column for column, grows in found.items() if grows)


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
    """Whether an operator, or a function that adds, of an expression is given the column itself."""
    if column.lower() not in expression.lower():
        return False  # five patterns with the column in them take a hundred times as long
    own = rf'(?<![\w.])"?{re.escape(column)}\b"?(?![.(])'
    # A string is what jsonb leaves out: `data - 'key'`.
    before, expression = "", re.sub(r"-\s*''", "", expression)
    while before != expression:
        before = expression
        # What gives the same again when it is done again stands for the column.
        expression = re.sub(rf"(?i){_SAME}\(\s*({own})\s*{_MORE}\)", r"\1", expression)
        expression = re.sub(rf"({own})\s*::\s*\w+(?:\(\d+\))?(?:\[\])?", r"\1", expression)
    operator = r"(?:\+|-(?!>)|\*|/|%|\|\|)"
    return (
        re.search(rf"(?i){own}\s*{operator}|(?:{operator}|\bnot)\s*{own}", expression) is not None
        or re.search(rf"(?i){_ADDING}\((?:[^()]|\([^()]*\))*?{own}", expression) is not None
    )
