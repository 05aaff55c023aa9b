"""What does a ``# noqa`` comment set aside, and why?

Read from tokens, so that a string that holds ``# noqa`` is none; only where the bytes hold the word
at all, because tokenizing takes longer than parsing. Everybody who asks what a revision declares
asks here: the lint, the review and the round trip.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    import tokenize
    from collections.abc import Iterator

    from calista_tools.lint.noqa_places import Places
    from calista_tools.lint.rule import Finding

_CODE = r"(?:[A-Z]+[0-9]+|CAL)\b"
#: Compiled where it is used: most runs meet no comment.
_COMMENT = rf"""\#\s*(?:(?P<tool>calista|ruff|flake8)\s*:\s*)?noqa\b
        (?P<listed>\s*:(?:\s*(?P<codes>{_CODE}(?:[\s,]+{_CODE})*))?)?"""
#: Where the comment of another tool begins: it is no part of a reason.
_ANOTHER = (
    r"\#\s*(?:noqa|type|ruff|flake8|mypy|pyright|ty|pyre|pylint|pragma|nosec|nosonar|nosemgrep|isort"
    r"|yapf|fmt|calista|codespell|cspell)\b"
)
#: What stands between the codes and the reason.
_BETWEEN = " \t-\N{EN DASH}\N{EM DASH}:;,.#"


class Directive(NamedTuple):
    """One ``# noqa`` comment.

    Attributes:
        row: Where the comment stands; ``column`` and ``end_column`` count characters from 1.
        first_row: Where the statement begins that the comment stands in.
        last_row: Where it ends.
        codes: As written, or the beginning of several (``CAL3``); None for a blanket ``# noqa``.
        reason: What follows the codes; "" where nothing does.
        spans: First and last rows that it may speak for beside its own, the nearest first.
        tool: Whose mark of a whole file it is (``calista: noqa``); "" for one about its place.
    """

    row: int
    column: int
    end_column: int
    first_row: int
    last_row: int
    codes: tuple[str, ...] | None
    reason: str
    spans: tuple[tuple[int, int], ...] = ()
    tool: str = ""

    def names(self, code: str) -> bool:
        """Whether it is about this code: listed itself, or its family, or all are meant."""
        return self.codes is None or any(_is_of(code, listed) for listed in self.codes)

    def distance(self, finding: Finding) -> int | None:
        """Return how near a finding is: 0 is nearest, None is out of reach."""
        if self.tool:
            return 0
        end_row = finding.end_row or finding.row
        inside = self.first_row < finding.row <= self.row <= end_row
        if inside or self.row in (finding.row, end_row):
            return 0
        for distance, (first, last) in enumerate(self.spans):
            if first <= finding.row <= last:
                return distance
        return None

    def rewritten(self, codes: tuple[str, ...], reason: str) -> str:
        """Return the comment with other codes and a reason."""
        said = f" - {reason}" if reason else ""
        return f"# {f'{self.tool}: ' if self.tool else ''}noqa: {', '.join(codes)}{said}"


def _is_of(code: str, listed: str) -> bool:
    return code == listed or (listed.startswith("CAL") and code.startswith(listed))


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

    places: Places | None = None
    waiting: list[tokenize.TokenInfo] = []
    first_row: int | None = None
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            waiting.append(token)
        elif token.type == tokenize.NEWLINE or (token.type == tokenize.NL and first_row is None):
            # The end of a statement, or of a line that holds nothing but a comment.
            last_row = token.start[0]
            alone = first_row is None
            for comment in waiting:
                found = _read(comment, first_row or last_row, last_row, alone=alone)
                if found is None:
                    continue
                if not found.tool and _may_be_ours(found):
                    places = places or _places_of(source)
                    rows = (found.first_row, found.row, found.last_row)
                    found = found._replace(spans=places.spans(rows, alone=alone))
                yield found
            waiting, first_row = [], None
        elif first_row is None and token.type not in (tokenize.INDENT, tokenize.DEDENT):
            first_row = token.start[0] if token.type != tokenize.ENCODING else None


def _may_be_ours(directive: Directive) -> bool:
    return directive.codes is None or any(code.startswith("CAL") for code in directive.codes)


def _places_of(source: bytes) -> Places:
    from calista_tools.lint.noqa_places import Places

    return Places(source)


def _read(
    comment: tokenize.TokenInfo, first_row: int, last_row: int, *, alone: bool
) -> Directive | None:
    text = comment.string
    match = re.search(_COMMENT, text, re.IGNORECASE | re.VERBOSE)
    if match is None:
        return None
    codes, tool = match["codes"], (match["tool"] or "").lower()
    if match["listed"] and not codes:
        return None  # a word after the colon that is no code: prose, to ruff as well
    listed = None if codes is None else tuple(re.split(r"[\s,]+", codes.upper()))
    if tool in ("ruff", "flake8") and (
        # Without codes it is about theirs; at the end of a line it means nothing to them either.
        not alone or not any(code.startswith("CAL") for code in listed or ())
    ):
        return None
    another = re.compile(_ANOTHER, re.IGNORECASE).search(text, match.end())
    after = text[match.end() : another.start() if another else None]
    row, column = comment.start[0], comment.start[1] + 1
    end = column + len(text[: match.end()] + after.rstrip())
    return Directive(
        row,
        column + match.start(),
        end if after.strip() else column + len(text[: match.end()].rstrip()),
        first_row,
        last_row,
        listed,
        _bare(after),
        (),
        tool if alone else "",
    )


def _bare(text: str) -> str:
    """Return a reason without what sets it off from the codes."""
    text = text.strip().lstrip(_BETWEEN)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text
