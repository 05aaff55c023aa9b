"""Steps in raw SQL count like ``op`` calls: their objects, on the dialects they run on."""

import ast
from pathlib import Path
from textwrap import indent

import pytest

from calista_tools.effects.evaluator import Project, evaluate
from calista_tools.effects.operations import Evaluation

BOTH = ["postgresql", "sqlite"]
Touched = list[tuple[str, str | None, str | None, list[str]]]


def evaluation(
    body: str, path: Path = Path("example.py"), project: Project | None = None
) -> Evaluation:
    """What an ``upgrade()`` with this body would do."""
    head = "import sqlalchemy as sa\nfrom alembic import op\n"
    return evaluate(ast.parse(f"{head}def upgrade():\n{indent(body, '    ')}\n"), path, project)


def touched(found: Evaluation) -> Touched:
    """Kind, table and name of every object, and where it comes to be."""
    return [
        (
            item.kind,
            item.table,
            item.name and item.name.text,
            sorted(operation.dialects & item.dialects),
        )
        for operation in found.operations
        for item in operation.objects
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("op.execute('CREATE INDEX ix_a ON t (a)')", [("ix", "t", "ix_a", BOTH)]),
        ("op.execute(sa.text('CREATE INDEX ix_a ON t (a)'))", [("ix", "t", "ix_a", BOTH)]),
        ("op.get_bind().exec_driver_sql('DROP INDEX ix_a')", [("ix", None, "ix_a", BOTH)]),
        ("op.get_bind().execute(sa.text('DROP TABLE t'))", [("table", "t", "t", BOTH)]),
        ("op.execute(sa.DDL('CREATE INDEX ix_a ON t (a)'))", [("ix", "t", "ix_a", BOTH)]),
        (
            (
                "for what in ('update', 'delete'):\n"
                "    op.execute(f'CREATE TRIGGER t_{what} BEFORE {what} ON t BEGIN SELECT 1; END')"
            ),
            [("trigger", "t", "t_update", BOTH), ("trigger", "t", "t_delete", BOTH)],
        ),
        (
            (
                "if op.get_bind().dialect.name == 'postgresql':\n"
                "    op.execute('CREATE INDEX ix_a ON t USING gin (a)')"
            ),
            [("ix", "t", "ix_a", ["postgresql"])],
        ),
        (
            "op.execute('CREATE INDEX IX_A ON t (a)')",
            [("ix", "t", "ix_a", ["postgresql"]), ("ix", "t", "IX_A", ["sqlite"])],
        ),
        (
            "TABLE = 't'\nop.execute('ALTER TABLE %s ADD CONSTRAINT ck_%s_a CHECK (a > 0)' % (TABLE, TABLE))",
            [("ck", "t", "ck_t_a", BOTH)],
        ),
        (
            (
                "for table in op.get_bind().execute(sa.text('SELECT 1')):\n"
                "    op.execute(f'ALTER TABLE {table} ADD CONSTRAINT ck_a CHECK (a > 0)')\n"
                "    op.execute(f'CREATE INDEX ix_{table} ON t (a)')"
            ),
            [("ck", None, "ck_a", BOTH), ("ix", "t", None, BOTH)],
        ),
        ("op.execute('UPDATE t SET a = 1')", []),
        ("op.execute(statement)", []),
    ],
)
def test_objects(body: str, expected: Touched) -> None:
    found = evaluation(body)
    assert touched(found) == expected
    assert not found.troubles


def test_an_option_that_is_not_known() -> None:
    body = (
        "op.execute(f\"CREATE INDEX {'CONCURRENTLY ' if unknown else ''}IF NOT EXISTS a ON t (b)\")"
    )
    assert touched(evaluation(body)) == [("ix", "t", "a", BOTH)]


def test_the_reason_of_an_unknown_name_is_kept() -> None:
    body = "name = op.get_bind().scalar(sa.text('SELECT 1'))\nop.execute(f'DROP INDEX {name}')"
    (item,) = (item for operation in evaluation(body).operations for item in operation.objects)
    assert item.name is not None
    assert item.name.text is None
    assert item.name.reason


def test_a_file_that_the_revision_reads(tmp_path: Path) -> None:
    (tmp_path / "up.sql").write_text("CREATE INDEX a ON t (a);\nCREATE INDEX b ON t (b);\n")
    body = "from pathlib import Path\nop.execute((Path(__file__).parent / 'up.sql').read_text())"
    found = evaluation(body, tmp_path / "example.py", Project((tmp_path,)))
    assert touched(found) == [("ix", "t", "a", BOTH), ("ix", "t", "b", BOTH)]


@pytest.mark.parametrize(
    "path",
    [
        "Path(__file__).parents[1].joinpath('up.sql')",
        "Path(__file__).resolve().parents[1] / 'up.sql'",
        "Path(__file__).parents[0].parent / ('up' + '.sql')",
        "Path(__file__).parent.parent / f'{Path(__file__).stem}.sql'",
    ],
)
def test_a_file_in_a_folder_above(tmp_path: Path, path: str) -> None:
    (tmp_path / "up.sql").write_text("CREATE INDEX a ON t (a);\n")
    body = f"from pathlib import Path\nop.execute(({path}).read_text())"
    found = evaluation(body, tmp_path / "versions" / "up.py", Project((tmp_path,)))
    assert touched(found) == [("ix", "t", "a", BOTH)]


def test_what_cannot_be_parsed_is_said_once() -> None:
    body = "for _ in range(3):\n    op.execute('CREATE TABEL t')\nop.execute('CREATE INDEX a ON t (a)')"
    found = evaluation(body)
    assert [trouble.kind for trouble in found.troubles] == ["sql"]
    assert touched(found) == [("ix", "t", "a", BOTH)]


def test_what_one_dialect_of_the_line_can_parse_is_no_trouble() -> None:
    assert not evaluation("op.execute('CREATE INDEX [a b] ON t (a)')").troubles


def test_what_is_put_into_a_statement_by_replace_leaves_the_rest_known() -> None:
    body = "op.execute('CREATE INDEX ix_a ON t (__C__)'.replace('__C__', compute()))"
    [(kind, table, name, *_)] = touched(evaluation(body))
    assert (kind, table, name) == ("ix", "t", "ix_a")
