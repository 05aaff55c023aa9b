from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import wants_name
from calista_tools.lint.names.chosen import metadata_has
from calista_tools.lint.names.naming import give_name
from calista_tools.lint.names.policy import WORDS, created, only_name, place
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.rule import Fix

_KINDS = ("pk", "uq", "fk", "ck", "ix", "ex")


@rule(
    "CAL107",
    "unnamed-constraint",
    about=("drop_constraint", *(f"creates {kind}" for kind in _KINDS)),
)
def check(migration: Migration) -> Iterator[Finding]:
    """Constraint has no name, and no naming convention gives it one.

    PostgreSQL then invents a name and SQLite keeps none, so no revision can drop the constraint on
    both; Alembic's batch mode cannot drop it on SQLite at all. In a project of PostgreSQL alone
    nothing is said: ``note_title_key`` is a name to be relied on. Nor is
    it of primary keys and new tables, as autogenerate writes them, but under ``policy = "calista"``.
    Name it, or give env.py's
    ``target_metadata`` a naming convention (or state it in ``[tool.calista] naming-convention``).
    A convention with ``%(constraint_name)s`` names nothing by itself: a step without a name fails.
    Source: https://alembic.sqlalchemy.org/en/latest/batch.html#dropping-unnamed-or-named-foreign-keys

    Bad::

        op.create_unique_constraint(None, "note", ["title"])

    Bad::

        op.add_column("note", sa.Column("author_id", sa.Integer(), sa.ForeignKey("author.id")))

    Bad::

        op.drop_constraint(None, "note", type_="unique")

    Good::

        op.create_unique_constraint("uq_note_title", "note", ["title"])

    Good::

        op.add_column(
            "note",
            sa.Column(
                "author_id",
                sa.Integer(),
                sa.ForeignKey("author.id", name="fk_note_author_id_author"),
            ),
        )
    """
    convention = migration.convention
    # A convention that is there and cannot be read may well name it.
    readable = convention.certain or convention.path is None
    # PostgreSQL names by rules that hold for ever: on it alone such a name can be relied on.
    unreliable = "sqlite" in migration.dialects or migration.config.policy is not None
    reported: set[object] = set()
    for operation, made, dialect, final in created(migration, *_KINDS) if readable else ():
        if made.name is not None or id(made.node) in reported:
            continue
        template = None if made.raw else convention.templates.get(made.kind)
        if template is not None and wants_name(template):
            becomes = f", which the naming convention `{template}` asks for"
        elif template is None and final.reason != "the table is not known":
            if not unreliable or _is_usual(migration, operation, made):
                continue
            becomes = f"; {dialect} names it `{final.name}`" if final.name else ""
        else:
            continue
        reported.add(id(made.node))
        message = f"{WORDS[made.kind]} has no name{becomes}"
        yield place(operation, made, message, _fix(migration, operation, made))
    for operation in migration.operations:
        if operation.what == "drop_constraint" and operation.name is None and operation.dialects:
            made = operation.objects[0]
            message = "drops a constraint without a name, which fails wherever it runs"
            yield place(operation, made, message)


def _is_usual(migration: Migration, operation: Operation, made: SchemaObject) -> bool:
    """Whether this is how autogenerate writes a new table, in a project that wants no more."""
    if migration.config.policy is not None:
        return False
    return made.kind == "pk" or operation.what == "create_table"


def _fix(migration: Migration, operation: Operation, made: SchemaObject) -> Fix | None:
    """Return the fix that gives the one name that the policy allows."""
    template = migration.config.names.get(made.kind)
    if made.raw or template is None or made.kind == "ix":
        return None
    if made.kind in migration.convention.templates:
        return None  # the convention would add to the name
    name = only_name(made, template)
    fix = None if name is None else give_name(migration, operation, made, name)
    if fix is None or name is None or metadata_has(migration, made, name):
        return fix
    return fix._replace(unsafe=True)
