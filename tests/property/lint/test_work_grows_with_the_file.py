"""Ten times as long a file takes ten times the work, whatever it is long of: counted, not timed."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from calista_tools.config import Config
from calista_tools.effects import sql
from calista_tools.lint.targets import Group
from calista_tools.lint.whole_history import collect

HEADER = (
    '"""x"""\nimport sqlalchemy as sa\nfrom alembic import op\n'
    'revision = "a1"\ndown_revision = None\n\n\ndef upgrade():\n'
)
END = "\n\ndef downgrade():\n    pass\n"
#: Tenfold, by a logarithm's growth, and three times that where a cache of 64 texts is too small at
#: last; what is quadratic comes to a hundred.
MOST = 40
#: So much may be done once, and once for each file.
FEW = 300


def each(line: str) -> Callable[[int], str]:
    """Return what writes a line so many times, each with a number of its own."""
    return lambda count: "".join(
        f"    {line.replace('N1', str(n + 1)).replace('N', str(n))}\n" for n in range(count)
    )


def both(one: str, other: str) -> Callable[[int], str]:
    return lambda count: each(one)(count) + each(other)(count)


def once(before: str, part: str, after: str, between: str = "") -> Callable[[int], str]:
    return lambda count: (
        f"    {before}{between.join(part.replace('N', str(n)) for n in range(count))}{after}\n"
    )


CHECK = 'sa.Column("cN", sa.Integer(), unique=True), sa.CheckConstraint("cN > 0", name="xN")'
TRIGGER = "CREATE TRIGGER t_rN BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'x'); END"
FUNCTION = "CREATE FUNCTION fN() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql"
#: How many there are at first, and the body of `upgrade` with so many.
GROWING: dict[str, tuple[int, Callable[[int], str]]] = {
    "rows, then columns": (
        10,
        both(
            'op.execute("INSERT INTO tN (a) VALUES (N)")',
            'op.execute("ALTER TABLE tN ADD COLUMN c INTEGER")',
        ),
    ),
    "a row and a column in turn": (
        10,
        each('op.execute("INSERT INTO t (a) VALUES (N)"); op.add_column("t", sa.Column("cN"))'),
    ),
    "rows of one table": (10, each('op.execute("INSERT INTO t (a) VALUES (N)")')),
    "updates, then dropped columns": (
        10,
        both('op.execute("UPDATE tN SET a = 1")', 'op.drop_column("tN", "a")'),
    ),
    "copies, then dropped columns": (
        10,
        both('op.execute("INSERT INTO o SELECT * FROM t")', 'op.drop_column("u", "cN")'),
    ),
    "one copy of all dropped columns": (
        10,
        lambda count: (
            once('op.execute("INSERT INTO o SELECT ', "cN", ' FROM t")', ", ")(count)
            + each('op.drop_column("t", "cN")')(count)
        ),
    ),
    "one update of many columns": (10, once('op.execute("UPDATE t SET ', "cN = N", '")', ", ")),
    "many columns": (
        10,
        once('op.create_table("t", ', 'sa.Column("cN", sa.Integer())', ")", ", "),
    ),
    "many constraints on one line": (10, once('op.create_table("t", ', CHECK, ")", ", ")),
    "unnamed checks": (
        10,
        once('op.create_table("t", ', 'sa.CheckConstraint("N > 0")', ")", ", "),
    ),
    "tables": (10, each('op.create_table("tN", sa.Column("id", sa.Integer(), primary_key=True))')),
    "dropped tables": (10, each('op.drop_table("tN")')),
    "renamed tables": (10, each('op.rename_table("tN", "tN1")')),
    "altered columns": (10, each('op.alter_column("t", "cN", nullable=False)')),
    "misnamed indexes": (10, each('op.create_index("byN", "t", ["cN"])')),
    "indexes, then their removal": (
        10,
        both('op.create_index("ix_t_cN", "t", ["cN"])', 'op.drop_index("ix_t_cN", "t")'),
    ),
    "unnamed indexes": (10, each('op.execute("CREATE INDEX ON t (a)")')),
    "foreign keys": (10, each('op.create_foreign_key("fkN", "t", "o", ["cN"], ["id"])')),
    "checks": (10, each('op.create_check_constraint("ckN", "t", "cN > 0")')),
    "batch blocks": (
        10,
        each('with op.batch_alter_table("t") as b: b.add_column(sa.Column("cN", sa.Integer()))'),
    ),
    "triggers": (10, each(f'op.execute("{TRIGGER}")')),
    "functions": (10, each(f'op.execute("{FUNCTION}")')),
    "views": (10, each('op.execute("CREATE VIEW vN AS SELECT * FROM t")')),
    "types": (10, each("op.execute(\"CREATE TYPE eN AS ENUM ('a')\")")),
    "guards": (
        10,
        each('if op.get_bind().dialect.name == "postgresql": op.execute("CREATE EXTENSION eN")'),
    ),
    "assignments": (10, each("xN = N")),
    "a text that is put together": (
        10,
        lambda count: (
            "    text = ''\n" + each('text += "SELECT N;"')(count) + "    op.execute(text)\n"
        ),
    ),
    "a loop": (
        10,
        lambda count: f"    for n in range({count}): op.execute(f'DELETE FROM t{{n}}')\n",
    ),
    "rows at once": (
        10,
        once('op.bulk_insert(sa.table("t", sa.column("a")), [', '{"a": N}', "])", ", "),
    ),
    "comments": (10, each('op.execute("SELECT N")  # noqa: CAL301')),
    "names that are not ASCII": (10, each('op.drop_table("éN")')),
    "open parentheses": (
        10,
        lambda count: f'    op.execute("ALTER TABLE t ADD CHECK {"(" * count}")\n',
    ),
    "a long name": (100, lambda count: f'    op.create_index("{"a" * count}", "t", ["a"])\n'),
    "a long trigger's name": (
        500,
        lambda count: (
            f'    op.execute("CREATE TRIGGER {"a" * count} BEFORE UPDATE ON t'
            " BEGIN SELECT RAISE(ABORT, 'x'); END\")\n"
        ),
    ),
    "a long comment": (100, lambda count: f'    op.execute("SELECT 1 -- {"x" * count}")\n'),
    "a long string": (100, lambda count: f"    op.execute(\"SELECT '{'x' * count}'\")\n"),
}


Work = Counter[str]


@contextmanager
def counted() -> Iterator[Work]:
    """Count for each of our functions the calls, the lines that run and how often it goes on."""
    count: Work = Counter()
    # By number: to hash code takes longer than to run a line of it.
    numbers: Counter[int] = Counter()
    ours: dict[int, CodeType | None] = {}

    def hear(frame: FrameType, event: str, told: Any) -> Any:
        code = frame.f_code
        number = id(code)
        if number not in ours:
            ours[number] = code if "calista_tools" in code.co_filename else None
        if ours[number] is None:
            return None
        numbers[number] += 1
        return hear

    before = sys.gettrace()
    sys.settrace(hear)
    try:
        yield count
    finally:
        sys.settrace(before)
    for number, times in numbers.items():
        code = ours[number]
        assert code is not None
        count[f"{Path(code.co_filename).name}: {code.co_qualname}"] += times


@pytest.fixture
def work(tmp_path: Path) -> Callable[[str], Work]:
    """Return the work that checking a revision takes, whose `upgrade` is given."""
    location = tmp_path / "migrations"
    path = location / "versions" / "20250826_1030_x.py"
    path.parent.mkdir(parents=True)
    (location / "env.py").touch()
    lock = location / "history.lock"
    config = Config(tmp_path, location, tmp_path / "alembic.ini", lock, tmp_path / "pyproject.toml")

    def count(body: str) -> Work:
        path.write_text(HEADER + body + END, encoding="utf-8")
        for kept in (sql._kept_short, sql._kept, sql._kept_large):
            kept.cache_clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            group = Group(config, (path,), frozenset((path,)))
            with counted() as found:
                collected, _ = collect(group)
        assert not collected.failures
        return found

    return count


@pytest.mark.parametrize("name", GROWING)
def test_ten_times_as_long(name: str, work: Callable[[str], Work]) -> None:
    number, body = GROWING[name]
    work(body(1))  # what is imported and compiled once
    least = work("    pass\n")
    short, long = work(body(number)), work(body(10 * number))
    grown = {
        function: (least[function], short[function], count)
        for function, count in long.items()
        if count - least[function] > MOST * (short[function] - least[function]) + FEW
    }
    assert not grown
