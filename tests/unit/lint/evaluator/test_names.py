"""Names that are built: each comes out as Python would build it."""

from pathlib import Path

import pytest

from calista_tools.effects.evaluator import Project
from tests.unit.lint.evaluator.following import follow, names, steps


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("ix_a", "t", ["c"])',
        'op.create_index(index_name="ix_a", table_name="t", columns=["c"])',
        'op.create_index(op.f("ix_a"), "t", ["c"])',
        'name = "ix_a"\nop.create_index(name, "t", ["c"])',
        'prefix = "ix"\nop.create_index(f"{prefix}_a", "t", ["c"])',
        'op.create_index("%s_%s" % ("ix", "a"), "t", ["c"])',
        'op.create_index("%(k)s_a" % {"k": "ix"}, "t", ["c"])',
        'op.create_index("{}_{b}".format("ix", b="a"), "t", ["c"])',
        'op.create_index("_".join(["ix", "a"]), "t", ["c"])',
        'op.create_index("IX_A".lower(), "t", ["c"])',
        'op.create_index("ix" + "_" + "a", "t", ["c"])',
        'names = {"t": "ix_a"}\nop.create_index(names["t"], "t", ["c"])',
        'names = ("x", "ix_a")\nop.create_index(names[1], "t", ["c"])',
        'for n, cols in [("ix_a", ["c"])]:\n    op.create_index(n, "t", cols)',
        'for n, cols in {"ix_a": ["c"]}.items():\n    op.create_index(n, "t", cols)',
        'for i, c in enumerate("a"):\n    op.create_index(f"ix_{c}", "t", [c])',
        '[op.create_index(f"ix_{c}", "t", [c]) for c in ("a",)]',
        'kw = {"unique": True}\nop.create_index("ix_a", "t", ["c"], **kw)',
        'args = ("ix_a", "t", ["c"])\nop.create_index(*args)',
        'with op.batch_alter_table("t") as b:\n    b.create_index("ix_a", ["c"])',
        'batch = op.batch_alter_table("t")\nwith batch as x:\n    x.create_index(x.f("ix_a"), ["c"])',
        'make = op.create_index\nmake("ix_a", "t", ["c"])',
        'getattr(op, "create_index")("ix_a", "t", ["c"])',
        'from alembic.op import create_index as ci\nci("ix_a", "t", ["c"])',
        'import alembic.op\nalembic.op.create_index("ix_a", "t", ["c"])',
        'from alembic import op as o\no.create_index("ix_a", "t", ["c"])',
        'from functools import partial\npartial(op.create_index, "ix_a")("t", ["c"])',
        'sa.Index("ix_a", sa.Table("t", sa.MetaData()).c.c).create(op.get_bind())',
        'n = "ix_a" if True else other()\nop.create_index(n, "t", ["c"])',
        'if (n := "ix_a"):\n    op.create_index(n, "t", ["c"])',
        'i = 0\nwhile i < 1:\n    op.create_index("ix_a", "t", ["c"])\n    i += 1',
        'try:\n    op.create_index("ix_a", "t", ["c"])\nexcept Exception:\n    raise',
        'match "x":\n    case "x":\n        op.create_index("ix_a", "t", ["c"])',
        'from sqlalchemy.schema import conv\nop.create_index(conv("ix_a"), "t", ["c"])',
        'op.create_index(sa.sql.elements.quoted_name("ix_a", True), "t", ["c"])',
        (
            'm = sa.MetaData(naming_convention={"ix": "ix_%(c)s"})\n'
            'op.create_index(m.naming_convention["ix"] % dict(c="a"), "t", ["c"])'
        ),
    ],
)
def test_every_spelling_of_one_name(source: str) -> None:
    assert names(source) == ["ix_a"]


@pytest.mark.parametrize(
    "source",
    [
        """
        def name(column):
            return f"ix_{column}"

        def upgrade():
            op.create_index(name("a"), "t", ["a"])
        """,
        """
        NAMES = ["ix_a"]

        def make(names, table="t", *, columns=("a",)):
            for one in names:
                op.create_index(one, table, list(columns))

        def upgrade():
            make(NAMES)
        """,
        """
        class Name:
            INDEX = "ix_a"

        def upgrade():
            op.create_index(Name.INDEX, "t", ["a"])
        """,
        """
        def upgrade():
            def inner(what):
                op.create_index(what, "t", ["a"])
            inner("ix_a")
        """,
        """
        def outer(fn):
            fn("ix_a")

        def upgrade():
            outer(lambda name: op.create_index(name, "t", ["a"]))
        """,
    ],
)
def test_helpers_in_the_file(source: str) -> None:
    assert names(source) == ["ix_a"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("compute()", "compute"),
        ('f"ix_{op.get_bind().scalar(sa.text(QUERY))}"', "read from the database"),
        ('os.environ.get("NAME")', "environment"),
        ('"ix" if random() else "iy"', "depends on a test"),
        ('"".join({"a", "b"})', "order of a set"),
        ('"x" * 10**9', "not followed"),
        ("names[3]", "not there"),
    ],
)
def test_what_cannot_be_known_says_why(name: str, reason: str) -> None:
    source = f"""
    import os
    from random import random
    from elsewhere import compute
    QUERY = "SELECT 1"
    names = ["a"]

    def upgrade():
        op.create_index({name}, "t", ["c"])
    """
    [made] = [one for one in follow(source).operations if one.what == "create_index"]
    assert made.name is not None
    assert made.name.text is None
    assert reason in made.name.reason


def test_helpers_of_the_project_are_read_and_never_run(tmp_path: Path) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("raise SystemExit('was imported')\n")
    (tmp_path / "shop" / "naming.py").write_text(
        "PREFIX = 'ix'\n\ndef index(op, column):\n    op.create_index(f'{PREFIX}_{column}', 't', [column])\n"
    )
    source = """
    from shop.naming import PREFIX, index
    import shop.naming

    def upgrade():
        index(op, "a")
        op.create_index(f"{shop.naming.PREFIX}_b", "t", ["b"])
    """
    found = follow(source, versions / "x.py", Project.around(versions, tmp_path)).operations
    assert [one.name.text for one in found if one.name] == ["ix_a", "ix_b"]
    assert [one.foreign for one in found] == [True, False]
    assert found[0].row == 10, "the call that led into the other file"


@pytest.mark.parametrize("expression", ["compute() or 'ix_a'", "compute() and 'ix_a'"])
def test_what_stands_behind_an_unknown_operand_is_not_taken_for_the_name(expression: str) -> None:
    [made] = follow(f"op.create_index({expression}, 't', ['c'])").operations
    assert made.name is not None
    assert made.name.text is None


def test_a_query_that_is_iterated_over_reads_the_database() -> None:
    steps = follow("""
    from sqlalchemy.orm import Session
    class T(Base):
        __tablename__ = "t"
        a = sa.Column(sa.Integer)

    def upgrade():
        session = Session(bind=op.get_bind())
        for one in session.query(T).filter(T.a > 0):
            op.drop_index(one.name, "t")
        session.query(T).filter_by(a=1).update({T.a: T.a + 1}, synchronize_session=False)
    """).operations
    assert [one.what for one in steps] == ["read", "drop_index", "sql"]
    assert (steps[-1].table, steps[-1].keywords["verb"]) == ("t", "update")
    assert steps[-1].keywords["where"] == "a == 1"
    assert steps[-1].keywords["set"] == {"a": "a + 1"}


def test_modules_that_import_each_other_and_themselves(tmp_path: Path) -> None:
    """As packages do whose ``__init__`` imports its own submodules by their full name."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    files = {
        "shop/__init__.py": "from shop import naming\nfrom shop.loop import LOOP\n",
        "shop/naming.py": "from .parts.words import PREFIX\nfrom shop import loop\nLAST = PREFIX + 'z'\n",
        "shop/loop.py": "from shop import LOOP\nfrom shop.naming import LAST\n",
        "shop/parts/__init__.py": "",
        "shop/parts/words.py": "from ..base import START\nPREFIX = START + 'x_'\n",
        "shop/base.py": "START = 'i'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    source = """
    import shop
    from shop import naming, LOOP
    print(LOOP, shop.loop.LOOP)

    def upgrade():
        op.create_index(naming.PREFIX + "a", "t", ["a"])
        op.create_index(shop.loop.LAST, "t", ["b"])
        op.create_index(LOOP, "t", ["c"])
    """
    found = follow(source, versions / "x.py", Project.around(versions, tmp_path))
    assert [one.name.text for one in found.operations if one.name] == ["ix_a", "ix_z", None]
    assert found.troubles == []


def test_a_sql_file_beside_the_revision_is_read(tmp_path: Path) -> None:
    (tmp_path / "up.sql").write_text("CREATE INDEX ix_a ON t (c);")
    source = """
    from pathlib import Path

    def upgrade():
        op.execute((Path(__file__).parent / "up.sql").read_text())
        with open(Path(__file__).with_name("up.sql")) as file:
            op.execute(sa.text(file.read()))
    """
    found = follow(source, tmp_path / "x.py", Project.around(tmp_path)).operations
    assert [one.sql for one in found] == ["CREATE INDEX ix_a ON t (c);"] * 2


def test_columns_and_the_constraints_that_come_with_them() -> None:
    [made] = steps("""
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(length=20), nullable=False, unique=True),
        sa.Column("author", sa.Integer, sa.ForeignKey("app.author.id", name="fk_a"), index=True),
        sa.Column("done", sa.Boolean(create_constraint=True, name="flag"), server_default="0"),
        sa.CheckConstraint("id > 0", name="positive"),
        schema="app",
    )
    """)
    assert (made.table, made.schema) == ("note", "app")
    assert [spec.type for spec in made.specs] == [
        "Integer()",
        "String(length=20)",
        "Integer",
        "Boolean(create_constraint=True, name='flag')",
    ]
    kinds = sorted((one.kind, one.columns, one.implicit) for one in made.objects)
    assert kinds == [
        ("ck", (), False),
        ("ck", ("done",), True),
        ("fk", ("author",), False),
        ("ix", ("author",), True),
        ("pk", ("id",), True),
        ("table", (), False),
        ("uq", ("title",), True),
    ]


@pytest.mark.parametrize(
    "parameters",
    ["prefix='ix_'", "ignored=None, prefix='ix_'", "prefix='ix_', /", "*, prefix='ix_', **rest"],
)
def test_what_alembic_does_not_hand_over_has_its_default(parameters: str) -> None:
    assert names(f'def upgrade({parameters}):\n    op.create_index(prefix + "a", "t", ["c"])') == [
        "ix_a"
    ]


def test_a_parameter_without_a_default_is_not_known() -> None:
    found = names('def upgrade(prefix, end="_a"):\n    op.create_index(prefix + end, "t", ["c"])')
    assert found == [None]


def test_imports_start_above_the_outermost_package(tmp_path: Path) -> None:
    versions = tmp_path / "app" / "db" / "sql" / "migration" / "alembic" / "versions" / "2026"
    versions.mkdir(parents=True)
    for folder in versions.relative_to(tmp_path).parents:
        if folder.name:
            (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "app" / "names.py").write_text("INDEX = 'ix_a'\n")
    source = 'from app.names import INDEX\ndef upgrade():\n    op.create_index(INDEX, "t", ["c"])'
    found = follow(source, versions / "x.py", Project.around(versions)).operations
    assert [one.name.text for one in found if one.name is not None] == ["ix_a"]
