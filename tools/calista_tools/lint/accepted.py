"""Which findings were accepted when the linter came to the project? The baseline file.

A finding is known by its file, code and message, not by its line, so that edits above it do not
bring it back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError, ToolError
from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic

_VERSION = 1
#: Messages point at other lines; these move, too.
_LINE = re.compile(r"\bline \d+")


class Key(NamedTuple):
    """What a finding is known by; the file as seen from the project's root."""

    file: str
    code: str
    message: str


def read_accepted(path: Path) -> Counter[Key]:
    """Read the baseline file.

    Raises:
        ConfigError: It cannot be read, or is no baseline.
    """
    try:
        content = json.loads(regular_file.read_text(path))
        if content["version"] != _VERSION:
            raise ConfigError(f"{path}: baseline of version {content['version']}, not {_VERSION}")
        return Counter(
            {
                Key(str(item["file"]), str(item["code"]), str(item["message"])): int(item["count"])
                for item in content["findings"]
            }
        )
    except OSError as error:
        hint = "write it with `calista-lint --write-baseline`"
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}", hint) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(f"{path}: is no baseline: {error!r}") from error


def write_accepted(path: Path, found: Iterable[Key]) -> int:
    """Record every finding as accepted; returns how many there are.

    Raises:
        ToolError: The file cannot be written.
    """
    counts = Counter(found)
    findings = [{**key._asdict(), "count": count} for key, count in sorted(counts.items())]
    text = json.dumps({"version": _VERSION, "findings": findings}, indent=1) + "\n"
    try:
        write_whole(str(path), text.encode())
    except OSError as error:
        raise ToolError(f"{path}: cannot be written: {error.strerror or error}") from error
    return counts.total()


def without_accepted(
    found: Iterable[Diagnostic], accepted: Counter[Key], root: Path
) -> tuple[Diagnostic, ...]:
    """Take out as many findings of each kind as were accepted."""
    left = accepted.copy()
    kept = []
    for item in found:
        key = key_of(item, root)
        if left[key] > 0:
            left[key] -= 1
        else:
            kept.append(item)
    return tuple(kept)


def key_of(item: Diagnostic, root: Path) -> Key:
    """Return what a finding is known by."""
    try:
        file = item.path.relative_to(root).as_posix()
    except ValueError:
        file = item.path.as_posix()
    return Key(file, item.code, _LINE.sub("line", item.finding.message))
