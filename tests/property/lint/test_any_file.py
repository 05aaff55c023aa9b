"""Whatever a file holds: no crash, no bug of a rule, nothing imported or run."""

import ast
import random
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.config import Config
from calista_tools.lint.targets import Group
from calista_tools.lint.whole_history import collect

ROOT = Path(__file__).parents[3]
NAME = "20250826_1030_create_event_store.py"
REAL = (ROOT / "migrations" / "versions" / NAME).read_text(encoding="utf-8")
HEADER = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'a1'\ndown_revision = None\n"

#: What revisions are made of, each with places for other pieces.
PIECES = [
    "op.create_table({0}, sa.Column({1}, sa.Integer(), primary_key={2}), *{0})",
    "op.create_index(op.f({0}), {1}, [{2}, {0}], unique={1})",
    "op.drop_constraint({0}, {1}, type_={2})",
    "op.execute({0})",
    "op.execute(sa.text({0}).bindparams({1}))",
    "op.add_column({0}, sa.Column({1}, {2}, server_default={0}, nullable={1}))",
    "op.bulk_insert({0}, {1})",
    "op.alter_column({0}, {1}, type_={2}, **{0})",
    "op.get_bind().execute({0}).fetchall()",
    "x = {0}",
    "x[{0}] = {1}",
    "x += {0}",
    "del x",
    "return {0}",
    "raise {0}",
    "yield {0}",
    "global x",
    "import os.path as x, {3}",
    "from .{3} import *",
    "def x(*args, y={0}, **kwargs): return {1}",
    "class x({0}): y = {1}",
    "assert {0}, {1}",
]
BLOCKS = [
    "with op.batch_alter_table({0}) as x:\n",
    "with op.get_context().autocommit_block():\n",
    "if op.get_bind().dialect.name == {0}:\n",
    "if {0} in x:\n",
    "for x in {0}:\n",
    "while {0}:\n",
    "try:\n    x = 1\nexcept {0}:\n",
    "match {0}:\n    case _: pass\nif 1:\n",
    "def x(y={0}):\n",
    "async def x():\n",
]
VALUES = [
    "None", "True", "0", "1.5e300", "-1", "10 ** 10 ** 3", "'note'", "'{{}}'", "b'x'", "...", "x",
    "x.y", "x()", "x[0]", "[]", "{{}}", "()", "(1, *x)", "[y for y in x]", "{{**x}}", "lambda: x",
    "f'{{x}}'", "f'ix_{{x!r:>{{x}}}}'", "'%s_%s' % x", "'{{}}'.format(x)", "'a' * 100000", "x @ y",
    "sa.text('SELECT 1')", "'CREATE TRIGGER t BEFORE UPDATE ON n BEGIN SELECT 1; END'",
    "'ALTER TABLE n ADD CONSTRAINT c CHECK (((('", "'DROP TABLE \"n'", "'$$ $a$ ;'", "(x := 1)",
    "sa.ForeignKey('a.b.c.d')", "sa.UniqueConstraint(*x, name=x)", "op", "sa", "upgrade", "1 / 0",
    "x if x else y", "not x", "x < y < 1", "'é\\\\ud800'", "(yield)", "await_", "x[::0]", "~x",
    "range(10 ** 12)", "[0] * 10 ** 9", "'x' * 10 ** 9", "1 << 10 ** 6", "sorted(x)", "dict(x=1)",
    "op.f(op.f('x'))", "getattr(op, 'drop_' + x)('t')", "globals()", "open('x')", "exit()",
]  # fmt: skip
MODULES = st.sampled_from(["app", "os", "sys", "helpers", "versions", "alembic"])


@st.composite
def statements(draw: st.DrawFn, depth: int = 0) -> str:
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        values = [draw(st.sampled_from(VALUES)).format() for _ in range(3)]
        if depth < 4 and draw(st.booleans()):
            head = draw(st.sampled_from(BLOCKS)).format(*values)
            body = draw(statements(depth=depth + 1))
            lines.append(head + "".join(f"    {line}\n" for line in body.splitlines()))
        else:
            lines.append(draw(st.sampled_from(PIECES)).format(*values, draw(MODULES)) + "\n")
    return "".join(lines)


@st.composite
def revisions(draw: st.DrawFn) -> bytes:
    """A revision whose functions hold any steps in any order."""
    parts = [HEADER]
    for name in ("upgrade", "downgrade"):
        body = "".join(f"    {line}\n" for line in draw(statements()).splitlines())
        parts.append(f"def {name}():\n{body}")
    return "".join(parts).encode(errors="replace")


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A real revision with lines taken out, doubled and swapped, and pieces of text replaced."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    lines = REAL.splitlines(keepends=True)
    for _ in range(chance.randint(1, 6)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        kind = chance.randrange(5)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[other])
        elif kind == 2:
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            line = lines[at]
            cut = chance.randrange(len(line) + 1)
            lines[at] = (
                line[:cut] + chance.choice(["", "(", '"', "# noqa", "\0", "é", "\f"]) + line[cut:]
            )
        else:
            lines[at] = lines[at].replace('"', chance.choice(["'", "", '"""'])).replace(",", "")
    return "".join(lines).encode()


@st.composite
def trees(draw: st.DrawFn) -> bytes:
    """A real revision in whose tree expressions have changed places."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    tree = ast.parse(REAL)
    found = [
        (node, name)
        for node in ast.walk(tree)
        for name, value in ast.iter_fields(node)
        if isinstance(value, ast.expr)
    ]
    for _ in range(chance.randint(1, 8)):
        (one, name), (other, other_name) = chance.choice(found), chance.choice(found)
        setattr(one, name, ast.parse(ast.unparse(getattr(other, other_name)), mode="eval").body)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)).encode()
    except (ValueError, TypeError, RecursionError):
        return REAL.encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    versions = tmp_path_factory.mktemp("any") / "migrations" / "versions"
    versions.mkdir(parents=True)
    return versions


def check(source: bytes, folder: Path) -> None:
    path = folder / NAME
    path.write_bytes(source)
    config = Config(
        root=folder.parents[1],
        path=folder.parents[1] / "pyproject.toml",
        script_location=folder.parent,
        alembic_ini=folder.parents[1] / "alembic.ini",
        lock_file=folder.parent / "history.lock",
        append_only=("event_store",),
    )
    modules = set(sys.modules)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collected, _ = collect(Group(config, (path,), frozenset((path,))))
    assert collected.failures == ()
    new = set(sys.modules) - modules
    assert not new & {"alembic", "sqlalchemy", "app", "helpers", path.stem}
    lines = source.count(b"\n") + source.count(b"\r") + 2
    for item in collected.found:
        assert 1 <= item.finding.row <= lines
        assert item.finding.column >= 1


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=400))
def test_random_bytes(folder: Path, source: bytes) -> None:
    check(source, folder)


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=300))
def test_random_text_after_a_header(folder: Path, source: str) -> None:
    check((HEADER + source).encode(errors="replace"), folder)


@settings(deadline=None, max_examples=60)
@given(revisions())
def test_random_steps(folder: Path, source: bytes) -> None:
    check(source, folder)


@settings(deadline=None, max_examples=40)
@given(mutations())
def test_mutated_text(folder: Path, source: bytes) -> None:
    check(source, folder)


@settings(deadline=None, max_examples=40)
@given(trees())
def test_mutated_trees(folder: Path, source: bytes) -> None:
    check(source, folder)
