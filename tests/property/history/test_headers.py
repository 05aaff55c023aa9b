"""The scanner and the evaluator against each other and against Python itself."""

import ast
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.history.evaluate import evaluate
from calista_tools.history.reader import parse
from calista_tools.history.revision_record import Problem, Revision
from calista_tools.history.scanner import scan

PATH = Path("20240101_0000_x.py")

PLAIN = [
    '"""create a thing\n\nRevision ID: a1\nRevises: b2\n"""',
    '"""One line."""',
    '"""Ünïcode, “quotes” \U0001f680"""',
    "'''other quotes'''",
    '"""with \\n escape"""',
    '"""ends with a quote\\""""',
    "# revision identifiers, used by Alembic.",
    "# -*- coding: utf-8 -*-",
    "",
    "from alembic import op",
    "import sqlalchemy as sa",
    "from typing import Sequence, Union",
    "from __future__ import annotations",
    'revision = "a1"',
    "revision = 'a1'  # the id",
    'revision: str = "c3"',
    'down_revision = "b2"',
    "down_revision = None",
    'down_revision: str | None = "b2"',
    'down_revision: Union[str, Sequence[str], None] = ("b2", "c3")',
    'down_revision = ["b2"]',
    "down_revision = ()",
    "branch_labels = None",
    'branch_labels = ("x",)',
    "depends_on = None",
    'depends_on = "b2"',
    "def upgrade() -> None:\n    pass",
    "def downgrade():\n    op.drop_table('revision')",
]
ODD = [
    'revision = "a" "1"',
    'revision = "a" + "1"',
    "if base == 'b2' != 'c':\n    revision = 'compared'",
    "if down_revision not in ('b2', None):\n    revision = 'not in'",
    'revision = """a1"""',
    'revision = ""',
    "revision = 'a' # \"b\"",
    'revision = "it\'s"',
    "revision = 'say \"hi\"'",
    "down_revision = ('b2', \"c3\")",
    'down_revision = "b2"  # was "c3"',
    'x = "\\\nrevision = 1"',
    '# 5" disk',
    "# \"two\" and 'one'",
    "import os  # 'revision'",
    'down_revision = "b2", "c3"',
    "revision = 'a1'; down_revision = 'semicolon'",
    "revision = 'a1' \\\n    'b'",
    'revision = f"a{1}"',
    'revision = f"{base}-x".replace("-", "_")',
    'revision = r"a1"',
    'revision = ("a1")',
    'revision = (\n    "a1"\n)',
    "revision = base",
    "revision = down_revision = base",
    "revision, down_revision = 'a1', 'b2'",
    "revision = 7",
    'base = "b2"',
    "base = base + 'x'",
    "base, other = 'p', ('q', 'r')",
    "down_revision = base",
    "down_revision = (base, 'c3')",
    "down_revision = [*('b2', 'c3'), base]",
    "down_revision = other",
    "down_revision = other or None",
    "down_revision = other[0]",
    "down_revision = tuple(other)",
    "down_revision = None if base else 'b2'",
    "down_revision = '%s_%s' % ('a', 1)",
    "down_revision = '{}x'.format('a')",
    "down_revision = '_'.join(['a', 'b'])",
    "down_revision += ('d4',)",
    "if base:\n    revision = 'if'",
    "if True:\n    revision = 'if'\nelse:\n    revision = 'else'",
    "if len('abc') == 3:\n    down_revision = 'len'",
    "for revision in ('x', 'y'):\n    pass",
    "while not globals().get('base'):\n    base = 'w'",
    "try:\n    revision = nothing\nexcept NameError:\n    revision = 'except'",
    "with open(__file__) as revision:\n    pass",
    "str(revision := 'walrus')",
    "x = [revision := 'walrus', 1]",
    "globals()['revision'] = 'door'",
    "globals().update(down_revision='door')",
    "exec('revision = \"exec\"')",
    "def change():\n    global revision\n    revision = 'global'",
    "def door():\n    globals()['revision'] = 'door'",
    "change()",
    "door()",
    "@door\ndef decorated(): pass",
    "def call(x=globals().update(revision='default')): pass",
    "def revision(): pass",
    "class down_revision: pass",
    "class K:\n    revision = 'inside'\n    globals()['revision'] = 'class'",
    "f = lambda: globals().update(revision='lambda')",
    "f()",
    "from os import path as revision",
    "from os import *",
    "import os.path as down_revision",
    "del revision",
    "SQL = '''\nrevision = 'string'\n'''",
    "def g():\n    return '''\nrevision = 'string'\n# '''; x = 1",
    "def h():\n    x = [\n1,\n]; revision = 'local'\n",
    "def h(): pass; revision = 'local'",
    "def k(\n    x=globals().update(revision='default'),\n): pass",
    "x = 1; revision = 'semicolon'",
    "pass; down_revision = 'semicolon'",
    "\x0crevision = 'form feed'",
    "    \x0crevision = 'form feed'",
    "def m():\n    pass\n    \x0crevision = 'form feed'",
    "\uff52evision = 'wide'",
    "def \uff52evision(): pass",
    "revi\u017fion = 'long s'",
    "revision: str",
    "revision = \\\n    'continued'",
    "match 1:\n    case revision:\n        pass",
    "async def n() -> None:\n    global revision",
    "import sys; setattr(sys.modules.get(__name__, sys), 'revision', 'module')",
    "'revision = 1'",
    "revision",
    "[revision for revision in 'ab']",
    "(revision, down_revision) = ('t1', 't2')",
    "branch_labels = ['x', *('y', 'z')]",
    "depends_on = {'b2'}",
]
sources = st.lists(st.sampled_from(PLAIN + ODD) | st.sampled_from(PLAIN), max_size=14).map(
    lambda parts: "\n".join(parts) + "\n"
)
plain_sources = st.lists(st.sampled_from(PLAIN), max_size=14).map(lambda parts: "\n".join(parts))


def executed(source: str) -> dict[str, object] | None:
    """What Python itself makes of the source; None if it cannot be run."""
    names: dict[str, object] = {"__name__": "no_module", "__file__": __file__}
    try:
        exec(compile(source, "x.py", "exec", dont_inherit=True), names)
    except Exception:
        return None
    return names


def as_tuple(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=300)
@given(sources | plain_sources)
def test_evaluation_is_right_or_silent(source: str) -> None:
    names = executed(source)
    if names is None:
        return
    found = evaluate(ast.parse(source), PATH)

    if isinstance(found, Revision):
        assert found.revision == names["revision"]
        assert found.down_revisions == as_tuple(names["down_revision"])
        assert found.branch_labels == as_tuple(names.get("branch_labels"))
        assert found.depends_on == as_tuple(names.get("depends_on"))
        assert found.doc == (names.get("__doc__") or "")
    else:
        assert found.message
        assert found.line >= 1


def agree_or_give_up(source: bytes) -> bool:
    """Whether the scanner read it; what it read must be what the syntax tree says."""
    scanned = scan(source, str(PATH))
    tree = parse(source, PATH)
    if isinstance(tree, Problem):
        return False
    if scanned is not None:
        assert scanned == evaluate(tree, PATH)
    return scanned is not None


@settings(deadline=None, max_examples=300)
@given(sources | plain_sources, st.sampled_from(["", "\ufeff", "# coding: latin-1\n", "\f\n"]))
def test_scanner_agrees_or_gives_up(source: str, start: str) -> None:
    agree_or_give_up((start + source).encode())
    agree_or_give_up((start + source).replace("\n", "\r\n").encode())
    agree_or_give_up((start + source).replace("\n", "\r", 1).encode())


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_scanner_remembers_headers_but_not_their_strings(data: st.DataObject) -> None:
    words = st.text("ab1'\"#=,)\\\n \t\x0b\u2028ä", max_size=8)
    quotes = data.draw(st.lists(st.sampled_from("\"'"), min_size=4, max_size=4))
    template = (
        "{c}{a}{c} # {d}x{d}\ndown_revision = ({a}{b}{a}, {b}{d}{b})\n{c}revision = {a}{d}{a}\n"
        if data.draw(st.booleans())
        else "# {a}{c}{a}\nrevision = {a}{c}{a}  # {b}\ndown_revision: str = {b}{d}{b}\n"
    )
    for _ in range(3):
        parts = dict(zip("ab", quotes, strict=False))
        parts |= {name: data.draw(words) for name in "cd"}
        agree_or_give_up(template.format_map(parts).encode())
    sound = {"a": quotes[0], "b": quotes[0], "c": "a1", "d": data.draw(st.text("bc#= ,"))}
    plain = "# {a}{c}{a}\nrevision = {a}{c}{a}  # {d}\ndown_revision: str = {b}{d}{b}\n"
    assert agree_or_give_up(plain.format_map(sound).encode())


def test_scanner_reads_what_templates_write() -> None:
    source = "\n".join(
        [
            PLAIN[0],
            "",
            PLAIN[9],
            PLAIN[10],
            PLAIN[6],
            PLAIN[13],
            PLAIN[16],
            PLAIN[22],
            PLAIN[24],
            "",
        ]
    )

    scanned = scan(f"{source}\n\n{PLAIN[26]}\n".encode(), str(PATH))

    assert scanned is not None
    assert scanned.revision == "a1"
    assert scanned.down_revisions == ("b2",)
