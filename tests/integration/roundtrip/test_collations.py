"""A collation of ICU comes back otherwise: its locale stands in another column in almost every version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from calista_tools.backends import PostgresServer
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.run import Options, prove
from tests.servers import need_major


@pytest.mark.parametrize(
    ("before", "after", "since"),
    [
        ("locale = 'de'", "locale = 'fr'", 13),
        ("locale = 'und', rules = '&V << w <<< W'", "locale = 'und'", 16),
        ("locale = 'und', deterministic = false", "locale = 'und'", 13),
    ],
    ids=["locale", "rules", "deterministic"],
)
def test_another_collation_of_icu_is_found(
    before: str,
    after: str,
    since: int,
    project: Callable[..., Path],
    postgres_scratch: PostgresServer,
) -> None:
    need_major(postgres_scratch, since, after)
    engine = create_engine(postgres_scratch.url)
    with engine.connect() as connection:
        # One stands in the catalog of every build.
        made = text("SELECT count(*) FROM pg_collation WHERE collname LIKE '%-x-icu'")
        if not connection.scalar(made):
            pytest.skip(f"this {postgres_scratch.server_version} was built without ICU")
    engine.dispose()
    create = 'op.execute("""CREATE COLLATION words (provider = icu, {})""")'
    drop = 'op.execute("DROP COLLATION words")'
    ini = project(
        {
            "one": (create.format(before), drop),
            "two": (drop, create.format(after)),
        }
    )
    steps = prove(Project(ini), Options(backend="postgresql", cache=False)).steps
    assert steps[0].proven
    assert [line.partition(":")[0] for line in steps[1].differences] == ["~collation words"]
