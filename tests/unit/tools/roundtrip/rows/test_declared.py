from __future__ import annotations

import pytest

from calista_tools.roundtrip.rows.declared import declarations
from calista_tools.roundtrip.rows.table_model import TableName

SOURCE = """
def upgrade():
    op.drop_column(
        "note", "body"
    )  # noqa: CAL301 - bodies were moved to page in revision 3; they come back empty
    op.drop_table("tag")
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("kind")  # noqa: CAL203, CAL301 - never read
    for name in NAMES:
        pass
"""
KNOWN = {"note", "tag", "event", "public.page"}


def covered(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for declaration in declarations(source):
        for name in sorted(KNOWN):
            column = {"note": "body", "event": "kind"}.get(name, "other")
            table = TableName("", name.rpartition(".")[2])
            if declaration.covers(table, KNOWN, column, {column}):
                found.setdefault(name, declaration.reason.split(";")[0])
    return found


def test_a_comment_speaks_for_the_tables_of_its_statement_and_reason() -> None:
    assert covered(SOURCE) == {
        "note": "bodies were moved to page in revision 3",
        "public.page": "bodies were moved to page in revision 3",
        "event": "never read",
    }


def test_where_no_table_is_named_it_speaks_for_all() -> None:
    source = "for n in NAMES:\n    op.drop_table(n)  # noqa: CAL301 - all of them are caches\n"
    assert set(covered(source)) == KNOWN


def test_without_a_reason_nothing_is_declared() -> None:
    assert declarations("op.drop_table('note')  # noqa: CAL301") == []
    assert declarations("op.drop_table('note')  # noqa: CAL302 - other") == []
    assert declarations("x = '# noqa: CAL301 - in a string'") == []


def test_a_file_that_cannot_be_read_declares_nothing() -> None:
    assert declarations("def upgrade(: # noqa: CAL301 - broken") == []


COLUMNS = {"id", "body", "title"}
NOTE = TableName("", "note")


@pytest.mark.parametrize(
    ("statement", "column", "covered"),
    [
        ('op.drop_column("note", "body")', "body", True),
        ('op.drop_column("note", "body")', "title", False),
        ('op.drop_column("note", "body")', None, False),
        ('op.execute("DELETE FROM note WHERE body IS NULL")', None, True),
        ('op.execute("UPDATE note SET body = lower(body)")', "body", True),
        ('op.execute("UPDATE note SET body = lower(body)")', "title", False),
        ("clean(note)", "title", True),
    ],
)
def test_a_statement_speaks_for_the_columns_that_it_names(
    statement: str, column: str | None, covered: bool
) -> None:
    source = f"def upgrade():\n    {statement}  # noqa: CAL301 - kept in the archive\n"
    (declaration,) = declarations(source)
    assert declaration.covers(NOTE, {"note", "tag"}, column, COLUMNS) is covered
