"""Fetch real projects' histories: pinned wheels, of which only the migrations are unpacked.

    python tests/corpora/fetch.py FOLDER [NAME ...]

Nothing of a wheel is installed or run. The folder must lie outside of any git repository: other
people's code is measured against here, never committed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = Path(__file__).with_name("manifest.json")


class FetchError(Exception):
    """Something is not as the manifest says."""


def histories() -> dict[str, dict[str, Any]]:
    """Return what the manifest says of each history, by name."""
    found: dict[str, dict[str, Any]] = json.loads(MANIFEST.read_text(encoding="utf-8"))["histories"]
    return found


def fetch(folder: Path, name: str) -> Path:
    """Unpack one history into ``folder/name`` unless it is there; return that folder.

    Raises:
        FetchError: The folder is in a repository, or the wheel is not the one that was pinned.
    """
    folder = folder.resolve()
    for parent in [folder, *folder.parents]:
        if (parent / ".git").exists():
            raise FetchError(f"{folder} lies in the repository {parent}")
    entry = histories()[name]
    target = folder / name
    if target.is_dir():
        return target
    wheel = _wheel(folder, entry)
    partial = folder / f".{name}.partial"
    count = _unpack(wheel, [entry["versions"], *entry.get("support", [])], partial)
    if not count:
        raise FetchError(f"{wheel.name} holds nothing of {name}")
    partial.rename(target)
    return target


def _wheel(folder: Path, entry: dict[str, Any]) -> Path:
    cache = folder / "wheels"
    cache.mkdir(parents=True, exist_ok=True)
    project, _, version = entry["dist"].partition("==")
    pattern = f"{project.replace('-', '_')}-{version}-*.whl"
    if not list(cache.glob(pattern)):
        # The newest Python that any of them asks for: the wheel is unzipped, not installed.
        options = ["--no-deps", "--only-binary=:all:", "--python-version", "3.13"]
        subprocess.run(
            [
                _python_with_pip(folder),
                "-m",
                "pip",
                "download",
                "--quiet",
                *options,
                "-d",
                cache,
                entry["dist"],
            ],
            check=True,
        )
    (wheel,) = cache.glob(pattern)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != entry["sha256"]:
        raise FetchError(f"{wheel.name} has sha256 {digest}, pinned is {entry['sha256']}")
    return wheel


def environment(folder: Path, name: str) -> str | None:
    """Return the Python that can run a history, its environment made at need; None if none can.

    Raises:
        FetchError: What it needs cannot be installed.
    """
    wanted = histories()[name]["install"]
    if wanted is None:
        return None
    if not wanted:
        return sys.executable
    home = folder.resolve() / "environments" / name
    python = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    complete = home / ".complete"
    if not complete.exists():
        # One that was left half-made is made anew.
        venv.create(home, with_pip=True, clear=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *wanted],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise FetchError(f"{', '.join(wanted)} cannot be installed: {last}")
        complete.touch()
    return str(python)


def _python_with_pip(folder: Path) -> str:
    """Return this Python, or one of a new environment: not every environment has pip."""
    if importlib.util.find_spec("pip"):
        return sys.executable
    home = folder / ".pip"
    if not home.is_dir():
        venv.create(home, with_pip=True)
    return str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")


def _unpack(wheel: Path, wanted: list[str], target: Path) -> int:
    count = 0
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            inside = any(name == root or name.startswith(f"{root}/") for root in wanted)
            if inside and ".." not in path.parts and path.suffix in (".py", ".sql", ".json"):
                file = target.joinpath(*path.parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(archive.read(name))
                count += 1
    return count


def main() -> int:
    """Fetch the named histories, or all of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", default=[])
    arguments = parser.parse_args()
    known = histories()
    for name in arguments.names or known:
        if name not in known:
            parser.error(f"{name} is not in {MANIFEST.name}: {', '.join(known)}")
        try:
            print(name, fetch(arguments.folder, name))
        except FetchError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
