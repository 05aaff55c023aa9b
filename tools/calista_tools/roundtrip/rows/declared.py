"""Which losses does a revision declare? ``# noqa: CAL301 - why`` on a statement of its file."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set

    from calista_tools.roundtrip.rows.model import TableName

_NOQA = re.compile(
    r"#\s*noqa\s*:\s*(?P<codes>CAL\d+(?:[,\s]+[A-Z]+\d+)*)\s*-+\s*(?P<reason>\S.*)", re.IGNORECASE
)
_CODE = "CAL301"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one comment says: the reason, and the words of the statement that it stands at."""

    reason: str
    words: frozenset[str] = frozenset()

    def covers(self, table: TableName, known: Set[str]) -> bool:
        """Tell whether the table's loss is meant.

        A comment speaks for the tables that its statement or its reason names. Where these name
        none (a loop, a helper), it speaks for all.
        """
        if table.name in self.words:
            return True
        return not any(name.rpartition(".")[2] in self.words for name in known)


def declarations(source: str) -> list[Declaration]:
    """Return the declared losses of a revision file, none if it cannot be read."""
    if _CODE not in source.upper():
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
            _words(tree, source, line) | frozenset(re.findall(r"\w+", found["reason"])),
        )
        for line, found in comments
        if _CODE in found["codes"].upper()
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
