"""What does a revision declare? ``# noqa: CAL301 - why`` on a statement of its file, and CAL305."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

    from calista_tools.roundtrip.rows.table_model import TableName

_NOQA = re.compile(
    r"#\s*noqa\s*:\s*(?P<codes>CAL\d+(?:[,\s]+[A-Z]+\d+)*)\s*-+\s*(?P<reason>\S.*)", re.IGNORECASE
)
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
    """Return what a revision file declares with a code, nothing if it cannot be read."""
    if code not in source.upper():
        return []
    try:
        tree = ast.parse(source)
        comments = [
            (token.start[0], found)
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT and (found := _NOQA.search(token.string))
        ]
    except (SyntaxError, ValueError, tokenize.TokenError):
        return []
    return [
        Declaration(
            found["reason"].strip(),
            (said := _words(tree, source, line)) | frozenset(re.findall(r"\w+", found["reason"])),
            said,
        )
        for line, found in comments
        if code in found["codes"].upper()
    ]


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
