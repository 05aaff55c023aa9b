import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index(op.f("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title"), "note", ["title"])',
        'op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note", ["title"])',
        'op.create_table("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_note", sa.Column("id", sa.Integer()))',
        'op.execute("CREATE INDEX ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title ON note (title)")',
        'with op.batch_alter_table("note") as b:\n    b.create_unique_constraint("uq_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", ["title"])',
        'op.create_index("ix_" + "é" * 31, "note", ["title"])',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL108", source)
    assert "bytes" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "note", ["title"])',
        'op.create_index("é" * 31, "note", ["title"])',
        'op.drop_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note")',
        'if op.get_bind().dialect.name == "sqlite":\n    op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note", ["title"])',
        'op.add_column("note", sa.Column("t", sa.Text(), comment="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))',
        "op.execute(\"INSERT INTO note VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')\")",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL108", source) == []
