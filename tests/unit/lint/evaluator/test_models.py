"""Tables of models and metadata that a revision creates: known, or said not to be.

That they are as SQLAlchemy makes them is shown on real databases by tests/integration/corpora.
"""

from pathlib import Path

import pytest

from calista_tools.effects.evaluator import Project
from tests.unit.lint.evaluator.following import follow

BEFORE = """
from sqlalchemy.orm import DeclarativeBase, declarative_base, mapped_column
from sqlalchemy.schema import DropColumn, DropSchema, DropTable
from app.models import Other
from shop.models import Base as Shared, Item

Base = declarative_base()

class User(Base):
    __tablename__ = "user"
    id = sa.Column("key", sa.Integer, primary_key=True)
    team = sa.Column(sa.Integer, name="team_id")
    name = mapped_column(sa.Text)

metadata = sa.MetaData()
bind = op.get_bind()
"""


def told(tmp_path: Path, body: str) -> list[tuple[str, str | None]]:
    """What a revision does to which table."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text(
        "import sqlalchemy as sa\nfrom sqlalchemy.orm import declarative_base\n"
        "Base = declarative_base()\n"
        "class Item(Base):\n    __tablename__ = 'item'\n    id = sa.Column(sa.Integer)\n"
    )
    source = f"{BEFORE}\ndef upgrade():\n    {body}\n"
    found = follow(source, tmp_path / "versions" / "x.py", Project((tmp_path,)))
    return [(one.what, one.table) for one in found.operations]


@pytest.mark.parametrize(
    ("body", "steps"),
    [
        ("User.__table__.create(bind)", [("create_table", "user")]),
        ("Base.metadata.create_all(bind)", [("create_table", "user")]),
        ("Base.metadata.drop_all(bind)", [("drop_table", "user")]),
        ("Base.metadata.tables['user'].create(bind)", [("create_table", "user")]),
        ("op.execute(DropTable(User.__table__))", [("drop_table", "user")]),
        ("op.execute(DropColumn('user', sa.Column('a')))", [("drop_column", "user")]),
        ("Item.__table__.create(bind)", [("create_table", "item")]),
        (
            "Shared.metadata.create_all(bind, tables=[Item.__table__])",
            [("create_table", "item")],
        ),
        # Other modules of the project may have added tables to it, or columns.
        ("Shared.metadata.create_all(bind)", [("unknown", None)]),
        ("Base.metadata.create_all(bind, tables=bind.tables)", [("unknown", None)]),
        ("Other.__table__.create(bind)", [("unknown", None)]),
        ("Other.metadata.create_all(bind)", [("unknown", None)]),
        ("Other.metadata.drop_all(bind)", [("unknown", None)]),
        ("metadata.create_all(bind)", []),
        ("User.query.create(bind)", []),
    ],
)
def test_tables_of_models(tmp_path: Path, body: str, steps: list[tuple[str, str | None]]) -> None:
    assert told(tmp_path, body) == steps


def test_columns_have_the_names_that_they_are_given() -> None:
    [made] = follow(f"{BEFORE}\ndef upgrade():\n    User.__table__.create(bind)\n").operations
    assert made.columns == ("key", "team_id", "name")


def test_a_table_whose_columns_stand_elsewhere_is_not_said_to_have_none() -> None:
    body = "sa.Table('t', metadata).create(bind, checkfirst=True)"
    [made] = follow(f"{BEFORE}\ndef upgrade():\n    {body}\n").operations
    assert (made.table, made.columns, made.conditional) == ("t", None, True)


def test_ddl_that_is_no_table_s_reads_as_its_sql() -> None:
    [made] = follow(
        f"{BEFORE}\ndef upgrade():\n    op.execute(DropSchema('old', cascade=True))\n"
    ).operations
    assert made.sql == 'DROP SCHEMA "old" CASCADE'


def test_what_is_taken_from_an_object_is_what_its_class_gives() -> None:
    """As Flask-SQLAlchemy has it: ``db.Table``, ``db.Column``, ``db.String``."""
    [made] = follow("""
    from flask_sqlalchemy import SQLAlchemy
    db = SQLAlchemy(metadata=sa.MetaData())
    tags = db.Table("tags", db.Column("a", db.String(50), index=True), db.UniqueConstraint("a", name="u"))

    def upgrade():
        tags.create(op.get_bind())
    """).operations
    assert made.columns == ("a",)
    assert made.specs[0].type == "String(50)"
    assert [one.kind for one in made.objects] == ["table", "ix", "uq"]
