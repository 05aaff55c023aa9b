"""Where does each statement of a text begin and end, and which words is it made of?

One pass, linear in the text whatever it holds: every quantifier is possessive, and what is not
closed (a string, a comment, a dollar quote) swallows the rest instead of being tried again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A statement's further words are passed over, not kept: only rows to insert come in such numbers.
MAX_TOKENS = 20_000
#: Nor is more than this looked at in one text; what follows is not followed.
MAX_TOTAL = 200_000

_PATTERN = r"""\s*+(?:
    (?P<skip>--[^\n]*+|\Z)
  | (?P<estring>[eE]'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+')
  | (?P<string>(?:[bBxXnN]|[uU]&)?'[^']*+(?:''[^']*+)*+')
  | (?P<word>[^\W\d][\w$]*+)
  | (?P<quoted>"[^"]*+(?:""[^"]*+)*+"|`[^`]*+(?:``[^`]*+)*+`{BRACKETS})
  | (?P<number>\d[\w.]*+|\.\d\w*+)
  | (?P<dollar>\$(?:[^\W\d]\w*+)?\$)
  | (?P<param>:[^\W\d]\w*+|%\([^()%\n]*+\)s|[$?]\d++|[@$][^\W\d]\w*+)
  | (?P<comment>/\*)
  | (?P<open>['"`])
  | (?P<op>::|:=|->>|->|\#>>?|@[>@]|<@|\|\||&&|==|<>|!=|<=|>=|!?~\*?|.)
)"""
_FLAGS = re.VERBOSE | re.DOTALL
_TOKEN = {
    "postgresql": re.compile(_PATTERN.replace("{BRACKETS}", ""), _FLAGS),
    "sqlite": re.compile(_PATTERN.replace("{BRACKETS}", r"|\[[^\[\]]*+\]"), _FLAGS),
}
#: The rest of a statement whose words are no longer kept, in one bite: all but its end, comments,
#: dollar quotes and strings with escapes.
_REST = re.compile(
    r"""(?:[^;'"`$\-/eE]++|'[^']*+(?:''[^']*+)*+'|"[^"]*+"|`[^`]*+`|[eE](?!')|-(?!-)|/(?!\*)|\$(?![$\w]))++"""
)
_COMMENT_END = {"postgresql": re.compile(r"/\*|\*/"), "sqlite": re.compile(r"\*/")}


class Token(NamedTuple):
    """A word, quoted identifier, string, number, parameter or operator.

    Attributes:
        kind: ``word``, ``quoted``, ``string``, ``estring``, ``dollar``, ``number``, ``param`` or
            ``op``.
        value: An identifier as the database keeps it; a string's contents.
        upper: A word or operator to compare with; "" for everything that is quoted.
    """

    kind: str
    value: str
    upper: str
    start: int
    end: int


class RawStatement(NamedTuple):
    """The words of one statement.

    Attributes:
        problem: What is not closed; "" where all is.
        cut: There were more words than are kept.
    """

    tokens: list[Token]
    start: int
    end: int
    problem: str
    cut: bool


def statements(text: str, dialect: str) -> Iterator[RawStatement]:
    """Yield the statements of ``text``, split at the semicolons that end one.

    Those in parentheses, in a SQLite trigger's ``BEGIN … END`` and in a PostgreSQL function's
    ``BEGIN ATOMIC … END`` end none. Empty statements are left out.
    """
    tokens: list[Token] = []
    depth, compound, total = 0, False, 0
    scan = Scanner(text, dialect)
    for token in scan:
        upper = token.upper
        if upper == ";" and (
            scan.passing or (not depth and not (compound and not _closes(tokens)))
        ):
            if tokens:
                yield RawStatement(tokens, tokens[0].start, token.end, "", scan.passing)
            total += len(tokens)
            if total > MAX_TOTAL:
                rest = Token("open", "", "", token.end, len(text))
                yield RawStatement([rest], token.end, len(text), "the text is too long", True)
                return
            tokens, depth, compound, scan.passing = [], 0, False, False
            continue
        if upper == "(":
            depth += 1
        elif upper == ")":
            depth = max(depth - 1, 0)
        elif upper == "BEGIN":
            compound = compound or _is_trigger(tokens)
        elif upper == "ATOMIC":
            compound = compound or (bool(tokens) and tokens[-1].upper == "BEGIN")
        elif token.kind == "open":
            first = (tokens or [token])[0]
            yield RawStatement([*tokens, token], first.start, token.end, token.value, False)
            return
        if len(tokens) < MAX_TOKENS:
            tokens.append(token)
        else:
            scan.passing = True
    if tokens:
        problem = "a parenthesis is not closed" if depth and not scan.passing else ""
        yield RawStatement(tokens, tokens[0].start, tokens[-1].end, problem, scan.passing)


def _closes(tokens: list[Token]) -> bool:
    """Whether a semicolon here ends a compound body: SQLite's own rule, ``; END ;``."""
    return (
        len(tokens) > 1
        and tokens[-1].upper == "END"
        and tokens[-2].upper in (";", "BEGIN", "ATOMIC")
    )


def _is_trigger(tokens: list[Token]) -> bool:
    return (
        bool(tokens)
        and tokens[0].upper == "CREATE"
        and any(token.upper == "TRIGGER" for token in tokens[1:4])
    )


class Scanner:
    """The tokens of a text, one after another.

    Attributes:
        passing: Set to pass over the rest of the statement quickly.
    """

    def __init__(self, text: str, dialect: str) -> None:
        self.text = text
        self.dialect = dialect
        self.passing = False

    def __iter__(self) -> Iterator[Token]:
        """Yield the tokens; the last one is ``open`` where something is not closed."""
        if len(self.text) <= _SHORT and not _DIFFERENT.intersection(self.text):
            return iter(_on_both(self.text)[self.dialect == "postgresql"])
        return self._tokens()

    def _tokens(self) -> Iterator[Token]:
        text, dialect = self.text, self.dialect
        match = _TOKEN[dialect].match
        fold = dialect == "postgresql"
        at, length = 0, len(text)
        while at < length:
            if self.passing and (rest := _REST.match(text, at)):
                at = rest.end()
                continue
            found = match(text, at)
            if found is None:  # pragma: no cover - the last alternative takes any character
                return
            kind, at = found.lastgroup or "op", found.end()
            if kind == "skip":
                continue
            start, word = found.start(kind), found.group(kind)
            if kind == "word":
                yield Token("word", word.lower() if fold else word, word.upper(), start, at)
            elif kind == "op":
                yield Token("op", word, word, start, at)
            elif kind == "comment":
                at = _comment_end(text, at, dialect)
                if at < 0:
                    # SQLite takes a comment that is not closed; PostgreSQL does not.
                    if dialect == "postgresql":
                        yield Token("open", "a comment is not closed", "", start, length)
                    return
            elif kind == "dollar":
                end = text.find(word, at)
                if end < 0:
                    yield Token("open", f"{word} is not closed", "", start, length)
                    return
                yield Token("dollar", text[at:end], "", start, end + len(word))
                at = end + len(word)
            elif kind == "open":
                yield Token("open", f"a quote ({word}) is not closed", "", start, length)
                return
            else:
                yield Token(kind, _value(kind, word), "", start, at)


#: Too short to hold more words than are kept.
_SHORT = 10_000
#: What begins what the dialects read in different ways, or what is found by another search: a name
#: in brackets, a comment, a dollar quote.
_DIFFERENT = frozenset("[/$")
_new = tuple.__new__


@lru_cache(maxsize=64)  # each dialect's rules ask for the same few texts
def _on_both(text: str) -> tuple[list[Token], list[Token]]:
    """Return the tokens of a text as SQLite and as PostgreSQL keeps them: names alone differ."""
    plain: list[Token] = []
    folded: list[Token] = []
    for found in _TOKEN["postgresql"].finditer(text):
        kind = found.lastgroup or "op"
        if kind == "skip":
            continue
        word, end = found[kind], found.end()
        start = end - len(word)
        if kind == "word":
            upper, lower = word.upper(), word.lower()
            token = _new(Token, ("word", word, upper, start, end))
            plain.append(token)
            if lower != word:
                token = _new(Token, ("word", lower, upper, start, end))
            folded.append(token)
            continue
        if kind == "op":
            token = _new(Token, ("op", word, word, start, end))
        elif kind == "open":
            token = Token("open", f"a quote ({word}) is not closed", "", start, len(text))
        else:
            token = _new(Token, (kind, _value(kind, word), "", start, end))
        plain.append(token)
        folded.append(token)
        if kind == "open":
            break
    return plain, folded


def _value(kind: str, written: str) -> str:
    """Return what stands between the quotes."""
    if kind == "quoted":
        quote = written[-1]
        return written[1:-1].replace(quote + quote, quote)
    if kind in ("string", "estring"):
        return written[written.index("'") + 1 : -1].replace("''", "'")
    return written


def _comment_end(text: str, at: int, dialect: str) -> int:
    """Return where a block comment ends; they nest on PostgreSQL. -1 where it does not."""
    depth = 1
    for found in _COMMENT_END[dialect].finditer(text, at):
        depth += 1 if found.group() == "/*" else -1
        if not depth:
            return found.end()
    return -1
