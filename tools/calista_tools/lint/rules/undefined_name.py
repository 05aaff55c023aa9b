from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.closest import closest
from calista_tools.lint.rule import Finding, rule
from calista_tools.lint.scopes import BATCH, BUILTINS, CONTEXT, OP, SQLALCHEMY, Names, names_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from calista_tools.effects.evaluator.module_head import Form
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.registered import Registered
    from calista_tools.lint.scopes import Attribute, Use

#: What revisions use most, and where it comes from.
_IMPORTS = {
    "op": "from alembic import op",
    "context": "from alembic import context",
    "sa": "import sqlalchemy as sa",
    "postgresql": "from sqlalchemy.dialects import postgresql",
    "sqlite": "from sqlalchemy.dialects import sqlite",
    "Union": "from typing import Union",
    "Sequence": "from collections.abc import Sequence",
}
#: How like a name must be to what there is to be meant for it, whatever plug-ins there are.
_NEAR = 0.8


@rule("CAL011", "undefined-name", lasting=True)
def check(migration: Migration) -> Iterator[Finding]:
    """Name is used that nothing defines, or an operation that Alembic does not have.

    The file imports, since Python looks a name up only where it is used: the ``NameError`` or
    ``AttributeError`` comes when the revision runs. Names are looked up as pyflakes does (F821 of
    ruff), annotations included. Operations are those of ``op``, of a ``batch_alter_table`` block and
    of ``op.get_context()`` in any Alembic from 1.13 on, those of known plug-ins (alembic_utils,
    geoalchemy2 …) and those that the project registers; of ``sqlalchemy`` only what is nearly the
    name of something is told.
    Source: https://alembic.sqlalchemy.org/en/latest/ops.html

    Bad::

        op.drop_colum("note", "body")

    Bad::

        op.add_column("note", sa.Column("body", Text()))

    Bad::

        from alembic.op import create_indx

        def upgrade():
            create_indx("ix_note_body", "note", ["body"])

    Bad::

        def upgrade():
            table = "note"
            op.drop_column(table, "body")

        def downgrade():
            op.add_column(table, sa.Column("body", sa.Text()))

    Good::

        with op.batch_alter_table("note") as batch_op:
            batch_op.drop_column("body")

    Good::

        def upgrade():
            op.drop_column(TABLE, "body")

        TABLE = "note"
    """
    try:
        names = _names(migration)
    except RecursionError:
        return  # a table of data; where more than that is wrong CAL006 says so
    for use in names.uses():
        yield Finding.at(use.node, _undefined(use, names))
    yield from _unknown(migration, names)


#: What a head of a form binds; None where it has to be looked at in each file.
_bound: dict[int, tuple[Form, Mapping[str, str | None] | None]] = {}
_REMEMBERED = 1000


def _names(migration: Migration) -> Names:
    bound = _bound_above(migration)
    if bound is not None:
        return names_in(migration.body.body, bound)
    return names_in(migration.tree.body, {})


def _bound_above(migration: Migration) -> Mapping[str, str | None] | None:
    """Return what a plainly written head binds, looked up once for all heads of its form."""
    head = migration.head
    if head is None:
        return None
    form = head.form
    known = _bound.get(id(form))
    if known is None:
        names = names_in(head.nodes(), {})
        plain = not (names.uses() or names.dynamic or any(map(_is_unknown, names.attributes)))
        known = form, names.module.ever if plain else None
        if len(_bound) < _REMEMBERED:
            _bound[id(form)] = known
    return known[1]


def _undefined(use: Use, names: Names) -> str:
    if use.typing:
        return f"`{use.name}` is imported for type checkers only, and is no name when this runs"
    text = f"undefined name `{use.name}`"
    from calista_tools.lint.alembic_names import KNOWN

    alias = next((name for name, kind in names.module.ever.items() if kind == SQLALCHEMY), None)
    near = closest(use.name, sorted({*use.known, *BUILTINS} - {use.name}), at_least=_NEAR)
    of_sqlalchemy = alias is not None and use.name in KNOWN[SQLALCHEMY]
    if of_sqlalchemy and (near is None or use.name[0].isupper()):
        return f"{text}, did you mean `{alias}.{use.name}`?"
    if use.name in _IMPORTS:
        return f"{text}: `{_IMPORTS[use.name]}` is missing"
    if use.name in sys.stdlib_module_names:
        return f"{text}: `import {use.name}` is missing"
    return f"{text}, did you mean `{near}`?" if near else text


def _unknown(migration: Migration, names: Names) -> Iterator[Finding]:
    """Yield what is asked of Alembic and SQLAlchemy and they do not have."""
    attributes = [one for one in names.attributes if one.kind in _SHOWN]
    steps = [one for one in migration.operations if one.what == "unknown"]
    if not attributes and not steps:
        return
    attributes = [one for one in attributes if _is_unknown(one)]
    seen = {(one.node.lineno, one.node.col_offset) for one in names.attributes} | names.guarded
    others = [(one, str(one.keywords["name"])) for one in steps if one.keywords.get("name")]
    said = {one.name for one in attributes}  # an import says it of all its calls
    others = [(one, name) for one, name in others if name not in said and _is_step(one, name, seen)]
    if not attributes and not others:
        return
    from calista_tools.lint.registered import registered_for

    registered = registered_for(migration)
    for attribute in attributes:
        message = _message(attribute.kind, attribute.name, migration, names, registered)
        if message is not None:
            yield Finding.at(attribute.node, message)
    told: set[tuple[int, int]] = set()
    for step, name in others:
        kind = BATCH if step.in_batch else OP
        message = _message(kind, name, migration, names, registered)
        if message is not None and (step.row, step.column) not in told:
            told.add((step.row, step.column))
            yield Finding.of(step, message)


def _is_unknown(attribute: Attribute) -> bool:
    if attribute.kind not in _SHOWN or attribute.name.startswith("_"):
        return False
    from calista_tools.lint.alembic_names import KNOWN

    return attribute.name not in KNOWN[attribute.kind]


def _is_step(step: Operation, name: str, seen: Collection[tuple[int, int]]) -> bool:
    """Whether a step was followed to an operation that no line of the file could be seen to name."""
    from calista_tools.lint.alembic_names import KNOWN

    known = name in KNOWN[BATCH if step.in_batch else OP] or name.startswith("_")
    return not known and (step.row, step.column - 1) not in seen


_SHOWN = {OP: "op", BATCH: "batch_op", CONTEXT: "op.get_context()", SQLALCHEMY: "sqlalchemy"}


def _message(
    kind: str, name: str, migration: Migration, names: Names, registered: Registered
) -> str | None:
    """Return what to say of an attribute that there is not; None where there may be one."""
    from calista_tools.lint.alembic_names import INSTEAD, KNOWN, OF_PLUGINS

    known = KNOWN[kind]
    near = closest(name, sorted({*known} - {name}), at_least=_NEAR)
    if kind == SQLALCHEMY:
        # Its next version has more names, and each of its submodules is one.
        return f"SQLAlchemy has no `{name}`, did you mean `{near}`?" if near else None
    if _is_asked_for(name, migration) or name in names.given:
        return None
    shown = _SHOWN[kind]
    text = f"Alembic has no `{shown}.{name}`"
    if kind in (OP, BATCH):
        if name in registered.names or any(name in of for of in OF_PLUGINS.values()):
            return None
        if kind == BATCH and name in KNOWN[OP]:
            return f"{text}: `op.{name}` is no operation on the table of the block"
        if registered.others and not near:
            return None
        near = INSTEAD.get(name, near)
    return f"{text}, did you mean `{shown}.{near}`?" if near else text


def _is_asked_for(name: str, migration: Migration) -> bool:
    """Whether the file asks by name if there is such a thing: ``hasattr(op, "…")``."""
    word = name.encode()
    return any(quote + word + quote in migration.source for quote in (b'"', b"'"))
