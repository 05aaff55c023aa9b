import pytest

from tests.unit.lint.project import Lint

ROWS = "for row in op.get_bind().execute(sa.text('SELECT a FROM t')):\n    "


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os\nop.execute(os.environ['SQL'])", ""),
        (f"{ROWS}op.execute(row.a)", "is read from the database"),
        (f"{ROWS}op.execute(f'DROP TABLE {{row.a}}')", "is read from the database"),
        (f"{ROWS}op.get_bind().execute(sa.text('CREATE ' + row.a))", "is read from the database"),
        ("from app import upgrade_sql\nop.execute(upgrade_sql())", ""),
        (
            "if compute():\n    sql = 'DROP TABLE a'\nelse:\n    sql = 'DROP TABLE b'\nop.execute(sql)",
            "depends on a test",
        ),
        (f"{ROWS}op.execute(f'ALTER TABLE {{row.a}} ADD COLUMN b INTEGER')", "is read"),
        (f"{ROWS}op.execute(f'DROP INDEX IF EXISTS \"{{row.a}}\"')", "is read"),
        ("import os\nfor _ in 'ab':\n    op.execute(os.environ['SQL'])", ""),
    ],
)
def test_reports(body: str, reason: str, lint: Lint) -> None:
    [found] = lint("CAL010", body)
    assert found.finding.message.startswith("what this SQL does is not known: it ")
    assert reason in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        "op.execute('DROP TABLE a')",
        "for name in 'ab':\n    op.execute(f'DROP TABLE {name}')",
        "op.execute(sa.update(sa.table('t')).values(a=compute()))",
        f"{ROWS}op.execute(f'UPDATE t SET b = 1 WHERE a = {{row.a}}')",
        f"{ROWS}op.execute(f'DELETE FROM {{row.a}}')",
        f"{ROWS}op.execute(f'ALTER SEQUENCE t_seq RESTART WITH {{row.a}}')",
        f"{ROWS}op.execute(f'CREATE TYPE mood AS ENUM ({{row.a}})')",
        "op.execute('ALTER TABLE ' + op.get_context().version_table_schema + 'a ALTER b TYPE TEXT')",
        "if compute():\n    stmt = sa.select(a)\nelse:\n    stmt = sa.select(b)\nop.get_bind().execute(stmt)",
        "stmt = compute().insert().values(a=1)\nif compute():\n    stmt = stmt.returning(b)\nop.execute(stmt)",
        f"{ROWS}op.execute(f'CREATE INDEX ix_a ON {{row.a}} (b)')",
        f"{ROWS}op.execute(f'CREATE INDEX {{row.a}} ON t (b)')",
        "session = sa.orm.Session(op.get_bind())\nsession.add(Thing())",
        "op.execute('CREATE TABEL a')",
        "op.get_bind().execute(compute().select())",
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL010", body) == []
