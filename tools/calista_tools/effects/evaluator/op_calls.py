"""Which record does a call of ``op`` or of a batch block become?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import items
from calista_tools.effects.evaluator.arguments import (
    argument,
    columns_of,
    name_of,
    sql_text,
    table_of,
    text_of,
    type_text,
)
from calista_tools.effects.evaluator.parts import excluded, only_for, with_included
from calista_tools.effects.evaluator.values import Construct
from calista_tools.effects.objects import Name, SchemaObject
from calista_tools.effects.operations import Batch, Operation

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Sequence

    from calista_tools.effects.evaluator.frame import Frame
    from calista_tools.effects.objects import Column

    Builder = Callable[[Frame, "Call"], Operation]


class Call:
    """A call with its arguments by parameter name.

    Attributes:
        params: Evaluated arguments; ``rest`` those behind the named ones.
    """

    __slots__ = ("batch", "name", "node", "params", "rest")

    def __init__(
        self,
        name: str,
        args: list[Any],
        kwargs: dict[str, Any],
        node: ast.AST,
        batch: Batch | None,
    ) -> None:
        order = (PARAMETERS if batch is None else _IN_BATCH).get(name, ())
        self.name = name
        self.node = node
        self.batch = batch
        self.params: dict[str, Any] = dict(zip(order, args, strict=False))
        self.rest = args[len(order) :]
        for key, value in kwargs.items():
            self.params[_OLD.get(key, key)] = value
        if "name" in self.params and order and order[0] not in self.params:
            self.params[order[0]] = self.params.pop("name")

    def table(self, key: str = "table_name") -> str | None:
        """Return the table that the call is about."""
        if self.batch is not None:
            return self.batch.table
        return text_of(self.params.get(key))

    def schema(self, key: str = "schema") -> str | None:
        """Return the schema that the call names."""
        if self.batch is not None:
            return self.batch.schema
        return text_of(self.params.get(key))

    def name_at(self, key: str) -> Name | None:
        """Return the name argument ``key``, with the expression that gives it."""
        value = self.params.get(key)
        if value is None:
            return None
        order = (PARAMETERS if self.batch is None else _IN_BATCH)[self.name]
        position = order.index(key) if key in order else None
        return name_of(value, argument(self.node, position, key, "name"))


_TABLES = frozenset({"table_name", "source_table"})
#: Names that older versions of Alembic gave to parameters.
_OLD = {
    "tablename": "table_name",
    "source": "source_table",
    "referent": "referent_table",
    "type": "type_",
}
#: Positional parameters; ``*`` arguments follow them.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "create_table": ("table_name",),
    "drop_table": ("table_name",),
    "rename_table": ("old_table_name", "new_table_name"),
    "add_column": ("table_name", "column"),
    "drop_column": ("table_name", "column_name"),
    "alter_column": ("table_name", "column_name"),
    "create_index": ("index_name", "table_name", "columns"),
    "drop_index": ("index_name", "table_name"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_foreign_key": (
        "constraint_name",
        "source_table",
        "referent_table",
        "local_cols",
        "remote_cols",
    ),
    "create_exclude_constraint": ("constraint_name", "table_name"),
    "drop_constraint": ("constraint_name", "table_name", "type_"),
    "create_table_comment": ("table_name", "comment"),
    "drop_table_comment": ("table_name",),
    "bulk_insert": ("table", "rows"),
    "execute": ("sqltext",),
    "batch_alter_table": ("table_name", "schema", "recreate"),
}
#: A batch block knows its table, so its methods leave that parameter out.
_IN_BATCH = {
    name: tuple(one for one in order if one not in _TABLES) for name, order in PARAMETERS.items()
}


def operation(
    frame: Frame,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.AST,
    batch_record: Batch | None,
) -> Operation:
    """Return the record of one call of ``op.<name>`` or ``batch_op.<name>``, but for ``execute``."""
    builder = _BUILDERS.get(name)
    if builder is None:
        keywords = {"name": name, "reason": f"`op.{name}` is not one of Alembic's operations"}
        return Operation(
            "unknown", frame.state.direction, node, keywords=keywords, batch=batch_record
        )
    call = Call(name, args, kwargs, node, batch_record)
    made = builder(frame, call)
    made.batch = batch_record
    made.keywords = call.params
    return made


def batch(args: list[Any], kwargs: dict[str, Any], node: ast.AST) -> Batch:
    """Return the record of ``op.batch_alter_table(...)``."""
    call = Call("batch_alter_table", args, kwargs, node, None)
    recreate = call.params.get("recreate", "auto")
    convention = call.params.get("naming_convention")
    return Batch(
        text_of(call.params.get("table_name")),
        text_of(call.params.get("schema")),
        recreate if recreate in ("auto", "always", "never") else "",
        convention if isinstance(convention, dict) else None,
        call.params,
        node,
    )


def block(frame: Frame, record: Batch, what: str) -> Operation:
    """Return the operation that opens (``batch``) or closes (``batch_exit``) a block."""
    restated = record.keywords.get("table_args")
    objects: list[SchemaObject] = []
    if what == "batch" and isinstance(restated, (list, tuple)):
        objects = items.table_items(list(restated), record.table)[1]
    return Operation(
        what,
        frame.state.direction,
        record.node,
        table=record.table,
        schema=record.schema,
        objects=tuple(objects),
        keywords=record.keywords,
        batch=record,
    )


def _create_table(frame: Frame, call: Call) -> Operation:
    table, schema = call.table(), call.schema()
    specs, objects, known = items.table_items(call.rest, table)
    if call.params.get("sqlite_autoincrement") is True:
        objects = [part for one in objects for part in _autoincrement(one, specs)]
    made = SchemaObject("create", "table", table, call.name_at("table_name"), node=call.node)
    if schema is not None:
        objects = [one._replace(schema=schema) for one in (made, *objects)]
    else:
        objects.insert(0, made)
    call.params["all_known"] = known
    return Operation(
        "create_table",
        frame.state.direction,
        call.node,
        table=table,
        schema=schema,
        name=made.name,
        columns=tuple(spec.name for spec in specs) if known else None,
        objects=tuple(objects),
        specs=tuple(specs),
    )


def _autoincrement(made: SchemaObject, specs: Sequence[Column]) -> tuple[SchemaObject, ...]:
    """Return a key as it is where SQLite counts: its ``AUTOINCREMENT`` column leaves it no name.

    Source: ``visit_primary_key_constraint`` in SQLAlchemy's ``dialects/sqlite/base.py``.
    """
    integer = any(one.name in (made.columns or ()) and "Integer" in one.type for one in specs)
    if made.kind != "pk" or len(made.columns or ()) != 1 or not integer:
        return (made,)
    unnamed = Name(None, reason="SQLite keeps no name for an AUTOINCREMENT key")
    return (
        made._replace(dialects=made.dialects - {"sqlite"}),
        made._replace(dialects=frozenset({"sqlite"}), name=unnamed, implicit=True),
    )


def _table(frame: Frame, call: Call) -> Operation:
    made: tuple[SchemaObject, ...] = ()
    table, schema = call.table(), call.schema()
    if call.name == "drop_table":
        name = call.name_at("table_name")
        made = (SchemaObject("drop", "table", table, name, schema=schema, node=call.node),)
    return Operation(
        call.name, frame.state.direction, call.node, table=table, schema=schema, objects=made
    )


def _rename_table(frame: Frame, call: Call) -> Operation:
    old, new = text_of(call.params.get("old_table_name")), call.params.get("new_table_name")
    name = call.name_at("old_table_name")
    made = SchemaObject(
        "rename",
        "table",
        old,
        name,
        new_name=text_of(new),
        schema=call.schema(),
        node=call.node,
    )
    return Operation(
        "rename_table",
        frame.state.direction,
        call.node,
        table=old,
        schema=call.schema(),
        name=name,
        objects=(made,),
    )


def _add_column(frame: Frame, call: Call) -> Operation:
    table = call.table()
    value = call.params.get("column")
    made = Operation(
        "add_column", frame.state.direction, call.node, table=table, schema=call.schema()
    )
    if isinstance(value, Construct) and value.name == "Column":
        spec, objects = items.column(value, table)
        if spec.primary_key and call.params.get("inline_primary_key") is True:
            key = (spec.name,)
            objects.append(
                SchemaObject("create", "pk", table, None, key, implicit=True, node=call.node)
            )
        made.columns, made.specs, made.objects = (spec.name,), (spec,), tuple(objects)
    else:
        made.columns = None
    return made


def _column(frame: Frame, call: Call) -> Operation:
    value = call.params.get("column_name")
    if call.name == "alter_column" and "name" in call.params:
        call.params.setdefault("new_column_name", call.params["name"])
    type_value = call.params.get("type_")
    objects = items.type_checks(type_value, text_of(value), call.table(), call.node)
    made = Operation(
        call.name,
        frame.state.direction,
        call.node,
        table=call.table(),
        schema=call.schema(),
        columns=(text_of(value),) if isinstance(value, str) else None,
        objects=tuple(objects),
    )
    if type_value is not None:
        made.new_type = type_text(type_value)
    return made


def _create(frame: Frame, call: Call) -> Operation:
    """Build ``create_index`` and the ``create_…_constraint`` family."""
    key = "index_name" if call.name == "create_index" else "constraint_name"
    kind = _CREATED[call.name]
    name = call.name_at(key)
    table = call.table("source_table" if kind == "fk" else "table_name")
    schema = call.schema("source_schema" if kind == "fk" else "schema")
    columns: tuple[str | None, ...] | None = ()
    referred_table: str | None = None
    referred: tuple[str | None, ...] | None = ()
    expression = only_for(call.params)
    parts: tuple[str | None, ...] | None = None
    if kind == "fk":
        columns = columns_of(call.params.get("local_cols"))
        referred_table = text_of(call.params.get("referent_table"))
        referred = columns_of(call.params.get("remote_cols"))
    elif kind == "ck":
        expression = sql_text(call.params.get("condition")) or ""
    elif kind == "ex":
        columns, parts = excluded(call.rest)
    else:
        columns = columns_of(call.params.get("columns", call.params.get("local_cols")))
        parts = with_included(columns, call.params)
    made = SchemaObject(
        "create",
        kind,
        table,
        name,
        columns,
        referred_table,
        referred,
        unique=call.params.get("unique") is True,
        expression=expression,
        schema=schema,
        node=call.node,
        referred_schema=call.schema("referent_schema") if kind == "fk" else None,
        parts=parts,
    )
    return Operation(
        call.name,
        frame.state.direction,
        call.node,
        table=table,
        schema=schema,
        name=name,
        columns=columns,
        referred_table=referred_table,
        referred_columns=referred,
        objects=(made,),
    )


_CREATED = {
    "create_index": "ix",
    "create_primary_key": "pk",
    "create_unique_constraint": "uq",
    "create_foreign_key": "fk",
    "create_check_constraint": "ck",
    "create_exclude_constraint": "ex",
}
_DROPPED = {"primary": "pk", "unique": "uq", "foreignkey": "fk", "check": "ck"}


def _drop(frame: Frame, call: Call) -> Operation:
    """Build ``drop_index`` and ``drop_constraint``."""
    if call.name == "drop_index":
        kind, name = "ix", call.name_at("index_name")
    else:
        type_ = call.params.get("type_")
        kind = _DROPPED.get(type_, "") if isinstance(type_, str) else ""
        name = call.name_at("constraint_name")
    made = SchemaObject(
        "drop", kind, call.table(), name, None, schema=call.schema(), node=call.node
    )
    return Operation(
        call.name,
        frame.state.direction,
        call.node,
        table=call.table(),
        schema=call.schema(),
        name=name,
        objects=(made,),
    )


def _bulk_insert(frame: Frame, call: Call) -> Operation:
    return Operation(
        "bulk_insert", frame.state.direction, call.node, table=table_of(call.params.get("table"))
    )


_BUILDERS: dict[str, Builder] = {
    "create_table": _create_table,
    "drop_table": _table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _column,
    "alter_column": _column,
    "drop_index": _drop,
    "drop_constraint": _drop,
    "create_table_comment": _table,
    "drop_table_comment": _table,
    "bulk_insert": _bulk_insert,
    **dict.fromkeys(_CREATED, _create),
}
