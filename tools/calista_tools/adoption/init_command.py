"""What does ``init`` do? It shows what it saw and proposes, asks, writes, and says how things stand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools import config as configuration
from calista_tools.adoption import first_verdict
from calista_tools.adoption.proposals import proposals
from calista_tools.adoption.seen import look
from calista_tools.command_name import door
from calista_tools.errors import ToolError
from calista_tools.files.shown_path import shown
from calista_tools.files.whole_file import write_whole
from calista_tools.history.lock import lock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from calista_tools.adoption.proposals import Proposal
    from calista_tools.adoption.seen import Seen


def run(*, yes: bool, dry_run: bool) -> None:
    """Take the tools up in the project of the working folder.

    Raises:
        ToolError: There is no project, nobody agreed, or it could not be written: nothing was.
    """
    seen = look()
    found = list(proposals(seen))
    _show(seen, found)
    if dry_run:
        print("nothing was written: --dry-run")
        return
    _assert_undoable(seen, found)
    if not yes:
        _ask()
    before = _contents(seen, found)
    try:
        _write(seen, found)
        verdict = list(_verdict())
    except BaseException:
        _put_back(before)
        raise
    print("\n".join(["", *verdict]))
    print(f"next: `git diff`, then commit; `{door()} check` is the inner loop")


def _show(seen: Seen, found: Sequence[Proposal]) -> None:
    print("\n".join(["seen:", *(f"  {line}" for line in seen.lines()), "proposed:"]))
    for item in found:
        sign = "?" if item.text is None else "~" if item.path.exists() else "+"
        print(f"  {sign} {shown(item.path)}: {item.what}")
    if _locks(seen):
        print(f"  + {shown(seen.config.lock_file)}: what is published, up to {seen.on_main}")
    elif not seen.config.lock_file.exists():
        print(f"  ? {shown(seen.config.lock_file)}: not written: {seen.not_locked}")
    if seen.config.lint_baseline is None:
        print("  + a baseline of the lint, if it finds anything")
    if "baseline" not in seen.config.roundtrip:
        print("  + a baseline of the round-trip, if anything fails")


def _locks(seen: Seen) -> bool:
    return not seen.not_locked and not seen.config.lock_file.exists()


def _assert_undoable(seen: Seen, found: Sequence[Proposal]) -> None:
    """Raise where `git checkout` would take more back than what is written now.

    Raises:
        ToolError: A file that would be added to has changes of its own.
    """
    if seen.git is None:
        return
    for item in found:
        if item.text is None or not item.path.exists():
            continue
        if seen.git.ask("status", "--porcelain", "--", str(item.path)):
            raise ToolError(
                f"{shown(item.path)} has changes that are not committed: nothing was written",
                "commit or stash them first, so that `git checkout` undoes this and nothing else",
            )


def _ask() -> None:
    """Raise unless somebody at a terminal agrees.

    Raises:
        ToolError: Nobody is there, or does.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ToolError(
            "nothing was written: there is no terminal to ask on",
            f"`{door()} init --yes` writes what is proposed, `--dry-run` only shows it",
            exit_code=2,
        )
    if input("write this? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ToolError("nothing was written")


def _contents(seen: Seen, found: Sequence[Proposal]) -> dict[Path, bytes | None]:
    """Return what the files hold that may be written."""
    beside = seen.config.lock_file.parent
    paths = [
        *(item.path for item in found),
        seen.config.path or seen.root / "pyproject.toml",
        seen.config.lock_file,
        beside / first_verdict.LINT_BASELINE,
        beside / "roundtrip-baseline.json",
    ]
    return {path: path.read_bytes() if path.is_file() else None for path in paths}


def _put_back(before: dict[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            if path.is_file():
                path.unlink()
        elif path.read_bytes() != content:
            _put(path, content)


def _write(seen: Seen, found: Sequence[Proposal]) -> None:
    """Write the files.

    Raises:
        ToolError: One of them cannot be written.
    """
    for item in found:
        if item.text is None:
            continue
        try:
            item.path.parent.mkdir(parents=True, exist_ok=True)
            _put(item.path, item.text.encode())
        except OSError as error:
            why = error.strerror or error
            raise ToolError(f"{shown(item.path)}: cannot be written: {why}") from error
    if _locks(seen):
        lock(seen.history, seen.config.lock_file, through=seen.on_main)


def _put(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode if path.exists() else None
    target = path.resolve()  # a link stays one
    write_whole(str(target), content)
    if mode is not None:
        target.chmod(mode)


def _verdict() -> Iterator[str]:
    yield from first_verdict.lint(configuration.load())
    yield from first_verdict.roundtrip(configuration.load())
