"""How is a squash taken back? The replaced files return, byte for byte, and the baseline goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError
from calista_tools.history.digest import digest_file
from calista_tools.history.lockfile import parse_lock, read_lock, render_entries
from calista_tools.rework.squash import MANIFEST, REPLACED

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.history.graph import History


def undo_squash(config: Config, history: History) -> dict[Path, bytes | None]:
    """Return what is to be written and removed to take the last squash back.

    Raises:
        ToolError: There is none to take back, or the baseline was changed since.
    """
    kept, manifest = _last(config, history)
    baseline = config.script_location / manifest["baseline"]
    if not baseline.is_file() or digest_file(baseline) != manifest["digest"]:
        raise ToolError(
            f"{baseline} is not as the squash wrote it", "taking it back would lose the change"
        )
    changes: dict[Path, bytes | None] = {baseline: None, kept / MANIFEST: None}
    for name, relative in manifest["files"].items():
        saved, path = kept / f"{name}.txt", config.script_location / relative
        if path.exists() and path != baseline:
            raise ToolError(f"{path} is in the way", "move it, then run this again")
        changes[saved] = None
        changes[path] = saved.read_bytes()
    if manifest["lock"] is not None:
        old = parse_lock(manifest["lock"])
        since = [
            entry
            for entry in read_lock(config.lock_file).entries
            if entry.revision not in old.published
        ]
        changes[config.lock_file] = (manifest["lock"] + render_entries(since)).encode()
    return changes


def _last(config: Config, history: History) -> tuple[Path, dict[str, Any]]:
    """Return the folder and the manifest of the squash that made the present base."""
    for name in history.bases:
        kept = config.script_location / REPLACED / name
        try:
            return kept, json.loads((kept / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise ToolError(f"{kept / MANIFEST}: cannot be read: {error}") from error
    raise ToolError(
        "there is no squash to take back", f"{config.script_location / REPLACED} has no files of it"
    )
