"""What goes wrong in histories? Over two hundred kinds of wrong revisions, on a healthy history.

Every kind has tables of its own, made by a healthy revision before it and a few others, so that one
run of the whole history on each backend tells whether a finding is where it belongs.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generated_history import write_project
from benchmarks.planted_data import DATA
from benchmarks.planted_details import DETAILS
from benchmarks.planted_kind import PG, SQLITE, TABLE, Kind, batch, lite, pg, sql
from benchmarks.planted_losses import LOSSES
from benchmarks.planted_objects import EVENT_TRIGGER, OBJECTS
from benchmarks.planted_sqlite import ON_SQLITE_ALONE
from benchmarks.planted_tables import ON_TABLES
from benchmarks.planted_versions import NEWER
from calista_tools.history import read_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ADD = 'op.add_column("{t}", sa.Column("extra", sa.Text))'
DROP = 'op.drop_column("{t}", "extra")'
TRIGGER_PG = sql(
    "CREATE TRIGGER {t}_keep BEFORE UPDATE ON {t} FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
)
TRIGGER_LITE = sql("CREATE TRIGGER {t}_keep BEFORE UPDATE ON {t} BEGIN SELECT 1; END")
TRIGGER = f"{pg(TRIGGER_PG)}\nelse:\n    {TRIGGER_LITE}"
SERVER_FUNCTION = sql("CREATE FUNCTION {t}_one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
PARENT = 'op.create_table("{t}_parent", sa.Column("id", sa.Integer, primary_key=True))'
CHILD = (
    PARENT + '\nop.create_table("{t}_child", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("parent_id", sa.Integer), sa.ForeignKeyConstraint(["parent_id"],'
    ' ["{t}_parent.id"], name="fk_{t}_child"))'
)

KINDS = {
    "forgotten_column": Kind(ADD, "pass", ("+column {t}.extra",)),
    "forgotten_table": Kind(
        'op.create_table("{t}_new", sa.Column("id", sa.Integer, primary_key=True))',
        "pass",
        ("+table {t}_new",),
    ),
    "forgotten_index": Kind(
        'op.create_index("ix_{t}", "{t}", ["code"])', "pass", ("+index ix_{t} on {t}",)
    ),
    "index_on_other_column": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        'op.create_index("ix_{t}", "{t}", ["amount"])',
        ("~index ix_{t} on {t}",),
        setup='op.create_index("ix_{t}", "{t}", ["code"])',
    ),
    "index_no_longer_unique": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        'op.create_index("ix_{t}", "{t}", ["code"])',
        ("-unique index ix_{t} on {t}", "+index ix_{t} on {t}"),
        setup='op.create_index("ix_{t}", "{t}", ["code"], unique=True)',
    ),
    "index_without_its_where": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        sql("CREATE INDEX ix_{t} ON {t} (code)"),
        ("~index ix_{t} on {t}",),
        setup=sql("CREATE INDEX ix_{t} ON {t} (code) WHERE amount > 1"),
    ),
    "index_without_its_expression": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        sql("CREATE INDEX ix_{t} ON {t} (code)"),
        ("~index ix_{t} on {t}",),
        setup=sql("CREATE INDEX ix_{t} ON {t} (lower(code))"),
    ),
    "index_without_desc": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        sql("CREATE INDEX ix_{t} ON {t} (code)"),
        ("~index ix_{t} on {t}",),
        setup=sql("CREATE INDEX ix_{t} ON {t} (code DESC)"),
    ),
    "forgotten_trigger": Kind(TRIGGER, "pass", ("+trigger {t}_keep on {t}",)),
    "changed_trigger": Kind(
        f"{pg(sql('DROP TRIGGER {t}_keep ON {t}'))}\nelse:\n    {sql('DROP TRIGGER {t}_keep')}",
        TRIGGER.replace("BEFORE UPDATE", "BEFORE DELETE").replace(
            "suppress_redundant_updates_trigger", "pg_catalog.suppress_redundant_updates_trigger"
        ),
        ("~trigger {t}_keep on {t}",),
        setup=TRIGGER,
    ),
    "disabled_trigger": Kind(
        pg(sql("ALTER TABLE {t} DISABLE TRIGGER {t}_keep")),
        "pass",
        ("~trigger {t}_keep on {t}: enabled yes → no",),
        PG,
        setup=TRIGGER,
    ),
    "trigger_no_longer_always": Kind(
        pg(sql("ALTER TABLE {t} ENABLE TRIGGER {t}_keep")),
        "pass",
        ("~trigger {t}_keep on {t}: enabled always → yes",),
        PG,
        setup=pg(f"{TRIGGER_PG}; {sql('ALTER TABLE {t} ENABLE ALWAYS TRIGGER {t}_keep')}"),
    ),
    "forgotten_function": Kind(pg(SERVER_FUNCTION), "pass", ("+function {t}_one()",), PG),
    "changed_function": Kind(
        pg(sql("DROP FUNCTION {t}_one()")),
        pg(SERVER_FUNCTION.replace("SELECT 1", "SELECT 2")),
        ("~function {t}_one()",),
        PG,
        setup=pg(SERVER_FUNCTION),
    ),
    "forgotten_enum": Kind(
        pg(sql("CREATE TYPE {t}_kind AS ENUM ('a', 'b')")), "pass", ("+enum {t}_kind",), PG
    ),
    "forgotten_enum_label": Kind(
        pg(sql("ALTER TYPE {t}_kind ADD VALUE 'c'")),
        "pass",
        ("~enum {t}_kind: labels (a, b) → (a, b, c)",),
        PG,
        setup=pg(sql("CREATE TYPE {t}_kind AS ENUM ('a', 'b')")),
    ),
    "enum_labels_in_other_order": Kind(
        pg(sql("DROP TYPE {t}_kind")),
        pg(sql("CREATE TYPE {t}_kind AS ENUM ('b', 'a')")),
        ("~enum {t}_kind: labels (a, b) → (b, a)",),
        PG,
        setup=pg(sql("CREATE TYPE {t}_kind AS ENUM ('a', 'b')")),
    ),
    "forgotten_comment": Kind(
        pg(sql("COMMENT ON COLUMN {t}.code IS 'short'")),
        "pass",
        ("~column {t}.code: comment none → short",),
        PG,
    ),
    "lost_table_comment": Kind(
        pg(sql("COMMENT ON TABLE {t} IS NULL")),
        "pass",
        ("~table {t}: comment notes → none",),
        PG,
        setup=pg(sql("COMMENT ON TABLE {t} IS 'notes'")),
    ),
    "forgotten_default": Kind(
        batch('alter_column("amount", server_default="1")'),
        "pass",
        ("~column {t}.amount: default",),
    ),
    "other_default": Kind(
        batch('alter_column("amount", server_default=None)'),
        batch('alter_column("amount", server_default="7")'),
        ("~column {t}.amount: default",),
    ),
    "forgotten_identity": Kind(
        pg(sql("ALTER TABLE {t} ALTER id DROP DEFAULT, ALTER id ADD GENERATED ALWAYS AS IDENTITY")),
        pg(sql("SELECT 1")),
        ("~column {t}.id",),
        PG,
        setup=pg(sql("ALTER TABLE {t} ALTER id DROP DEFAULT")),
    ),
    "forgotten_sequence": Kind(
        pg(sql("CREATE SEQUENCE {t}_numbers")), "pass", ("+sequence {t}_numbers",), PG
    ),
    "changed_sequence": Kind(
        pg(sql("ALTER SEQUENCE {t}_numbers INCREMENT 5")),
        "pass",
        ("~sequence {t}_numbers: sequence",),
        PG,
        setup=pg(sql("CREATE SEQUENCE {t}_numbers")),
    ),
    "forgotten_privilege": Kind(
        pg(sql("GRANT SELECT ON {t} TO PUBLIC")), "pass", ("~table {t}: privileges",), PG
    ),
    "forgotten_column_privilege": Kind(
        pg(sql("GRANT UPDATE (note) ON {t} TO PUBLIC")),
        "pass",
        ("~column {t}.note: privileges",),
        PG,
    ),
    "narrowed_type": Kind(
        batch('alter_column("code", type_=sa.String(80), existing_nullable=False)'),
        lite(batch('alter_column("code", type_=sa.String(20), existing_nullable=False)')),
        ("~column {t}.code: type",),
    ),
    "narrowed_type_for_rows": Kind(
        pg(batch('alter_column("code", type_=sa.String(80), existing_nullable=False)')),
        pg(batch('alter_column("code", type_=sa.String(20), existing_nullable=False)')),
        ("value too long for type character varying(20)",),
        PG,
    ),
    "other_type": Kind(
        batch('alter_column("amount", type_=sa.BigInteger)'),
        "pass",
        ("~column {t}.amount: type",),
    ),
    "nullability": Kind(
        batch('alter_column("code", nullable=True, existing_type=sa.String(40))'),
        "pass",
        ("~column {t}.code: nullable no → yes",),
    ),
    "swapped_columns": Kind(
        lite(batch('alter_column("note", nullable=True)', options=', recreate="always"')),
        lite(
            batch(
                'alter_column("note", nullable=True)',
                options=', recreate="always", partial_reordering=[("note", "amount")]',
            )
        ),
        ("~table {t}: column order",),
        SQLITE,
    ),
    "forgotten_check": Kind(
        batch('create_check_constraint(op.f("ck_{t}"), "amount >= 0")'),
        "pass",
        ("+check ck_{t} on {t}",),
    ),
    "changed_check": Kind(
        batch('drop_constraint(op.f("ck_{t}"), type_="check")'),
        batch('create_check_constraint(op.f("ck_{t}"), "amount >= -1")'),
        ("~check ck_{t} on {t}",),
        setup=batch('create_check_constraint(op.f("ck_{t}"), "amount >= 0")'),
    ),
    "forgotten_unique": Kind(
        batch('create_unique_constraint("uq_{t}", ["code"])'),
        "pass",
        ("+unique uq_{t} on {t}",),
    ),
    "lost_foreign_key": Kind(
        'with op.batch_alter_table("{t}_child") as batch:\n'
        '    batch.drop_constraint("fk_{t}_child", type_="foreignkey")',
        "pass",
        ("-foreign key fk_{t}_child on {t}_child",),
        setup=CHILD,
    ),
    "foreign_key_with_other_action": Kind(
        'with op.batch_alter_table("{t}_child") as batch:\n'
        '    batch.drop_constraint("fk_{t}_child", type_="foreignkey")',
        'with op.batch_alter_table("{t}_child") as batch:\n'
        '    batch.create_foreign_key("fk_{t}_child", "{t}_parent", ["parent_id"], ["id"],'
        ' ondelete="CASCADE")',
        ("~foreign key fk_{t}_child on {t}_child",),
        setup=CHILD,
    ),
    "forgotten_view": Kind(
        sql("CREATE VIEW {t}_view AS SELECT code FROM {t}"), "pass", ("+view {t}_view",)
    ),
    "changed_view": Kind(
        sql("DROP VIEW {t}_view"),
        sql("CREATE VIEW {t}_view AS SELECT amount AS code FROM {t}"),
        ("~view {t}_view: definition", "~column {t}_view.code"),
        setup=sql("CREATE VIEW {t}_view AS SELECT code FROM {t}"),
    ),
    "forgotten_schema": Kind(pg(sql("CREATE SCHEMA {t}_room")), "pass", ("+schema {t}_room",), PG),
    "forgotten_extension": Kind(
        pg(sql("CREATE EXTENSION citext")), "pass", ("+extension citext",), PG
    ),
    "forgotten_policy": Kind(
        pg(sql("CREATE POLICY {t}_mine ON {t} USING (true)")),
        "pass",
        ("+policy {t}_mine on {t}",),
        PG,
    ),
    "forgotten_partition": Kind(
        pg(sql("CREATE TABLE {t}_p1 PARTITION OF {t}_parts FOR VALUES FROM (1) TO (2)")),
        "pass",
        ("+table {t}_p1",),
        PG,
        setup=pg(sql("CREATE TABLE {t}_parts (id int) PARTITION BY RANGE (id)")),
    ),
    "trigger_lost_in_a_recreation": Kind(
        lite(batch('alter_column("note", nullable=True)', options=', recreate="always"')),
        "pass",
        ("trigger {t}_keep on {t}",),
        SQLITE,
        setup=lite(TRIGGER_LITE),
    ),
    "guard_that_forgets_sqlite": Kind(
        ADD, pg('op.drop_column("{t}", "extra")'), ("+column {t}.extra",), SQLITE
    ),
    "guard_that_forgets_postgresql": Kind(
        ADD, lite('op.drop_column("{t}", "extra")'), ("+column {t}.extra",), PG
    ),
    "downgrade_fails": Kind(ADD, 'op.drop_column("{t}", "extro")', ("downgrade:", "extro")),
    "nothing_undone": Kind(
        sql("CREATE INDEX ix_{t} ON {t} (code)"),
        "pass",
        ("+index ix_{t} on {t}",),
    ),
    "half_a_downgrade": Kind(
        f'{ADD}\nop.create_index("ix_{{t}}", "{{t}}", ["code"])',
        'op.drop_index("ix_{t}", "{t}")',
        ("+column {t}.extra",),
    ),
    "other_name": Kind(
        'op.drop_index("ix_{t}", "{t}")',
        'op.create_index("ix_{t}_code", "{t}", ["code"])',
        ("~index ix_{t} on {t}: name ix_{t} → ix_{t}_code",),
        setup='op.create_index("ix_{t}", "{t}", ["code"])',
    ),
} | LOSSES | DATA | DETAILS | ON_TABLES | OBJECTS | ON_SQLITE_ALONE | NEWER | EVENT_TRIGGER  # fmt: skip

#: So many kinds share the healthy revision that makes their tables.
_TOGETHER = 10

REVISION = '''"""{name}"""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = "{parent}"


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
'''


def known_to(major: int, kinds: Mapping[str, Kind] = KINDS) -> dict[str, Kind]:
    """Return the kinds that a version of PostgreSQL knows."""
    return {name: kind for name, kind in kinds.items() if kind.since <= major}


def write_planted(folder: Path, kinds: Mapping[str, Kind]) -> Path:
    """Write a generated history and these kinds on top of it; return its ``alembic.ini``."""
    write_project(folder, 8, seed=3)
    versions = folder / "migrations" / "versions"
    parent = read_history(versions).heads[0]
    for number, (name, upgrade, downgrade) in enumerate(_revisions(kinds)):
        source = REVISION.format(
            name=name,
            parent=parent,
            upgrade=upgrade.replace("\n", "\n    "),
            downgrade=downgrade.replace("\n", "\n    "),
        )
        (versions / f"2030{number:04}_{name}.py").write_text(source, encoding="utf-8")
        parent = name
    return folder / "alembic.ini"


def _revisions(kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str, str]]:
    """Yield id, upgrade and downgrade of each, the healthy ones among them."""
    left = iter(kinds)
    for number in range(-(-len(kinds) // _TOGETHER)):
        names = list(islice(left, _TOGETHER))
        made = [_of(kind, TABLE + kinds[kind].setup) for kind in names]
        undone = [_of(kind, _undo(kinds[kind])) for kind in names]
        yield f"mk_{number:02}", "\n".join(made), "\n".join(reversed(undone))
        for kind in names:
            yield kind, _of(kind, kinds[kind].upgrade), _of(kind, kinds[kind].downgrade)


def _of(kind: str, code: str) -> str:
    """Return code for the table of a kind."""
    return code.replace("{t}", f"t_{kind}")


def _undo(planted: Kind) -> str:
    """Return the downgrade of a kind's healthy revision."""
    if planted.undo:
        return f'{planted.undo}\nop.drop_table("{{t}}")'
    lines, setup = [], planted.setup
    if "{t}_view" in setup:
        lines.append(sql("DROP VIEW {t}_view"))
    lines += [f'op.drop_table("{{t}}_{name}")' for name in ("child", "parent") if name in setup]
    for word, kind in (("_numbers", "SEQUENCE"), ("_kind", "TYPE"), ("_parts", "TABLE")):
        if f"{{t}}{word}" in setup:
            lines.append(pg(sql(f"DROP {kind} {{t}}{word}")))
    if "{t}_one()" in setup:
        lines.append(pg(sql("DROP FUNCTION {t}_one()")))
    return "\n".join([*lines, 'op.drop_table("{t}")'])
