"""Which files are meant, and for which dialects? As configured, less what the command line says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.config import DIALECTS
from calista_tools.errors import ToolError
from calista_tools.lint.targets import Targets, find_targets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import SimpleNamespace

    from calista_tools.config import Reader


def asked_targets(
    arguments: SimpleNamespace,
    config_path: Path | None = None,
    read: Reader | None = None,
    *,
    paths: Sequence[str] | None = None,
) -> Targets:
    """Resolve the paths of a command line (or others), as `find_targets`, with its dialects.

    Raises:
        ToolError: It names what is no dialect of ours; or as `find_targets`.
        ConfigError: As `find_targets`.
    """
    dialects = _dialects(arguments.dialects)
    targets = find_targets(arguments.paths if paths is None else paths, config_path, read)
    if not dialects:
        return targets
    groups = [
        group._replace(config=group.config._replace(dialects=dialects, dialects_seen=""))
        for group in targets.groups
    ]
    return targets._replace(groups=tuple(groups))


def _dialects(given: str | None) -> tuple[str, ...]:
    if given is None:
        return ()
    named = [name for name in given.lower().replace(",", " ").split() if name]
    unknown = [name for name in named if name not in DIALECTS]
    if unknown or not named:
        from difflib import get_close_matches

        shown = unknown[0] if unknown else given
        near = get_close_matches(shown, DIALECTS, 1)
        raise ToolError(
            f"--dialects: {shown!r} is no dialect that revisions are checked for",
            f"did you mean `{near[0]}`?" if near else f"one or both of {', '.join(DIALECTS)}",
            exit_code=2,
        )
    return tuple(name for name in DIALECTS if name in named)
