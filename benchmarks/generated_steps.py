"""Which changes does a healthy history make? Each kind of revision, with its undoing."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

WORDS = re.findall(
    r"\w+",
    """
account address asset audit badge basket batch booking branch budget campaign card carrier
category channel city claim client comment company contact contract country course credit
device document driver event expense feature field file folder forum grant group holder image
import invoice item journal label ledger lesson license line list location machine member
message meter module network note offer office order parcel partner payment permit person
plan policy price product profile project quote rate reader region report request review role
room route rule sample schedule season sensor session shift shipment site skill source stage
station status step stock store student subject supplier survey task team tenant ticket token
topic track transfer unit user vehicle vendor venue version visit voucher warehouse zone
""",
)

#: Column types with an optional literal default that both backends report back unchanged.
TYPES = (
    ("sa.Integer()", "0"),
    ("sa.String(length=80)", "new"),
    ("sa.Text()", None),
    ("sa.Boolean()", "sa.false()"),
    ("sa.DateTime(timezone=True)", None),
    ("sa.Numeric(precision=12, scale=2)", None),
    ("sa.BigInteger()", None),
    ("sa.Date()", None),
)


@dataclass
class Table:
    """A table as it is at the end of the history so far: source text by name."""

    name: str
    columns: dict[str, str] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    kind: str = "plain"
    words: list[str] = field(default_factory=list)

    def elements(self) -> list[str]:
        """The arguments after the name, for ``op.create_table`` and ``sa.Table`` alike."""
        return [*self.columns.values(), *self.constraints]

    def definition(self) -> str:
        """Source of the ``sa.Table``; ``conv`` is what ``op.f`` is to a revision."""
        indexes = []
        for name, columns in self.indexes.items():
            listed = ", ".join(f'"{item}"' for item in columns)
            indexes.append(f'sa.Index("{name}", {listed})')
        lines = call("sa.Table", f'"{self.name}"', "metadata", *self.elements(), *indexes)
        return "\n".join(lines).replace("op.f(", "conv(") + "\n"


@dataclass
class Step:
    """What one revision does."""

    message: str
    upgrade: list[str]
    downgrade: list[str]


def column(name: str, kind: str, default: str | None = None, *, nullable: bool = True) -> str:
    """Source of a column."""
    spelt = default if default is None or default.startswith("sa.") else f'"{default}"'
    server_default = "" if spelt is None else f", server_default={spelt}"
    return f'sa.Column("{name}", {kind}, nullable={nullable}{server_default})'


def call(function: str, *arguments: str) -> list[str]:
    """Source lines of a call, one argument a line as ruff formats it."""
    return [f"{function}(", *(f"    {argument}," for argument in arguments), ")"]


class Model:
    """The schema so far, and the kinds of revision that can change it."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.tables: list[Table] = []
        self.serial = 0

    def new_name(self) -> str:
        """A table name not used before."""
        self.serial += 1
        return f"{self.random.choice(WORDS)}_{self.serial}"

    def new_column(self, table: Table) -> str:
        """A column name that the table never had."""
        while True:
            name = f"{self.random.choice(WORDS)}_{self.random.choice(WORDS)}"
            if name not in table.words:
                table.words.append(name)
                return name

    def create_table(self, tables: Sequence[Table]) -> Step:
        """A new table with every kind of constraint, sometimes referring to another one."""
        table = Table(self.new_name())
        name = table.name
        table.columns["id"] = column("id", "sa.Integer()", nullable=False)
        table.columns["code"] = column("code", "sa.String(length=40)", nullable=False)
        table.columns["amount"] = column("amount", "sa.Integer()", "0", nullable=False)
        table.constraints = [
            f'sa.CheckConstraint("amount >= 0", name=op.f("ck_{name}_positive_amount"))',
            f'sa.PrimaryKeyConstraint("id", name=op.f("pk_{name}"))',
            f'sa.UniqueConstraint("code", name=op.f("uq_{name}_code"))',
        ]
        for kind, default in self.random.sample(TYPES, self.random.randint(1, 4)):
            new = self.new_column(table)
            table.columns[new] = column(new, kind, default, nullable=default is None)
        if tables and self.random.random() < 0.5:
            other = self.random.choice(tables).name
            table.columns["parent_id"] = column("parent_id", "sa.Integer()")
            constraint = f"fk_{name}_parent_id_{other}"
            table.constraints.append(
                f'sa.ForeignKeyConstraint(["parent_id"], ["{other}.id"], name=op.f("{constraint}"))'
            )
            table.indexes[f"ix_{name}_{name}_parent_id"] = ("parent_id",)
        upgrade = call("op.create_table", f'"{name}"', *table.elements())
        downgrade: list[str] = []
        for index, columns in table.indexes.items():
            listed = ", ".join(f'"{item}"' for item in columns)
            upgrade.append(f'op.create_index(op.f("{index}"), "{name}", [{listed}])')
            downgrade.append(f'op.drop_index(op.f("{index}"), table_name="{name}")')
        self.tables.append(table)
        return Step(f"create {name}", upgrade, [*downgrade, f'op.drop_table("{name}")'])

    def create_log(self, tables: Sequence[Table]) -> Step:
        """An append-only table: triggers on both dialects, guarded."""
        table = Table(self.new_name() + "_log", kind="log")
        name = table.name
        table.columns["id"] = column("id", "sa.Integer()", nullable=False)
        table.columns["entry"] = column("entry", "sa.Text()", nullable=False)
        table.constraints = [f'sa.PrimaryKeyConstraint("id", name=op.f("pk_{name}"))']
        self.tables.append(table)
        refuse = f"{name} is append-only"
        upgrade = [
            *call("op.create_table", f'"{name}"', *table.elements()),
            "bind = op.get_bind()",
            'if bind.dialect.name == "postgresql":',
            "    op.execute(",
            '        """',
            f"        CREATE FUNCTION {name}_forbid_mod() RETURNS trigger LANGUAGE plpgsql AS $$",
            f"        BEGIN RAISE EXCEPTION '{refuse}'; END $$",
            '        """',
            "    )",
        ]
        for trigger, events, each in (
            (f"{name}_forbid_mod", "UPDATE OR DELETE", "ROW"),
            (f"{name}_forbid_truncate", "TRUNCATE", "STATEMENT"),
        ):
            upgrade += [
                "    op.execute(",
                f'        "CREATE TRIGGER {trigger} BEFORE {events} ON {name} "',
                f'        "FOR EACH {each} EXECUTE FUNCTION {name}_forbid_mod()"',
                "    )",
                f'    op.execute("ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}")',
            ]
        upgrade.append("else:")
        sqlite = {
            "update": "BEFORE UPDATE ON {0}",
            "delete": "BEFORE DELETE ON {0}",
            "replace": "BEFORE INSERT ON {0} WHEN EXISTS (SELECT 1 FROM {0} WHERE id = NEW.id)",
        }
        for action, when in sqlite.items():
            upgrade += [
                "    op.execute(",
                f'        "CREATE TRIGGER {name}_forbid_{action} "',
                f'        "{when.format(name)} "',
                f"        \"BEGIN SELECT RAISE(ABORT, '{refuse}'); END\"",
                "    )",
            ]
        downgrade = [
            "bind = op.get_bind()",
            'if bind.dialect.name == "postgresql":',
            f'    op.execute("DROP TRIGGER {name}_forbid_truncate ON {name}")',
            f'    op.execute("DROP TRIGGER {name}_forbid_mod ON {name}")',
            f'    op.execute("DROP FUNCTION {name}_forbid_mod()")',
            "else:",
            *(
                f'    op.execute("DROP TRIGGER {name}_forbid_{action}")'
                for action in reversed(sqlite)
            ),
            f'op.drop_table("{name}")',
        ]
        return Step(f"create append-only {name}", upgrade, downgrade)

    def add_column(self, tables: Sequence[Table]) -> Step:
        """A column that is filled later."""
        table = self.random.choice(tables)
        new, (kind, _) = self.new_column(table), self.random.choice(TYPES)
        table.columns[new] = column(new, kind)
        return Step(
            f"add {new} to {table.name}",
            [f'op.add_column("{table.name}", {table.columns[new]})'],
            [f'op.drop_column("{table.name}", "{new}")'],
        )

    def add_column_in_batch(self, tables: Sequence[Table]) -> Step:
        """A NOT NULL column with a literal default: no recreation on SQLite on the way up."""
        table = self.random.choice(tables)
        new = self.new_column(table)
        # An expression such as sa.false() would make batch mode recreate the table on SQLite.
        kind, default = self.random.choice(
            [item for item in TYPES if item[1] and item[1][:3] != "sa."]
        )
        table.columns[new] = column(new, kind, default, nullable=False)
        batch = f'with op.batch_alter_table("{table.name}") as batch_op:'
        never = f'with op.batch_alter_table("{table.name}", recreate="never") as batch_op:'
        return Step(
            f"require {new} in {table.name}",
            [batch, f"    batch_op.add_column({table.columns[new]})"],
            [never, f'    batch_op.drop_column("{new}")'],
        )

    def add_check(self, tables: Sequence[Table]) -> Step:
        """A CHECK on an existing table, which SQLite can only add by recreating it."""
        table = self.random.choice(tables)
        bound, limit = self.new_column(table), self.random.randint(40, 400)
        name, condition = f"ck_{table.name}_{bound}_code", f"length(code) <= {limit}"
        table.constraints.append(f'sa.CheckConstraint("{condition}", name=op.f("{name}"))')
        # Not one batch for both: recreate="always" recreates on PostgreSQL too.
        guard = ["bind = op.get_bind()", 'if bind.dialect.name == "postgresql":']
        batch = f'    with op.batch_alter_table("{table.name}", recreate="always") as batch_op:'
        arguments = (f'op.f("{name}")', f'"{table.name}"', f'"{condition}"')
        added = call("op.create_check_constraint", *arguments, "postgresql_not_valid=True")
        added_in_batch = f'batch_op.create_check_constraint(op.f("{name}"), "{condition}")'
        dropped = f'op.drop_constraint(op.f("{name}"), "{table.name}", type_="check")'
        dropped_in_batch = f'batch_op.drop_constraint(op.f("{name}"), type_="check")'
        return Step(
            f"limit the code of {table.name} by {bound}",
            [
                *guard,
                *(f"    {line}" for line in added),
                "else:",
                batch,
                f"        {added_in_batch}",
            ],
            [*guard, f"    {dropped}", "else:", batch, f"        {dropped_in_batch}"],
        )

    def add_index(self, tables: Sequence[Table]) -> Step:
        """An index on an existing table, built without blocking writers on PostgreSQL."""
        table = self.random.choice(tables)
        # The keys have their indexes already.
        free = [
            item
            for item in table.columns
            if item not in ("id", "code") and (item,) not in table.indexes.values()
        ]
        if not free:
            return self.add_column(tables)
        indexed = self.random.choice(free)
        name = f"ix_{table.name}_{table.name}_{indexed}"
        table.indexes[name] = (indexed,)
        block = "with op.get_context().autocommit_block():"
        create = call(
            "    op.create_index",
            f'op.f("{name}")',
            f'"{table.name}"',
            f'["{indexed}"]',
            "postgresql_concurrently=True",
        )
        drop = call(
            "    op.drop_index",
            f'op.f("{name}")',
            f'table_name="{table.name}"',
            "postgresql_concurrently=True",
        )
        indented = [[create[0], *(f"    {line}" for line in create[1:])]]
        indented.append([drop[0], *(f"    {line}" for line in drop[1:])])
        return Step(
            f"index {indexed} of {table.name}", [block, *indented[0]], [block, *indented[1]]
        )

    def create_lookup(self, tables: Sequence[Table]) -> Step:
        """A table of codes, which data revisions fill."""
        table = Table(self.new_name() + "_kind", kind="lookup")
        table.columns["code"] = column("code", "sa.String(length=80)", nullable=False)
        table.columns["label"] = column("label", "sa.Text()")
        table.constraints = [f'sa.PrimaryKeyConstraint("code", name=op.f("pk_{table.name}"))']
        self.tables.append(table)
        upgrade = call("op.create_table", f'"{table.name}"', *table.elements())
        return Step(f"create {table.name}", upgrade, [f'op.drop_table("{table.name}")'])

    def fill_lookup(self, tables: Sequence[Table]) -> Step:
        """Reference rows, put in once however often the step runs."""
        lookups = [table for table in tables if table.kind == "lookup"]
        if not lookups:
            return self.create_lookup(tables)
        name = self.random.choice(lookups).name
        code = f"{self.random.choice(WORDS)}-{self.random.randrange(10**9)}"
        insert = [
            "op.execute(",
            f"    \"INSERT INTO {name} (code) SELECT '{code}' \"",
            f"    \"WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE code = '{code}')\"",
            ")",
        ]
        delete = f"op.execute(\"DELETE FROM {name} WHERE code = '{code}'\")"
        return Step(f"fill {name} with {code}", insert, [delete])

    def backfill(self, tables: Sequence[Table]) -> Step:
        """Values for rows that have none; a second run finds nothing to do."""
        found = [
            (table.name, name)
            for table in tables
            for name, source in table.columns.items()
            if "sa.String(length=80), nullable=True" in source and table.kind == "plain"
        ]
        if not found:
            return self.fill_lookup(tables)
        name, filled = self.random.choice(found)
        value = f"{self.random.choice(WORDS)}-{self.random.randrange(10**9)}"
        up = f"UPDATE {name} SET {filled} = '{value}' WHERE {filled} IS NULL"
        down = f"UPDATE {name} SET {filled} = NULL WHERE {filled} = '{value}'"
        return Step(f"fill {filled} of {name}", [f'op.execute("{up}")'], [f'op.execute("{down}")'])

    def step(self, owned: Set[str] | None = None) -> Step:
        """One revision that touches only the tables so named; any table if None."""
        tables = [table for table in self.tables if owned is None or table.name in owned]
        plain = [table for table in tables if table.kind == "plain"]
        if len(plain) < 2:
            return self.create_table(plain)
        choices: dict[Callable[[Sequence[Table]], Step], int] = {
            self.create_table: 28,
            self.create_log: 4,
            self.create_lookup: 2,
            self.add_column: 28,
            self.add_column_in_batch: 14,
            self.add_check: 6,
            self.add_index: 10,
            self.fill_lookup: 4,
            self.backfill: 4,
        }
        chosen = self.random.choices(list(choices), list(choices.values()))[0]
        return chosen(tables if chosen in (self.fill_lookup, self.backfill) else plain)
