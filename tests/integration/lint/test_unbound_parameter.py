"""What CAL313 says lacks a value cannot be executed; what the rule leaves alone is sent as it is."""

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.pool import NullPool

from tests.unit.lint.rules.test_unbound_parameter import BOUND, UNBOUND


@pytest.fixture
def connection(postgresql_url: sa.URL) -> sa.Connection:
    """A connection to a database with the table that the statements are about."""
    connection = sa.create_engine(postgresql_url, poolclass=NullPool).connect()
    connection.execute(sa.text("CREATE TABLE note (a text)"))
    connection.commit()
    return connection


def test_refuses_what_is_reported(connection: sa.Connection) -> None:
    with connection:
        op = Operations(MigrationContext.configure(connection))
        for sql in UNBOUND:
            with pytest.raises(sa.exc.StatementError, match="A value is required for bind"):
                op.execute(sql)
            with pytest.raises(sa.exc.StatementError, match="A value is required for bind"):
                connection.execute(sa.text(sql))


def test_takes_what_is_left_alone(connection: sa.Connection) -> None:
    with connection:
        op = Operations(MigrationContext.configure(connection))
        for sql in BOUND:
            op.execute(sql)
            connection.execute(sa.text(sql))


def test_stores_what_the_fix_writes(connection: sa.Connection) -> None:
    with connection:
        op = Operations(MigrationContext.configure(connection))
        op.execute("INSERT INTO note (a) VALUES ('{\"days\"\\:28}')")
        assert connection.scalar(sa.text("SELECT a FROM note")) == '{"days":28}'
