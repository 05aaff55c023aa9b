import pytest

from tests.unit.lint.project import Lint

BIND = "bind = op.get_bind()\n"


@pytest.mark.parametrize(
    "body",
    [
        BIND + 'rows = bind.execute(sa.text("SELECT id FROM note")).fetchall()',
        BIND + 'count = bind.scalar(sa.text("SELECT count(*) FROM note"))',
        BIND + 'for row in bind.execute(sa.text("SELECT id FROM note")):\n    print(row)',
        BIND + "tables = sa.inspect(bind).get_table_names()",
        BIND + 'session = sa.orm.Session(bind=bind)\nsession.query(sa.table("note")).all()',
        "from sqlalchemy.engine.reflection import Inspector\n"
        + BIND
        + "Inspector.from_engine(bind).get_columns('note')",
        'from alembic import context\ndef online():\n    if context.is_offline_mode():\n        return\nonline()\nrows = op.get_bind().execute(sa.text("SELECT 1")).all()',
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    [found] = lint("CAL203", body)
    assert "`upgrade()` reads the database" in found.finding.message


def test_once_in_each_direction(lint: Lint) -> None:
    read = '    op.get_bind().execute(sa.text("SELECT 1")).fetchall()\n'
    source = f"def upgrade():\n{read}{read}\n\ndef downgrade():\n{read}"
    assert len(lint("CAL203", source)) == 2


@pytest.mark.parametrize(
    "body",
    [
        'op.execute("UPDATE note SET body = 1")',
        BIND + 'bind.execute(sa.text("UPDATE note SET body = 1"))',
        BIND + 'if bind.dialect.name == "sqlite":\n    op.execute("SELECT 1")',
        "from alembic import context\n" + BIND + "if not context.is_offline_mode():\n"
        "    bind.execute(sa.text('SELECT 1')).fetchall()",
        "from alembic import context\nif context.is_offline_mode():\n    raise RuntimeError('no')\n"
        + BIND
        + "bind.execute(sa.text('SELECT 1')).fetchall()",
        'op.bulk_insert(sa.table("note", sa.column("id")), [{"id": 1}])',
        BIND + "url = bind.dialect.name",
        'from alembic import context\ndef online():\n    if context.is_offline_mode():\n        raise RuntimeError\nonline()\nrows = op.get_bind().execute(sa.text("SELECT 1")).all()',
        'from alembic import context\nassert not context.is_offline_mode()\nrows = op.get_bind().execute(sa.text("SELECT 1")).all()',
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL203", body) == []
