"""Which project is proven: its Alembic configuration, its revisions and their order."""

from __future__ import annotations

import configparser
import inspect
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.drivers import asynchronous_driver, usual_driver
from calista_tools.environment.alembic_run import (
    assert_readable_by_alembic,
    command_line,
    configuration_file,
    configuration_files,
    variables,
)
from calista_tools.environment.application import application_context
from calista_tools.environment.other_packages import without_external
from calista_tools.environment.url_variables import values
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.history.one_database import assert_env_of_one_database, assert_one_database
from calista_tools.roundtrip.project.engine_kind import (
    ASYNCHRONOUS,
    is_asynchronous,
    kinds_made,
    wants_the_other,
)
from calista_tools.roundtrip.project.files_read import noted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alembic.config import Config
    from alembic.script import Script, ScriptDirectory
    from sqlalchemy import URL

    from calista_tools import config
    from calista_tools.environment.roundtrip_settings import Settings


@dataclass
class Project:
    """An Alembic project and how the URL is handed to its ``env.py``.

    Attributes:
        ini: ``alembic.ini``, or a ``pyproject.toml`` with ``[tool.alembic]``.
        x: ``-x`` arguments as given.
        url_env: Environment variables that get the URL, or as ``host=NAME`` a part of it.
        driver: PostgreSQL's driver in the URL that it gets; ours if None.
        external: Ids of other packages' revisions, or patterns of them.
        name: Which database is meant, of several as in Alembic's multidb template.
    """

    ini: Path
    x: Sequence[str] = ()
    url_env: Sequence[str] = ()
    driver: str | None = None
    external: Sequence[str] = ()
    name: str | None = None
    script: ScriptDirectory = field(init=False)
    loaded: bool = field(init=False, default=False)
    #: By path: the revisions' sources as they were imported. They may be edited while they run.
    sources: Mapping[str, bytes] = field(init=False, default_factory=dict)
    _tried: bool = field(init=False, default=False)
    #: Which kind of engine its ``env.py`` makes; where it makes both, it is tried.
    asynchronous: bool = field(init=False, default=False)
    #: Whether its ``env.py`` was seen to ask for the steps again in one run.
    runs_again: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        regular_file.assert_readable(self.ini)
        if not self.ini.is_file():
            raise ToolError(
                f"{self.ini} {'is no file' if self.ini.exists() else 'does not exist'}",
                "run this in the project's folder, or name its configuration with --config",
                exit_code=2,
            )
        self.ini = self.ini.absolute()
        from alembic.util import CommandError

        unreadable = (
            CommandError,
            configparser.Error,
            UnicodeDecodeError,
            ValueError,
            RecursionError,
        )
        try:
            self._enter_folder()
        except unreadable as error:
            raise ToolError(
                f"{self.ini} cannot be read: {_one_line(error)}",
                "it must be an alembic.ini, or a pyproject.toml with [tool.alembic]",
                exit_code=2,
            ) from error
        self.asynchronous = self._makes_asynchronous()
        if not self.url_env:
            self.load()

    def __reduce__(self) -> tuple[type[Project], tuple[Any, ...], dict[str, Any]]:
        """Have another process read it again: modules cannot be handed over."""
        given = (self.ini, self.x, self.url_env, self.driver, self.external, self.name)
        return type(self), given, {"asynchronous": self.asynchronous}

    @classmethod
    def of(cls, ini: Path, settings: Settings, external: Sequence[str] = ()) -> Project:
        """Return the project as its own settings want it to be run."""
        return cls(ini, settings.x, settings.url_env, settings.driver, external, settings.name)

    def config(self, url: str | None = None) -> Config:
        """Return a configuration that carries the URL in every way but the environment."""
        from alembic.config import Config

        given = [*self.x, *([f"url={url}"] if url is not None else [])]
        options = command_line(["upgrade", "heads"], given)
        config = Config(**configuration_files(self.ini), cmd_opts=options)  # type: ignore[arg-type]
        beside = self.ini.parent
        if _location(config) is None and (beside / "env.py").is_file():
            # Flask-Migrate's alembic.ini lies beside env.py and does not say so.
            config.set_main_option("script_location", str(beside).replace("%", "%%"))
        if url is not None:
            # ConfigParser reads % as the start of an interpolation.
            config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
        if self.name is not None:
            self._choose(config, self.name, url)
        return config

    def order(
        self, start: str | None = None, end: str | None = None
    ) -> tuple[list[Script], list[Script]]:
        """Return the revisions before ``start`` (and it), and those after it up to ``end``.

        Both in an order in which they can be applied one at a time: parents first, then
        whatever is named in ``depends_on``, lines of a branch one after the other.

        Raises:
            ToolError: A revision is unknown, or the graph is broken.
        """
        from alembic.util import CommandError

        try:
            self.load()
            wanted = self._closure(end or "heads")
            known = self._closure(start) if start and start != "base" else set()
            scripts = self.scripts
        except CommandError as error:
            raise ToolError(_one_line(error), exit_code=2) from error
        done: set[str] = set()
        ordered: list[Script] = []
        waiting = scripts[::-1]
        while waiting:
            later = []
            for script in waiting:
                if all(parent in done for parent in self.parents(script)):
                    done.add(script.revision)
                    ordered.append(script)
                else:
                    later.append(script)
            if len(later) == len(waiting):
                names = ", ".join(script.revision for script in later)
                raise ToolError(f"revisions depend on each other in a circle: {names}", exit_code=2)
            waiting = later
        before = [script for script in ordered if script.revision in known]
        proven = [s for s in ordered if s.revision in wanted and s.revision not in known]
        return before, proven

    def address(self, url: URL) -> str:
        """Return a URL as ``env.py`` gets it, with the driver that it wants."""
        if url.get_backend_name() == "postgresql" and (driver := self.postgresql_driver):
            url = url.set(drivername=f"postgresql+{driver}")
        return url.render_as_string(hide_password=False)

    @cached_property
    def scripts(self) -> Sequence[Script]:
        """All revisions, the newest first."""
        return list(self.script.walk_revisions("base", "heads"))

    def parents(self, script: Script) -> list[str]:
        """Return the revisions that must have run before one, ``depends_on`` included."""
        found = []
        for name in (*_tuple(script.down_revision), *_tuple(script.dependencies)):
            # A dependency may be written as a branch label.
            target = self.script.get_revision(name)
            found.append(target.revision if target is not None else name)
        return found

    @property
    def env(self) -> Path:
        """The project's ``env.py``."""
        return self._folder / "env.py"

    @property
    def env_source(self) -> str:
        """The source of ``env.py``, "" if it cannot be read."""
        try:
            return regular_file.read_text(self.env, errors="replace")
        except OSError:
            return ""

    @property
    def sqlite_driver(self) -> str:
        """What begins SQLite's URL: an asynchronous engine needs a driver of its own.

        Raises:
            ToolError: It is not installed.
        """
        if not self.asynchronous:
            return "sqlite"
        if find_spec("aiosqlite") is None:
            raise ToolError(
                "env.py makes an asynchronous engine, and aiosqlite is not installed",
                "pip install aiosqlite",
                exit_code=2,
            )
        return "sqlite+aiosqlite"

    @property
    def postgresql_driver(self) -> str | None:
        """PostgreSQL's driver in the URL that ``env.py`` gets; None for the one of our own.

        An ``env.py`` that names none gets what SQLAlchemy makes of ``postgresql://``, if that is
        there: drivers differ in the types that they give to parameters. An asynchronous engine
        needs one of its own kind, which psycopg is, too.

        Raises:
            ToolError: There is none of that kind.
        """
        if self.driver:
            return self.driver
        return asynchronous_driver() if self.asynchronous else usual_driver()

    def _makes_asynchronous(self) -> bool:
        """Tell which kind of engine env.py makes; the project's own URL says where it makes both."""
        kinds = kinds_made(self.env_source)
        return is_asynchronous(self._own_url()) if len(kinds) == 2 else kinds == {ASYNCHRONOUS}

    def _own_url(self) -> str:
        try:
            return self.config().get_main_option("sqlalchemy.url") or ""
        except configparser.Error:  # a value that only env.py can fill in
            return ""

    def try_the_other_kind(self, error: BaseException) -> bool:
        """Take the other kind of driver, if that is what an error asks for; tell whether it is.

        Args:
            error: What env.py met; its causes count, too.
        """
        wanted = wants_the_other(error) and not (self._tried or self.driver)
        if wanted:
            self._tried, self.asynchronous = True, not self.asynchronous
        return wanted

    def environment(self, url: str) -> Mapping[str, str]:
        """Return the environment variables that carry the URL."""
        return values(self.url_env, url)

    def _closure(self, target: str) -> set[str]:
        revisions = self.script.get_revisions(target)
        found: set[str] = set()
        todo = [script for script in revisions if script is not None]
        while todo:
            script = todo.pop()
            if script.revision not in found:
                found.add(script.revision)
                todo.extend(
                    parent
                    for name in self.parents(script)
                    if (parent := self.script.get_revision(name)) is not None
                )
        return found

    @cached_property
    def _folder(self) -> Path:
        """Where ``env.py`` lies; a package is not imported to say so, which may start things."""
        location = _location(self.config()) or "."
        package, colon, path = location.partition(":")
        if Path(location).is_absolute() or not colon:
            return Path(location)
        first, *inner = package.split(".")
        spec = find_spec(first)
        roots = spec.submodule_search_locations if spec else None
        return Path(next(iter(roots or []), first), *inner, path)

    def _enter_folder(self) -> None:
        location = _location(self.config())
        # Alembic looks from the working folder; so do we, unless that finds nothing.
        if (
            location
            and ":" not in location
            and not Path(location).exists()
            and (self.ini.parent / location).exists()
        ):
            os.chdir(self.ini.parent)
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)

    def load(self, url: URL | None = None) -> None:
        """Import the revisions, unless that was done.

        Args:
            url: What the environment variables of ``--url-env`` say meanwhile: an application
                that revisions import may read them, and never again.

        Raises:
            ToolError: They cannot be imported, or there are none.
        """
        from alembic.script import ScriptDirectory
        from alembic.util import CommandError

        if self.loaded:
            return
        try:
            with variables(self.environment(self.address(url)) if url else {}):
                script = ScriptDirectory.from_config(self.config())
                assert_readable_by_alembic(script)
                self.script = without_external(script, self.external)
                # Revisions may import what needs the application, as env.py does.
                with noted(script._version_locations), application_context(self.env_source):
                    heads = script.get_heads()
            _assert_no_word_of_alembic(script)
            self._assert_one_database()
            self.sources = {one.path: Path(one.path).read_bytes() for one in self.scripts}
        except CommandError as error:
            raise ToolError(f"{self.ini}: {_one_line(error)}", exit_code=2) from error
        except ToolError:
            raise
        except Exception as error:
            raise self._cannot_be_loaded(error) from error
        if not heads:
            raise ToolError(
                f"{script.dir} has no revisions",
                'write the first one: alembic revision -m "..."',
                exit_code=2,
            )
        self.loaded = True

    def _choose(self, config: Config, name: str, url: str | None) -> None:
        """Have the configuration list one of its databases alone.

        Raises:
            ToolError: It lists none of this name.
        """
        listed = re.split(r",\s*", (config.get_main_option("databases") or "").strip())
        if name not in listed:
            there = f"one of: {', '.join(listed)}" if listed != [""] else "it has no `databases`"
            raise ToolError(f"{self.ini} lists no database {name!r}", there, exit_code=2)
        config.set_main_option("databases", name)
        if url is not None:
            config.set_section_option(name, "sqlalchemy.url", url.replace("%", "%%"))

    def _assert_one_database(self) -> None:
        if self.name is not None:
            return
        assert_env_of_one_database(self.env_source, self.env)
        for script in self.scripts:
            upgrade = getattr(script.module, "upgrade", None)
            if inspect.isfunction(upgrade) and upgrade.__code__.co_argcount:
                assert_one_database(Path(script.path).read_bytes(), script.path)

    def _cannot_be_loaded(self, error: Exception) -> ToolError:
        where = _source_of(error) or str(self.ini)
        message = f"{where}: cannot be loaded: {type(error).__name__}: {_one_line(error)}"
        return ToolError(message, exit_code=2)


def found_ini(named: Path | None, settings: config.Config) -> Path:
    """Return the file that was named, else the project's own: without one its pyproject.toml."""
    return named or configuration_file(settings)


def _location(config: Config) -> str | None:
    """Return ``script_location``, wherever it is said."""
    # Before 1.16 there was one place.
    option = getattr(config, "get_alembic_option", config.get_main_option)
    location: str | None = option("script_location")
    return location


def _assert_no_word_of_alembic(script: ScriptDirectory) -> None:
    for name, found in script.revision_map._revision_map.items():
        if name in ("base", "head", "heads") and found is not None and found.revision == name:
            path = getattr(found, "path", script.dir)
            raise ToolError(
                f"{path}: a revision cannot be called {name!r}: Alembic means something else by it",
                "give it an id such as 1f0c9a4be2d7, also where it is another one's down_revision",
                exit_code=2,
            )


def _tuple(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _source_of(error: BaseException) -> str:
    """Return the file and line that an error came from, when it is one of the project's."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    trace, found = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "site-packages" not in name and not name.startswith("<") and "calista_tools" not in name:
            found = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
