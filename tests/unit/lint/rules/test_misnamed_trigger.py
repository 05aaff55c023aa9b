import pytest

from tests.unit.lint.project import Lint

TABLE_PREFIX = '[tool.calista.names]\ntrigger = "tr_%(table_name)s_%(action)s"'


def test_the_project_says_which_prefix_is_right(lint: Lint) -> None:
    trigger = "CREATE TRIGGER {} BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END"
    good = f'op.execute("{trigger.format("tr_note_update")}")'
    assert lint("CAL106", good, TABLE_PREFIX) == []
    [found] = lint("CAL106", good.replace("tr_note", "note"), TABLE_PREFIX)
    assert "expected `tr_note_…`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        "op.execute(\"CREATE TRIGGER forbid_mod BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        "op.execute(sa.text(\"CREATE TRIGGER tr_note BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\"))",
        'op.execute("""\n-- first\nCREATE TRIGGER t BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, \'no\'); END;\n""")',
        "op.get_bind().exec_driver_sql(\"CREATE TRIGGER t BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        'for what in ["update"]:\n    op.execute(f"CREATE TRIGGER no_{what} BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, \'no\'); END")',
        'op.execute("CREATE TRIGGER t BEFORE TRUNCATE ON note FOR EACH STATEMENT EXECUTE FUNCTION f()")',
        'with op.batch_alter_table("note") as b:\n    b.execute("CREATE TRIGGER notes_x BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, \'no\'); END")',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL106", source)
    assert "expected `note_…`" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        "op.execute(\"CREATE TRIGGER note_forbid_mod BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        "op.execute(\"CREATE TRIGGER note_forbid_update BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        'op.execute("DROP TRIGGER forbid_mod")',
        "op.execute(f\"CREATE TRIGGER {name} BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        "print(\"CREATE TRIGGER forbid_mod BEFORE UPDATE ON note BEGIN SELECT RAISE(ABORT, 'no'); END\")",
        "op.execute(\"INSERT INTO note VALUES ('CREATE TRIGGER x BEFORE UPDATE ON note')\")",
        'op.execute("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN -- CREATE TRIGGER x\\nRETURN NEW; END $$")',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL106", source) == []
