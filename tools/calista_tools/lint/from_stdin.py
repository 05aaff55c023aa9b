"""How does an editor ask about what it has not saved? ``--stdin-filename FILE -``, from stdin.

The text is read in the file's place, by every reader: as that revision of its history. Nothing is
written, and the other revisions are known from the cache, where they are as they were.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import SimpleNamespace

    from calista_tools.lint.collected import Collected
    from calista_tools.lint.diagnostic import Report
    from calista_tools.lint.memory.findings_cache import Cache
    from calista_tools.lint.targets import Group

#: A repair may uncover the next one, as in `fix`.
_ROUNDS = 8


def run(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Check stdin in a file's place; returns the exit code.

    Raises:
        ToolError: Nobody says which file it is, or other files are named, too.
    """
    from calista_tools.lint import command

    name = arguments.stdin_filename
    if not name:
        raise ToolError("which file is it?", "`--stdin-filename FILE -` names it", exit_code=2)
    others = [path for path in arguments.paths if path not in ("-", name)]
    writes = [flag for flag in ("add_noqa", "write_baseline", "watch") if getattr(arguments, flag)]
    if others or writes:
        also = others[0] if others else f"--{writes[0].replace('_', '-')}"
        raise ToolError(f"stdin is checked alone, without {also}", f"leave out {also}", exit_code=2)
    path = _absolute(name)
    regular_file.give(path, sys.stdin.buffer.read(regular_file.LARGEST + 1))
    arguments.paths = [name]
    try:
        return command.check(arguments, config_path)
    finally:
        regular_file.forget()


def collect_given(group: Group, cache: Cache | None, name: str) -> Collected:
    """Check a history with the text in the file's place; the cache stays as it is."""
    from calista_tools.lint.whole_history import collect

    before = cache.known() if cache is not None else None
    if before is not None:
        path = _absolute(name)
        facts = {other: known for other, known in before.facts.items() if other != path}
        before = before._replace(facts=facts)
    return collect(group, before)[0]


def repair_given(
    report: Report,
    groups: Sequence[Group],
    arguments: SimpleNamespace,
    frozen: Callable[[Path], bool],
    folders: Mapping[Path, Iterable[Path]],
) -> int:
    """Print the repaired text on stdout, or with ``--diff`` what would change.

    A file keeps its name: that is the editor's. What is left is said on stderr.
    """
    from calista_tools.lint import command, fix

    path = _absolute(arguments.stdin_filename)
    first = last = regular_file.read_bytes(path)
    for _ in range(_ROUNDS):
        planned = fix.plan(report, frozen, folders, unsafe=arguments.unsafe_fixes)
        repairs = [one for one in planned if one.path == path]
        if not repairs or repairs[0].after == last:
            break
        last = repairs[0].after
        regular_file.give(path, last)
        report = command.check_groups(groups, arguments)
    if arguments.diff:
        repair = fix.Repair(path, path, first, last, 0)
        sys.stdout.write(fix.diff([repair] if first != last else []))
        sys.stdout.flush()
        return 1 if first != last and not arguments.exit_zero else 0
    sys.stdout.flush()
    # Byte for byte: an editor puts it in the place of what it sent.
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(last.decode(errors="replace"))
    else:
        stream.write(last)
        stream.flush()
    sys.stderr.write(command.render(report, arguments))
    return 1 if report.diagnostics and not arguments.exit_zero else 0


def _absolute(name: str) -> Path:
    return Path(os.path.abspath(name))  # noqa: PTH100 - as `find_targets` has it
