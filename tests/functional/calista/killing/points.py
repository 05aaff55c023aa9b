"""Where can a command be ended? At its statements and commits, and at lines of some modules."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import calista.db

CODE = Path(calista.db.__file__).parent
TRACED = {
    str(CODE / name) for name in ("lock.py", "upgrade.py", "upgrade_log.py", "restore.py")
} | {str(path) for path in (CODE / "backups").glob("*.py")}
#: They do nothing that is seen outside of the process, once for each of their items.
COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
#: So often a line is a point: the ten-thousandth word of a dump is read as the fourth one was.
PASSES = 4


class Points:
    """Counts the points that a run passes, and ends the process at one of them.

    A statement is two points: before it is sent and after its answer.
    """

    def __init__(self, deadly: int = 0, how: signal.Signals = signal.SIGKILL) -> None:
        self.deadly = deadly
        self.how = how
        self.statements = 0
        self.lines = 0
        self._passed: Counter[tuple[Any, int]] = Counter()

    @property
    def count(self) -> int:
        return self.statements + self.lines

    def at_statement(self, *_: Any) -> None:
        self.statements += 1
        self._perhaps_die()

    def trace(self, frame: Any, kind: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in TRACED or frame.f_code.co_name in COMPREHENSIONS:
            return None
        if kind == "line":
            line = frame.f_code, frame.f_lineno
            self._passed[line] += 1
            if self._passed[line] <= PASSES:
                self.lines += 1
                self._perhaps_die()
        return self.trace

    def _perhaps_die(self) -> None:
        if self.count == self.deadly:
            os.kill(os.getpid(), self.how)

    @contextmanager
    def watching(self) -> Iterator[None]:
        names = ("before_cursor_execute", "after_cursor_execute", "commit")
        for name in names:
            event.listen(Engine, name, self.at_statement)
        sys.settrace(self.trace)
        try:
            yield
        finally:
            sys.settrace(None)
            for name in names:
                event.remove(Engine, name, self.at_statement)
