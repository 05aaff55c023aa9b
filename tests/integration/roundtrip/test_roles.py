"""Roles belong to the server: those that a history creates go when its run ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove


def test_a_role_is_gone_after_the_run_and_can_be_created_in_the_next(
    project: Callable[..., Path], postgres_server: URL
) -> None:
    role = f"calista_test_{uuid4().hex}"
    create = 'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True))'
    up = f'op.execute("CREATE ROLE {role}; GRANT SELECT ON note TO {role}")'
    down = f'op.execute("REVOKE SELECT ON note FROM {role}; DROP ROLE {role}")'
    ini = project({"r0": (create, 'op.drop_table("note")'), "r1": (up, down)})
    engine = create_engine(postgres_server, poolclass=NullPool)
    for _ in range(2):
        assert prove(Project(ini), Options(backend="postgresql")).proven
        with engine.connect() as connection:
            found = connection.execute(
                text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
            )
            assert found.all() == []
