"""``pytest --roundtrip``: a test for every revision and backend, in a project's own test run.

Every pytest run on a machine with the toolkit loads this module, so it imports nothing that is not
asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.config import Config
    from calista_tools.roundtrip.project import Project
    from calista_tools.roundtrip.result import Run, Step
    from calista_tools.roundtrip.settings import Settings


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


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of the revisions."""
    if config.getoption("--roundtrip"):
        history = Revisions.from_parent(session, name="roundtrip")
        items.extend(history.collect())


class Revisions(pytest.Collector):
    """The revisions of the project, each with a test for each backend."""

    def collect(self) -> Iterator[RoundTrip]:
        """Yield a test for each backend and revision."""
        from calista_tools.errors import ToolError

        try:
            project, settings, dialects = self._project()
        except ToolError as error:
            hint = f" ({error.hint})" if error.hint else ""
            raise pytest.UsageError(f"--roundtrip: {error}{hint}") from error
        for backend in self.config.getoption("--roundtrip-backend") or dialects:
            proof = Proof(project, settings, backend)
            for script in project.order()[1]:
                yield RoundTrip.from_parent(
                    self,
                    name=f"{backend}[{script.revision}]",
                    revision=script.revision,
                    proof=proof,
                )

    def _project(self) -> tuple[Project, Settings, tuple[str, ...]]:
        from calista_tools import config as configuration
        from calista_tools.roundtrip.project import Project, found_ini
        from calista_tools.roundtrip.settings import read_settings

        named = self.config.getoption("--roundtrip-config")
        found: Config = configuration.load(self.config.rootpath)
        settings = read_settings(found.roundtrip, found.root)
        ini = found_ini(Path(named) if named else None, found)
        return Project.of(ini, settings), settings, found.dialects


class Proof:
    """One backend's run, made when the first of its tests asks for it."""

    def __init__(self, project: Project, settings: Settings, backend: str) -> None:
        self._project = project
        self._settings = settings
        self._backend = backend
        self._steps: dict[str, Step] | None = None

    def step(self, revision: str) -> Step:
        """Return what was found out about a revision."""
        if self._steps is None:
            from calista_tools.roundtrip.engine import Options, prove

            options = Options(backend=self._backend, settings=self._settings)
            run: Run = prove(self._project, options)
            self._steps = {step.revision: step for step in run.steps}
        return self._steps[revision]


class RoundTrip(pytest.Item):
    """One revision on one backend."""

    def __init__(self, *, revision: str, proof: Proof, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._revision = revision
        self._proof = proof

    def runtest(self) -> None:
        """Fail if the revision is not proven."""
        step = self._proof.step(self._revision)
        if step.upgrade == "skipped":
            pytest.skip(step.error or "not reached")
        if not step.proven:
            raise NotProvenError(step)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        """Say what is wrong, without a traceback through the engine."""
        from calista_tools.errors import ToolError
        from calista_tools.roundtrip.output.text import step_lines

        error = excinfo.value
        if isinstance(error, NotProvenError):
            return "\n".join(step_lines(error.step))
        if isinstance(error, ToolError):
            return f"error: {error}\nhint: {error.hint}" if error.hint else f"error: {error}"
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the test is from."""
        return self.config.rootpath, None, f"roundtrip {self.name}"


class NotProvenError(Exception):
    """A revision is not proven."""

    def __init__(self, step: Step) -> None:
        super().__init__(step.revision)
        self.step = step
