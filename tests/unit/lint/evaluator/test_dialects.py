"""On which dialects can a line run?"""

import pytest

from tests.unit.lint.evaluator.following import dialects, follow, steps

DO = 'op.create_index("a", "t", ["c"])'


@pytest.mark.parametrize(
    "guard",
    [
        'if op.get_bind().dialect.name == "postgresql":',
        'if "postgresql" == op.get_bind().dialect.name:',
        'bind = op.get_bind()\nif bind.dialect.name == "postgresql":',
        'if op.get_bind().engine.name == "postgresql":',
        'if op.get_context().dialect.name == "postgresql":',
        'if context.get_context().dialect.name == "postgresql":',
        'dialect = op.get_bind().dialect\nif dialect.name != "sqlite":',
        'name = op.get_bind().dialect.name\nif not name == "sqlite":',
        'if op.get_bind().dialect.name in ("postgresql", "mysql"):',
        'if op.get_bind().dialect.name not in {"sqlite"}:',
        'if op.get_bind().dialect.name.startswith("postgres"):',
        'if "postgres" in op.get_bind().dialect.name:',
        'if op.get_bind().dialect.name.lower() == "postgresql":',
        "if isinstance(op.get_bind().dialect, postgresql.dialect):",
        'is_pg = op.get_bind().dialect.name == "postgresql"\nif is_pg:',
        'if op.get_bind().dialect.name == "postgresql" and True:',
        'if not (op.get_bind().dialect.name == "sqlite" or False):',
        'if op.get_bind().engine.url.drivername.startswith("postgresql"):',
        'for one in ("postgresql",):\n  if op.get_bind().dialect.name == one:',
        'if {"postgresql": True, "sqlite": False}[op.get_bind().dialect.name]:',
    ],
)
def test_guards_in_every_spelling(guard: str) -> None:
    *before, last = guard.split("\n")
    deep = "  " if last.startswith("  ") else ""
    source = "\n".join([*before, last, f"{deep}    {DO}", DO])
    assert dialects(source) == ["postgresql", "both"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'if op.get_bind().dialect.name == "postgresql":\n    {DO}\nelse:\n    {DO}', ["postgresql", "sqlite"]),
        (f'if op.get_bind().dialect.name != "postgresql":\n    return\n{DO}', ["postgresql"]),
        (f'if op.get_bind().dialect.name == "sqlite":\n    raise NotImplementedError\n{DO}', ["postgresql"]),
        (f'if op.get_bind().dialect.name == "mysql":\n    {DO}', []),
        (f'match op.get_bind().dialect.name:\n    case "sqlite":\n        {DO}\n    case _:\n        {DO}', ["sqlite", "postgresql"]),
        (f'match op.get_bind().dialect.name:\n    case "postgresql" | "mysql":\n        {DO}', ["postgresql"]),
        ('{"sqlite": lambda: None, "postgresql": lambda: op.drop_table("t")}[op.get_bind().dialect.name]()', ["postgresql"]),
        ('op.drop_table("t" if op.get_bind().dialect.name == "sqlite" else "u")', ["sqlite", "postgresql"]),
        (f'try:\n    if op.get_bind().dialect.name == "sqlite":\n        {DO}\nfinally:\n    {DO}', ["sqlite", "both"]),
    ],
)  # fmt: skip
def test_other_shapes(source: str, expected: list[str]) -> None:
    assert dialects(source) == expected


@pytest.mark.parametrize(
    "helper",
    [
        'def is_pg():\n    return op.get_bind().dialect.name == "postgresql"',
        'def is_pg():\n    if op.get_bind().dialect.name == "postgresql":\n        return True\n    return False',
        'def is_pg(bind=None):\n    bind = bind or op.get_bind()\n    return "postgresql" == bind.dialect.name',
        'is_pg = lambda: op.get_context().dialect.name == "postgresql"',
        'def _name():\n    return op.get_bind().dialect.name\n\ndef is_pg():\n    return _name() != "sqlite"',
    ],
)
def test_helper_predicates(helper: str) -> None:
    source = f"{helper}\n\ndef upgrade():\n    if is_pg():\n        {DO}\n    else:\n        {DO}\n"
    assert dialects(source) == ["postgresql", "sqlite"]


def test_a_value_that_depends_on_the_dialect() -> None:
    found = steps("""
    if op.get_bind().dialect.name == "postgresql":
        kind = postgresql.JSONB()
    else:
        kind = sa.JSON()
    op.add_column("t", sa.Column("c", kind))
    """)
    assert [(sorted(one.dialects), one.specs[0].type) for one in found] == [
        (["sqlite"], "JSON()"),
        (["postgresql"], "JSONB()"),
    ]


def test_unknown_tests_are_followed_both_ways() -> None:
    found = steps("""
    if op.get_bind().scalar(sa.text("SELECT 1")):
        op.drop_table("a")
    else:
        op.drop_table("b")
    op.drop_table("c")
    """)
    tables = {one.table: one.conditional for one in found if one.what == "drop_table"}
    assert tables == {"a": True, "b": True, "c": False}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if context.is_offline_mode():\n    return\nop.drop_table('a')", [False]),
        ("if not op.get_context().as_sql:\n    op.drop_table('a')", [False]),
        ("if context.is_offline_mode():\n    op.drop_table('a')\nelse:\n    op.drop_table('b')", [True, False]),
        ("if not context.is_offline_mode() and there():\n    op.drop_table('a')", [False]),
        ("op.drop_table('a')", [None]),
    ],
)  # fmt: skip
def test_offline_guards(source: str, expected: list[bool | None]) -> None:
    assert [one.offline for one in steps(source) if one.what == "drop_table"] == expected


def test_guards_are_reported() -> None:
    found = follow("""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("a")
    """)
    assert [sorted(guard.dialects) for guard in found.guards] == [["postgresql"]]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'if op.get_bind().dialect.driver == "psycopg2":\n    {DO}\n{DO}', ["postgresql", "both"]),
        (f'driver = op.get_context().dialect.driver\nif driver in ("asyncpg", "psycopg"):\n    {DO}', ["postgresql"]),
        (f'if op.get_bind().engine.driver.startswith("psycopg"):\n    {DO}', ["postgresql"]),
        (f'if "pysqlite" == op.get_bind().dialect.driver:\n    {DO}', ["sqlite"]),
        (f'if "sqlite" in op.get_bind().dialect.driver:\n    {DO}', ["sqlite"]),
        (f'if op.get_bind().dialect.driver != "pysqlite":\n    return\n{DO}', ["sqlite"]),
    ],
)  # fmt: skip
def test_guards_by_the_driver(source: str, expected: list[str]) -> None:
    assert dialects(source) == expected


@pytest.mark.parametrize(
    "test",
    [
        'op.get_bind().dialect.driver == "psycopg2"',
        '"2" in op.get_bind().dialect.driver',
        "op.get_bind().dialect.driver == setting",
        'op.get_bind().dialect.driver > "a"',
        'op.get_bind().dialect.driver.endswith("g2")',
        "len(op.get_bind().dialect.driver) == 7",
    ],
)
def test_another_driver_of_the_same_database_is_no_other_dialect(test: str) -> None:
    """What a test leaves open runs on both of its sides."""
    [*_, otherwise] = steps(f"setting = later()\nif {test}:\n    {DO}\nelse:\n    {DO}")
    assert "postgresql" in otherwise.dialects
