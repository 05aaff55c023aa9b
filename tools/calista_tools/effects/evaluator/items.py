"""What do ``sa.Column(...)`` and ``sa.*Constraint(...)`` say? Columns, constraints, indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import parts as parts_of
from calista_tools.effects.evaluator.arguments import (
    argument,
    columns_of,
    name_of,
    sql_text,
    text_of,
    type_text,
)
from calista_tools.effects.evaluator.values import Construct, External, Unknown
from calista_tools.effects.objects import ALL_DIALECTS, Column, SchemaObject

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

#: Arguments of a column that are not its type.
_COLUMN_ITEMS = frozenset(
    [
        "ForeignKey",
        "Identity",
        "Computed",
        "Sequence",
        "CheckConstraint",
        "UniqueConstraint",
        "PrimaryKeyConstraint",
        "Index",
        "DefaultClause",
        "FetchedValue",
        "Constraint",
    ]
)
#: Arguments of a table that say nothing of its constraints; some are handed a metadata, too.
_NO_PARTS = _COLUMN_ITEMS | {"MetaData"}
KINDS = {
    "PrimaryKeyConstraint": "pk",
    "UniqueConstraint": "uq",
    "ForeignKeyConstraint": "fk",
    "CheckConstraint": "ck",
    "ExcludeConstraint": "ex",
    "Index": "ix",
}
_SQLITE = frozenset({"sqlite"})
_NOTHING: dict[str, object] = {}


def column(value: Construct, table: str | None) -> tuple[Column, list[SchemaObject]]:
    """Read ``sa.Column(...)``: the column, and the constraints and indexes that come with it."""
    args, kwargs = list(value.args), value.kwargs
    name: str | None = None
    if "name" in kwargs:
        name = text_of(kwargs["name"])
    elif args and (isinstance(args[0], (str, Unknown)) or args[0] is None):
        name = text_of(args.pop(0))
    type_value: object = kwargs.get("type_")
    objects: list[SchemaObject] = []
    attributes: dict[str, object] = {}
    for arg in args:
        if isinstance(arg, Construct) and arg.name in _COLUMN_ITEMS:
            _column_item(arg, name, table, objects, attributes)
        elif isinstance(arg, External) and arg.name in _COLUMN_ITEMS:
            attributes[arg.name.lower()] = True
        elif type_value is None:
            type_value = arg
    if kwargs:
        attributes |= {
            key: item
            for key, item in kwargs.items()
            if key not in _SPEC and not isinstance(item, Unknown)
        }
    primary = kwargs.get("primary_key") is True
    unique, index = kwargs.get("unique") is True, kwargs.get("index") is True
    if index:
        objects.append(
            SchemaObject(
                "create", "ix", table, None, (name,), implicit=True, unique=unique, node=value.node
            )
        )
    elif unique:
        objects.append(
            SchemaObject("create", "uq", table, None, (name,), implicit=True, node=value.node)
        )
    objects.extend(type_checks(type_value, name, table, value.node))
    nullable = kwargs.get("nullable")
    spec = Column(
        name,
        type_text(type_value),
        nullable if isinstance(nullable, bool) else (False if primary else None),
        primary,
        _default(kwargs.get("server_default"), attributes),
        attributes,
        value.node,
    )
    return spec, objects


_SPEC = frozenset({"name", "type_", "nullable", "primary_key", "server_default"})


def _column_item(
    item: Construct,
    name: str | None,
    table: str | None,
    objects: list[SchemaObject],
    attributes: dict[str, object],
) -> None:
    if item.name == "ForeignKey":
        objects.append(_foreign_key(item, name, table))
    elif item.name == "Identity":
        attributes["identity"] = True
    elif item.name == "Computed":
        attributes["computed"] = "stored" if item.kwargs.get("persisted") is True else "virtual"
    elif item.name == "CheckConstraint":
        # SQLAlchemy makes it a constraint of the table.
        objects.append(constraint(item, table))
    elif item.name in ("DefaultClause", "FetchedValue"):
        attributes["server_default"] = True


def _default(value: object, attributes: dict[str, object]) -> str | bool | None:
    """Return a server default's text; one that is an expression says so in the attributes."""
    if value is None or value is False:
        return None
    if isinstance(value, str):
        return str(value)
    attributes["default_is_expression"] = True
    if isinstance(value, Construct):
        if value.name in ("text", "literal_column") and value.args:
            return text_of(value.args[0]) or True
        if value.name in ("true", "false", "null", "now", "current_timestamp"):
            return value.name
        return type_text(value)
    return True


def _foreign_key(item: Construct, column_of: str | None, table: str | None) -> SchemaObject:
    target = item.args[0] if item.args else item.kwargs.get("column")
    referred_schema, referred_table, referred_column = _target(target)
    return SchemaObject(
        "create",
        "fk",
        table,
        name_of(item.kwargs.get("name"), argument(item.node, None, "name")),
        (column_of,),
        referred_table,
        (referred_column,),
        node=item.node,
        referred_schema=referred_schema,
    )


def _target(value: object) -> tuple[str | None, str | None, str | None]:
    """Split ``schema.table.column``."""
    if isinstance(value, str) and "." in value:
        place, _, column_part = value.rpartition(".")
        schema, _, table = place.rpartition(".")
        return schema.rpartition(".")[2] or None, table, column_part
    return None, None, None


def constraint(item: Construct, table: str | None) -> SchemaObject:
    """Read ``sa.UniqueConstraint(...)`` and its like."""
    kind = KINDS[item.name]
    args = item.args
    name_node = argument(item.node, None, "name")
    name = name_of(item.kwargs.get("name"), name_node)
    expression = ""
    columns: tuple[str | None, ...] | None
    referred_schema: str | None = None
    referred_table: str | None = None
    referred: tuple[str | None, ...] | None = ()
    parts: tuple[str | None, ...] | None = None
    if kind == "ck":
        columns = ()
        condition = args[0] if args else item.kwargs.get("sqltext")
        expression = sql_text(condition) or ""
        if len(args) > 1:
            name = name_of(args[1], argument(item.node, 1))
    elif kind == "fk":
        local = args[0] if args else item.kwargs.get("columns")
        remote = args[1] if len(args) > 1 else item.kwargs.get("refcolumns")
        if len(args) > 2:
            name = name_of(args[2], argument(item.node, 2))
        columns = columns_of(local)
        referred = None
        if isinstance(remote, (list, tuple)):
            targets = [_target(target) for target in remote]
            referred_schema, referred_table = targets[0][:2] if targets else (None, None)
            referred = tuple(target[2] for target in targets)
    elif kind == "ix":
        name = name_of(args[0] if args else None, argument(item.node, 0))
        columns = columns_of(args[1:])
        parts = parts_of.with_included(columns, item.kwargs)
    elif kind == "ex":
        columns, parts = parts_of.excluded(args)
    else:
        columns = columns_of(args)
        parts = parts_of.with_included(columns, item.kwargs)
    return SchemaObject(
        "create",
        kind,
        table,
        name,
        columns,
        referred_table,
        referred,
        unique=item.kwargs.get("unique") is True,
        expression=expression or parts_of.only_for(item.kwargs),
        node=item.node,
        referred_schema=referred_schema,
        parts=parts,
    )


def type_checks(
    value: object, column_of: str | None, table: str | None, node: ast.AST
) -> list[SchemaObject]:
    """Return the CHECK that ``Boolean`` or ``Enum`` with ``create_constraint=True`` adds."""
    if not isinstance(value, Construct) or value.kwargs.get("create_constraint") is not True:
        return []
    if value.name not in ("Boolean", "Enum"):
        return []
    native = value.name == "Boolean" or value.kwargs.get("native_enum") is not False
    made = SchemaObject(
        "create",
        "ck",
        table,
        name_of(value.kwargs.get("name"), argument(value.node, None, "name")),
        (column_of,),
        implicit=True,
        # PostgreSQL has both types itself, so SQLAlchemy leaves the check out there.
        dialects=_SQLITE if native else ALL_DIALECTS,
        node=value.node,
    )
    return [made]


def table_items(
    items: Sequence[object], table: str | None
) -> tuple[list[Column], list[SchemaObject], bool]:
    """Read the arguments of ``create_table``: columns, constraints, whether all are known."""
    specs: list[Column] = []
    objects: list[SchemaObject] = []
    known = True
    keyed: list[str | None] = []
    for item in items:
        if isinstance(item, Construct) and item.name == "Column":
            spec, more = column(item, table)
            specs.append(spec)
            objects.extend(more)
            if spec.primary_key:
                keyed.append(spec.name)
        elif isinstance(item, Construct) and item.name in KINDS:
            objects.append(constraint(item, table))
        elif isinstance(item, (list, tuple)):
            more_specs, more_objects, more_known = table_items(item, table)
            specs += more_specs
            objects += more_objects
            known = known and more_known
        elif item is not None and not (isinstance(item, Construct) and item.name in _NO_PARTS):
            known = False
    if keyed and not any(made.kind == "pk" for made in objects):
        node = next(spec.node for spec in specs if spec.primary_key)
        objects.append(
            SchemaObject("create", "pk", table, None, tuple(keyed), implicit=True, node=node)
        )
    return specs, objects, known
