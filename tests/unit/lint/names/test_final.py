"""The final names are SQLAlchemy's own: each is compared with the DDL that SQLAlchemy writes."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.exc import IdentifierError
from sqlalchemy.schema import AddConstraint, CreateIndex, conv

from calista_tools.effects.names.final import final_name
from calista_tools.effects.names.shortening import clip, shorten
from calista_tools.effects.objects import Name, SchemaObject

DIALECTS: dict[str, sa.Dialect] = {
    "postgresql": PGDialect(),  # type: ignore[no-untyped-call]
    "sqlite": SQLiteDialect(),
}
COLUMNS = ("first", "second")
CONVENTIONS = [
    {},
    {
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(column_0_N_label)s",
        "fk": "fk_%(table_name)s_%(column_0N_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    },
    {
        "pk": "%(table_name)s_%(column_0_N_label)s",
        "uq": "uq_%(column_0_label)s_%(column_1_name)s_%(column_7_name)s",
        "ix": "%(column_0N_label)s_%(constraint_name)s",
        "fk": "%(constraint_name)s_%(referred_column_0_name)s",
        "ck": "%(constraint_name)s%%",
    },
]


def sqlalchemys_name(
    kind: str, table_name: str, name: str | None, convention: dict[str, str], dialect: str
) -> str | None:
    """Return the name in the DDL that SQLAlchemy writes; None where it refuses."""
    metadata = sa.MetaData(naming_convention=convention)
    other = sa.Table("other", metadata, sa.Column("x"), sa.Column("y"))
    table = sa.Table(table_name, metadata, *(sa.Column(column) for column in COLUMNS))
    made: sa.Constraint | sa.Index
    if kind == "ix":
        made = sa.Index(name, *(table.c[column] for column in COLUMNS))
        ddl: sa.schema.ExecutableDDLElement = CreateIndex(made)
    else:
        makers: dict[str, Callable[[], sa.Constraint]] = {
            "pk": lambda: sa.PrimaryKeyConstraint(*COLUMNS, name=name),
            "uq": lambda: sa.UniqueConstraint(*COLUMNS, name=name),
            "ck": lambda: sa.CheckConstraint("first > 0", name=name),
            "fk": lambda: sa.ForeignKeyConstraint(COLUMNS, [other.c.x, other.c.y], name=name),
        }
        made = makers[kind]()
        table.append_constraint(made)
        ddl = AddConstraint(made)
    try:
        text = str(ddl.compile(dialect=DIALECTS[dialect]))
    except IdentifierError:
        return None
    found = re.search(r'(?:CONSTRAINT|INDEX) (?:"((?:[^"]|"")+)"|(\S+))', text)
    assert found is not None
    name_written = found.group(2) or found.group(1).replace('""', '"')
    # The driver's parameters are written with `%` on PostgreSQL, so SQLAlchemy doubles it.
    return name_written.replace("%%", "%") if dialect == "postgresql" else name_written


def ours(kind: str, table: str, name: Name | None) -> SchemaObject:
    return SchemaObject("create", kind, table, name, COLUMNS, "other", ("x", "y"))


WORDS = st.text(st.sampled_from("abcxyz_ABé名"), min_size=1, max_size=90)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["pk", "uq", "ix", "fk", "ck"]),
    WORDS,
    st.none() | WORDS,
    st.booleans(),
    st.sampled_from(CONVENTIONS),
    st.sampled_from(sorted(DIALECTS)),
)
def test_final_names_are_sqlalchemys(
    kind: str,
    table: str,
    name: str | None,
    final: bool,
    convention: dict[str, str],
    dialect: str,
) -> None:
    template = convention.get(kind)
    if name is None and (template is None or "constraint_name" in template):
        return
    given_name = conv(name) if final and name is not None else name
    theirs = sqlalchemys_name(kind, table, given_name, convention, dialect)
    found = final_name(ours(kind, table, Name(name, final) if name else None), dialect, convention)
    if theirs is None:
        assert found.name is None
        assert "refuses" in found.reason
    else:
        assert found.name == (clip(theirs) if dialect == "postgresql" else theirs)


@pytest.mark.parametrize("kind", ["uq", "fk", "ck"])
def test_what_the_convention_cannot_name_says_why(kind: str) -> None:
    convention = {kind: f"{kind}_%(constraint_name)s"}
    found = final_name(ours(kind, "t", None), "postgresql", convention)
    assert found.name is None
    assert "wants a name" in found.reason
    custom = final_name(ours(kind, "t", None), "postgresql", {kind: "%(guid)s"})
    assert "own token" in custom.reason
    for broken in ("%(table_name)", "%(table_name)d", "100%", "%s"):
        cut = final_name(ours(kind, "t", None), "postgresql", {kind: broken})
        assert cut.name is None
        assert "cut short" in cut.reason


def test_an_unknown_name_stays_unknown() -> None:
    made = ours("uq", "t", Name(None, reason="is read from the database"))
    found = final_name(made, "sqlite", {"uq": "uq_%(table_name)s"})
    assert found == (None, "is read from the database", False, None)


def test_long_names() -> None:
    assert shorten("ck_t2_" + "a" * 60) == "ck_t2_" + "a" * 49 + "_327e"
    assert clip("é" * 40) == "é" * 31
    assert clip("x" * 63) == "x" * 63
