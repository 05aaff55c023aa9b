"""Which pg_dump is used, and how is it run? PostgreSQL's, of the server's major version or newer.

An older pg_dump refuses a newer server, and an older pg_restore a newer archive.
Source: https://www.postgresql.org/docs/current/app-pgdump.html
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from calista.db.backups.files import BackupError
from calista.db.engine import masked, password_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
HOW_TO_NAME = "CALISTA_PG_BIN, or [db] pg_bin in a file that --config names"


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation of PostgreSQL's client programs."""

    folder: Path
    major: int

    def run(self, name: str, arguments: Sequence[str], database: Database) -> None:
        """Run a program against the database.

        The password goes by the environment only.

        Raises:
            BackupError: It failed; the message holds what it said last.
        """
        conninfo, environment = _connection(database)
        command = [name, *(argument.replace(CONNINFO, conninfo) for argument in arguments)]
        with self._running(command, environment, database):
            pass

    def list(self, archive: Path, database: Database) -> str:
        """Return an archive's list of contents, one object a line.

        Raises:
            BackupError: It cannot be read.
        """
        with self._reading(["pg_restore", "--list"], archive, database) as output:
            return output.read().decode(errors="replace")

    @contextmanager
    def script(self, archive: Path, database: Database) -> Iterator[IO[bytes]]:
        """Offer the SQL of an archive, to be read to its end.

        Raises:
            BackupError: The archive is damaged, or pg_restore did not live to its end.
        """
        with self._reading(["pg_restore", "--file=-"], archive, database) as output:
            yield output

    @contextmanager
    def _reading(
        self, command: Sequence[str], archive: Path, database: Database
    ) -> Iterator[IO[bytes]]:
        with (
            archive.open("rb") as file,
            self._running(
                command, _environment(), database, given=file, output=subprocess.PIPE
            ) as process,
        ):
            assert process.stdout is not None
            yield process.stdout

    @contextmanager
    def _running(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        database: Database,
        *,
        given: IO[bytes] | int = subprocess.DEVNULL,
        output: int = subprocess.DEVNULL,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program that does not outlive us, nor what is done with its output."""
        name = command[0]
        with tempfile.TemporaryFile() as words:
            let_go, prepare = _dying_with_us()
            try:
                process = subprocess.Popen(
                    [str(self.folder / f"{name}{_END}"), *command[1:]],
                    env=environment,
                    stdin=given,
                    stdout=output,
                    stderr=words,
                    preexec_fn=prepare,
                )
            except BaseException:
                let_go()
                raise
            try:
                let_go()
                yield process
                code = process.wait()
            finally:
                process.kill()
                if process.stdout is not None:
                    process.stdout.close()
                process.wait()
            words.seek(0)
            said = words.read().decode(errors="replace")
        if code < 0:
            raise BackupError(f"{name} was killed by signal {-code}")
        if code:
            raise BackupError(f"{name} failed: {_last_words(said, code, database)}")


#: Stands in arguments for the connection string.
CONNINFO = "{conninfo}"


def _last_words(said: str, code: int, database: Database) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    error = next((line for line in lines if "error" in line.lower()), "")
    words = error or (lines[-1] if lines else f"it exited with {code}")
    return masked(words, database.url)


def _dying_with_us() -> tuple[Callable[[], None], Callable[[], None] | None]:
    """Return what a child does before it becomes the program: it will be killed when we are.

    And before that what we have to do once it is there: signals are held back until then, since an
    exception of a handler is lost where Python forks.

    Elsewhere than on Linux it notices at the end of a pipe: pg_restore when it writes on. A pg_dump
    there finishes, into a file that nobody will call a backup; it only reads the database.
    Source: https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if sys.platform != "linux":
        return (lambda: None), None
    import ctypes

    set_death_signal = 1
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)

    def let_go() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        prctl(set_death_signal, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # killed meanwhile, and nobody would tell

    return let_go, prepare


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
        f"{HOW_TO_NAME}; `calista db upgrade --no-backup` goes without"
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
    for name in environ.get("PATH", "").split(os.pathsep):
        folder = Path(name)
        # Not in the working folder, where Windows would look first: it may be somebody else's.
        if folder.is_absolute() and os.access(folder / f"pg_dump{_END}", os.X_OK):
            yield folder
            break
    for pattern in _PLACES.get(sys.platform, ()):
        root = Path(pattern).anchor
        yield from sorted(Path(root).glob(pattern[len(root) :]))


def _major(program: Path) -> int | None:
    try:
        done = subprocess.run(
            [str(program), "--version"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
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
