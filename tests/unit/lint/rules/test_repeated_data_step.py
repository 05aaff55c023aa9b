import pytest

from tests.unit.lint.project import Lint

NOTE = 'note = sa.table("note", sa.column("n"), sa.column("m"))\n'
TAG = 'tag = sa.table("tag", sa.column("name"))\n'


@pytest.mark.parametrize(
    "body",
    [
        'op.bulk_insert(sa.table("tag", sa.column("name")), [{"name": "new"}])',
        "op.execute(\"INSERT INTO tag (name) VALUES ('new')\")",
        'op.execute("INSERT INTO tag (name) SELECT title FROM note")',
        'op.execute("UPDATE note SET size = size + 1")',
        'op.execute("UPDATE note SET size = 2 * size")',
        'op.execute("UPDATE note SET size = note.size + 1")',
        "op.execute(\"UPDATE note SET body = body || '!' WHERE kind = 'shout'\")",
        "op.get_bind().execute(sa.text(\"INSERT INTO tag (name) VALUES ('on conflict')\"))",
        TAG + 'op.execute(tag.insert().values(name="new"))',
        "op.execute(\"UPDATE note SET a = concat('x', a)\")",
        'op.execute("UPDATE note SET a = COALESCE(a, 0) + 1")',
        'op.execute("UPDATE note SET a = CAST(a AS integer) * 2")',
        'op.execute("UPDATE note SET a = a::int - 1")',
        'op.execute("UPDATE note SET a = round(a * 1.2, 2)")',
        'op.execute("UPDATE note SET a = array_append(a, 3)")',
        "op.execute(\"UPDATE note SET a = replace(a, 'x', 'xx')\")",
        'op.execute("UPDATE note SET (a, b) = (a + 1, 2)")',
        'op.execute("UPDATE note SET done = NOT done")',
        "op.execute(\"COPY note FROM 'notes.csv'\")",
        'op.execute("INSERT INTO note (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET n = note.n + 1")',
        'op.execute("INSERT INTO note (a) VALUES (1) -- ON CONFLICT DO NOTHING")',
        'op.execute("/* not exists */ INSERT INTO note (a) VALUES (1)")',
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    assert len(lint("CAL303", body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "op.execute(\"INSERT INTO tag (name) VALUES ('new') ON CONFLICT (name) DO NOTHING\")",
        "op.execute(\"INSERT INTO tag (name) SELECT 'new' WHERE NOT EXISTS (SELECT 1 FROM tag)\")",
        'op.execute("INSERT INTO tag SELECT id FROM note EXCEPT SELECT id FROM tag")',
        (
            'if op.get_bind().dialect.name == "sqlite":\n'
            "    op.execute(\"INSERT OR IGNORE INTO tag (name) VALUES ('new')\")"
        ),
        (
            "op.execute(\"DELETE FROM tag WHERE name = 'new'\")\n"
            "op.execute(\"INSERT INTO tag (name) VALUES ('new')\")"
        ),
        'op.execute("UPDATE note SET size = length(body)")',
        'op.execute("UPDATE note SET size = size * 100, unit = 2 WHERE unit = 1")',
        'op.execute("UPDATE note SET size = coalesce(size, 0)")',
        "op.execute(\"UPDATE note SET body = 'a + body'\")",
        'op.execute("DELETE FROM tag WHERE name IS NULL")',
        (
            'op.create_table("tag", sa.Column("name", sa.Text()))\n'
            'op.bulk_insert(sa.table("tag", sa.column("name")), [{"name": "new"}])'
        ),
        (
            'if not op.get_bind().scalar(sa.text("SELECT 1 FROM tag")):\n'
            "    op.execute(\"INSERT INTO tag (name) VALUES ('new')\")"
        ),
        (
            "def upgrade():\n    pass\n\n\ndef downgrade():\n"
            "    op.execute(\"INSERT INTO tag (name) VALUES ('old')\")"
        ),
        TAG + "op.execute(postgresql.insert(tag).values(name=1).on_conflict_do_nothing())",
        'op.execute("INSERT INTO note (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET n = excluded.n + 1")',
        'op.execute("UPDATE note SET a = round(a, 2), b = lower(trim(b)), c = c::int")',
        "op.execute(\"UPDATE note SET a = replace(a, 'xx', 'x')\")",
        'op.execute("UPDATE note SET (a, b) = (b, 2)")',
        'op.execute("UPDATE note SET a = concat(b, c)")',
        "op.execute(\"UPDATE note SET a = a->>'n'\")",
        "op.execute(\"COPY note TO 'notes.csv'\")",
        'from sqlalchemy.dialects.sqlite import insert\nstep = insert(sa.table("note", sa.column("a"))).values(a=1).on_conflict_do_nothing()\nop.execute(step)',
        "op.execute(\"UPDATE note SET data = data - 'key' - 'other'\")",
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL303", body) == []


@pytest.mark.parametrize(
    "body",
    [
        "op.execute(note.update().values(n=note.c.n * 2))",
        "op.execute(sa.update(note).values({note.c.n: note.c.n + 1}))",
        'op.execute(note.update().values({"n": 1 + note.c["n"]}))',
        "step = sa.update(note).where(note.c.m == 1).values(n=note.c.n - 1)\nop.execute(step)",
        'op.get_bind().execute(sa.update(note).values(n=sa.column("n") + 1))',
        'op.execute(note.update().values(n=sa.text("n + 1")))',
        'op.execute(note.update().values(n=sa.func.concat("x", note.c.n)))',
    ],
)
def test_reports_updates_of_core(body: str, lint: Lint) -> None:
    [found] = lint("CAL303", NOTE + body)
    assert found.finding.message.startswith("`n` is computed from itself")


@pytest.mark.parametrize(
    "body",
    [
        "op.execute(note.update().values(n=note.c.m * 2))",
        "op.execute(note.update().values(n=other.c.n * 2))",
        "op.execute(note.update().where(note.c.n < 100).values(n=note.c.n * 100))",
        "op.execute(note.update().values(n=sa.func.lower(note.c.n)))",
        'op.execute(note.update().values(n="n + 1"))',
        "op.execute(note.update().values(n=sa.select(note.c.n + 1).scalar_subquery()))",
        "for row in rows():\n    op.execute(note.update().values(n=row.n + 1))",
        'op.execute(note.update().values(n=sa.text("m + 1")))',
        "op.execute(note.update().values(n=sa.func.coalesce(note.c.n, 0)))",
    ],
)
def test_leaves_updates_of_core_alone(body: str, lint: Lint) -> None:
    assert lint("CAL303", NOTE + body) == []
