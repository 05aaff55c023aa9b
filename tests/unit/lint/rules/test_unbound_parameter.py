import pytest

from tests.unit.lint.project import Lint, as_file

JSON = """UPDATE note SET a = '{"days":28}'"""

#: Fails as it stands, in ``op.execute("…")`` and in ``sa.text("…")``.
UNBOUND = [
    JSON,
    "UPDATE note SET a = :value",
    "UPDATE note SET a = ' :smile'",
    "UPDATE note SET a = '(:one, :two)'",
    "INSERT INTO note (a) VALUES (:a)",
    "SELECT (ARRAY[1, 2])[:1]",
    "DELETE FROM note WHERE a=:a OR a = 'x'",
    "-- as in :note\nDELETE FROM note",
    "UPDATE note SET a = 'https\\://example.org/?q=:q'",
    'UPDATE note SET a = \'{"a":1,"b":"x"}\'',
    "UPDATE note SET a = '{\"a\":true}'",
]
#: Runs as it stands.
BOUND = [
    "UPDATE note SET a = '{\"days\": 28}'",
    "UPDATE note SET a = '{\"days\"\\:28}'",
    "UPDATE note SET a = '12:30'",
    "UPDATE note SET a = 'https://example.org'",
    "UPDATE note SET a = '1'::text",
    "UPDATE note SET a = CAST('x' AS text)::varchar(9)",
    'UPDATE note SET a = \'{"a":"b"}\'',
    "SELECT (ARRAY[1, 2])[1:2]",
    "UPDATE note SET a = to_char(now(), 'HH24:MI:SS')",
    "DO $$ DECLARE n int; BEGIN n := 1; END $$",
    "UPDATE note SET a = 'a : b'",
    "UPDATE note SET a = '::'",
]


@pytest.mark.parametrize("sql", UNBOUND)
@pytest.mark.parametrize(
    "step",
    [
        "op.execute({!r})",
        "op.execute(sa.text({!r}))",
        "op.get_bind().execute(sa.text({!r}))",
        "op.get_bind().execute(sa.text({!r}).columns())",
        "op.get_bind().scalar(sa.text({!r}))",
        "import sqlalchemy.orm\nsqlalchemy.orm.Session(bind=op.get_bind()).execute(sa.text({!r}))",
    ],
)
def test_reports(step: str, sql: str, lint: Lint) -> None:
    [found] = lint("CAL313", step.format(sql))
    assert "is a bind parameter that gets no value" in found.finding.message


@pytest.mark.parametrize("sql", BOUND)
@pytest.mark.parametrize("step", ["op.execute({!r})", "op.get_bind().execute(sa.text({!r}))"])
def test_leaves_alone(step: str, sql: str, lint: Lint) -> None:
    assert lint("CAL313", step.format(sql)) == []


@pytest.mark.parametrize(
    "body",
    [
        f"op.get_bind().exec_driver_sql({JSON!r})",
        f"op.execute(sa.DDL({JSON!r}))",
        f"op.get_bind().execute({JSON!r})",
        'op.execute(sa.text("UPDATE note SET a = :a").bindparams(a=1))',
        'op.execute(sa.text("UPDATE note SET a = :a").bindparams(sa.bindparam("a", 1)))',
        'op.execute(sa.text("UPDATE note SET a = :a", bindparams=[sa.bindparam("a", 1)]))',
        'op.get_bind().execute(sa.text("UPDATE note SET a = :a"), {"a": 1})',
        'op.get_bind().execute(sa.text("UPDATE note SET a = :a"), parameters={"a": 1})',
        'op.get_bind().execute(sa.text("UPDATE note SET a = :a"), [{"a": 1}, {"a": 2}])',
        'op.get_bind().execute(sa.text("UPDATE note SET a = :a"), a=1)',
        'op.get_bind().execute(sa.text("UPDATE note SET a = :a"), **{"a": 1})',
        'op.get_bind().execute(*(sa.text("UPDATE note SET a = :a"), {"a": 1}))',
        ('statement = sa.text("UPDATE note SET a = :a")\n'
        "op.execute(statement.bindparams(a=1))"),
        f"cursor = op.get_bind().connection.cursor()\ncursor.execute({JSON!r})",
    ],
)  # fmt: skip
def test_leaves_what_is_given_alone(body: str, lint: Lint) -> None:
    assert lint("CAL313", body) == []


@pytest.mark.parametrize(
    ("written", "fixed"),
    [
        (r"""op.execute("SELECT '{\"days\":28}'")""", r"""op.execute("SELECT '{\"days\"\\:28}'")"""),
        (r"""op.execute("SELECT 'é', ' :x'")""", r"""op.execute("SELECT 'é', ' \\:x'")"""),
        ((r"""op.execute("""
         r"""'SELECT :x')"""), None),
        ('op.execute("""SELECT 1 AS é,\n\'é :x\'""")', 'op.execute("""SELECT 1 AS é,\n\'é \\\\:x\'""")'),
        ("op.execute(sa.text(\"SELECT ' :x'\"))", "op.execute(sa.text(\"SELECT ' \\\\:x'\"))"),
        ("op.execute(r\"SELECT ' :x'\")", "op.execute(r\"SELECT ' \\:x'\")"),
        ("op.execute(\"SELECT\" \" ' :x'\")", "op.execute(\"SELECT\" \" ' \\\\:x'\")"),
        ("sql = \"SELECT ' :x'\"\nop.execute(sql)", None),
    ],
)  # fmt: skip
def test_escapes_the_colon_in_a_quoted_text(written: str, fixed: str | None, lint: Lint) -> None:
    [found] = lint("CAL313", written)
    fix = found.finding.fix
    if fixed is None:
        assert fix is None
        return
    assert fix is not None
    lines = as_file(written).split("\n")
    for edit in fix.edits:
        line = lines[edit.row - 1]
        lines[edit.row - 1] = line[: edit.column - 1] + edit.content + line[edit.column - 1 :]
    assert lines == as_file(fixed).split("\n")
    assert lint("CAL313", fixed) == []
