"""How does a parser step through a statement's words?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.sql.tokens import Token


def words(text: str) -> frozenset[str]:
    """Return the words of ``text`` as a set."""
    return frozenset(text.split())


class Unrecognised(Exception):  # noqa: N818 - control flow: the next parser is asked
    """The words do not form what they began as."""


class Cursor:
    """A place in a run of words.

    Attributes:
        text: The whole text, for cutting out expressions as they were written.
    """

    __slots__ = ("at", "end", "text", "tokens")

    def __init__(self, text: str, tokens: list[Token], at: int = 0, end: int | None = None) -> None:
        self.text = text
        self.tokens = tokens
        self.at = at
        self.end = len(tokens) if end is None else end

    def __bool__(self) -> bool:
        """Whether there is more."""
        return self.at < self.end

    @property
    def word(self) -> str:
        """The next word or operator in capitals; "" for quoted things and at the end."""
        return self.tokens[self.at].upper if self.at < self.end else ""

    @property
    def kind(self) -> str:
        """The kind of the next token; "" at the end."""
        return self.tokens[self.at].kind if self.at < self.end else ""

    def ahead(self, steps: int = 1) -> str:
        """The word that stands ``steps`` after the next one."""
        at = self.at + steps
        return self.tokens[at].upper if at < self.end else ""

    def ahead_kind(self) -> str:
        """The kind of the token after the next one; "" at the end."""
        return self.tokens[self.at + 1].kind if self.at + 1 < self.end else ""

    def accept(self, *words: str) -> bool:
        """Step over this sequence of words if it comes next."""
        at = self.at
        if at + len(words) > self.end:
            return False
        tokens = self.tokens
        for offset, word in enumerate(words):
            if tokens[at + offset].upper != word:
                return False
        self.at = at + len(words)
        return True

    def accept_any(self, *words: str) -> str:
        """Step over one of these words; "" if none comes next."""
        word = self.word
        if word and word in words:
            self.at += 1
            return word
        return ""

    def expect(self, *words: str) -> None:
        """Step over this sequence of words.

        Raises:
            Unrecognised: It does not come next.
        """
        if not self.accept(*words):
            self.fail()

    def fail(self) -> NoReturn:
        """Give up here.

        Raises:
            Unrecognised: Always.
        """
        raise Unrecognised

    def identifier(self) -> str:
        """Step over a name and return it as the database keeps it.

        Raises:
            Unrecognised: There is none.
        """
        if self.at < self.end:
            token = self.tokens[self.at]
            # SQLite takes a string where a name must stand.
            if token.kind in ("word", "quoted", "string"):
                self.at += 1
                return token.value
        raise Unrecognised

    def name(self) -> tuple[str | None, str]:
        """Step over a name that may be qualified; return its schema and itself."""
        schema, name = None, self.identifier()
        while self.word == ".":
            self.at += 1
            schema, name = name, self.identifier()
        return schema, name

    def skip(self) -> None:
        """Step over one token, or a whole parenthesis."""
        if self.word == "(":
            self.group()
        else:
            self.at += 1

    def group(self) -> Cursor:
        """Step over a parenthesis and return a cursor over what is in it.

        Raises:
            Unrecognised: No parenthesis stands here, or it is not closed.
        """
        if self.word != "(":
            raise Unrecognised
        depth, start = 0, self.at + 1
        for at in range(self.at, self.end):
            upper = self.tokens[at].upper
            if upper == "(":
                depth += 1
            elif upper == ")":
                depth -= 1
                if not depth:
                    self.at = at + 1
                    return Cursor(self.text, self.tokens, start, at)
        raise Unrecognised

    def parts(self) -> Iterator[Cursor]:
        """Yield a cursor for each part between the commas that stand in no parenthesis."""
        depth, start = 0, self.at
        for at in range(self.at, self.end):
            upper = self.tokens[at].upper
            if upper in ("(", "["):
                depth += 1
            elif upper in (")", "]"):
                depth -= 1
            elif upper == "," and not depth:
                yield Cursor(self.text, self.tokens, start, at)
                start = at + 1
        if start < self.end:
            yield Cursor(self.text, self.tokens, start, self.end)
        self.at = self.end

    def rest(self) -> str:
        """Return the text from here to the end, as written."""
        if self.at >= self.end:
            return ""
        return self.text[self.tokens[self.at].start : self.tokens[self.end - 1].end]

    def since(self, start: int) -> str:
        """Return the text from the token ``start`` up to here, as written."""
        if self.at <= start:
            return ""
        return self.text[self.tokens[start].start : self.tokens[self.at - 1].end]

    def until(self, *words: str) -> str:
        """Step to the first of these words outside of parentheses; return the text passed."""
        start = self.at
        while self.at < self.end and self.tokens[self.at].upper not in words:
            self.skip()
        return self.since(start)

    def names(self) -> tuple[str, ...]:
        """Step over a parenthesis of names.

        Raises:
            Unrecognised: Something else stands in it.
        """
        return tuple(part.identifier() for part in self.group().parts())
