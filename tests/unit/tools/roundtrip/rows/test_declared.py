from __future__ import annotations

import pytest

from calista_tools.roundtrip.rows.declared import IRREVERSIBLE, declarations
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


UP = "def upgrade():\n    op.drop_column('note', 'body')\n\n"


@pytest.mark.parametrize(
    "downgrade",
    [
        "def downgrade():  # noqa: CAL305 - the texts are gone\n    raise NotImplementedError\n",
        "def downgrade():\n    raise NotImplementedError  # noqa: CAL305: the texts are gone\n",
        "def downgrade():\n    pass  # noqa: CAL3 (the texts are gone)\n",
        "# calista: noqa: CAL305 the texts are gone\ndef downgrade():\n    pass\n",
        "def downgrade():\n    raise NotImplementedError('the texts are gone')\n",
        "def downgrade():\n    '''the texts are gone'''\n",
    ],
)
def test_what_the_lint_takes_for_a_reason_is_one(downgrade: str) -> None:
    assert [said.reason for said in declarations(UP + downgrade, IRREVERSIBLE)] == [
        "the texts are gone"
    ]


@pytest.mark.parametrize(
    "downgrade",
    [
        "def downgrade():  # noqa: CAL305 - no\n    raise NotImplementedError\n",
        "def downgrade():  # noqa: CAL305 - <why>\n    raise NotImplementedError\n",
        "def downgrade():\n    raise NotImplementedError('irreversible')\n",
        "def downgrade():\n    op.execute('CREATE')\n    raise ValueError('the texts are gone')\n",
        "def downgrade():\n    '''The texts are not gone.'''\n    op.add_column('note', c)\n",
    ],
)
def test_what_is_none_there_is_none_here(downgrade: str) -> None:
    assert declarations(UP + downgrade, IRREVERSIBLE) == []


def test_a_merge_has_nothing_to_undo() -> None:
    source = "def upgrade():\n    pass\n\ndef downgrade():\n    '''Nothing is lost here.'''\n"
    assert declarations(source, IRREVERSIBLE) == []


@pytest.mark.parametrize(
    "source",
    [
        "# noqa: CAL301 - never read\nwith op.batch_alter_table('note') as b:\n    b.drop_column('body')\n",
        "op.drop_column(  # noqa: CAL301: never read\n    'note', 'body'\n)\n",
        "op.drop_column(\n    'note',  # noqa: CAL3 never read\n    'body'\n)\n",
    ],
)
def test_a_loss_is_declared_where_the_lint_takes_it(source: str) -> None:
    (declaration,) = declarations(source)
    assert declaration.reason == "never read"
    assert declaration.covers(NOTE, {"note", "tag"}, "body", COLUMNS)
    assert not declaration.covers(TableName("", "tag"), {"note", "tag"}, "body", COLUMNS)
