"""Which foreign keys go with a table, where another schema has one of the same name?"""

import pytest

from calista_tools.effects.schema import Change, Placed, Schema, apply
from calista_tools.effects.schema.elements import Event

NAMESAKES = [
    Change("create_table", "note", objects=(Placed("pk", "pk_note", ("id",)),)),
    Change("create_table", "note", "other", objects=(Placed("pk", "pk_other", ("id",)),)),
]


def referring(name: str, schema: str | None) -> Change:
    key = Placed("fk", name, ("note_id",), "note", ("id",), referred_schema=schema)
    return Change("create_table", f"with_{name}", objects=(key,))


KEYS = [referring("to_note", None), referring("to_other", "other")]
DROPPED = Change("drop_table", "note", cascade=True)
OTHER_DROPPED = DROPPED._replace(schema="other")
RENAMED = Change("rename_table", "note", new_name="page")


def dropped(*changes: Change) -> list[str | None]:
    """Return the foreign keys that are dropped."""
    schema = Schema("postgresql")
    heard: list[Event] = []
    apply(schema, changes, heard.append)
    return [one.placed.name for one in heard if one.action == "drop" and one.placed.kind == "fk"]


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ((*NAMESAKES, *KEYS, DROPPED), ["to_note"]),
        ((*NAMESAKES, *KEYS, OTHER_DROPPED), ["to_other"]),
        ((*NAMESAKES, *KEYS, OTHER_DROPPED, DROPPED), ["to_other", "to_note"]),
        ((*NAMESAKES, *KEYS, RENAMED, DROPPED._replace(table="page")), ["to_note"]),
        (
            (
                *NAMESAKES,
                *KEYS,
                RENAMED._replace(schema="other"),
                OTHER_DROPPED._replace(table="page"),
            ),
            ["to_other"],
        ),
        # One schema has a table of this name, and one of the two sides names none: it may be it.
        ((NAMESAKES[1], KEYS[0], OTHER_DROPPED), ["to_note"]),
        ((NAMESAKES[0], KEYS[1], DROPPED), ["to_other"]),
    ],
)
def test_what_refers_to_a_table_goes_with_it(changes: tuple[Change, ...], gone: list[str]) -> None:
    assert dropped(*changes) == gone


@pytest.mark.parametrize(
    "changes",
    [
        (*NAMESAKES, KEYS[0], OTHER_DROPPED),
        (*NAMESAKES, KEYS[1], DROPPED),
        (*NAMESAKES, KEYS[1], RENAMED, DROPPED._replace(table="page")),
        (
            *NAMESAKES,
            KEYS[0],
            RENAMED._replace(schema="other"),
            OTHER_DROPPED._replace(table="page"),
        ),
        (*NAMESAKES, referring("to_third", "third"), DROPPED._replace(schema="other")),
        (*NAMESAKES, *KEYS, DROPPED._replace(table="elsewhere")),
    ],
)
def test_what_refers_to_its_namesake_stays(changes: tuple[Change, ...]) -> None:
    assert dropped(*changes) == []
