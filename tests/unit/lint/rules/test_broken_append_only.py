import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.execute("UPDATE ledger SET n = 0")',
        'op.execute("DELETE FROM ledger")',
        'op.get_bind().execute(sa.text("TRUNCATE ledger"))',
        'op.execute("INSERT OR REPLACE INTO ledger VALUES (1)")',
        'op.execute("INSERT INTO ledger VALUES (1) ON CONFLICT (n) DO UPDATE SET n = 2")',
        'op.execute(sa.table("ledger", sa.column("n")).update().values(n=1))',
        'op.alter_column("ledger", "n", type_=sa.Text(), existing_type=sa.Integer())',
        'op.drop_column("ledger", "n")',
        'op.drop_table("ledger")',
        'op.rename_table("ledger", "ledger_old")\nop.execute("DELETE FROM ledger_old")',
        'op.execute("ALTER TABLE ledger RENAME TO ledger_old")',
        'op.execute("ALTER TABLE ledger DISABLE TRIGGER ALL")',
        'with op.batch_alter_table("ledger") as b:\n    b.alter_column("n", nullable=False)',
        'op.create_table("ledger", sa.Column("n", sa.Integer()))\nif op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE TRIGGER ledger_a BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")\nelse:\n    for what in ("UPDATE", "DELETE", "INSERT"):\n        op.execute(f"CREATE TRIGGER ledger_{what} BEFORE {what} ON ledger BEGIN SELECT RAISE(ABORT, \'no\'); END")',
        'op.create_table("ledger", sa.Column("n", sa.Integer()))\nif op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE TRIGGER ledger_a BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")\n    op.execute("CREATE TRIGGER ledger_b BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION f()")\nelse:\n    for what in ("UPDATE", "DELETE"):\n        op.execute(f"CREATE TRIGGER ledger_{what} BEFORE {what} ON ledger BEGIN SELECT RAISE(ABORT, \'no\'); END")',
        'op.execute("WITH gone AS (DELETE FROM ledger RETURNING *) INSERT INTO old SELECT * FROM gone")',
        'op.execute("DROP TRIGGER ledger_a ON ledger")',
        'op.execute("DROP TABLE IF EXISTS note, ledger")',
        'op.execute("ALTER TABLE ledger ENABLE REPLICA TRIGGER ledger_a")',
        'op.execute("ALTER TABLE ledger DISABLE TRIGGER USER")',
        'from sqlalchemy.dialects.postgresql import insert\nop.execute(insert(sa.table("ledger", sa.column("n"))).values(n=1).on_conflict_do_update(index_elements=["n"], set_={"n": 2}))',
        'op.execute(sa.table("ledger", sa.column("n")).insert().prefix_with("OR REPLACE").values(n=1))',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL308", source, 'append-only = ["ledger"]')
    assert "ledger" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.execute("UPDATE journal SET n = 0")',
        'op.execute("INSERT INTO ledger VALUES (1)")',
        'op.execute("INSERT INTO ledger VALUES (1) ON CONFLICT DO NOTHING")',
        'op.execute("SELECT * FROM ledger")',
        'op.execute("UPDATE note SET n = (SELECT max(n) FROM ledger)")',
        'op.add_column("ledger", sa.Column("m", sa.Integer()))',
        'op.alter_column("ledger", "n", nullable=False)',
        'op.create_table("ledger", sa.Column("n", sa.Integer()))\nif op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE TRIGGER ledger_a BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")\n    op.execute("CREATE TRIGGER ledger_b BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION f()")\nelse:\n    for what in ("UPDATE", "DELETE", "INSERT"):\n        op.execute(f"CREATE TRIGGER ledger_{what} BEFORE {what} ON ledger BEGIN SELECT RAISE(ABORT, \'no\'); END")',
        'with op.batch_alter_table("ledger") as b:\n    b.alter_column("n", nullable=False)\nif op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE TRIGGER ledger_a BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")\n    op.execute("CREATE TRIGGER ledger_b BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION f()")\nelse:\n    for what in ("UPDATE", "DELETE", "INSERT"):\n        op.execute(f"CREATE TRIGGER ledger_{what} BEFORE {what} ON ledger BEGIN SELECT RAISE(ABORT, \'no\'); END")',
        'with op.batch_alter_table("ledger", recreate="never") as b:\n    b.alter_column("n", new_column_name="m")',
        'def upgrade():\n    op.execute("SELECT 1")\n\ndef downgrade():\n    op.drop_table("ledger")\n',
        'op.execute("WITH new AS (INSERT INTO ledger VALUES (1) RETURNING *) INSERT INTO note SELECT * FROM new")',
        'op.execute("DROP TRIGGER IF EXISTS ledger_a ON ledger")\nop.execute("CREATE TRIGGER ledger_a BEFORE UPDATE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")',
        'op.execute("DROP TRIGGER note_a ON note")',
        'op.execute("SET session_replication_role = origin")',
        'from sqlalchemy.dialects.postgresql import insert\nop.execute(insert(sa.table("ledger", sa.column("n"))).values(n=1).on_conflict_do_nothing())',
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL308", source, 'append-only = ["ledger"]') == []


def test_a_new_name_that_is_listed_keeps_the_promise(lint: Lint) -> None:
    source = 'op.rename_table("ledger", "book")'
    assert lint("CAL308", source, 'append-only = ["ledger", "book"]') == []
    [found] = lint("CAL308", f'{source}\nop.execute("DELETE FROM book")', 'append-only = ["book"]')
    assert found.finding.message == "DELETE on append-only `book`"


MADE = 'op.create_table("book", sa.Column("n", sa.Integer()))'
REFUSING = """
if op.get_bind().dialect.name == "postgresql":
    op.execute("CREATE TRIGGER a BEFORE UPDATE OR DELETE ON {0} FOR EACH ROW EXECUTE FUNCTION f()")
    op.execute("CREATE TRIGGER b BEFORE TRUNCATE ON {0} FOR EACH STATEMENT EXECUTE FUNCTION f()")
else:
    for what in ("UPDATE", "DELETE", "INSERT"):
        op.execute(f"CREATE TRIGGER {{what}} BEFORE {{what}} ON {0} BEGIN SELECT RAISE(ABORT, 'no'); END")
"""
RENAMED = 'op.rename_table("book", "ledger")'


@pytest.mark.parametrize(
    "source",
    [f"{MADE}\n{RENAMED}", f'{MADE}\nop.execute("ALTER TABLE book RENAME TO ledger")'],
)
def test_a_table_that_gets_a_listed_name_needs_the_triggers(lint: Lint, source: str) -> None:
    found = lint("CAL308", source, 'append-only = ["ledger"]')
    assert [one.finding.message.partition(" to ")[0] for one in found] == [
        "append-only `ledger` is left open"
    ] * 2


@pytest.mark.parametrize(
    "source",
    [
        f"{MADE}\n{REFUSING.format('book')}\n{RENAMED}",
        f"{MADE}\n{RENAMED}\n{REFUSING.format('ledger')}",
        # No revision makes the table: its triggers are not known.
        RENAMED,
        f"{MADE}\nop.rename_table('book', 'journal')",
    ],
)
def test_a_table_that_brings_its_triggers(lint: Lint, source: str) -> None:
    assert lint("CAL308", source, 'append-only = ["ledger"]') == []


LEDGER = 'op.create_table("ledger", sa.Column("n", sa.Integer()), sa.Column("m", sa.Integer()))'


@pytest.mark.parametrize(
    ("update", "body", "open_to"),
    [
        ("UPDATE", "SELECT RAISE(ABORT, 'no')", ""),
        ("UPDATE", "SELECT RAISE(IGNORE)", ""),
        ("UPDATE OF n, m", "SELECT RAISE(ABORT, 'no')", ""),
        ("UPDATE OF n", "SELECT RAISE(ABORT, 'no')", "UPDATE"),
        ("UPDATE", "INSERT INTO log VALUES (1)", "UPDATE"),
    ],
)
def test_a_trigger_has_to_refuse(update: str, body: str, open_to: str, lint: Lint) -> None:
    source = f"""{LEDGER}
for what in ("DELETE", "INSERT"):
    op.execute(f"CREATE TRIGGER {{what}} BEFORE {{what}} ON ledger BEGIN SELECT RAISE(ABORT, 'no'); END")
op.execute("CREATE TRIGGER u BEFORE {update} ON ledger BEGIN {body}; END")
"""
    found = lint("CAL308", source, 'append-only = ["ledger"]\ndialects = ["sqlite"]')
    expected = [f"append-only `ledger` is left open to {open_to} on sqlite"] if open_to else []
    assert [one.finding.message for one in found] == expected


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("RAISE EXCEPTION 'no'", 0),
        ("RAISE 'no'", 0),
        ("RETURN NULL", 0),
        ("RAISE NOTICE 'no'; RETURN NEW", 1),
        ("INSERT INTO log VALUES (1); RETURN NEW", 1),
    ],
)
def test_a_function_has_to_refuse(body: str, count: int, lint: Lint) -> None:
    source = f"""{LEDGER}
op.execute("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN {body}; END $$ LANGUAGE plpgsql")
op.execute("CREATE TRIGGER a BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger EXECUTE FUNCTION f()")
"""
    configuration = 'append-only = ["ledger"]\ndialects = ["postgresql"]'
    assert len(lint("CAL308", source, configuration)) == count


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            "DROP TRIGGER update",
            "trigger `update` of append-only `ledger` is dropped, and not made again",
        ),
        (
            "DROP FUNCTION f() CASCADE",
            "trigger `a` of append-only `ledger` is dropped, and not made again",
        ),
        ("DROP FUNCTION g() CASCADE", None),
        ("DROP TRIGGER other", None),
    ],
)
def test_triggers_of_an_earlier_revision(step: str, message: str | None, lint: Lint) -> None:
    dialect = "sqlite" if "TRIGGER" in step else "postgresql"
    source = f"""
# file: 20250826_1030_first.py
from alembic import op
import sqlalchemy as sa
revision = "first"
down_revision = None

def upgrade():
    {LEDGER}
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TRIGGER a BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION f()")
        op.execute("CREATE TRIGGER b BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION h()")
    else:
        for what in ("update", "delete", "insert"):
            op.execute(f"CREATE TRIGGER {{what}} BEFORE {{what}} ON ledger BEGIN SELECT RAISE(ABORT, 'no'); END")
# file: 20250826_1031_second.py
from alembic import op
revision = "second"
down_revision = "first"

def upgrade():
    if op.get_bind().dialect.name == "{dialect}":
        op.execute("{step}")
"""
    found = lint("CAL308", source, 'append-only = ["ledger"]')
    assert [one.finding.message for one in found] == ([message] if message else [])


def test_a_session_without_triggers(lint: Lint) -> None:
    source = "op.execute(\"SET LOCAL session_replication_role = 'replica'\")"
    [found] = lint("CAL308", source, 'append-only = ["ledger"]')
    assert "no trigger fires" in found.finding.message


@pytest.mark.parametrize(
    ("looked_for", "open_to"),
    [
        ("n = NEW.n OR (k = NEW.k AND m = NEW.m)", ""),
        ("n = NEW.n", "INSERT OR REPLACE by `k, m`"),
        ("k = NEW.k AND m = NEW.m", "INSERT OR REPLACE by `n`"),
        ("k = NEW.k", "INSERT OR REPLACE by `k, m`, INSERT OR REPLACE by `n`"),
    ],
)
def test_replace_is_refused_by_every_key(looked_for: str, open_to: str, lint: Lint) -> None:
    source = f"""
op.create_table(
    "ledger",
    sa.Column("n", sa.Integer(), primary_key=True),
    sa.Column("k", sa.Integer()),
    sa.Column("m", sa.Integer()),
    sa.UniqueConstraint("k", "m", name="uq_ledger_k_m"),
)
for what in ("UPDATE", "DELETE"):
    op.execute(f"CREATE TRIGGER {{what}} BEFORE {{what}} ON ledger BEGIN SELECT RAISE(ABORT, 'no'); END")
op.execute(
    "CREATE TRIGGER i BEFORE INSERT ON ledger "
    "WHEN EXISTS (SELECT 1 FROM ledger WHERE {looked_for}) BEGIN SELECT RAISE(ABORT, 'no'); END"
)
"""
    found = lint("CAL308", source, 'append-only = ["ledger"]\ndialects = ["sqlite"]')
    expected = [f"append-only `ledger` is left open to {open_to} on sqlite"] if open_to else []
    assert [one.finding.message for one in found] == expected
