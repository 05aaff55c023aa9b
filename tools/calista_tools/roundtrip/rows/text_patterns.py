"""Which text does a pattern accept? One example of a regular expression or a LIKE pattern."""

from __future__ import annotations

import re

_CLASSES = {"d": "7", "w": "a", "s": " ", "D": "x", "W": "-", "S": "a"}
_POSIX = {
    "alpha": "a", "digit": "7", "alnum": "a", "upper": "A", "lower": "a", "space": " ",
    "xdigit": "a", "punct": "-", "word": "a",
}  # fmt: skip
_MANY = 3


def like_example(pattern: str, fill: str = "a") -> str:
    """Return a text that a LIKE (or GLOB) pattern accepts."""
    return re.sub(r"[%*]", fill, pattern).replace("_", fill[:1]).replace("?", fill[:1])


def regex_example(pattern: str, turn: int = 0) -> str | None:
    """Return a text that a regular expression accepts, None where it uses what is rare.

    Args:
        pattern: POSIX or Python style.
        turn: Other turns choose other letters of a class and other branches.
    """
    reader = _Reader(pattern, turn)
    try:
        text = reader.branches()
    except (IndexError, ValueError):
        return None
    return text if reader.at == len(pattern) else None


class _Reader:
    def __init__(self, pattern: str, turn: int) -> None:
        self.pattern = pattern
        self.turn = turn
        self.at = 0

    def branches(self) -> str:
        found = [self.sequence()]
        while self.peek() == "|":
            self.at += 1
            found.append(self.sequence())
        return found[self.turn % len(found)]

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def sequence(self) -> str:
        text = ""
        while self.peek() not in ("", "|", ")"):
            part = self.atom()
            low, high = self.repeats()
            if low == 0:
                low = min(1, high)
            elif high > low and low == 1:
                low = min(_MANY, high)
            text += part * low
        return text

    def repeats(self) -> tuple[int, int]:
        sign = self.peek()
        result = {"*": (0, _MANY), "+": (1, _MANY), "?": (0, 1)}.get(sign, (1, 1))
        if sign in ("*", "+", "?") and sign:
            self.at += 1
        elif sign == "{":
            end = self.pattern.index("}", self.at)
            low, comma, high = self.pattern[self.at + 1 : end].partition(",")
            self.at = end + 1
            least = int(low or 0)
            result = (least, int(high) if high else least + (_MANY if comma else 0))
        if sign and sign in "*+?{" and self.peek() == "?":
            self.at += 1
        return result

    def atom(self) -> str:
        sign = self.pattern[self.at]
        self.at += 1
        if sign in "^$":
            return ""
        if sign == ".":
            return "a"
        if sign == "(":
            if self.peek() == "?":
                self.at += 2
                if self.pattern[self.at - 1] != ":":
                    raise ValueError(self.pattern)
            text = self.branches()
            if self.peek() != ")":
                raise ValueError(self.pattern)
            self.at += 1
            return text
        if sign == "[":
            return self.one_of()
        if sign == "\\":
            letter = self.pattern[self.at]
            self.at += 1
            if letter in "AZmMyY":
                return ""
            return _CLASSES.get(letter, letter)
        return sign

    def one_of(self) -> str:
        negated = self.peek() == "^"
        self.at += negated
        members: list[str] = []
        first = True
        while first or self.peek() != "]":
            first = False
            if self.pattern.startswith("[:", self.at):
                end = self.pattern.index(":]", self.at)
                members.append(_POSIX[self.pattern[self.at + 2 : end]])
                self.at = end + 2
                continue
            letter = self.pattern[self.at]
            self.at += 1
            if letter == "\\":
                letter = _CLASSES.get(self.pattern[self.at], self.pattern[self.at])
                self.at += 1
            if self.peek() == "-" and self.pattern[self.at + 1] != "]":
                last = self.pattern[self.at + 1]
                self.at += 2
                members.extend(
                    chr(c) for c in range(ord(letter), min(ord(last), ord(letter) + 25) + 1)
                )
            else:
                members.append(letter)
        self.at += 1
        if negated:
            return next(c for c in "a7-_Z é" if c not in members)
        return members[self.turn % len(members)]
