"""What does a run go by? ``--show-settings`` prints it, ``--verbose`` says it in passing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.files.shown_path import shown
from calista_tools.lint.asked_targets import asked_targets
from calista_tools.lint.selection import split_codes

if TYPE_CHECKING:
    from types import SimpleNamespace

    from calista_tools.config import Config
    from calista_tools.lint.targets import Group


def show(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Print the settings of each history that is meant; returns the exit code."""
    targets = asked_targets(arguments, config_path)
    for folder in targets.empty:
        print(f"warning: {shown(folder)}: no revision files here", file=sys.stderr)
    blocks = ["\n".join(_lines(group, arguments)) for group in targets.groups]
    print("\n\n".join(blocks))
    return 0


def say(group: Group, *, cached: bool) -> None:
    """Say what is read, on stderr."""
    config, count = group.config, len(group.files)
    files = f"{count} file{'s' if count != 1 else ''}"
    what = "as in the last run" if cached else "read where they have changed"
    print(f"settings: {_from(config)}", file=sys.stderr)
    print(f"history: {shown(group.files[0].parent)}, {files}, {what}", file=sys.stderr)
    print(f"dialects: {', '.join(config.dialects)}", file=sys.stderr)


def _lines(group: Group, arguments: SimpleNamespace) -> list[str]:
    folders = dict.fromkeys(shown(path.parent) for path in group.files)
    lines = [
        f"# {len(group.reported.intersection(group.files))} of {len(group.files)} files, in {', '.join(folders)}",
        f"# from {_from(group.config)}",
    ]
    given: dict[str, Any] = group.config._asdict()
    if select := split_codes(arguments.select):
        given["select"] = select
    given["ignore"] = (*split_codes(arguments.ignore), *given["ignore"])
    for key, value in given.items():
        if key not in ("path", "alembic"):
            lines.append(f"{key.replace('_', '-')} = {json.dumps(value, default=_plain)}")
    return lines


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return shown(value)
    return dict(value) if hasattr(value, "keys") else str(value)  # type: ignore[call-overload]


def _from(config: Config) -> str:
    return shown(config.path) if config.path is not None else "the defaults: no pyproject.toml"
