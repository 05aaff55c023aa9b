"""What CAL312 says PostgreSQL refuses, it refuses; what the rule leaves alone, it takes."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.pool import NullPool

from tests.unit.lint.rules.test_refused_in_transaction import ALLOWED, REFUSED

REFUSAL = "cannot run inside a transaction block|cannot be executed from a function"
SCHEMA = (
    "CREATE TABLE note (a int) PARTITION BY LIST (a)",
    "CREATE TABLE old PARTITION OF note FOR VALUES IN (1)",
    "CREATE INDEX i ON old (a)",
    "CREATE MATERIALIZED VIEW newest AS SELECT 1 AS a",
    "CREATE UNIQUE INDEX newest_a ON newest (a)",
)


@pytest.fixture
def context(postgresql_url: sa.URL) -> Iterator[MigrationContext]:
    """A migration context whose transaction is open, as Alembic opens it for a revision."""
    engine = sa.create_engine(postgresql_url, poolclass=NullPool)
    with engine.connect() as connection:
        for statement in SCHEMA:
            connection.execute(sa.text(statement))
        connection.commit()
        context = MigrationContext.configure(connection)
        with context.begin_transaction():
            yield context
            connection.rollback()


def test_refuses_what_is_reported(context: MigrationContext) -> None:
    op = Operations(context)
    assert context.connection is not None
    for sql in REFUSED:
        with pytest.raises(sa.exc.DBAPIError, match=REFUSAL), context.connection.begin_nested():
            op.execute(sql.replace("note", "old") if "REINDEX" in sql else sql)
    with pytest.raises(sa.exc.DBAPIError, match=REFUSAL), context.connection.begin_nested():
        op.create_index("j", "old", ["a"], postgresql_concurrently=True)
    with pytest.raises(sa.exc.DBAPIError, match=REFUSAL), context.connection.begin_nested():
        op.drop_index("i", "old", postgresql_concurrently=True)


@pytest.mark.parametrize("sql", ["SET lock_timeout = 0; VACUUM old", REFUSED[-1]])
def test_refuses_what_is_not_alone_in_a_block(sql: str, context: MigrationContext) -> None:
    op = Operations(context)
    with pytest.raises(sa.exc.DBAPIError, match=REFUSAL), context.autocommit_block():
        op.execute(sql)


def test_takes_in_an_autocommit_block_what_the_advice_puts_there(context: MigrationContext) -> None:
    op = Operations(context)
    with context.autocommit_block():
        op.execute("VACUUM old; ")
        op.create_index("j", "old", ["a"], postgresql_concurrently=True)
        op.drop_index("j", "old", postgresql_concurrently=True)
        op.execute("REINDEX TABLE CONCURRENTLY old")


def test_takes_what_is_left_alone(context: MigrationContext) -> None:
    op = Operations(context)
    assert context.connection is not None
    for sql in ALLOWED:
        own = sql.replace("CREATE INDEX i ON note", "CREATE INDEX k ON old")
        own = own.replace("CLUSTER note", "CLUSTER old").replace("TABLE note", "TABLE old")
        if "DETACH" in sql or "ALTER DATABASE" in sql:
            continue  # of objects that the statements before have done away with, or not ours
        savepoint = context.connection.begin_nested()
        op.execute(own)
        savepoint.rollback()
