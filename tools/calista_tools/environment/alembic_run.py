"""How is Alembic run on this project, so that what goes wrong can be read in one line?"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from calista_tools.command_name import door
from calista_tools.drivers import with_driver
from calista_tools.environment.application import application_context
from calista_tools.environment.url_variables import values
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.history.one_database import assert_env_of_one_database
from calista_tools.passwords import note
from calista_tools.urls import read_url

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TextIO

    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    from calista_tools.config import Config

#: In ``config.attributes``: a task of ours runs env.py, whatever ``config.cmd_opts`` looks like.
TASK = "calista_task"
NO_URL = "set CALISTA_DB_URL, give --url, or write `sqlalchemy.url` into alembic.ini"


def development_url(flag: str | None) -> str | None:
    """Return the database of a command that works on one; None for what env.py finds by itself.

    Raises:
        ToolError: It cannot be read.
    """
    url = flag or os.environ.get("CALISTA_DB_URL") or None
    if url is not None:
        url = with_driver(read_url(url)).render_as_string(hide_password=False)
    return url


def alembic_config(
    config: Config,
    url: str | None = None,
    *,
    words: Sequence[str],
    stdout: TextIO | None = None,
) -> AlembicConfig:
    """Return Alembic's configuration of the project.

    Args:
        config: The project.
        url: The database, as ``-x url=`` and as ``sqlalchemy.url``; None for env.py's own way.
        words: The command line of ``alembic`` that would do the same.
        stdout: Where Alembic prints; ``sys.stdout`` if None.

    Raises:
        ToolError: There is neither alembic.ini nor a pyproject.toml in its place.
    """
    from alembic.config import Config as AlembicConfig

    ini = configuration_file(config)
    regular_file.assert_readable(ini)
    if not ini.is_file():
        raise ToolError(f"{ini}: no such file", "set `alembic-ini` in [tool.calista]")
    given = [*_of_roundtrip(config, "x"), *([f"url={url}"] if url else [])]
    settings = AlembicConfig(
        **configuration_files(ini),  # type: ignore[arg-type]
        stdout=stdout or sys.stdout,
        cmd_opts=command_line(words, given),
    )
    settings.attributes[TASK] = True
    settings.set_main_option("script_location", _ini(str(config.script_location)))
    if url:
        settings.set_main_option("sqlalchemy.url", _ini(url))
    return settings


def command_line(words: Sequence[str], x: Iterable[str] = ()) -> Namespace:
    """Return what ``alembic`` makes of its command line: many an env.py looks there."""
    from alembic.config import CommandLine

    return CommandLine(prog="alembic").parser.parse_args([*(f"-x{item}" for item in x), *words])


def runs_always(config: Config) -> bool:
    """Whether Alembic runs env.py for each new revision: its ``revision_environment``."""
    try:
        text = regular_file.read_text(config.alembic_ini)
    except (OSError, UnicodeDecodeError):
        text = ""
    if "revision_environment" not in text and "revision_environment" not in config.alembic:
        return False
    from alembic.util import asbool

    words = ["revision", "--message="]
    settings = alembic_config(config, words=words)
    get = getattr(settings, "get_alembic_option", settings.get_main_option)  # since Alembic 1.16
    return bool(asbool(get("revision_environment")))


def script_directory(config: Config, settings: AlembicConfig) -> ScriptDirectory:
    """Return Alembic's own view of the project's revisions, without what other packages have."""
    from alembic.script import ScriptDirectory

    from calista_tools.environment.other_packages import without_external

    directory = ScriptDirectory.from_config(settings)
    assert_readable_by_alembic(directory)
    return without_external(directory, config.external_revisions)


def assert_readable_by_alembic(directory: ScriptDirectory) -> None:
    """Raise where Alembic, which reads whatever has the name of a file, would wait for ever.

    Raises:
        ToolError: A file of the project is no regular file, or one of gigabytes.
    """
    from calista_tools.history.files import located_files

    regular_file.assert_readable(os.path.join(directory.dir, "env.py"))  # noqa: PTH118
    recursive = bool(getattr(directory, "recursive_version_locations", False))
    folders = directory._version_locations
    for name, _ in located_files(folders, recursive=recursive):
        regular_file.assert_readable(name)


def configuration_file(config: Config) -> Path:
    """Return the file of Alembic's settings: alembic.ini, without one the project's pyproject.toml."""
    own = config.root / "pyproject.toml"
    return own if not config.alembic_ini.exists() and own.exists() else config.alembic_ini


def configuration_files(ini: Path) -> dict[str, str]:
    """Return what Alembic's ``Config`` reads, as the ``alembic`` program has it read.

    A pyproject.toml beside alembic.ini counts as well.

    Raises:
        ToolError: It is a pyproject.toml, which this Alembic does not read.
    """
    from inspect import signature

    from alembic.config import Config as AlembicConfig

    toml = ini if ini.suffix == ".toml" else ini.with_name("pyproject.toml")
    files = {} if toml == ini else {"file_": str(ini)}
    for path in (ini, toml):
        regular_file.assert_readable(path)
        note(_values(path))
    if "toml_file" in signature(AlembicConfig.__init__).parameters:
        if toml.is_file():
            files["toml_file"] = str(toml)
    elif toml == ini:
        raise ToolError(
            "this Alembic does not read pyproject.toml",
            "name an alembic.ini with --config, or upgrade to Alembic 1.16",
            exit_code=2,
        )
    return files


def _values(path: Path) -> Iterator[str]:
    """Return what of a configuration file may hold a password."""
    try:
        lines = regular_file.read_text(path, errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        name, _, value = line.replace("%%", "%").partition("=")
        value = value.strip().strip("'\"")
        if "passw" in name.lower():
            yield f"password={value}"
        elif "://" in value or "passw" in value.lower():
            yield value


@contextmanager
def running(
    config: Config, url: str | None = None, *, one_database: bool = False
) -> Iterator[None]:
    """Let the body run the project's ``env.py``, in its application's context if it needs one.

    Args:
        config: The project.
        url: The database that was asked for; None for env.py's own way.
        one_database: Refuse an env.py of several databases even where no URL was asked for.

    Raises:
        ToolError: Whatever was raised, in the words of its last cause.
    """
    from sqlalchemy.engine import make_url

    source = env_source(config)
    if url or one_database:
        assert_env_of_one_database(source, config.script_location / "env.py")
    named = values(_of_roundtrip(config, "url_env"), url) if url else {}
    with (
        variables(named),
        _reporting(),
        application_context(source, make_url(url) if url else None),
    ):
        yield


def env_source(config: Config) -> str:
    """Return the source of the project's ``env.py``; "" where Alembic will say that it cannot be read."""
    try:
        return regular_file.read_text(config.script_location / "env.py", errors="replace")
    except OSError:
        return ""


def _of_roundtrip(config: Config, name: str) -> tuple[str, ...]:
    """Return how the project's ``env.py`` is run: what the round-trip is told of that holds here, too."""
    from calista_tools.environment.roundtrip_settings import read_settings

    found: tuple[str, ...] = getattr(read_settings(config.roundtrip, config.root), name)
    return found


@contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _reporting() -> Iterator[None]:
    """Turn what Alembic, SQLAlchemy and env.py raise into one line for the user.

    Raises:
        ToolError: Whatever was raised, in the words of its last cause.
    """
    from alembic.util import CommandError
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        yield
    except (ToolError, BrokenPipeError):
        raise
    except CommandError as error:
        raise _refused(" ".join(str(error).split())) from error
    except (ArgumentError, NoSuchModuleError) as error:
        # No database has said anything yet: env.py had no URL, or none that names a driver.
        message = f"the database's URL cannot be used: {' '.join(str(error).split())}"
        raise ToolError(message, NO_URL) from error
    except SQLAlchemyError as error:
        # The driver's own words: SQLAlchemy's hold the statement, its parameters and a link.
        message = " ".join(str(getattr(error, "orig", None) or error).split())
        raise ToolError(f"the database said: {message}") from error
    except Exception as error:
        # An env.py that explains itself has errors like ours: a message and a hint.
        message = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
        hint = getattr(error, "hint", None) or "`alembic current` shows where that was"
        raise ToolError(" ".join(str(message).split()), str(hint)) from error


def _refused(message: str) -> ToolError:
    """Return what Alembic refused, with what to do about it in our words."""
    steps = re.match(r"Relative revision ([+-])(\d+) didn't produce", message)
    if steps is not None:
        way, count = steps.groups()
        if (way, count) == ("-", "1"):
            return ToolError("the database is at base: there is nothing to downgrade")
        beyond = "comes after the base" if way == "-" else "is pending"
        return ToolError(
            f"there are no {count} steps to go: less than that {beyond}",
            f"`{door()} current` shows where the database is",
        )
    if "not up to date" in message:
        return ToolError(message, f"run `{door()} upgrade` first")
    if message.startswith(("Can't locate revision", "No such revision")):
        return ToolError(message, f"`{door()} history` lists the revisions that there are")
    return ToolError(message)


def _ini(value: str) -> str:
    return value.replace("%", "%%")
