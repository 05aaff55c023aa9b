import pytest

from tests.unit.lint.project import Lint

GIN = 'op.execute("CREATE INDEX i ON note USING gin (body)")'
PLAIN = 'op.create_index("i", "note", ["body"])'
OTHER = 'op.create_index("i", "tag", ["body"])'
IS_PG = 'op.get_bind().dialect.name == "postgresql"'


@pytest.mark.parametrize(
    "body",
    [
        f"if {IS_PG}:\n    {GIN}",
        f"bind = op.get_bind()\nif bind.dialect.name == 'postgresql':\n    {GIN}",
        f"if op.get_context().dialect.name != 'postgresql':\n    return\n{GIN}",
        f"dialect = op.get_bind().dialect.name\nif dialect == 'sqlite':\n    {PLAIN}",
        f"if op.get_bind().dialect.name != 'sqlite':\n    {GIN}\nelse:\n    pass",
        f"if op.get_bind().dialect.name in ('postgresql',):\n    {GIN}",
        f"match op.get_bind().dialect.name:\n    case 'postgresql':\n        {GIN}",
        f"if {IS_PG}:\n    {GIN}\nelif op.get_bind().dialect.name == 'mysql':\n    {PLAIN}",
        f"if {IS_PG}:\n    {GIN}\nelse:\n    {PLAIN}\nif {IS_PG}:\n    {GIN}",
        f"for name in 'ab':\n    if not {IS_PG}:\n        continue\n    {GIN}",
        f"{GIN} if {IS_PG} else None",
        f"{IS_PG} and {GIN}",
        f"{IS_PG} or {PLAIN}",
        f"not {IS_PG} or {GIN}",
        f"for name in 'ab':\n    if not {IS_PG}:\n        continue\n    {GIN}\n{OTHER}",
        'def index():\n    op.execute("CREATE INDEX i ON note USING gin (body)")\nif op.get_bind().dialect.name == "postgresql":\n    index()',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql")\n    op.execute("CREATE INDEX i ON note (f(body))")',
    ],
)
def test_reports(body: str, lint: Lint) -> None:
    [found] = lint("CAL202", body)
    assert "dialect guard has no side for" in found.finding.message


def test_names_the_side_that_is_missing(lint: Lint) -> None:
    [found] = lint("CAL202", f"if {IS_PG}:\n    {GIN}")
    assert "no side for sqlite" in found.finding.message
    [found] = lint("CAL202", f"if op.get_bind().dialect.name == 'sqlite':\n    {PLAIN}")
    assert "no side for postgresql" in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        f"if {IS_PG}:\n    {GIN}\nelse:\n    {PLAIN}",
        f"if {IS_PG}:\n    {GIN}\nelif op.get_bind().dialect.name == 'sqlite':\n    {PLAIN}",
        f"if {IS_PG}:\n    {GIN}\n    return\n{PLAIN}",
        f"if op.get_bind().dialect.name == 'sqlite':\n    {PLAIN}\n    return\n{GIN}",
        f"if {IS_PG}:\n    {GIN}\nif op.get_bind().dialect.name == 'sqlite':\n    {PLAIN}",
        (
            f"match op.get_bind().dialect.name:\n    case 'postgresql':\n        {GIN}\n"
            f"    case _:\n        {PLAIN}"
        ),
        f"if {IS_PG}:\n    body = 1\nelse:\n    body = 2\n{PLAIN}",
        f"if {IS_PG}:\n    op.execute('SET LOCAL lock_timeout = 1')\n{PLAIN}",
        f"if {IS_PG}:\n    op.execute('DROP TYPE mood')\n{PLAIN}",
        f"if {IS_PG}:\n    op.execute('CREATE EXTENSION citext')",
        f"if enabled():\n    {PLAIN}",
        f"for name in 'ab':\n    if {IS_PG}:\n        {GIN}\n        continue\n    {PLAIN}",
        f"{GIN} if {IS_PG} else {PLAIN}",
        f"op.execute('CREATE INDEX i ON note (a)' if {IS_PG} else 'CREATE INDEX i ON note (b)')",
        f"op.create_index('i', 'note', ['a'], postgresql_using='gin' if {IS_PG} else None)",
        f"{IS_PG} and print('hello')",
        f"{IS_PG} and {GIN}\n{IS_PG} or {PLAIN}",
        f"if {IS_PG} and enabled():\n    {GIN}\nelse:\n    {PLAIN}",
        f"if {IS_PG}:\n    {GIN}\n    {OTHER}\nif not {IS_PG}:\n    {PLAIN}",
        f"if {IS_PG}:\n    op.execute(compute())\n    {GIN}\nif not {IS_PG}:\n    op.execute(compute())",
        f"if {IS_PG}:  # noqa: CAL202 - SQLite has no GIN indexes\n    {GIN}",
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("GRANT SELECT ON note TO reader")',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("ALTER TABLE note VALIDATE CONSTRAINT c")',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("ALTER TABLE note OWNER TO keeper")',
        'if op.get_bind().dialect.name == "postgresql":\n    op.execute("DROP FUNCTION IF EXISTS f()")',
        'if op.get_bind().dialect.name == "sqlite":\n    op.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = \'note\'")',
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL202", body) == []


def test_another_table_s_guard_is_no_other_side(lint: Lint) -> None:
    found = lint("CAL202", f"if {IS_PG}:\n    {GIN}\nif not {IS_PG}:\n    {OTHER}")
    assert [one.finding.message.split(":")[0][-10:].split()[-1] for one in found] == [
        "sqlite",
        "postgresql",
    ]


def test_sides_in_helpers(lint: Lint) -> None:
    helpers = f"def gin():\n    {GIN}\n\n\ndef plain():\n    {PLAIN}\n\n\n"
    guard = f"def upgrade():\n    if {IS_PG}:\n        gin()\n"
    assert len(lint("CAL202", helpers + guard)) == 1
    assert lint("CAL202", f"{helpers}{guard}    else:\n        plain()\n") == []


def test_one_dialect_has_one_side(lint: Lint) -> None:
    assert lint("CAL202", f"if {IS_PG}:\n    {GIN}", 'dialects = ["postgresql"]') == []


def test_what_leaves_a_helper_leaves_nothing_else(lint: Lint) -> None:
    helper = (
        f"def type_of():\n    if {IS_PG}:\n        return sa.Text()\n    return sa.String()\n\n\n"
    )
    upgrade = f"def upgrade():\n    type_of()\n    if {IS_PG}:\n        {GIN}\n"
    [found] = lint("CAL202", f"{helper}{upgrade}")
    assert found.finding.row == 21
    assert lint("CAL202", f"{helper}{upgrade}    else:\n        {PLAIN}\n") == []
