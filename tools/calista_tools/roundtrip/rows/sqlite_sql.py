"""Which CHECKs stand in a ``CREATE TABLE`` of SQLite? No pragma tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\w+|[()]|\s+|.""",
    re.DOTALL,
)


def check_expressions(sql: str) -> Iterator[str]:
    """Yield what stands between the brackets of each CHECK, in order."""
    tokens = [token for token in _TOKEN.findall(sql) if not token.startswith(("--", "/*"))]
    for at, token in enumerate(tokens):
        if token.upper() != "CHECK":
            continue
        start = at + 1
        while start < len(tokens) and tokens[start].isspace():
            start += 1
        depth, end = 0, start
        while end < len(tokens):
            depth += {"(": 1, ")": -1}.get(tokens[end], 0)
            if depth == 0:
                break
            end += 1
        if end > start:
            yield "".join(tokens[start + 1 : end]).strip()
