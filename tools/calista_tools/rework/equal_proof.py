"""Do two sets of revisions make the same database? Run on scratch databases and compared."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.environment.alembic_run import configuration_file
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import ScriptDirectory

    from calista_tools.backends import PostgresServer, ScratchDatabase, SqliteFolder
    from calista_tools.config import Config
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.snapshot import Snapshot


class State(NamedTuple):
    """What a scratch database holds.

    Attributes:
        statements: The SQL that makes it, rows included.
    """

    snapshot: Snapshot
    statements: tuple[str, ...]


class Bench:
    """Scratch databases of one dialect, on which a project's own ``env.py`` runs."""

    def __init__(self, config: Config, dialect: str) -> None:
        from calista_tools.environment.roundtrip_settings import read_settings
        from calista_tools.roundtrip.project.proven_project import Project

        self.dialect = dialect
        self._stack = ExitStack()
        settings = read_settings(config.roundtrip, config.root)
        self._project: Project = Project.of(
            configuration_file(config), settings, config.external_revisions
        )
        self._version_table = "alembic_version"
        self._default_schema = "public"

    def __enter__(self) -> Bench:
        from calista_tools.backends import SqliteFolder, open_server

        self._place: SqliteFolder | PostgresServer
        if self.dialect == "sqlite":
            self._place = self._stack.enter_context(SqliteFolder(self._project.sqlite_driver))
        else:
            self._place = self._stack.enter_context(open_server())
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def create(self) -> ScratchDatabase:
        """Return a new, empty database."""
        return self._place.create()

    def run(
        self, database: ScratchDatabase, folders: Sequence[Path], target: str, *, down: bool = False
    ) -> State:
        """Upgrade (or downgrade) with the revisions of these folders; return what came of it.

        Raises:
            ToolError: A revision failed.
        """
        from calista_tools.roundtrip.live.sent_statements import words
        from calista_tools.roundtrip.project.run_env import run_env

        script = self._script(folders)

        def steps(revision: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
            self._note(context)
            # Alembic's own `upgrade` and `downgrade` commands do exactly this.
            chosen = script._downgrade_revs if down else script._upgrade_revs
            yield from chosen(target, revision)  # type: ignore[arg-type]

        try:
            run_env(self._project, database.url, steps)
        except ToolError:
            raise
        except Exception as error:
            way = "downgrade" if down else "upgrade"
            raise ToolError(
                f"{way} to {target} on {self.dialect} failed: {words(error)}"
            ) from error
        return self.state(database)

    def untouched(self, folders: Sequence[Path]) -> State:
        """Return what a database holds on which ``env.py`` ran, and no revision."""
        return self.run(self.create(), folders, "base", down=True)

    def state(self, database: ScratchDatabase) -> State:
        """Read what a database holds."""
        from calista_tools.roundtrip.live.live_database import snapshot_of

        snapshot = snapshot_of(database.url, [self._version_table])
        return State(snapshot, tuple(self._statements(database)))

    def _script(self, folders: Sequence[Path]) -> ScriptDirectory:
        from alembic.script import ScriptDirectory

        from calista_tools.environment.other_packages import without_external

        script = ScriptDirectory(
            str(self._project.env.parent), version_locations=[str(folder) for folder in folders]
        )
        without_external(script, self._project.external)
        # In place of all the revisions, which need not be loaded.
        self._project.script, self._project.loaded = script, True
        return script

    def _note(self, context: MigrationContext) -> None:
        from sqlalchemy import text

        from calista_tools.roundtrip.live.live_database import version_table

        self._version_table = version_table(context)
        if self.dialect == "postgresql" and context.connection is not None:
            found = context.connection.scalar(text("SELECT current_schema()"))
            self._default_schema = str(found or "public")

    def _statements(self, database: ScratchDatabase) -> list[str]:
        from pathlib import Path

        from calista_tools.rework.dump import postgres_statements, sqlite_statements

        if self.dialect == "sqlite":
            return sqlite_statements(Path(str(database.url.database)), self._version_table)
        return postgres_statements(database.url, self._version_table, self._default_schema)


def demand_equal(expected: State, found: State, what: str, dialect: str) -> None:
    """Compare catalogs and rows.

    Raises:
        ToolError: They differ; the message names the first objects that do.
    """
    from calista_tools.roundtrip.snapshot import differences

    differing = [
        str(item) for item in differences(expected.snapshot, found.snapshot) if not item.order_only
    ]
    if not differing:
        rows = [
            sorted(s for s in state.statements if s.startswith("INSERT INTO"))
            for state in (expected, found)
        ]
        differing = sorted(set(rows[0]) ^ set(rows[1]))
    if differing:
        listed = "; ".join(differing[:3])
        more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
        raise ToolError(
            f"{what} differs on {dialect}: {listed}{more}",
            "nothing was changed; please report this with the revisions that make these objects",
        )
