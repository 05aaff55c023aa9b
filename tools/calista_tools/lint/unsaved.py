"""How does an editor ask about what it has not saved? ``--stdin-filename FILE -``, from stdin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.lint import command
from calista_tools.lint.from_stdin import absolute

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace


def run(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Check stdin in a file's place; returns the exit code.

    Raises:
        ToolError: Nobody says which file it is, or other files are named, too.
    """
    name = arguments.stdin_filename
    if not name:
        raise ToolError("which file is it?", "`--stdin-filename FILE -` names it", exit_code=2)
    others = [path for path in arguments.paths if path not in ("-", name)]
    writes = [flag for flag in ("add_noqa", "write_baseline", "watch") if getattr(arguments, flag)]
    if others or writes:
        also = others[0] if others else f"--{writes[0].replace('_', '-')}"
        raise ToolError(f"stdin is checked alone, without {also}", f"leave out {also}", exit_code=2)
    path = absolute(name)
    regular_file.give(path, sys.stdin.buffer.read(regular_file.LARGEST + 1))
    arguments.paths = [name]
    try:
        return command.check(arguments, config_path)
    finally:
        regular_file.forget()
