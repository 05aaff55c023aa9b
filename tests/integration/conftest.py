"""What the tests on real databases share: Alembic projects written for one test."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

# Its assertions are to explain themselves, as those in test modules do.
pytest.register_assert_rewrite("tests.integration.own_history")

ENV = """
from alembic import context
from sqlalchemy import MetaData, create_engine, pool

target_metadata = MetaData()
engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = '''"""{name}"""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = {parent!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def _block(code: str) -> str:
    return textwrap.indent(textwrap.dedent(code).strip() or "pass", "    ")


def write_project(
    folder: Path, revisions: Mapping[str, tuple[str, str]], *, env: str = ENV
) -> Path:
    """Write a linear Alembic project; each revision is its upgrade's and downgrade's code.

    Returns:
        The ``alembic.ini``.
    """
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "migrations" / "env.py").write_text(env, encoding="utf-8")
    parent: str | None = None
    for name, (upgrade, downgrade) in revisions.items():
        source = REVISION.format(
            name=name, parent=parent, upgrade=_block(upgrade), downgrade=_block(downgrade)
        )
        (versions / f"{name}.py").write_text(source, encoding="utf-8")
        parent = name
    ini = folder / "alembic.ini"
    ini.write_text("[alembic]\nscript_location = %(here)s/migrations\n", encoding="utf-8")
    return ini


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write a linear Alembic project into the test's folder; see `write_project`."""

    def write(revisions: Mapping[str, tuple[str, str]], *, env: str = ENV) -> Path:
        return write_project(tmp_path / "project", revisions, env=env)

    return write
