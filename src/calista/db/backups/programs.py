"""Which pg_dump is used? PostgreSQL's programs, of the server's major version or a newer one.

An older pg_dump refuses a newer server, and an older pg_restore a newer archive.
Source: https://www.postgresql.org/docs/current/app-pgdump.html
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista.db.backups.files import BackupError
from calista.db.engine import masked, password_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista.db.database import Database

_PLACES = {
    "linux": ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"),
    "darwin": (
        "/opt/homebrew/opt/postgresql@*/bin",
        "/opt/homebrew/opt/libpq/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ),
    "win32": ("C:/Program Files/PostgreSQL/*/bin",),
}
_END = ".exe" if sys.platform == "win32" else ""


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL's client programs."""

    folder: Path
    major: int

    def run(self, name: str, arguments: Sequence[str], database: Database) -> str:
        """Run a program against the database and return what it printed.

        The password goes by the environment only.

        Raises:
            BackupError: It failed; the message holds what it said last.
        """
        conninfo, environment = _connection(database)
        command = [str(self.folder / f"{name}{_END}"), *arguments]
        command = [argument.replace(CONNINFO, conninfo) for argument in command]
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode < 0:
            raise BackupError(f"{name} was killed by signal {-done.returncode}")
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            said = next((line for line in lines if "error" in line.lower()), "")
            words = said or (lines[-1] if lines else f"it exited with {done.returncode}")
            raise BackupError(f"{name} failed: {masked(words, database.url)}")
        return done.stdout


#: Stands in arguments for the connection string.
CONNINFO = "{conninfo}"


def find(server_major: int, pg_bin: Path | None, environ: Mapping[str, str]) -> Programs:
    """Return the oldest programs that are not older than the server.

    Raises:
        BackupError: There are none, or all are too old.
    """
    found: list[Programs] = []
    for folder in dict.fromkeys(_folders(pg_bin, environ)):
        major = _major(folder / f"pg_dump{_END}")
        if major is not None and (folder / f"pg_restore{_END}").is_file():
            found.append(Programs(folder, major))
    fitting = [programs for programs in found if programs.major >= server_major]
    if fitting:
        return min(fitting, key=lambda programs: programs.major)
    hint = (
        f"install the client programs of PostgreSQL {server_major} or newer, or name their folder: "
        "CALISTA_PG_BIN, or [db] pg_bin in calista.toml; `calista db upgrade --no-backup` goes without"
    )
    if found:
        newest = max(found, key=lambda programs: programs.major)
        raise BackupError(
            f"pg_dump {newest.major} in {newest.folder} is older than the server, "
            f"PostgreSQL {server_major}, and cannot back it up",
            hint,
        )
    where = f" in {pg_bin}" if pg_bin is not None else ""
    raise BackupError(f"pg_dump was not found{where}, and without it there is no backup", hint)


def _folders(pg_bin: Path | None, environ: Mapping[str, str]) -> Iterator[Path]:
    if pg_bin is not None:
        # Who names a folder means this one.
        yield pg_bin
        return
    on_path = shutil.which("pg_dump", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path).parent
    for pattern in _PLACES.get(sys.platform, ()):
        root = Path(pattern).anchor
        yield from sorted(Path(root).glob(pattern[len(root) :]))


def _major(program: Path) -> int | None:
    try:
        done = subprocess.run(
            [str(program), "--version"],
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\b(\d+)(?:\.\d+|devel|beta|rc)", done.stdout)
    return int(match[1]) if match and done.returncode == 0 else None


def _connection(database: Database) -> tuple[str, dict[str, str]]:
    """Return a connection string without anything secret, and an environment with the password."""
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    known = {item.keyword.decode() for item in pq.Conninfo.get_defaults()}
    _, options = database.engine().dialect.create_connect_args(database.url)
    plain: dict[str, Any] = {
        key: value
        for key, value in options.items()
        if key in known and key not in ("password", "sslpassword")
    }
    environment = _environment()
    password = password_of(database.url)
    if password:
        environment["PGPASSWORD"] = password
    return make_conninfo(**plain), environment


def _environment() -> dict[str, str]:
    """Return our environment without the URL, which no other program has to know."""
    return {key: value for key, value in os.environ.items() if key != "CALISTA_DB_URL"}
