"""How is a text from stdin checked and repaired in the place of a file?

The text is read in the file's place, by every reader: as that revision of its history. Nothing is
written, and the other revisions are known from the cache, where they are as they were.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import SimpleNamespace

    from calista_tools.lint.collected import Collected
    from calista_tools.lint.diagnostic import Report
    from calista_tools.lint.memory.findings_cache import Cache
    from calista_tools.lint.targets import Group

#: A repair may uncover the next one, as in `fix`.
_ROUNDS = 8


def collect_given(group: Group, cache: Cache | None, name: str) -> Collected:
    """Check a history with the text in the file's place; the cache stays as it is."""
    from calista_tools.lint.whole_history import collect

    before = cache.known() if cache is not None else None
    if before is not None:
        path = absolute(name)
        facts = {other: known for other, known in before.facts.items() if other != path}
        before = before._replace(facts=facts)
    return collect(group, before)[0]


def repair_given(
    report: Report,
    arguments: SimpleNamespace,
    frozen: Callable[[Path], bool],
    folders: Mapping[Path, Iterable[Path]],
    *,
    again: Callable[[], Report],
    render: Callable[[Report, SimpleNamespace], str],
) -> int:
    """Print the repaired text on stdout, or with ``--diff`` what would change.

    A file keeps its name: that is the editor's. What is left is said on stderr.
    """
    from calista_tools.lint import fix

    path = absolute(arguments.stdin_filename)
    first = last = regular_file.read_bytes(path)
    for _ in range(_ROUNDS):
        planned = fix.plan(report, frozen, folders, unsafe=arguments.unsafe_fixes)
        repairs = [one for one in planned if one.path == path]
        if not repairs or repairs[0].after == last:
            break
        last = repairs[0].after
        regular_file.give(path, last)
        report = again()
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
    sys.stderr.write(render(report, arguments))
    return 1 if report.diagnostics and not arguments.exit_zero else 0


def absolute(name: str) -> Path:
    """Return a file's path as the lint knows it."""
    return Path(os.path.abspath(name))  # noqa: PTH100 - as `find_targets` has it
