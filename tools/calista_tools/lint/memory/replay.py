"""Was exactly this asked before, and has nothing changed since? Then the answer is the same.

What a run said is kept with the state of every file and folder that it depends on. Asking again
takes a look at each of them and nothing else: no configuration, no rule, no parser is loaded.
"""

from __future__ import annotations

import os
import sys
from zlib import crc32

from calista_tools.files import caches
from calista_tools.lint.memory.file_states import (
    digest_of,
    is_folder,
    is_settled,
    state_of,
    tool_state,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.lint.memory.file_states import State

#: Answers that are kept in one folder: the same few questions are asked over and over.
_KEPT = 16
#: Files that may be too young to be known by their times; their content is compared.
_YOUNG = 40
#: Nanoseconds by which the clock that files are dated by may be behind.
_TICK = 20_000_000
_FIRST = "calista-lint answer 1\n"


def replay(words: Sequence[str]) -> tuple[str, int] | None:
    """Return what was printed for this command line, and the exit code; None where it may differ.

    Args:
        words: The command line's arguments.
    """
    try:
        content = caches.read(_room(), _name(words)).decode()
        head, states, answer = content.split("\n\n", 2)
        code, checksum, text = answer.split("\n", 2)
        if head == _asked(words) and checksum == _checksum(states + text) and _hold(states):
            return text, int(code)
    except (OSError, ValueError):  # there is none, or it is damaged
        pass
    return None


class Watch:
    """What an answer depends on, as it was when the run began.

    Attributes:
        began: When that was, in nanoseconds.
        sound: False where the answer is good for this run only.
    """

    def __init__(self, began: int) -> None:
        self.began = began
        self.sound = True
        self._states: dict[str, State] = {}

    def add(self, path: str, *, read: bool = False) -> None:
        """Watch a file or a folder, or that there is none.

        Args:
            path: Where it lies, or would.
            read: It was looked at already, so it must not have changed since the run began.
        """
        if path in self._states:
            return
        state = self._states[path] = state_of(path)
        if "\n" in path:
            self.sound = False
        elif state and (read or is_folder(state)):
            try:
                changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - pathlib is not needed here
            except OSError:
                self.sound = False
            else:
                self.sound = self.sound and changed < self.began - _TICK

    def add_all(self, states: Mapping[str, State]) -> None:
        """Watch files whose states were taken before they were read."""
        self._states.update(states)
        self.sound = self.sound and "\n" not in "".join(states)

    def record(self, words: Sequence[str], answer: tuple[str, int]) -> None:
        """Keep an answer; where it cannot be kept, that is no reason to fail."""
        lines = self._lines()
        if lines is None:
            return
        text, code = answer
        states = "\n".join(lines)
        try:
            checksum = _checksum(states + text)
            content = f"{_asked(words)}\n\n{states}\n\n{code}\n{checksum}\n{text}".encode()
            caches.write(_room(), _name(words), content)
        except (OSError, ValueError):
            return

    def _lines(self) -> list[str] | None:
        """Return a line for each path; None where one of them may have changed meanwhile."""
        lines, young = [], 0
        # What was changed last is the likeliest to change again: looked at first, it ends the look.
        newest = sorted(self._states.items(), key=lambda item: item[1][:1], reverse=True)
        for path, state in newest:
            digest = ""
            if not is_settled(state, self.began):
                young += 1
                digest = digest_of(path)
                if state_of(path) != state:
                    return None
            if not self.sound or young > _YOUNG:
                return None
            lines.append(f"{' '.join(map(str, state))}|{digest}|{path}")
        return lines


def _hold(states: str) -> bool:
    """Whether every file and folder is what it was."""
    for line in states.split("\n"):
        state, digest, path = line.split("|", 2)
        if state != " ".join(map(str, state_of(path))):
            return False
        if digest and digest != digest_of(path):
            return False
    return True


def _asked(words: Sequence[str]) -> str:
    """Return what stands for the question and for who answers it."""
    asked = (list(words), os.getcwd(), sys.version, tool_state())  # noqa: PTH109
    return f"{_FIRST}{asked!a}"


def _name(words: Sequence[str]) -> str:
    asked = ascii((list(words), os.getcwd()))  # noqa: PTH109
    return f"answer-{crc32(asked.encode()) % _KEPT:x}"


def _checksum(text: str) -> str:
    return f"{crc32(text.encode(errors='surrogateescape')):08x}"


def _room() -> str:
    """Return where answers lie: with all that is kept of the folder in which it is asked."""
    return caches.room_of(os.getcwd())  # noqa: PTH109
