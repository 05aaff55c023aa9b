"""How does a file get the project's own formatting? By its ruff, which reads the project's rules."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from calista_tools.errors import ToolError
from calista_tools.extras import how_to_install


def format_source(source: str, path: Path, *, sort_imports: bool = False) -> str:
    """Return the source as ruff formats a file at ``path``, which need not exist.

    Raises:
        ToolError: Ruff is missing, or cannot format it: then it is not valid Python either.
    """
    program = ruff()
    stdin = ("--quiet", "--stdin-filename", str(path), "-")
    if sort_imports:
        source = _run([program, "check", "--fix-only", "--select", "I", *stdin], source, path)
    return _run([program, "format", *stdin], source, path)


def kept_formatted(before: bytes, after: bytes, path: Path) -> bytes:
    """Return an edited file formatted anew if it was formatted before; else as it was edited.

    A name of another length breaks a line elsewhere. What the project's ruff does not format, by
    its settings or because somebody formats in another way, stays as it is but for the edit.
    """
    try:
        argv = [ruff(), "format", "--force-exclude", "--quiet", "--stdin-filename", str(path), "-"]
    except ToolError:
        return after
    was, becomes = (
        subprocess.run(argv, input=source, capture_output=True, cwd=path.parent, check=False)
        for source in (before, after)
    )
    formatted = not (was.returncode or becomes.returncode) and was.stdout == before
    return becomes.stdout if formatted else after


def ruff() -> str:
    """Return the path of ruff, this environment's first.

    Raises:
        ToolError: There is none.
    """
    beside = Path(sys.executable).with_name("ruff.exe" if sys.platform == "win32" else "ruff")
    found = str(beside) if beside.is_file() else shutil.which("ruff")
    if found is None:
        raise ToolError("ruff is not installed", how_to_install("tasks"))
    return found


def _run(argv: list[str], source: str, path: Path) -> str:
    there = next(folder for folder in path.parents if folder.is_dir())
    done = subprocess.run(argv, input=source.encode(), capture_output=True, cwd=there, check=False)
    if done.returncode:
        words = " ".join(done.stderr.decode(errors="replace").split())
        raise ToolError(f"{path.name}: ruff cannot format it: {words}")
    return done.stdout.decode()
