"""When is the report shown in colours, and which? As ruff's, on a terminal, if it is for people."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from calista_tools.harmless import harmless, unwrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOLD, _RED, _GREEN, _BLUE, _CYAN, _END = (
    f"\x1b[{code}m" for code in ("1", "1;31", "32", "1;34", "36", "0")
)
_GUTTER = re.compile(r"( *\d* \|)(.*)")
_MARKS = re.compile(r"( *)(\^+)( \w+)?")
_HEADLINE = re.compile(r"(.+?):(\d+):(\d+): ([A-Z]+\d+) (\[\*\] )?(.*)")
_FORMAT = re.compile(r"--output-format[= ](\w+)")
_CHOICE = re.compile(r"--color[= ](\w+)")


def write(text: str, words: Sequence[str]) -> None:
    """Write a report to stdout, in colours where the command line and the terminal want them."""
    if not are_wanted(words):
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    # Past what shows control characters: what others wrote is harmless before it gets any.
    stream = unwrapped(sys.stdout)
    stream.write(painted(harmless(text)))
    stream.flush()


def are_wanted(words: Sequence[str]) -> bool:
    """Whether a command line's report is shown in colours.

    The option first, then ``NO_COLOR``, ``FORCE_COLOR`` and the terminal, in Python's own order.
    Source: https://docs.python.org/3/using/cmdline.html#controlling-color
    """
    line = " ".join(words)
    shown = _FORMAT.findall(line)
    if shown and shown[-1] not in ("full", "concise"):
        return False
    choice = (_CHOICE.findall(line) or ["auto"])[-1]
    if choice != "auto":
        return bool(choice == "always")
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    return bool(sys.stdout.isatty()) and os.environ.get("TERM") != "dumb"


def painted(text: str) -> str:
    """Return a report in colours; less these it is the same text."""
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    if found := _GUTTER.fullmatch(line):
        return f"{_BLUE}{found[1]}{_END}{_marked(found[2])}"
    if found := _HEADLINE.fullmatch(line):
        path, row, column, code, fixable, message = found.groups(default="")
        colon = f"{_CYAN}:{_END}"
        star = f"[{_CYAN}*{_END}] " if fixable else ""
        place = f"{_BOLD}{path}{_END}{colon}{row}{colon}{column}{colon}"
        return f"{place} {_RED}{code}{_END} {star}{message}"
    if line.startswith("  = help: "):
        return f"  {_BLUE}={_END} {_CYAN}help{_END}: {line[10:]}"
    if line.startswith("[*] "):
        return f"[{_CYAN}*{_END}] {line[4:]}"
    return f"{_GREEN}{line}{_END}" if line == "All checks passed!" else line


def _marked(text: str) -> str:
    found = _MARKS.fullmatch(text)
    if found is None:
        return text
    before, marks, code = found.groups(default="")
    return f"{before}{_RED}{marks}{code}{_END}"
