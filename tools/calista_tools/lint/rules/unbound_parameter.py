from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Edit, Finding, Fix, rule
from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration

#: SQLAlchemy's own pattern (``TextClause``): it knows nothing of quotes.
_BINDS = later(r"(?<![:\w\x5c]):(\w+)(?!:)")


@rule("CAL313", "unbound-parameter", about=("sql",), lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    r"""A colon in SQL text makes a bind parameter, and nobody gives it a value.

    ``op.execute("…")`` and ``sa.text("…")`` take ``:name`` for a parameter wherever it stands, in
    quotes and in JSON too: ``A value is required for bind parameter '28'``. ``12:30``, ``::text`` and
    a colon before a blank are none. A backslash in front makes it a plain colon: ``\:`` in a raw
    string, ``\\:`` in another one. Values go to ``sa.text("…").bindparams(…)``.
    Source: https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text

    Bad::

        op.execute("UPDATE note SET options = '{\"days\":28}'")

    Bad::

        op.get_bind().execute(sa.text("DELETE FROM note WHERE title = :title"))

    Good::

        op.execute("UPDATE note SET options = '{\"days\"\\:28}'")

    Good::

        op.execute(r"UPDATE note SET options = '{}' WHERE options = '{\"days\"\:28}'")

    Good::

        op.execute(sa.text("DELETE FROM note WHERE title = :title").bindparams(title="old"))
    """
    seen = set()
    for operation in migration.operations:
        if operation.sql is None or not _waits(operation):
            continue
        names = tuple(dict.fromkeys(match[1] for match in _BINDS.finditer(operation.sql)))
        if not names or (operation.row, operation.column, names) in seen:
            continue
        seen.add((operation.row, operation.column, names))
        shown = ", ".join(f"`:{name}`" for name in names[:3]) + (" …" if len(names) > 3 else "")
        quoted = all(_quoted(operation.sql, match) for match in _BINDS.finditer(operation.sql))
        way = r"write `\:`, or give it" if quoted else r"give it, or write `\:`"
        message = f"{shown} in this text is a bind parameter that gets no value: {way}"
        yield Finding.of(operation, message, _escaped(operation, migration) if quoted else None)


def _waits(operation: Operation) -> bool:
    """Whether the text is SQLAlchemy's, and nothing is handed over with it."""
    spelt = operation.keywords.get("text")
    return spelt == "text" or (spelt == "string" and operation.keywords.get("via") == "op")


def _quoted(sql: str, match: re.Match[str]) -> bool:
    return sql.count("'", 0, match.start()) % 2 == 1


def _escaped(operation: Operation, migration: Migration) -> Fix | None:
    """Return the edits that put a backslash before each colon, where the text is one literal."""
    call = operation.node
    if operation.foreign or not isinstance(call, ast.Call) or len(call.args) != 1:
        return None
    literal = call.args[0]
    if isinstance(literal, ast.Call) and len(literal.args) == 1:
        literal = literal.args[0]
    if not isinstance(literal, ast.Constant) or literal.value != operation.sql:
        return None
    source = ast.get_source_segment(migration.text, literal) or ""
    found = list(_BINDS.finditer(source))
    if _BINDS.findall(source) != _BINDS.findall(operation.sql or ""):
        return None  # joined from several literals, or spelt with escapes
    raw = "r" in source[: re.search("['\"]", source).start()].lower() if found else False  # type: ignore[union-attr]
    return Fix(
        "Escape the colon",
        tuple(_insert(literal, source, one.start(), raw) for one in found),
    )


def _insert(literal: ast.expr, source: str, at: int, raw: bool) -> Edit:
    before = source[:at].replace("\r\n", "\n").split("\n")
    row = literal.lineno + len(before) - 1
    # Columns of the tree count bytes; whoever asks for the findings turns them into characters.
    column = len(before[-1].encode()) + 1 + (literal.col_offset if len(before) == 1 else 0)
    return Edit(row, column, row, column, "\\" if raw else "\\\\")
