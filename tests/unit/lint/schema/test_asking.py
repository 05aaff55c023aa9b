"""Revisions that ask the database first are answered from the schema before them."""

import json
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from calista_tools.lint.cli import main
from calista_tools.lint.names.at_head import names_at_head

FIRST = """
op.create_table(
    "t",
    sa.Column("id", sa.Integer(), nullable=False),
    sa.Column("a", sa.Integer()),
    sa.PrimaryKeyConstraint("id", name="pk_t"),
    sa.UniqueConstraint("a", name="uq_t_a"),
)
op.create_table("u", sa.Column("t_id", sa.Integer()), sa.ForeignKeyConstraint(["t_id"], ["t.id"]))
op.create_index("ix_u", "u", ["t_id"])
"""


def listed(folder: Path, capsys: pytest.CaptureFixture[str], *bodies: str) -> list[dict[str, Any]]:
    """What ``--names`` says of a line of revisions with these bodies."""
    for number, body in enumerate((FIRST, *bodies)):
        parent = repr(str(number - 1)) if number else None
        head = f"import sqlalchemy as sa\nfrom alembic import op\nrevision = '{number}'\n"
        text = f"{head}down_revision = {parent}\n\ndef upgrade():\n{indent(dedent(body), '    ')}\n"
        (folder / f"r{number}.py").write_text(text)
    assert main(["--names", "--output-format", "json", "--no-cache", str(folder)]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


INSPECTOR = "look = sa.inspect(op.get_bind())\n"


@pytest.mark.parametrize(
    ("body", "live"),
    [
        ("if not look.has_table('t'):\n    op.create_index('ix_new', 't', ['a'])", set()),
        (
            "if 't' in look.get_table_names():\n    op.create_index('ix_new', 't', ['a'])",
            {"ix_new"},
        ),
        (
            (
                "have = {c['name'] for c in look.get_columns('t')}\n"
                "if 'a' in have and 'z' not in have:\n    op.create_index('ix_new', 't', ['a'])"
            ),
            {"ix_new"},
        ),
        (
            (
                "for one in look.get_unique_constraints('t'):\n"
                "    op.drop_constraint(one['name'], 't', type_='unique')"
            ),
            {"-uq_t_a"},
        ),
        (
            (
                "have = [i['name'] for i in look.get_indexes('u')]\n"
                "for name in ('ix_u', 'ix_v'):\n"
                "    if name not in have:\n        op.create_index(name, 'u', ['t_id'])"
            ),
            {"ix_v"},
        ),
        (
            (
                "name = 'pk_t'\nif look.get_pk_constraint('t')['name'] == name:\n    name = 'uq_other'\n"
                "op.create_unique_constraint(name, 'u', ['t_id'])"
            ),
            {"uq_other"},
        ),
        (
            (
                "op.rename_table('t', 'v')\n"
                "if sa.inspect(op.get_bind()).has_table('v'):\n    op.create_index('ix_new', 'v', ['a'])"
            ),
            {"ix_new"},
        ),
        (
            (
                "have = {c['name'] for c in look.get_columns('t')}\n"
                "for row in op.get_bind().execute(sa.text('SELECT 1')):\n"
                "    if row:\n        print('rows')\n"
                "if {'a', 'z'} & have:\n    op.create_index('ix_new', 't', ['a'])"
            ),
            {"ix_new"},
        ),
        (
            (
                "gone = look.get_unique_constraints('t')\n"
                "op.drop_constraint(gone[0]['name'], 't', type_='unique')\n"
                "for one in look.get_unique_constraints('t'):\n"
                "    op.create_unique_constraint(one['name'] + '_again', 't', one['column_names'])"
            ),
            {"-uq_t_a", "uq_t_a_again"},
        ),
        (
            (
                "op.drop_constraint('uq_t_a', 't', type_='unique')\nlook.clear_cache()\n"
                "if not look.get_unique_constraints('t'):\n    op.create_index('ix_new', 't', ['a'])"
            ),
            {"-uq_t_a", "ix_new"},
        ),
        (
            (
                "t = sa.Table('t', sa.MetaData(), autoload_with=op.get_bind())\n"
                "for one in t.constraints:\n"
                "    if isinstance(one, sa.UniqueConstraint) and 'a' in one.column_keys:\n"
                "        op.drop_constraint(one.name, t.name, type_='unique')"
            ),
            {"-uq_t_a"},
        ),
        (
            (
                "meta = sa.MetaData()\nmeta.reflect(bind=op.get_bind(), only=['t'])\n"
                "key = meta.tables['t'].primary_key\n"
                "op.create_index(f'ix_{key.name}', 't', [c.name for c in key.columns])"
            ),
            {"ix_pk_t"},
        ),
        (
            (
                "u = sa.Table('u', sa.MetaData(), autoload_with=op.get_bind())\n"
                "for one in u.indexes:\n    op.drop_index(one.name, 'u')\n"
                "if [fk for fk in u.foreign_keys if fk.constraint.referred_table.name == 't']:\n"
                "    op.create_index('ix_new', 'u', ['t_id'])"
            ),
            {"-ix_u", "ix_new"},
        ),
        # What no revision made may still be there: both sides are followed.
        ("if not look.has_table('z'):\n    op.create_index('ix_new', 'u', ['t_id'])", {"ix_new"}),
    ],
)
def test_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, live: set[str]
) -> None:
    entries = listed(tmp_path, capsys, INSPECTOR + body)
    for dialect in ("sqlite", "postgresql"):
        found = {one.name for one in names_at_head(entries, dialect) if one.name is not None}
        before = {"pk_t", "uq_t_a", "ix_u"} | (
            {"u_t_id_fkey"} if dialect == "postgresql" else set()
        )
        changed = (found - before) | {f"-{name}" for name in before - found}
        assert changed == live


HELPERS = """
def there(table):
    return sa.inspect(op.get_bind()).has_table(table)
def there_with(table, index):
    if not there(table):
        return False
    return index in [one["name"] for one in sa.inspect(op.get_bind()).get_indexes(table)]
"""


@pytest.mark.parametrize(
    "body",
    [
        "if there('z'):\n    op.create_index('ix_z', 'z', ['a'])",
        "if not there('z'):\n    return\nop.create_index('ix_z', 'z', ['a'])",
        "if there('t') and there('z'):\n    op.create_index('ix_z', 't', ['a'])",
        "if 'z' in set(look.get_table_names()):\n    op.execute('CREATE INDEX ix_z ON z (a)')",
        "if there_with('z', 'ix'):\n    op.create_index('ix_z', 't', ['a'])",
        "if any(there(one) for one in 'yz'):\n    op.create_index('ix_z', 't', ['a'])",
        "ready = True if there('z') else False\nif ready:\n    op.create_index('ix_z', 't', ['a'])",
        (
            "ready = False\nif there('z') is True:\n    ready = True\n"
            "if ready:\n    op.create_index('ix_z', 't', ['a'])"
        ),
        "for one in 'z':\n    if not there(one):\n        continue\n    op.create_index('ix_z', one, ['a'])",
    ],
)
def test_what_hangs_on_a_table_of_somebody_else_is_said_to_be_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    after = "op.create_index('ix_after', 'u', ['t_id'])"
    body = f"{HELPERS}{INSPECTOR}def step():\n{indent(body, '    ')}\nstep()\n{after}"
    entries = [one for one in listed(tmp_path, capsys, body) if one["filename"].endswith("r1.py")]
    assert [one["name"] for one in entries] == [None, "ix_after"]
    assert entries[0]["reason"] == "`ix_z` depends on table `z`, which no revision makes"


@pytest.mark.parametrize(
    "body",
    [
        "if not there('z'):\n    op.create_index('ix_z', 't', ['a'])",
        "if there('z'):\n    return\nop.create_index('ix_z', 't', ['a'])",
        "if not (there('t') and there('z')):\n    op.create_index('ix_z', 't', ['a'])",
        "if not there_with('z', 'ix'):\n    op.create_index('ix_z', 't', ['a'])",
        "if not there('z') or there('y'):\n    op.create_index('ix_z', 't', ['a'])",
        # What happens to tables in here is not known, so neither is whether `z` is there.
        "op.execute(op.get_context().opts['sql'])\nif there('z'):\n    op.create_index('ix_z', 't', ['a'])",
    ],
)
def test_what_hangs_on_its_absence_is_said_to_be_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str
) -> None:
    body = f"{HELPERS}{INSPECTOR}def step():\n{indent(body, '    ')}\nstep()"
    entries = listed(tmp_path, capsys, body)
    assert "ix_z" in [one["name"] for one in entries]


def test_what_an_inspector_told_it_tells_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    before = look.get_foreign_keys("u")
    for one in before:
        op.drop_constraint(one["name"], "u", type_="foreignkey")
    for one in look.get_foreign_keys("u"):
        op.create_foreign_key(
            one["name"], "u", one["referred_table"], one["constrained_columns"], ["id"]
        )
    """
    entries = listed(tmp_path, capsys, INSPECTOR + body)
    live = [one.name for one in names_at_head(entries, "postgresql") if one.kind == "fk"]
    assert live == ["u_t_id_fkey"]


def test_to_rename_a_key_s_index_is_to_rename_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_t RENAME TO pk_other")
    """
    entries = listed(tmp_path, capsys, body)
    renamed = [(one["kind"], one["table"], one["name"]) for one in entries if one["op"] == "rename"]
    assert renamed == [("pk", "t", "pk_other")]


def test_foreign_keys_have_the_names_of_each_dialect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = (
        "for one in look.get_foreign_keys('u'):\n"
        "    if one['name']:\n        op.drop_constraint(one['name'], 'u', type_='foreignkey')"
    )
    entries = listed(tmp_path, capsys, INSPECTOR + body)
    dropped = [(one["name"], one["dialects"]) for one in entries if one["op"] == "drop"]
    assert dropped == [("u_t_id_fkey", ["postgresql"])]


def test_a_batch_block_names_what_it_reflects_before_it_drops_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    naming = {"fk": "fk_%(table_name)s_%(referred_table_name)s"}
    with op.batch_alter_table("u", naming_convention=naming) as batch:
        batch.drop_constraint("fk_u_t", type_="foreignkey")
        batch.create_foreign_key("fk_new", "t", ["t_id"], ["id"])
    """
    entries = listed(tmp_path, capsys, body)
    live = [one.name for one in names_at_head(entries, "sqlite") if one.kind == "fk"]
    assert live == ["fk_new"]


def test_a_constraint_of_the_same_name_takes_the_place_of_the_first_on_sqlite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE t DROP CONSTRAINT IF EXISTS uq_t_a")
    with op.batch_alter_table("t") as batch:
        batch.create_unique_constraint("uq_t_a", ["a"])
    """
    entries = listed(tmp_path, capsys, body)
    for dialect in ("sqlite", "postgresql"):
        assert [one.name for one in names_at_head(entries, dialect)].count("uq_t_a") == 1


def test_a_column_brings_a_key_where_the_table_is_copied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    with op.batch_alter_table("u", recreate="always") as batch:
        batch.add_column(sa.Column("id", sa.Integer(), primary_key=True))
    if not sa.inspect(op.get_bind()).get_pk_constraint("u")["constrained_columns"]:
        op.create_primary_key("pk_u", "u", ["id"])
    """
    entries = listed(tmp_path, capsys, body)
    keys = {
        dialect: [
            one.name
            for one in names_at_head(entries, dialect)
            if (one.kind, one.table) == ("pk", "u")
        ]
        for dialect in ("sqlite", "postgresql")
    }
    assert keys == {"sqlite": [None], "postgresql": ["pk_u"]}


def test_a_key_that_is_added_with_its_column_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = 'op.add_column("u", sa.Column("id", sa.Integer(), primary_key=True), inline_primary_key=True)'
    entries = listed(tmp_path, capsys, body)
    live = [one.name for one in names_at_head(entries, "postgresql") if one.table == "u"]
    assert "u_pkey" in live


def test_an_index_stays_on_a_column_that_a_block_drops_and_adds_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    with op.batch_alter_table("u") as batch:
        batch.drop_column("t_id")
        batch.add_column(sa.Column("t_id", sa.BigInteger()))
    """
    entries = listed(tmp_path, capsys, body)
    assert "ix_u" in [one.name for one in names_at_head(entries, "sqlite")]
    assert "ix_u" not in [one.name for one in names_at_head(entries, "postgresql")]


def test_table_args_name_what_a_copy_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = """
    checks = [sa.CheckConstraint("t_id > 0", name="ck_u_t_id")]
    with op.batch_alter_table("u", table_args=checks) as batch:
        batch.alter_column("t_id", nullable=False)
    """
    entries = listed(tmp_path, capsys, body)
    made = [(one["name"], one["dialects"]) for one in entries if one["kind"] == "ck"]
    assert made == [("ck_u_t_id", ["sqlite"])]
