"""``pytest --roundtrip``: a test for every revision and backend, in a project's own test run.

Every pytest run on a machine with the toolkit loads this module, so it imports nothing that is not
asked for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _pytest._code.code import TerminalRepr

    from calista_tools.errors import ToolError
    from calista_tools.roundtrip.migrated import Backend, Migrated
    from calista_tools.roundtrip.proof.result import Step
    from calista_tools.roundtrip.proof.shared_proof import Proof

_INI = pytest.StashKey[Path]()
_MET = pytest.StashKey[bool]()
_BACKENDS = pytest.StashKey["dict[str, Backend]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options."""
    group = parser.getgroup("roundtrip", "Alembic round trips (calista)")
    group.addoption(
        "--roundtrip",
        action="store_true",
        help="prove every Alembic revision: upgrade, compare, downgrade, compare, upgrade again",
    )
    group.addoption("--roundtrip-config", metavar="FILE", help="alembic.ini of the project")
    group.addoption(
        "--roundtrip-backend",
        action="append",
        choices=("sqlite", "postgresql"),
        help="where; may be given twice; default: the project's dialects",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find the project's alembic.ini, which is collected like a file of tests."""
    if not config.getoption("--roundtrip"):
        return
    from calista_tools import config as configuration
    from calista_tools.errors import ToolError
    from calista_tools.extras import require
    from calista_tools.roundtrip.project.proven_project import found_ini

    named = config.getoption("--roundtrip-config")
    try:
        require("roundtrip")
        ini = found_ini(Path(named) if named else None, configuration.load(config.rootpath))
    except ToolError as error:
        raise pytest.UsageError(f"--roundtrip: {_words(error)}") from error
    ini = Path(os.path.abspath(ini))  # noqa: PTH100 - as pytest spells it, links and all
    if not ini.is_file():
        where = "name it with --roundtrip-config, or run pytest in the project's folder"
        raise pytest.UsageError(f"--roundtrip: there is no {ini} ({where})")
    config.stash[_INI] = ini


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the project's alembic.ini."""
    ini = parent.config.stash.get(_INI, None)
    if ini is None or file_path.name != ini.name or not file_path.samefile(ini):
        return None
    revisions: pytest.Collector = Revisions.from_parent(parent, path=file_path)
    return revisions


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of the revisions, unless they were met on the way or some were asked for."""
    ini = config.stash.get(_INI, None)
    if ini is not None and not config.stash.get(_MET, False):
        items.extend(session.genitems(Revisions.from_parent(session, path=ini)))
    # A project's own tests first: most are quicker than a proof.
    items.sort(key=lambda item: isinstance(item, RoundTrip))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``migrated_to`` once on each backend."""
    if "migrated_to" in metafunc.fixturenames:
        from calista_tools import config as configuration

        chosen = metafunc.config.getoption("--roundtrip-backend")
        backends = chosen or configuration.load(metafunc.config.rootpath).dialects
        metafunc.parametrize("migrated_to", backends, indirect=True)


@pytest.fixture
def migrated_to(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Migrated]]:
    """Return what makes a scratch database at a revision.

    ``upgrade``, ``downgrade``, ``insert``, ``rows`` and ``connect`` go on from there.
    """
    from calista_tools.errors import ToolError

    made: list[Migrated] = []

    def migrated(revision: str) -> Migrated:
        try:
            made.append(backend.database())
        except ToolError as error:
            pytest.fail(_words(error), pytrace=False)
        if revision != "base":
            made[-1].upgrade(revision)
        return made[-1]

    try:
        backend = _backend(request.config, request.param)
    except ToolError as error:
        pytest.fail(_words(error), pytrace=False)
    yield migrated
    for database in made:
        database.close()


def _backend(config: pytest.Config, name: str) -> Backend:
    """Return where databases are made, the same for all tests of this process."""
    from calista_tools import config as configuration
    from calista_tools.environment.roundtrip_settings import read_settings
    from calista_tools.extras import require

    require("roundtrip")
    from calista_tools.roundtrip.migrated import Backend
    from calista_tools.roundtrip.project.proven_project import Project, found_ini

    known = config.stash.setdefault(_BACKENDS, {})
    if name not in known:
        found = configuration.load(config.rootpath)
        named = config.getoption("--roundtrip-config")
        settings = read_settings(found.roundtrip, found.root)
        ini = found_ini(Path(named) if named else None, found)
        known[name] = Backend(Project.of(ini, settings, found.external_revisions), name)
    return known[name]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the servers back."""
    for backend in config.stash.get(_BACKENDS, {}).values():
        backend.close()


class Revisions(pytest.File):
    """The project of an alembic.ini: each revision with a test for each backend."""

    def collect(self) -> Iterator[RoundTrip]:
        """Yield a test for each backend and revision."""
        from calista_tools import config as configuration
        from calista_tools.environment.roundtrip_settings import read_settings
        from calista_tools.harmless import harmless
        from calista_tools.roundtrip.project.proven_project import Project
        from calista_tools.roundtrip.proof.shared_proof import Proof

        self.config.stash[_MET] = True
        found = configuration.load(self.config.rootpath)
        settings = read_settings(found.roundtrip, found.root)
        project = Project.of(self.path, settings, found.external_revisions)
        for backend in self.config.getoption("--roundtrip-backend") or found.dialects:
            proof = Proof(project, settings, backend, _shared(self.config, backend))
            for script in project.order()[1]:
                name = harmless(f"{backend}[{script.revision}]")
                yield RoundTrip.from_parent(
                    self,
                    name=name,
                    # As text, which pytest 9.2 reads as that of a test with parameters; else
                    # --last-failed does not know it again.
                    nodeid=f"{self.nodeid}::{name}",
                    path=Path(script.path),
                    revision=script.revision,
                    proof=proof,
                )

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """Say what keeps the project from being read, without a traceback."""
        from calista_tools.errors import ToolError, describe
        from calista_tools.harmless import harmless

        error = excinfo.value
        return (
            harmless(describe(error))
            if isinstance(error, ToolError)
            else super().repr_failure(excinfo)
        )


class RoundTrip(pytest.Item):
    """One revision on one backend."""

    def __init__(self, *, revision: str, proof: Proof, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._revision = revision
        self._proof = proof
        self._step: Step | None = None

    def setup(self) -> None:
        """Prove the backend; that it cannot be run is no failure of the revision's."""
        from calista_tools.errors import ToolError, describe
        from calista_tools.harmless import harmless

        try:
            self._step = self._proof.step(self._revision)
        except ToolError as error:
            # The first of many tests says what to do about it.
            why = error.message if self._proof.explained else describe(error)
            self._proof.explained = True
        if self._step is None:
            pytest.fail(
                harmless(why), pytrace=False
            )  # not up there: the error would be told as well

    def runtest(self) -> None:
        """Fail if the revision is not proven."""
        from calista_tools.harmless import harmless

        step = self._step
        assert step is not None
        if step.known:
            pytest.xfail(harmless(f"known: {step.error or step.differences[0]}"))
        if step.upgrade == "skipped":
            pytest.skip(harmless(step.error or "not reached"))
        if not step.proven:
            raise NotProvenError(step)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | TerminalRepr:
        """Say what is wrong, without a traceback through the engine."""
        from calista_tools.files.shown_path import shown
        from calista_tools.harmless import harmless
        from calista_tools.roundtrip.outputs.text import finding_lines

        error = excinfo.value
        if isinstance(error, NotProvenError):
            # The first line is what the summary shows.
            where = f"{shown(Path(error.step.filename))}:1: not proven"
            return harmless("\n".join([*finding_lines(error.step), "", where]))
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the test is from."""
        return self.path, None, f"{self.path.name} {self.name}"


class NotProvenError(Exception):
    """A revision is not proven."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.revision)
        self.step = step


def _shared(config: pytest.Config, backend: str) -> Path | None:
    """Return the file that the processes of this test run share, if there are several."""
    worker = getattr(config, "workerinput", None)
    factory = getattr(config, "_tmp_path_factory", None)
    if worker is None or factory is None:
        return None
    # Beside their own folders, as the documentation of xdist has it.
    folder: Path = factory.getbasetemp().parent
    return folder / f"roundtrip-{worker['testrunuid']}-{backend}.json"


def _words(error: ToolError) -> str:
    return f"{error.message} ({error.hint})" if error.hint else error.message
