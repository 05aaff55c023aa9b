"""Which settings hold? A flag, else the environment, else ``calista.toml``, else the default."""

from __future__ import annotations

import stat
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from calista.errors import CalistaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONFIG_FILE = "calista.toml"
#: Bytes; it has six keys.
LARGEST = 1_000_000
NO_URL_HINT = """copy one of these two lines:
export CALISTA_DB_URL=sqlite:///calista.db
export CALISTA_DB_URL=postgresql://user:password@localhost:5432/calista"""


class SettingsError(CalistaError):
    """A setting has a value that it cannot have, or a name that nothing has."""

    exit_code = 2


class MissingURLError(CalistaError):
    """A command needs the database and nobody said which."""

    def __init__(self) -> None:
        super().__init__("no database URL", NO_URL_HINT)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a command runs with; built once, at the edge.

    Attributes:
        url: The database URL, password and all; only ever from the environment.
        auto_upgrade: Whether a command that finds the database behind upgrades it first.
        backup_dir: Where backups go; None means `backups` beside a SQLite file, and the user's
            data folder for PostgreSQL.
        backup_keep: How many backups of one database are kept; older ones are removed.
        lock_timeout: Seconds to wait for another upgrade, and for tables that are in use.
        pg_bin: The folder of pg_dump and pg_restore; None means to look for them. Not from a file
            that was merely found: it may have come with somebody else's folder.
        sources: Where each setting came from, by its name.
    """

    url: str | None = field(default=None, repr=False)
    auto_upgrade: bool = False
    backup_dir: Path | None = None
    backup_keep: int = 5
    lock_timeout: float = 60.0
    pg_bin: Path | None = None
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str],
        *,
        flags: Mapping[str, Any] | None = None,
        config: Path | None = None,
        folder: Path | None = None,
    ) -> Settings:
        """Read the settings.

        Args:
            environ: The environment variables.
            flags: Values from the command line; a None was not given.
            config: The configuration file; by default ``CALISTA_CONFIG``, or ``calista.toml``
                in ``folder`` if there is one.
            folder: Where to look for it; the working folder if None.

        Raises:
            SettingsError: A value cannot be used, or a key of the file is unknown.
        """
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}

        def take(name: str, value: object, source: str) -> None:
            if name not in values:
                values[name] = value
                sources[name] = source

        for name, value in (flags or {}).items():
            if value is not None:
                take(name, value, "flag")
        for key, option in OPTIONS.items():
            text = environ.get(option.variable, "")
            if text.strip():
                take(key, option.parse(option.variable, text.strip()), option.variable)
        for key, value in _from_file(environ, config, folder or Path.cwd()).items():
            take(key, *value)
        if environ.get("CALISTA_DB_URL", "").strip():
            take("url", environ["CALISTA_DB_URL"].strip(), "CALISTA_DB_URL")
        return cls(**values, sources=sources)

    def required_url(self) -> str:
        """Return the database URL.

        Raises:
            MissingURLError: There is none.
        """
        if not self.url:
            raise MissingURLError
        return self.url


def _boolean(where: str, value: object) -> bool:
    if isinstance(value, bool) or (type(value) is int and value in (0, 1)):
        return bool(value)
    known = {"1": True, "true": True, "yes": True, "on": True}
    known |= {"0": False, "false": False, "no": False, "off": False}
    try:
        return known[str(value).lower()] if isinstance(value, str) else known[""]
    except KeyError:
        raise SettingsError(f"{where} is {value!r}", "accepted: true or false, 1 or 0") from None


def _count(where: str, value: object) -> int:
    try:
        number = int(value) if isinstance(value, (str, int)) and value is not True else 0
    except ValueError:
        number = 0
    if number < 1:
        raise SettingsError(f"{where} is {value!r}", "accepted: a whole number from 1, such as 5")
    return number


def _seconds(where: str, value: object) -> float:
    try:
        number = float(value) if isinstance(value, (str, int, float)) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < 1e9:
        raise SettingsError(f"{where} is {value!r}", "accepted: seconds, such as 60 or 2.5")
    return number


def _path(where: str, value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise SettingsError(f"{where} is {value!r}", "accepted: the path of a folder")
    return Path(value).expanduser()


class Option(NamedTuple):
    """One setting: its environment variable and how its value is read."""

    variable: str
    parse: Callable[[str, object], Any]


#: The keys of ``[db]`` in ``calista.toml``; the fields of `Settings` of the same names.
OPTIONS: Mapping[str, Option] = {
    "auto_upgrade": Option("CALISTA_AUTO_UPGRADE", _boolean),
    "backup_dir": Option("CALISTA_BACKUP_DIR", _path),
    "backup_keep": Option("CALISTA_BACKUP_KEEP", _count),
    "lock_timeout": Option("CALISTA_LOCK_TIMEOUT", _seconds),
    "pg_bin": Option("CALISTA_PG_BIN", _path),
}
assert set(OPTIONS) < {item.name for item in fields(Settings)}
#: Only from who runs the command: the environment, or a file that the command line names.
NAMES_PROGRAMS = frozenset({"pg_bin"})


def _read(path: Path) -> str:
    """Return the text of a configuration file; no pipe is waited for, no device read.

    Raises:
        SettingsError: It is something else than a small file.
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise SettingsError(f"{path}: is not a regular file")
    if found.st_size > LARGEST:
        raise SettingsError(
            f"{path}: is too large: {found.st_size / 1e6:.0f} MB, and {LARGEST // 1_000_000} MB at most"
        )
    return path.read_text(encoding="utf-8")


def _from_file(
    environ: Mapping[str, str], config: Path | None, folder: Path
) -> dict[str, tuple[Any, str]]:
    """Return what the configuration file says: value and source by setting."""
    if config is None and environ.get("CALISTA_CONFIG"):
        config = Path(environ["CALISTA_CONFIG"])
    path = folder / (config or CONFIG_FILE)
    if config is None and not path.exists():
        return {}
    try:
        tables = tomllib.loads(_read(path))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # also of an integer of too many digits
        raise SettingsError(f"{path}: cannot be read as TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: cannot be read as TOML: nested too deeply") from error
    for name in tables:
        if name != "db":
            raise _unknown(path, name, ["db"])
    table = tables.get("db", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: `db` must be a table", "write [db] above its keys")
    found: dict[str, tuple[Any, str]] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in ("url", "db_url", "database_url"):
            raise SettingsError(
                f"{path}: the database URL does not belong into a file",
                "set it in the environment: CALISTA_DB_URL",
            )
        if name not in OPTIONS:
            raise _unknown(path, f"db.{key}", list(OPTIONS))
        if name in NAMES_PROGRAMS and config is None:
            raise SettingsError(
                f"{path}: db.{key} names programs to run, and this file was only found, not named",
                f"set {OPTIONS[name].variable} instead, or name the file: --config {path}",
            )
        parsed = OPTIONS[name].parse(f"{path}: db.{key}", value)
        found[name] = (path.parent / parsed if isinstance(parsed, Path) else parsed, str(path))
    return found


def _unknown(path: Path, key: str, known: list[str]) -> SettingsError:
    # Only for this message, and not free to import.
    from difflib import get_close_matches

    near = get_close_matches(key.rpartition(".")[2], known, n=1, cutoff=0.0)
    return SettingsError(f"{path}: unknown key `{key}`", f"did you mean `{near[0]}`?")
