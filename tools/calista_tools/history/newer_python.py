"""Is it a syntax error, or a newer Python's syntax? Asked of a file that this Python cannot parse."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    _Change = str | Callable[[re.Match[str]], str]


def newer_syntax(text: str, program: str) -> str:
    """Return that a newer Python is needed, in words; "" where the file is wrong in any.

    What is new is written as it was before; only where the whole file parses then, it was that.
    """
    known = sys.version_info[:2]
    before = text
    for version, pattern, change in _NEW:
        if version > known:
            before = re.sub(pattern, change, before)
    if before == text:
        return ""
    try:
        ast.parse(before)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return f"needs a newer Python than {known[0]}.{known[1]}, which runs {program}"


def _without_fields(found: re.Match[str]) -> str:
    """Return a plain string for an f-string whose fields are expressions, else the same text."""
    fields = re.findall(r"(?<!\{)\{([^{}\n]+)\}", found[0])
    return "''" if all(map(_is_expression, fields)) else found[0]


def _is_expression(field: str) -> bool:
    # What follows a colon or `!r` says how it is shown; a colon may stand in a slice, too.
    ends = [len(field), *(at.start() for at in re.finditer(r"[:!=]", field))]
    for end in ends:
        try:
            ast.parse(f"({field[:end]})", mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return True
    return False


#: Since which Python, what it looks like, and what was written before.
_NEW: tuple[tuple[tuple[int, int], str, _Change], ...] = (
    # PEP 695 and 696: parameters of types.
    (
        (3, 12),
        r"(\b(?:def|class)\s+\w+)\s*\[(?:[^\[\]]|\[[^\[\]]*\])*\](?=\s*[(:])",
        r"\1",
    ),
    ((3, 12), r"(?m)^(\s*)type\s+(\w+)\s*(?:\[[^\n=]*\])?\s*=(?!=)", r"\1\2 ="),
    # PEP 701: the same quotes, backslashes and comments inside an f-string.
    (
        (3, 12),
        r"(?i)(?<![\w\"'])(?:f|rf|fr)\"(?!\")(?:[^\"\n{}]|\{[^{}\n]*\}|\{\{|\}\})*\"",
        _without_fields,
    ),
    (
        (3, 12),
        r"(?i)(?<![\w\"'])(?:f|rf|fr)'(?!')(?:[^'\n{}]|\{[^{}\n]*\}|\{\{|\}\})*'",
        _without_fields,
    ),
    # PEP 750: templates.
    ((3, 14), r"(?i)(?<![\w\"'])(?:t|rt|tr)(?=[\"'])", ""),
    # PEP 758; with one name in lower case it is Python 2's.
    (
        (3, 14),
        r"(?m)^(\s*except\*?\s+)(?!\w+\s*,\s*[a-z_]\w*\s*:)([\w.]+(?:\s*,\s*[\w.]+)+)(\s*:)",
        r"\1(\2)\3",
    ),
)
