import pytest

from tests.unit.lint.project import Lint

BLOCK = (
    "with op.get_context().autocommit_block():\n"
    '    op.execute("CREATE INDEX CONCURRENTLY i ON note (body)")\n'
)
ADD = 'op.add_column("note", sa.Column("size", sa.Integer()))\n'


@pytest.mark.parametrize(
    "body",
    [
        ADD + BLOCK,
        BLOCK + ADD,
        'op.execute("UPDATE note SET size = 1")\n' + BLOCK,
        'op.bulk_insert(sa.table("tag", sa.column("name")), [{"name": "new"}])\n' + BLOCK,
        "context = op.get_context()\n" + ADD + BLOCK.replace("op.get_context()", "context"),
        ADD
        + 'if op.get_bind().dialect.name == "postgresql":\n    '
        + BLOCK.replace("\n", "\n    "),
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    [found] = lint("CAL309", body)
    assert "autocommit block beside another step" in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        BLOCK,
        ADD,
        ADD + ADD,
        BLOCK + '    op.execute("CREATE INDEX CONCURRENTLY j ON note (size)")\n',
        "op.execute(\"SET lock_timeout = '5s'\")\n" + BLOCK,
        'op.get_bind().execute(sa.text("SELECT 1")).scalar()\n' + BLOCK,
        'if op.get_bind().dialect.name == "postgresql":\n    '
        + BLOCK.replace("\n", "\n    ").rstrip()
        + "\nelse:\n    "
        + ADD,
        "def upgrade():\n    " + BLOCK.replace("\n", "\n    ") + "\n\ndef downgrade():\n    " + ADD,
        'op.execute("COMMIT")\nop.execute("CREATE INDEX CONCURRENTLY i ON note (body)")',
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL309", body) == []


def test_reports_a_raw_commit_behind_a_step(lint: Lint) -> None:
    body = f'{ADD}op.execute("COMMIT")\nop.execute("CREATE INDEX CONCURRENTLY i ON note (body)")'
    [found] = lint("CAL309", body)
    assert found.finding.message.startswith("COMMIT behind another step (line 14)")
