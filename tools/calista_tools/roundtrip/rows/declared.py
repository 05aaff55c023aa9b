"""What does a revision declare? ``# noqa: CAL301 - why`` on a statement of its file, and CAL305."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calista_tools.lint.noqa import read_directives
from calista_tools.lint.reasons import is_reason, no_way_back, texts
from calista_tools.lint.rules.missing_downgrade import does_nothing, only_raises

if TYPE_CHECKING:
    from collections.abc import Set

    from calista_tools.lint.noqa import Directive
    from calista_tools.roundtrip.rows.table_model import TableName

#: Rows may be lost; there is no way back.
LOSS, IRREVERSIBLE = "CAL301", "CAL305"
#: Calls that take a column from every row, and what takes whole rows.
_OF_COLUMNS = frozenset({"drop_column", "alter_column"})
_OF_ROWS = frozenset({"delete", "truncate", "drop_table", "replace"})


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one comment says.

    Attributes:
        reason: Its reason.
        words: Those of the statement that it stands at, and of the reason.
        statement: Those of the statement alone.
    """

    reason: str
    words: frozenset[str] = frozenset()
    statement: frozenset[str] = frozenset()

    def covers(
        self,
        table: TableName,
        known: Set[str],
        column: str | None = None,
        columns: Set[str] = frozenset(),
    ) -> bool:
        """Tell whether a loss is meant.

        A comment speaks for the tables that its statement or its reason names, and there for the
        columns that its statement names. Where these name none (a loop, a helper), it speaks for all.

        Args:
            table: What was lost from.
            known: The names of all tables.
            column: What was lost; None for whole rows.
            columns: The table's own.
        """
        if table.name not in self.words and any(
            name.rpartition(".")[2] in self.words for name in known
        ):
            return False
        calls = {word.lower() for word in self.statement}
        if column is None:
            return not calls & _OF_COLUMNS or bool(calls & _OF_ROWS)
        named = self.statement & columns
        return not named or column in named or bool(calls & _OF_ROWS)


def declarations(source: str, code: str = LOSS) -> list[Declaration]:
    """Return what a revision file declares with a code, nothing if it cannot be read.

    Read as the lint reads it: the same comments, in the same places, with the same idea of a reason.
    """
    if code == LOSS and "noqa" not in source.lower():
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: list[Declaration] = []
    for directive in read_directives(source.encode()):
        # A comment that names no code of ours says nothing of rows.
        if directive.codes is None or not directive.names(code):
            continue
        if is_reason(directive.reason):
            said: frozenset[str] = (
                frozenset() if directive.tool else _words(tree, source, _row(directive))
            )
            words = said | frozenset(re.findall(r"\w+", directive.reason))
            found.append(Declaration(directive.reason, words, said))
    if code == IRREVERSIBLE and (reason := _of_downgrade(tree)):
        found.append(Declaration(reason))
    return found


def _row(directive: Directive) -> int:
    """Return a row of the statement that a comment speaks for: below it, where it is a block's."""
    alone = not any(first <= directive.row <= last for first, last in directive.spans)
    return directive.spans[0][0] if directive.spans and alone else directive.row


def _of_downgrade(tree: ast.Module) -> str:
    """Return why there is no way back, where an empty ``downgrade()`` says so itself."""
    functions = {
        one.name: one
        for one in tree.body
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    upgrade, downgrade = functions.get("upgrade"), functions.get("downgrade")
    if upgrade is None or does_nothing(upgrade.body):
        return ""  # a merge: there is nothing to undo
    if downgrade is None or not (
        does_nothing(downgrade.body) or only_raises(downgrade.body, functions)
    ):
        return ""
    return no_way_back(downgrade, functions, texts(tree.body))


def _words(tree: ast.Module, source: str, line: int) -> frozenset[str]:
    """Return the words of the statement at a line, and of the heads of the blocks around it."""
    words: set[str] = set()
    lines = source.splitlines()
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            continue
        last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
        words.update(re.findall(r"\w+", "\n".join(lines[node.lineno - 1 : last])))
    return frozenset(words)
