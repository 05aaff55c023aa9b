"""What do the migrations themselves take? Up, down and up again, one run of env.py, looking nowhere.

python -m benchmarks.bare_walk ALEMBIC_INI sqlite|postgresql
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep

from calista_tools.backends import PostgresServer, SqliteFolder, open_server
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.project.run_env import run_env


def walk(project: Project, place: SqliteFolder | PostgresServer) -> None:
    """Take every revision up, down and up again."""
    _, scripts = project.order()

    def steps(heads: tuple[str, ...], context: MigrationContext) -> Iterator[RevisionStep]:
        connection: Any = context.connection
        connection.commit()
        if context.dialect.name == "sqlite":
            # As our own runs have it: scratch databases need not survive a power cut.
            connection.connection.cursor().execute("PRAGMA synchronous = OFF")
        for script in scripts:
            for upgrade in (True, False, True):
                yield RevisionStep(project.script.revision_map, script, upgrade)

    database = place.create()
    run_env(project, database.url, steps)
    database.drop()


def main(argv: list[str]) -> int:
    """Walk once."""
    project = Project(Path(argv[0]))
    if argv[1] == "sqlite":
        with SqliteFolder() as folder:
            walk(project, folder)
    else:
        with open_server() as server:
            walk(project, server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
