"""Which column types does generated code hold, those inside of others too?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alembic.operations import ops
from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator


def operations(container: ops.OpContainer) -> Iterator[ops.MigrateOperation]:
    """Yield the operations of a container, those of the containers in it too."""
    for operation in container.ops:
        if isinstance(operation, ops.OpContainer):
            yield from operations(operation)
        else:
            yield operation


def all_operations(script: ops.MigrationScript) -> Iterator[ops.MigrateOperation]:
    """Yield what a revision does, up and down."""
    for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
        yield from operations(container)


def columns_of(operation: ops.MigrateOperation) -> Iterator[Column[Any]]:
    """Yield the columns that an operation writes out."""
    if isinstance(operation, ops.AddColumnOp):
        yield operation.column
    elif isinstance(operation, ops.CreateTableOp):
        yield from (item for item in operation.columns if isinstance(item, Column))


def types_of(script: ops.MigrationScript) -> tuple[TypeEngine[Any], ...]:
    """Return the types in a revision's code, each once."""
    found: dict[int, TypeEngine[Any]] = {}
    for operation in all_operations(script):
        for column in columns_of(operation):
            _note(column.type, found)
        if isinstance(operation, ops.AlterColumnOp):
            _note(operation.existing_type, found)
            _note(operation.modify_type, found)
    return tuple(found.values())


def _note(value: object, found: dict[int, TypeEngine[Any]]) -> None:
    """Note a type and those that it is made of: items, variants, what it decorates."""
    if isinstance(value, type) and issubclass(value, TypeEngine):
        return
    if not isinstance(value, TypeEngine) or id(value) in found:
        return
    found[id(value)] = value
    for name in ("item_type", "astext_type", "impl", "subtype"):
        _note(getattr(value, name, None), found)
    for inner in list(vars(value).values()):
        _note(inner, found)
        if isinstance(inner, Mapping):  # its variants, by dialect
            for variant in inner.values():
                _note(variant, found)
