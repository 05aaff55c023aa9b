"""What CPU does the gate take, the first time in a process and afterwards?

``python -m benchmarks.gate_calls PACKAGE CALLS gate|query``: as if CALISTA were installed in
PACKAGE, on a connection that has been used before; ``query`` is the gate's query without the gate.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from calista.db import revisions


def main(package: Path, calls: int, what: str) -> None:
    """Print the milliseconds of the first call and the median of the later ones as JSON."""
    folder = package / "migrations"
    revisions.migrations_folder = lambda: folder  # type: ignore[assignment]
    from calista.db import gate  # it reads the head when it is imported

    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num varchar(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (revisions.head(),))
        connection.commit()

        def query() -> None:
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all()
            connection.rollback()

        def look() -> None:
            assert gate.look(connection).state is gate.State.CURRENT

        taken = []
        for _ in range(calls):
            start = time.process_time_ns()
            look() if what == "gate" else query()
            taken.append((time.process_time_ns() - start) / 1e6)
    print(json.dumps({"first": taken[0], "later": median(taken[1:])}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
