"""Which tables do the models and metadata of a revision, or of its project, stand for?"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.frame import Function
from calista_tools.effects.evaluator.values import ClassValue, Construct, External, Method, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.evaluator.frame import State

_COLUMNS = frozenset({"Column", "mapped_column"})
#: Calls that give a base class for models.
_BASES = frozenset({"declarative_base", "automap_base", "generate_base"})


def model_table(model: ClassValue) -> Construct | None:
    """Return the table of a mapped class; None where it is none, or its name is not known."""
    lineage = list(_lineage(model))
    own = _first(lineage, "__table__")
    if isinstance(own, Construct):
        return own if own.name == "Table" else None
    name = _first(lineage, "__tablename__")
    if not isinstance(name, str):
        return None
    columns: dict[str, object] = {}
    for one in reversed(lineage):
        columns |= dict(_columns(one))
    items, options = _table_args(_first(lineage, "__table_args__"))
    args = [name, model, *columns.values(), *items]
    return Construct("Table", "sqlalchemy.Table", args, options, model.node or ast.Pass())


def metadata_of(value: object) -> Construct | ClassValue | None:
    """Return what stands for a metadata: its making, or that of the base class which has it."""
    if isinstance(value, Method) and value.name == "metadata":
        return metadata_of(value.receiver)
    if isinstance(value, Construct):
        if value.name == "MetaData":
            return value
        if value.name in _BASES or value.name == "registry":
            for key in ("metadata", "cls"):
                if key in value.kwargs:
                    return metadata_of(value.kwargs[key])
            return metadata_of(value.receiver) or value
    if isinstance(value, ClassValue):
        for key in ("metadata", "registry"):
            if key in value.names:
                return metadata_of(value.names[key])
        of_bases = (metadata_of(base) for base in value.bases)
        found = next((one for one in of_bases if one is not None), None)
        declarative = any(
            isinstance(base, External) and base.name.startswith("DeclarativeBase")
            for base in value.bases
        )
        return found or (value if declarative else None)
    return None


def tables_of(state: State, metadata: object) -> list[Construct] | None:
    """Return a metadata's tables; None where other modules could have added some."""
    key = metadata_of(metadata)
    if key is None or state.tree is None or key.node not in set(ast.walk(state.tree)):
        return None
    if isinstance(key, Construct) and "reflected" in key.kwargs:
        return None
    found: list[Construct] = []
    for one in state.made:
        table = one if isinstance(one, Construct) else model_table(one)
        place = metadata_of(one if isinstance(one, ClassValue) else table_metadata(one))
        if place is key and table is not None and table not in found:
            found.append(table)
    return found


def table_metadata(table: Construct) -> object:
    """Return the metadata (or the model) that a table was made with."""
    return table.args[1] if len(table.args) > 1 else table.kwargs.get("metadata")


def table_of(value: object) -> Construct | None:
    """Return the table that a table, a model or ``Model.__table__`` stands for."""
    if isinstance(value, ClassValue):
        return model_table(value)
    if isinstance(value, Construct) and value.name == "Table":
        return value
    return None


def _lineage(model: ClassValue) -> Iterator[ClassValue]:
    """Yield a class and those that it is built on."""
    seen: list[ClassValue] = [model]
    for one in seen:  # grows while it is read
        yield one
        for base in one.bases:
            if isinstance(base, ClassValue) and base not in seen and len(seen) < 50:
                seen.append(base)


def _first(lineage: list[ClassValue], name: str) -> object:
    return next((one.names[name] for one in lineage if name in one.names), None)


def _columns(model: ClassValue) -> Iterator[tuple[str, object]]:
    for name, value in model.names.items():
        if isinstance(value, Construct) and value.name in _COLUMNS:
            yield name, _named(value, name)
        elif isinstance(value, Unknown) and not name.startswith("__"):
            yield name, value
        elif isinstance(value, Function) and not isinstance(value.node, ast.Lambda):
            decorators = map(ast.unparse, value.node.decorator_list)
            if not name.startswith("__") and any("declared_attr" in one for one in decorators):
                yield name, Unknown(f"is declared by `{name}()`")
    for name, node in _annotated(model):
        if name not in model.names:
            yield name, Construct("Column", "sqlalchemy.Column", [name], {}, node)


def _annotated(model: ClassValue) -> Iterator[tuple[str, ast.AST]]:
    """Yield the columns that only an annotation makes: ``title: Mapped[str]``."""
    for node in getattr(model.node, "body", ()):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        kind = node.annotation
        if isinstance(kind, ast.Subscript) and ast.unparse(kind.value).endswith("Mapped"):
            yield node.target.id, node


def _named(column: Construct, name: str) -> Construct:
    """Return a column under the name of its attribute, where it has none of its own."""
    given = column.args and isinstance(column.args[0], (str, Unknown))
    args = column.args if given or "name" in column.kwargs else [name, *column.args]
    return Construct("Column", "sqlalchemy.Column", args, column.kwargs, column.node)


def _table_args(value: object) -> tuple[list[object], dict[str, object]]:
    if isinstance(value, dict):
        return [], value
    if isinstance(value, (list, tuple)):
        items = list(value)
        options = items.pop() if items and isinstance(items[-1], dict) else {}
        return items, options
    return ([] if value is None else [Unknown("is not constant")]), {}
