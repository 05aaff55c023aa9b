import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"])\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_unique_constraint("u", "note", ["x", "y"])\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_primary_key("p", "note", ["x", "y"])\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("b", "note", ["x", "y"], unique=True)\nop.create_index("a", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.execute("CREATE INDEX b ON note (x, y)")\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nfor n, c in (("a", ["x"]), ("b", ["x", "y"])):\n    op.create_index(n, "note", c)',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL310", source)
    assert "is the beginning of" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["y"])\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"], unique=True)\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"], postgresql_where=sa.text("x > 0"))\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"], postgresql_using="gin")\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"])\nop.create_index("b", "page", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", ["x"])\nop.drop_index("a", "note")\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", [sa.text("lower(x)")])\nop.create_index("b", "note", [sa.text("lower(x)"), "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("a", "note", columns())\nop.create_index("b", "note", ["x", "y"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("b", "note", ["x", "y"], postgresql_ops={"x": "varchar_pattern_ops"})\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.create_index("b", "note", ["x", "y"], postgresql_using="gist")\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.execute("CREATE INDEX b ON note USING gin (x, y)")\nop.create_index("a", "note", ["x"])',
        'op.create_table("note", sa.Column("title", sa.Text()))\nop.execute("CREATE INDEX b ON note (x text_pattern_ops)")\nop.create_index("a", "note", ["x"])',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL310", source) == []
