"""What does a ``# noqa`` comment set aside, and why?

Read from tokens, so that a string that holds ``# noqa`` is none; only where the bytes hold the word
at all, because tokenizing takes longer than parsing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    import tokenize
    from collections.abc import Iterator

    from calista_tools.lint.rule import Finding

#: Compiled where it is used: most runs meet no comment.
_COMMENT = r"""\#\s*noqa
        (?P<listed>:\s*(?P<codes>[A-Z]+[0-9]+(?:[\s,]+[A-Z]+[0-9]+)*)?)?
        (?:\s*(?:-+|\N{EN DASH}|\N{EM DASH})\s*(?P<reason>[^#]*))?"""


class Directive(NamedTuple):
    """One ``# noqa`` comment.

    Attributes:
        row: Where the comment stands; ``column`` and ``end_column`` count characters from 1.
        first_row: Where the statement begins that the comment stands in.
        last_row: Where it ends.
        codes: As written; None for a blanket ``# noqa``.
        reason: What follows the dash; "" where nothing does.
    """

    row: int
    column: int
    end_column: int
    first_row: int
    last_row: int
    codes: tuple[str, ...] | None
    reason: str

    def covers(self, code: str, finding: Finding) -> bool:
        """Whether it sets this finding aside: same line, or the end of its statement."""
        if self.codes is not None and code not in self.codes:
            return False
        if self.row in (finding.row, finding.end_row):
            return True
        return self.row == self.last_row and self.first_row <= finding.row <= self.last_row


def read_directives(source: bytes) -> tuple[Directive, ...]:
    """Return the ``# noqa`` comments of a file, none for one that cannot be tokenized."""
    if b"noqa" not in source.lower():
        return ()
    import tokenize  # here: a cached answer needs none of this

    try:
        return tuple(_directives(source))
    except (SyntaxError, tokenize.TokenError, ValueError):
        return ()


def _directives(source: bytes) -> Iterator[Directive]:
    import io
    import tokenize

    waiting: list[tokenize.TokenInfo] = []
    first_row: int | None = None
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            waiting.append(token)
        elif token.type == tokenize.NEWLINE or (token.type == tokenize.NL and first_row is None):
            # The end of a statement, or of a line that holds nothing but a comment.
            last_row = token.start[0]
            for comment in waiting:
                yield from _read(comment, first_row or last_row, last_row)
            waiting, first_row = [], None
        elif first_row is None and token.type not in (tokenize.INDENT, tokenize.DEDENT):
            first_row = token.start[0] if token.type != tokenize.ENCODING else None


def _read(comment: tokenize.TokenInfo, first_row: int, last_row: int) -> Iterator[Directive]:
    match = re.search(_COMMENT, comment.string, re.IGNORECASE | re.VERBOSE)
    if match is None:
        return
    codes = match["codes"]
    if match["listed"] and not codes:
        return  # a word after the colon that is no code: prose, to ruff as well
    start = comment.start[1] + match.start() + 1
    end = comment.start[1] + len(comment.string[: match.end()].rstrip()) + 1
    listed = None if codes is None else tuple(re.split(r"[\s,]+", codes.upper()))
    row = comment.start[0]
    reason = (match["reason"] or "").strip()
    yield Directive(row, start, end, first_row, last_row, listed, reason)
