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


@pytest.mark.parametrize(
    "source",
    [
        'op.execute("ALTER TRIGGER note_mod ON note RENAME TO forbid_mod")',
        'op.execute("ALTER TRIGGER note_mod ON public.note RENAME TO mod_note")',
        'op.execute(sa.text(\'ALTER TRIGGER note_mod ON "note" RENAME TO "Note_mod"\'))',
        'for what in ["mod"]:\n    op.execute(f"ALTER TRIGGER note_{what} ON note RENAME TO no_{what}")',
        'op.execute("DO $$ BEGIN ALTER TRIGGER note_mod ON note RENAME TO page_mod; END $$")',
    ],
)
def test_reports_what_a_trigger_is_renamed_to(source: str, lint: Lint) -> None:
    [found] = lint("CAL106", source)
    assert "expected `note_…`" in found.finding.message
    assert found.finding.fix is None


@pytest.mark.parametrize(
    "source",
    [
        'op.execute("ALTER TRIGGER forbid_mod ON note RENAME TO note_forbid_mod")',
        'op.execute("ALTER TRIGGER forbid_mod ON page.note RENAME TO note_mod")',
        'op.execute("ALTER INDEX note_a RENAME TO forbid_mod")',
        'op.execute("ALTER FUNCTION note_a() RENAME TO forbid_mod")',
        'op.execute(f"ALTER TRIGGER note_mod ON note RENAME TO {name}")',
        'def upgrade():\n    pass\n\n\ndef downgrade():\n    op.execute("ALTER TRIGGER a ON note RENAME TO b")\n',
    ],
)
def test_leaves_what_a_trigger_is_renamed_to_alone(source: str, lint: Lint) -> None:
    assert lint("CAL106", source) == []
