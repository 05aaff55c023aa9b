"""What was probably meant? The nearest of what there is, for a flag or a task that there is not."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest word, "" where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1, 0.6)
    return f"did you mean `{near[0]}`?" if near else ""


class Parser(ArgumentParser):
    """A parser of a command line that names the nearest flag for one that it does not have."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end the program."""
        found = re.search(r"unrecognized arguments: (?:.*\s)?(-[^\s=]+)", message)
        flags = [flag for action in self._actions for flag in action.option_strings]
        question = did_you_mean(found[1], flags) if found else ""
        super().error(f"{message}; {question}" if question else message)
