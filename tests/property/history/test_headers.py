"""The scanner and the evaluator against each other and against Python itself."""

import ast
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.history.evaluate import evaluate
from calista_tools.history.revision import Revision
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


@settings(deadline=None, max_examples=300)
@given(sources | plain_sources)
def test_scanner_agrees_or_gives_up(source: str) -> None:
    header = scan(source.encode())
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return

    if header is not None:
        assert Revision(PATH, *header) == evaluate(tree, PATH)


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

    header = scan(f"{source}\n\n{PLAIN[26]}\n".encode())

    assert header is not None
    assert header.revision == "a1"
    assert header.down_revisions == ("b2",)
