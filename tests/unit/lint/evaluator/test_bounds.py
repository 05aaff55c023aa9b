"""The evaluator always ends, soon, and never raises."""

import ast
from pathlib import Path
from random import Random
from textwrap import indent

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from calista_tools.effects.evaluator import evaluate
from tests.unit.lint.evaluator.following import follow


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    op.drop_table('t')",
        "def upgrade():\n    upgrade()",
        "def a(n):\n    return a(n + 1)\n\ndef upgrade():\n    a(0)",
        "def a(n):\n    a(n); a(n)\n\ndef upgrade():\n    a(0)",
        "x = [0] * 10**9",
        "x = 'a'\nfor _ in range(100):\n    x = x + x\n    x = x.replace('a', x)",
        "x = f'{1:99999999}'",
        "x = '%99999999d' % 1",
        "x = '{:99999999}'.format(1)",
        "x = 10 ** 10 ** 10",
        "x = 1 << 10**9",
        "for a in range(10**9):\n    pass",
        "for a in range(4000):\n    for b in range(4000):\n        pass",
        "x = []\nfor _ in range(5000):\n    x.extend(x or [1])",
        "x = []\nx.append(x)\nop.create_index(x, x, x)\nprint(str(x), x == x, f'{x}')",
        "d = {}\nd['d'] = d\nop.create_index(**d)",
        "x = " + "(" * 80 + "1" + ")" * 80,
        "x = " + "+".join(["1"] * 800),
        "x = " + "not " * 90 + "1",
        "from itertools import product\nx = product(*[range(99)] * 9)",
        "op.create_index(*op, **op)",
        "op.batch_alter_table()",
        "with op.batch_alter_table() as b, b as c:\n    c.drop_column()",
        "sa.Column(*[sa.Column()] * 3)",
        "a, *b, c = 1\n(d, (e, *f)) = [[1], 2]",
        "match [1]:\n    case [x, *y] if y:\n        pass\n    case {'a': 1, **z}:\n        pass",
        "async def upgrade():\n    async with x as y:\n        await y\n    async for a in b:\n        yield a",
        "class A(A):\n    a = A\n    def f(self): return self.f()\n\ndef upgrade():\n    A.a.f(A)",
        "global a, b\nnonlocal_ = 1\ndel a\ndel b.c, d[0]",
        "'{0.__class__.__mro__}'.format(op)",
        "'a'.encode().decode().__class__.__bases__[0].__subclasses__()",
    ],
)
def test_hostile_source(source: str) -> None:
    assert follow(source).operations is not None


BOMB = "for a in range(4000):\n    for b in range(4000):\n        pass\n"


@pytest.mark.parametrize(
    ("before", "inside", "steps"),
    [
        (BOMB, "pass", ["upgrade", "downgrade"]),
        ("x = " + "(" * 80 + "1" + ")" * 80 + "[0]" * 900, "pass", ["upgrade", "downgrade"]),
        ("", BOMB, ["downgrade"]),
    ],
)
def test_what_takes_too_long_hides_nothing_else(before: str, inside: str, steps: list[str]) -> None:
    source = (
        f"{before}\ndef upgrade():\n{indent(inside, '    ')}\n    op.drop_table('t')\n"
        "def downgrade():\n    op.drop_table('t')\n"
    )
    found = follow(source)
    assert [one.direction for one in found.operations] == steps
    assert len(found.troubles) == 1


def test_a_helper_of_a_helper_hides_nothing_that_comes_after_it() -> None:
    source = f"""
def check():
{indent(BOMB, "    ")}

def step():
    check()
    op.create_index("ix_a", "t", ["a"])
    check()
    op.create_index("ix_b", "t", ["b"])

def upgrade():
    step()
"""
    found = follow(source)
    assert [one.name.text for one in found.operations if one.name] == ["ix_a", "ix_b"]


class Writer:
    """Writes a random program of what revisions are made of, and of what they are not."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def expression(self, depth: int) -> str:
        atoms = [
            "op",
            "sa",
            "a",
            "b",
            "len",
            "str",
            "dict",
            "__file__",
            "1",
            "'x'",
            "None",
            "[]",
            "{}",
            "()",
            "'%s'",
            "op.get_bind()",
        ]
        if depth == 0:
            return self.random.choice(atoms)
        one, other, third = (self.expression(depth - 1) for _ in range(3))
        attributes = [
            "name",
            "dialect",
            "format",
            "join",
            "items",
            "create_index",
            "f",
            "execute",
            "append",
        ]
        operators = ["+", "*", "%", "==", "in", "and", "or", "<", "-", "is"]
        return self.random.choice(
            [
                one,
                f"({one} {self.random.choice(operators)} {other})",
                f"({one}).{self.random.choice(attributes)}",
                f"({one})({other}, *[{third}])",
                f"({one})[{other}]",
                f"[{one}, {other}]",
                f"({one} if {other} else {third})",
                f"[{one} for a in {other} if {third}]",
                f"(lambda a: {one})",
                f"(b := {one})",
                "f'{a}{b!r:>9}'",
            ]
        )

    def block(self, depth: int) -> str:
        text = "\n".join(self.statement(depth) for _ in range(self.random.randint(1, 3)))
        return indent(text, "    ")

    def statement(self, depth: int) -> str:
        value = self.expression(2)
        plain = [
            value,
            f"a = {value}",
            f"a, *b = {value}",
            f"a += {value}",
            f"a[b] = {value}",
            f"return {value}",
            "pass",
            "raise a",
            "import b",
            "from a import *",
        ]
        if depth == 0:
            return self.random.choice(plain)
        one, other = self.block(depth - 1), self.block(depth - 1)
        return self.random.choice(
            [
                *plain,
                f"if {value}:\n{one}\nelse:\n{other}",
                f"for b in {value}:\n{one}\n    break\nelse:\n{other}",
                f"while {value}:\n{one}\n    continue",
                f"with {value} as b:\n{one}",
                f"try:\n{one}\nexcept a:\n{other}\nfinally:\n{one}",
                f"def a(b=1, *c, d={value}, **e):\n{one}\na(op)",
                f"class a({value}):\n{one}",
                f"match {value}:\n  case {{'a': b}} | [_]:\n{one}\n  case _:\n{other}",
            ]
        )


@settings(deadline=None, max_examples=40)
@given(st.randoms(use_true_random=False))
def test_any_program_is_followed(random: Random) -> None:
    body = Writer(random).block(2)
    try:
        tree = ast.parse(f"from alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n{body}")
    except SyntaxError:
        reject()
    evaluate(tree, Path("x.py"))
