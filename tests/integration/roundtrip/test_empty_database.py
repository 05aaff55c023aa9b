"""A revision that counts on rows fails in a new database, where every table is empty."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.empty_database import counts_on_rows
from calista_tools.roundtrip.proof.run import Options, prove

Write = Callable[..., Path]
BACKENDS = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
CREATE = (
    (
        'op.create_table("note", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("title", sa.String(40), nullable=False))'
    ),
    'op.drop_table("note")',
)
ADD = ('op.add_column("note", sa.Column("{0}", sa.Text))', 'op.drop_column("note", "{0}")')
COUNTING = {
    "a row is fetched": (
        'row = op.get_bind().execute(sa.text("SELECT title FROM note")).first()\nassert row[0]',
        "TypeError: 'NoneType' object is not subscriptable",
    ),
    "a largest value is stored": (
        """op.execute("INSERT INTO note (id, title) SELECT 7, max(title) FROM note")""",
        "IntegrityError: ",
    ),
}
UNDO = 'op.execute("DELETE FROM note WHERE id = 7")'


def added(column: str) -> tuple[str, str]:
    return ADD[0].format(column), ADD[1].format(column)


@BACKENDS
@pytest.mark.parametrize("way", COUNTING)
def test_a_revision_that_counts_on_rows(way: str, backend: str, project: Write) -> None:
    code, says = COUNTING[way]
    ini = project({"r0": CREATE, "r1": added("a"), "r2": (code, UNDO), "r3": added("b")})
    steps = prove(Project(ini), Options(backend=backend, cache=False)).steps
    assert [step.proven for step in steps] == [True, True, False, True]
    (line,) = steps[2].differences
    assert line.startswith(f"upgrade of empty tables: {says}")
    assert steps[2].reproduce == ["alembic upgrade r2"]


@BACKENDS
def test_it_does_not_keep_a_later_defect_from_being_found(backend: str, project: Write) -> None:
    code, _ = COUNTING["a row is fetched"]
    forgets = (added("b")[0], "")
    later = {"r2": forgets, "r3": added("c"), "r4": (added("d")[0], "raise ValueError")}
    ini = project({"r0": CREATE, "r1": (code, ""), **later, "r5": added("e")})
    steps = prove(Project(ini), Options(backend=backend, cache=False)).steps
    assert [step.proven for step in steps] == [True, False, False, True, False, True]
    assert [line.partition(":")[0] for line in steps[1].differences] == ["upgrade of empty tables"]


@BACKENDS
def test_nothing_is_kept_that_without_rows_cannot_be_made(backend: str, project: Write) -> None:
    code, _ = COUNTING["a row is fetched"]
    fails = "raise ValueError"
    later = {"r2": (added("b")[0], fails), "r3": added("c"), "r4": (fails, "")}
    ini = project({"r0": CREATE, "r1": (code, ""), **later})
    for _ in range(2):
        steps = prove(Project(ini), Options(backend=backend)).steps
        assert [step.proven for step in steps] == [True, True, False, True, False]
        assert not any(step.cached for step in steps)


@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("SELECT id, name FROM account", True),
        ("WITH a AS (SELECT 1) SELECT * FROM a, account", True),
        ("INSERT INTO a (n) SELECT max(n) FROM b", True),
        ("UPDATE a SET n = (SELECT n FROM b)", True),
        ("UPDATE a SET n = 1", False),
        ("INSERT INTO a SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM a WHERE n = 1)", False),
        ("DELETE FROM a WHERE n IN (SELECT n FROM b)", False),
        ("UPDATE a SET n = (SELECT n FROM b) WHERE NOT EXISTS (SELECT 1 FROM c)", True),
        ("INSERT INTO a (n) SELECT n FROM b", False),
        ("SELECT relname FROM pg_catalog.pg_class", False),
        ("SELECT name FROM sqlite_master WHERE type = 'table'", False),
        ("SELECT alembic_version.version_num FROM alembic_version", False),
        ("CREATE TABLE a (n INTEGER)", False),
    ],
)
def test_which_statements_count_on_rows(statement: str, counts: bool) -> None:
    assert counts_on_rows([statement], "alembic_version") is counts


@BACKENDS
def test_the_same_is_told_each_time(backend: str, project: Write) -> None:
    fetch = 'assert op.get_bind().execute(sa.text("SELECT id FROM note")).first()[0]'
    meets = (
        'for (size,) in op.get_bind().execute(sa.text("SELECT size FROM note")): {None: 0}[size]'
    )
    size = (
        'op.add_column("note", sa.Column("size", sa.Integer))',
        'op.drop_column("note", "size")',
    )
    ini = project(
        {
            "r0": CREATE,
            "r1": size,
            "r2": (added("a")[0], ""),
            "r3": (fetch, ""),
            "r4": ("", "raise ValueError"),
            "r5": (added("b")[0], ""),
            "r6": (meets, ""),
            "r7": ("", "raise ValueError"),
        }
    )
    found = [
        [
            {**step.as_json(), "seconds": 0}
            for step in prove(Project(ini), Options(backend=backend, cache=False)).steps
        ]
        for _ in range(4)
    ]
    assert all(steps == found[0] for steps in found)
    assert [step["revision"] for step in found[0] if step["error"]] == [
        "r2",
        "r4",
        "r5",
        "r6",
        "r7",
    ]
