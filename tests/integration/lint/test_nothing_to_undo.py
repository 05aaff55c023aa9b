"""What CAL305 wants no undo of can be run again: an empty downgrade is the right one."""

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.pool import NullPool

from tests.unit.lint.rules.test_missing_downgrade import NOTHING_LEFT

SCHEMA = (
    "CREATE TABLE note (id serial, a int)",
    "ALTER TABLE note ADD CONSTRAINT ck_note_a CHECK (a > 0) NOT VALID",
    "ALTER TABLE note ADD CONSTRAINT ck_note_b CHECK (a < 9) NOT VALID",
    "CREATE DOMAIN positive AS int",
    "ALTER DOMAIN positive ADD CONSTRAINT ck_positive CHECK (VALUE > 0) NOT VALID",
    "CREATE INDEX ix_note_a ON note (a)",
    "CREATE MATERIALIZED VIEW newest AS SELECT 1 AS a",
)
ALONE = ("VACUUM", "REINDEX")
COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema='public'"
)


@pytest.fixture
def engine(postgresql_url: sa.URL) -> sa.Engine:
    """A database with what the statements are about."""
    engine = sa.create_engine(postgresql_url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in SCHEMA:
            connection.execute(sa.text(statement))
    return engine


def test_what_needs_no_undo_runs_again(engine: sa.Engine) -> None:
    found = []
    for statement in [None, *NOTHING_LEFT, *NOTHING_LEFT]:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            with context.begin_transaction():
                if statement is None:
                    pass
                elif statement.startswith(ALONE):
                    with context.autocommit_block():
                        Operations(context).execute(statement)
                else:
                    Operations(context).execute(statement)
        with engine.connect() as connection:
            found.append(sorted(map(tuple, connection.execute(sa.text(COLUMNS)))))
    assert found == [found[0]] * len(found)
