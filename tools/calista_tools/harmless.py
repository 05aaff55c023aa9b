"""How is text printed that others wrote? With nothing in it that acts on who reads it.

Docstrings, names, file names and what a database says may hold escape sequences, which rename what a
terminal shows or write into its clipboard, and characters that turn the order of what follows. They
are shown by their number. `harmless_streams` sees to it where output is written, whoever writes it:
env.py's logging and argparse, too. The twin of ``calista.harmless``.
"""

from __future__ import annotations

import sys

from calista_tools.passwords import forget, note, without_passwords

TYPE_CHECKING = False  # typing alone takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TextIO

#: Controls, invisible formats, halves of pairs, separators of lines and paragraphs.
_KINDS = ("Cc", "Cf", "Cs", "Zl", "Zp")
#: Of these, what text needs: scripts and emoji are written with the last two.
_NEEDED = "\t\n\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


class _Table(dict[int, str]):
    """For `str.translate`: what is shown in each character's place, decided when it is met."""

    def __missing__(self, code: int) -> str:
        # Here: most runs meet nothing that is not printable.
        from unicodedata import category

        char = chr(code)
        if char not in _NEEDED and category(char) in _KINDS:
            digits = (2, "x") if code < 0x100 else (4, "u") if code < 0x10000 else (8, "U")
            char = f"\\{digits[1]}{code:0{digits[0]}x}"
        self[code] = char
        return char


_TABLE = _Table()


def harmless(text: str) -> str:
    r"""Return the text with what would act on its reader shown by its number, as ``\x1b``."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    # The end of a line on Windows; alone it would write over the line.
    return "\r\n".join(part.translate(_TABLE) for part in text.split("\r\n"))


def on_one_line(text: str) -> str:
    """Return the text with the ends of lines shown, too: a name must not write a line of its own."""
    return harmless(text).replace("\n", "\\n") if "\n" in text else text


class Harmless:
    """A stream that shows text so; everything else is the stream's own.

    Args:
        stream: Where to.
        words: Whether words for people are written there, which show no password.
    """

    def __init__(self, stream: TextIO, *, words: bool = False) -> None:
        self.stream = stream
        self._words = words

    def write(self, text: str) -> int:
        """Write text; return how much of it was."""
        self.stream.write(harmless(without_passwords(text) if self._words else text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.stream)


def wrapped(stream: TextIO, *, words: bool = False) -> TextIO:
    """Return a stream that shows text harmlessly: this one, if it does."""
    if stream is None or isinstance(stream, Harmless):
        return stream
    return Harmless(stream, words=words)  # type: ignore[return-value]


def unwrapped(stream: TextIO) -> TextIO:
    """Return the stream itself, for control sequences of ours."""
    return stream.stream if isinstance(stream, Harmless) else stream


class harmless_streams:  # noqa: N801 - used as a function; contextlib takes time to import
    """Let stdout and stderr show text harmlessly meanwhile.

    Args:
        given: Of the command line, in which passwords may stand.
    """

    def __init__(self, given: Iterable[object] | None = None) -> None:
        self._given = given or ()

    def __enter__(self) -> None:
        self._before = sys.stdout, sys.stderr
        self._ours = wrapped(sys.stdout), wrapped(sys.stderr, words=True)
        if self._before != self._ours:
            forget()
        note(self._given)
        sys.stdout, sys.stderr = self._ours

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, Exception):
            return  # the traceback of a bug is still to be written
        if (sys.stdout, sys.stderr) == self._ours:
            sys.stdout, sys.stderr = self._before
