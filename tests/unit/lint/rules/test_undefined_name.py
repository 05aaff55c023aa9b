"""CAL011: what is used and not there; each look-alike is what Python, or Alembic, takes."""

import alembic.op
import pytest
import sqlalchemy
from alembic.operations import BatchOperations, Operations
from alembic.runtime.migration import MigrationContext

from calista_tools.lint.alembic_names import KNOWN
from calista_tools.lint.scopes import BATCH, CONTEXT, OP, SQLALCHEMY
from tests.unit.lint.project import Lint, as_file


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('op.drop_colum("note", "body")', "`op.drop_colum`, did you mean `op.drop_column`?"),
        (
            'op.rename_column("note", "a", "b")',
            "did you mean `op.alter_column(…, new_column_name=…)`?",
        ),
        ('op.drop_foreign_key("fk", "note")', "did you mean `op.drop_constraint`?"),
        ('op.create_view("v", "SELECT 1")', "did you mean `op.execute`?"),
        ("op.frobnicate()", "Alembic has no `op.frobnicate`"),
        ("op.impl.drop_table()", "Alembic has no `op.impl`"),
        ("make = op.create_tabel", "did you mean `op.create_table`?"),
        (
            'with op.batch_alter_table("note") as batch_op:\n    batch_op.drop_colum("body")',
            "`batch_op.drop_colum`, did you mean `batch_op.drop_column`?",
        ),
        (
            (
                'with op.batch_alter_table("note") as b, op.batch_alter_table("tag") as c:\n'
                '    c.add_colunm(sa.Column("x"))'
            ),
            "did you mean `batch_op.add_column`?",
        ),
        (
            'with op.batch_alter_table("note") as batch_op:\n    batch_op.create_table("x")',
            "`op.create_table` is no operation on the table of the block",
        ),
        (
            "with op.get_context().autocomit_block():\n    pass",
            "did you mean `op.get_context().autocommit_block`?",
        ),
        (
            "context = op.get_context()\ncontext.dialct.name",
            "did you mean `op.get_context().dialect`?",
        ),
        ("o = op\no.drop_colum('note', 'body')", "did you mean `op.drop_column`?"),
        ("def go(o):\n    o.drop_colum('note', 'body')\ngo(op)", "did you mean `op.drop_column`?"),
        (
            "getattr(op, 'x' and 'drop_' + 'colum')('note', 'body')",
            "did you mean `op.drop_column`?",
        ),
        (
            (
                "def go(b):\n    b.drop_colum('body')\n"
                "with op.batch_alter_table('note') as batch_op:\n    go(batch_op)"
            ),
            "did you mean `batch_op.drop_column`?",
        ),
        ('op.add_column("note", sa.Column("body", Text()))', "`Text`, did you mean `sa.Text`?"),
        ('op.add_column("note", sa.Colum("body"))', "no `Colum`, did you mean `Column`?"),
        (
            'op.add_column("note", sa.Column("body", sa.string))',
            "no `string`, did you mean `String`?",
        ),
        (
            'op.add_column("note", sa.Column("d", sqlmodel.AutoString()))',
            "undefined name `sqlmodel`",
        ),
        ("op.execute(json.dumps({}))", "undefined name `json`: `import json` is missing"),
        ("context.is_offline_mode()", "`from alembic import context` is missing"),
        ("tabel = 'note'\nop.drop_table(table)", "`table`, did you mean `tabel`?"),
        ("op.execute(lenn([]))", "undefined name `lenn`"),
        ("op.execute(f'DROP TABLE {table}')", "undefined name `table`"),
        ("op.execute(statement)\nstatement = ''", "undefined name `statement`"),
        ("x = 1\ndel x\nop.execute(x)", "undefined name `x`"),
        ("del x", "undefined name `x`"),
        ("count += 1", "undefined name `count`"),
        ("for row in []:\n    if row:\n        count += 1", "undefined name `count`"),
        ("for row in rows:\n    pass", "undefined name `rows`"),
        ("while more():\n    pass", "undefined name `more`"),
        ("try:\n    pass\nexcept ValueError as error:\n    pass\nprint(error)", "name `error`"),
        ("[x for x in [1]]\nprint(x)", "undefined name `x`"),
        ("[y for x in [1]]", "undefined name `y`"),
        ("[x for x in y for y in [[1]]]", "undefined name `y`"),
        ("{k: w for k, v in {}.items()}", "undefined name `w`"),
        ("f = lambda a: a + b", "undefined name `b`"),
        ("match 1:\n    case int(x) if y:\n        print(x)", "undefined name `y`"),
        ("match 1:\n    case Colour.RED:\n        pass", "undefined name `Colour`"),
        ("x: int\nprint(x)", "undefined name `x`"),
        ("def f(x: Conection): pass", "undefined name `Conection`"),
        ("def f(x: 'Conection'): pass", "undefined name `Conection`"),
        ("def f() -> list['Conection']: pass", "undefined name `Conection`"),
        ("x: Conection = None", "undefined name `Conection`"),
        ("@decorated\ndef f(): pass", "undefined name `decorated`"),
        ("class A(Base): pass", "undefined name `Base`"),
        ("class A:\n    x = 1\n    def f(self):\n        return x", "undefined name `x`"),
        ("class A:\n    y = z", "undefined name `z`"),
        ("def f(a=b): pass", "undefined name `b`"),
        ("def f():\n    x = 1\nprint(x)", "undefined name `x`"),
        ("try:\n    missing()\nexcept ValueError:\n    pass", "undefined name `missing`"),
        ("raise Errror('x')", "undefined name `Errror`"),
        ("print(__module__)", "undefined name `__module__`"),
        ("async def f():\n    async with pool() as p:\n        await p", "undefined name `pool`"),
    ],
)
def test_reports(body: str, message: str, lint: Lint) -> None:
    [found] = lint("CAL011", body)
    assert message in found.finding.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "from alembic.op import create_indx\n\ndef upgrade(): create_indx('i')",
            "`op.create_index`?",
        ),
        ("import alembic.op as y\n\ndef upgrade(): y.drop_colum('t', 'c')", "`op.drop_column`?"),
        ("import alembic.op\n\ndef upgrade(): alembic.op.drop_colum('t')", "`op.drop_column`?"),
        ("import alembic\n\ndef upgrade(): alembic.op.drop_colum('t')", "`op.drop_column`?"),
        ("from alembic import op as o\n\ndef upgrade(): o.drop_colum('t')", "`op.drop_column`?"),
        ("from sqlalchemy import Colum\n\ndef upgrade(): Colum('t')", "did you mean `Column`?"),
        ("def upgrade(): op.drop_table('t')", "`from alembic import op` is missing"),
        ("def upgrade(): sa.Text()", "`import sqlalchemy as sa` is missing"),
        ("branch_labels: Union[str, None] = None\n\ndef upgrade(): pass", "name `Union`"),
        ("x = later\nlater = 1\n\ndef upgrade(): pass", "undefined name `later`"),
        ("def make(): pass\n\nmake()\ndel make\n\ndef upgrade(): make()", "undefined name `make`"),
        (
            (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from decimal import Decimal\n\n"
                "def upgrade(): Decimal(1)"
            ),
            "`Decimal` is imported for type checkers only",
        ),
        ("def upgrade():\n    bind = 1\n\ndef downgrade(): print(bind)", "undefined name `bind`"),
        ("class A:\n    x = 1\n\ndef upgrade(): print(x)", "undefined name `x`"),
    ],
)
@pytest.mark.parametrize("docstring", ["", '"""It.\n\nRevision ID: 3f2a\n"""\n'])
def test_reports_of_the_whole_file(text: str, message: str, docstring: str, lint: Lint) -> None:
    head = f"{docstring}revision = '3f2a'\ndown_revision = None\n"
    [found] = lint("CAL011", {"a.py": f"{head}{text}\n"})
    assert message in found.finding.message


@pytest.mark.parametrize(
    "body",
    [
        'op.drop_column("note", "body")',
        "op.f('x')\nop.get_bind()\nop.invoke(None)\nop.run_async(None)\nop.inline_literal('x')",
        "op.get_context().impl.transactional_ddl",
        "op.get_context().opts['x']\nop.get_context().dialect.name.frobnicate()",
        "op._proxy",
        (
            'with op.batch_alter_table("note") as batch_op:\n'
            "    batch_op.impl\n    batch_op.f('x')\n    batch_op.get_bind()"
        ),
        "if hasattr(op, 'drop_colum'):\n    op.drop_colum('note', 'body')",
        "try:\n    op.drop_colum('note', 'body')\nexcept AttributeError:\n    pass",
        "op.create_entity(None)\nop.drop_entity(None)\nop.replace_entity(None)",
        "op.create_geospatial_table('t')\nop.drop_geospatial_column('t', 'c')",
        "op.sync_enum_values('public', 'kind', ['a'], [])",
        "with open('x') as batch_op:\n    batch_op.drop_colum('body')",
        "def go(op):\n    op.drop_colum('note', 'body')",
        "op = object()\nop.drop_colum('note', 'body')",
        "op.mine = print\nop.mine('x')",
        "sa.dialects.postgresql.JSONB\nsa.orm.Session\nsa.Text().with_variant\nsa.newest_thing",
        "print(__file__, __name__, __doc__, __builtins__, __debug__, __spec__)",
        "x = 1\ndel x\nx = 2\nprint(x)",
        "x = 1\nif x:\n    del x\nprint(x)",
        "for row in []:\n    if row:\n        print(before)\n    before = row",
        "for row in []:\n    print(before if row else None)\n    before = row",
        "while True:\n    try:\n        print(last)\n    finally:\n        last = 1",
        "try:\n    unicode\nexcept NameError:\n    unicode = str\nprint(unicode)",
        "try:\n    import ujson as json\nexcept ImportError:\n    json = None\nprint(json)",
        "try:\n    pass\nexcept (ValueError, KeyError) as error:\n    print(error)\n    kept = error\nprint(kept)",
        "print([x for x in [1] if (y := x)])\nprint(y)",
        "[x for y in [[1]] for x in y]\n{a: b for a, b in []}\n{c for c in []}\nlist(d for d in [])",
        "if (found := 1) and found:\n    print(found)",
        "f = lambda a, *b, c=1, **d: (a, b, c, d)",
        "f = lambda: later\nlater = 1",
        "def f():\n    return later\nlater = 1\nf()",
        "def f():\n    global made\n    made = 1\nf()\nprint(made)",
        "def f():\n    x = 0\n    def g():\n        nonlocal x\n        x += 1\n    g()",
        (
            "class A:\n    x = 1\n    y = [x for _ in range(x)]\n    print(__qualname__, __module__)\n"
            "    def f(self):\n        return __class__, A"
        ),
        (
            "match {'a': [1, 2]}:\n    case {'a': [first, *rest], **others}:\n"
            "        print(first, rest, others)\n    case (1 | 2) as either:\n        print(either)\n"
            "    case str(text) | [text]:\n        print(text)\n    case _:\n        pass"
        ),
        "with open('x') as (a, [b, *c]):\n    print(a, b, c)",
        "for a, (b, *c) in []:\n    print(a, b, c)\nelse:\n    print('none')",
        "import os.path\nfrom os import sep as s\nprint(os.path, s)",
        "print(f'{(y := 1)!r:>{y}}')",
        "def f(x: 'sa.Text | None', y: 'list[\"A\"]') -> 'prose, not a type': pass\nclass A: pass",
        (
            "from typing import Annotated, Literal\n"
            "def f(x: Literal['abc'], y: Annotated[int, 'a word'], z: 'Literal[\"d\"]'): pass"
        ),
        "def f(x: Later): pass\nclass Later: pass",
        "from sqlalchemy import *\nText()",
        "globals()['made'] = 1\nprint(made)",
        "exec('made = 1')\nprint(made)",
        "x, y = [1], 2\nx += [y]\nx[0] += y",
        "async def f():\n    async for x in y():\n        print([z async for z in x])\nasync def y(): yield []",
    ],
)
def test_leaves_alone(body: str, lint: Lint) -> None:
    assert lint("CAL011", body) == []


@pytest.mark.parametrize(
    "text",
    [
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from decimal import Decimal\n\n"
            "def upgrade(x: 'Decimal' = None) -> 'Decimal': pass"
        ),
        (
            "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
            "    from decimal import Decimal\n\ndef upgrade(x: Decimal = None) -> Decimal:\n    y: Decimal"
        ),
        (
            "import typing as t\nif t.TYPE_CHECKING:\n    from decimal import Decimal\nelse:\n"
            "    Decimal = float\n\ndef upgrade(): Decimal(1)"
        ),
        (
            "TYPE_CHECKING = False\nif not TYPE_CHECKING:\n    from decimal import Decimal\n\n"
            "def upgrade(): Decimal(1)"
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from decimal import Decimal\n"
            "    Money = Decimal\n\ndef upgrade(): pass"
        ),
        (
            "from typing import Sequence, Union\nbranch_labels: Union[str, Sequence[str], None] = None\n\n"
            "def upgrade(): pass"
        ),
        "from alembic.op import create_index, f, get_bind\n\ndef upgrade(): create_index(f('i'))",
        "from alembic.op import *\n\ndef upgrade(): drop_colum('t', 'c')",
        (
            "try:\n    from alembic.op import create_indx\nexcept ImportError:\n    create_indx = print\n\n"
            "def upgrade(): create_indx('i')"
        ),
        (
            "from alembic import op\nfrom alembic.operations import Operations\n\n"
            "@Operations.register_operation('create_thing')\nclass CreateThing: pass\n\n"
            "def upgrade(): op.create_thing('x')"
        ),
        "from alembic import op\nimport alembic_frobnicate\n\ndef upgrade(): op.frobnicate('x')",
        "from alembic import op\n\ndef upgrade(): op.drop_table(TABLE)\n\nTABLE = 'note'",
        "from sqlalchemy import Column, Text, event, orm, dialects, Newer\n\ndef upgrade(): Column(Text)",
    ],
)
@pytest.mark.parametrize("docstring", ["", '"""It.\n\nRevision ID: 3f2a\n"""\n'])
def test_leaves_whole_files_alone(text: str, docstring: str, lint: Lint) -> None:
    if text.startswith("from __future__") and docstring == "":
        text = text.removeprefix("from __future__ import annotations\n")
        head = "from __future__ import annotations\nrevision = '3f2a'\ndown_revision = None\n"
    elif text.startswith("from __future__"):
        text = text.removeprefix("from __future__ import annotations\n")
        head = f"{docstring}from __future__ import annotations\nrevision = '3f2a'\ndown_revision = None\n"
    else:
        head = f"{docstring}revision = '3f2a'\ndown_revision = None\n"
    assert lint("CAL011", {"a.py": f"{head}{text}\n"}) == []


REGISTERS = """\
from alembic.operations import Operations

@Operations.register_operation("create_thing", "invoke_for_target")
class CreateThing:
    pass
"""
MAKES = as_file("op.create_thing('x')")


@pytest.mark.parametrize(
    "others",
    [
        {"../env.py": REGISTERS},
        {"../env.py": "import helpers.operations\n", "../helpers/operations.py": REGISTERS},
        {"../env.py": "from helpers import operations\n", "../helpers/operations.py": REGISTERS},
        {
            "../env.py": "import application\n",
            "../../application/__init__.py": "from . import database\n",
            "../../application/database.py": REGISTERS,
        },
        {"../env.py": "import alembic_things\n"},
        {"../env.py": "from things.alembic import operations\n"},
        {"../env.py": "from alembic import op\nop.create_thing = print\n"},
        {"../env.py": REGISTERS.replace('"create_thing"', "NAME")},
    ],
)
def test_what_the_project_registers(others: dict[str, str], lint: Lint) -> None:
    assert lint("CAL011", {"a.py": MAKES, **others}) == []


def test_a_project_that_registers_others(lint: Lint) -> None:
    files = {"a.py": MAKES, "../env.py": REGISTERS.replace("create_thing", "create_other")}
    [found] = lint("CAL011", files)
    assert "Alembic has no `op.create_thing`" in found.finding.message


def test_a_slip_is_one_beside_any_plugin(lint: Lint) -> None:
    files = {"a.py": as_file("op.drop_colum('t', 'c')"), "../env.py": "import alembic_things\n"}
    [found] = lint("CAL011", files)
    assert "did you mean `op.drop_column`?" in found.finding.message


def test_a_helper_of_the_project(lint: Lint) -> None:
    helper = "from alembic import op\n\ndef go():\n    op.drop_colum('t', 'c')\n"
    source = as_file("from helper import go\ngo()")
    [found] = lint("CAL011", {"a.py": source, "../helper.py": helper})
    assert "`op.drop_colum`" in found.finding.message
    assert found.finding.row == source.split("\n").index("    go()") + 1


def test_each_use_is_found_where_it_stands(lint: Lint) -> None:
    found = lint("CAL011", "ä = 'ö'; op.execute(missing + ä)\nop.execute(missing)")
    assert [(one.finding.row, one.finding.column) for one in found] == [(14, 25), (15, 16)]


def test_long_and_deep_files(lint: Lint) -> None:
    many = " + ".join(f'"{number}"' for number in range(800))
    branches = "if x == 0:\n    pass\n" + "".join(
        f"elif x == {number}:\n    pass\n" for number in range(1, 400)
    )
    assert lint("CAL011", f"op.execute({many})") == []
    assert lint("CAL011", f"x = 1\n{branches}") == []
    [found] = lint("CAL011", f"op.execute({many} + missing)")
    assert "`missing`" in found.finding.message


def test_the_lists_are_those_of_what_is_installed() -> None:
    context = MigrationContext.configure(dialect_name="sqlite", opts={"as_sql": True})
    operations = Operations(context)
    there = {
        OP: set(dir(alembic.op)),
        BATCH: {
            *dir(BatchOperations),
            *vars(operations),
            *BatchOperations.__annotations__,
            "schema_obj",
        },
        CONTEXT: {*dir(context), *vars(context)},
        SQLALCHEMY: set(dir(sqlalchemy)),
    }
    for kind, names in there.items():
        public = {name for name in names if not name.startswith("_")}
        assert public <= KNOWN[kind], kind
    assert KNOWN[OP] <= there[OP]  # none was taken away in the newest, either
    assert KNOWN[BATCH] <= there[BATCH]
    assert KNOWN[CONTEXT] <= there[CONTEXT]
