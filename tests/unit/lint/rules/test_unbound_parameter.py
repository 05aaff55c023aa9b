import pytest

from tests.unit.lint.project import Lint

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
    ("body", "edited"),
    [
        ("""op.execute("UPDATE note SET a = '{\\"days\\":28}'")""", "\\\\"),
        ("""op.execute('''UPDATE note SET é = 'ü :x'\n''')""", "\\\\"),
        ("""op.execute(sa.text("UPDATE note SET a = ' :x'"))""", "\\\\"),
        ("""op.execute(r"UPDATE note SET a = ' :x'")""", "\\"),
        ("""op.execute("UPDATE note SET a = :x")""", None),
        ("""op.execute("UPDATE note SET" " a = ' :x'")""", "\\\\"),
        ("""sql = "UPDATE note SET a = ' :x'"\nop.execute(sql)""", None),
    ],
)
def test_escapes_the_colon_in_a_quoted_text(body: str, edited: str | None, lint: Lint) -> None:
    [found] = lint("CAL313", body)
    fix = found.finding.fix
    if edited is None:
        assert fix is None
        return
    assert fix is not None
    [edit] = fix.edits
    assert edit.content == edited
    line = ("    " + body).split("\n")[edit.row - 14] if "\n" not in body else ""
    assert not line or line[edit.column - 1] == ":"
    assert (edit.row, edit.column) == (edit.end_row, edit.end_column)
