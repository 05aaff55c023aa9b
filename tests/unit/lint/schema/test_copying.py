"""What a copy of a table on SQLite keeps."""

from calista_tools.effects.schema import Change, Placed, Schema, apply
from calista_tools.effects.schema.elements import ColumnState

FIRST = Placed("fk", None, ("a",), "u", ("id",), implicit=True)
SECOND = Placed("fk", "fk_t_u", ("a",), "u", ("id",))


def kept(*between: Change) -> list[Placed]:
    """The foreign keys of a table with two equal ones, after a copy."""
    schema = Schema("sqlite")
    columns = (ColumnState("a", "Integer()", None, default=False),)
    apply(schema, [Change("create_table", "t", columns=columns, objects=(FIRST, SECOND))])
    apply(schema, [*between, Change("recreate", "t")])
    return list(schema.tables["t"].objects)


def test_reflection_sees_the_first_of_two_equal_foreign_keys() -> None:
    assert kept() == [FIRST]


def test_either_may_be_the_first_where_one_was_dropped_and_nobody_knows_which() -> None:
    assert kept(Change("drop", "t", kind="fk")) == [FIRST, SECOND]
    assert kept(Change("drop", None, kind="fk")) == [FIRST, SECOND]
