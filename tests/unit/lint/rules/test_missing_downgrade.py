import pytest

from tests.unit.lint.project import Lint

UPGRADE = 'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\n'


@pytest.mark.parametrize(
    "downgrade",
    [
        "",
        "def downgrade():\n    pass\n",
        "def downgrade():\n    ...\n",
        'def downgrade():\n    """Nothing to undo."""\n',
        "def downgrade():\n    return\n",
        "def downgrade():\n    return None\n",
        "def downgrade():\n    # op.drop_column()\n    pass\n",
        "def downgrade():\n    raise NotImplementedError\n",
        'def downgrade():\n    """No."""\n    raise NotImplementedError("cannot be undone")\n',
        "async def downgrade():\n    pass\n",
        "def downgrade_all():\n    op.drop_column('note', 'body')\n",
        'def downgrade():\n    print("no way back")\n',
        "def downgrade():\n    bind = op.get_bind()\n",
        "downgrade = None\n",
        'def downgrade():\n    assert False, "no way back"\n',
        'def downgrade():\n    if False:\n        op.drop_column("note", "body")\n',
        'def downgrade():\n    op.execute("SELECT 1")\n',
        'def downgrade():\n    op.execute("-- nothing to undo")\n',
        'def refuse():\n    raise RuntimeError("no way back")\n\ndef downgrade():\n    refuse()\n',
        'def downgrade():\n    import warnings\n    warnings.warn("no way back")\n',
    ],
)
def test_reports(downgrade: str, lint: Lint) -> None:
    [found] = lint("CAL305", UPGRADE + downgrade)
    assert "downgrade()" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        UPGRADE + 'def downgrade():\n    op.drop_column("note", "body")\n',
        UPGRADE + "def downgrade():\n    undo(op)\n",
        UPGRADE + "from helpers import downgrade\n",
        UPGRADE + "from helpers import *\n",
        UPGRADE + "downgrade = lambda: op.drop_column('note', 'body')\n",
        UPGRADE + "if True:\n    def downgrade():\n        op.drop_column('note', 'body')\n",
        UPGRADE + "def downgrade():\n    for table in TABLES:\n        op.drop_table(table)\n",
        UPGRADE + "def downgrade():\n    if op.get_bind():\n        raise RuntimeError\n",
        # A merge: nothing up, nothing down.
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
        'def upgrade():\n    """Join the branches."""\n',
        UPGRADE + "def downgrade():  # noqa: CAL305 - the texts are gone; restore the backup\n"
        "    raise NotImplementedError\n",
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef drop():\n    op.drop_column("note", "body")\n\ndef downgrade():\n    drop()\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndrop = helpers()\n\ndef downgrade():\n    drop()\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef downgrade():\n    op.execute("SELECT undo()")\n',
        'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\ndef downgrade():\n    run = op.drop_column\n    run("note", "body")\n',
        "def upgrade():\n    print(op.get_bind().dialect.name)\n\ndef downgrade():\n    pass\n",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL305", source) == []
