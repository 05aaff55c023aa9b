"""Is head what the project's metadata says? Asked of Alembic; of triggers and functions, by making.

Autogenerate compares tables under the project's own filters. It does not see triggers and
functions: they are compared with what the metadata makes (`made`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.project.metadata_schema import UNSEEN
from calista_tools.roundtrip.snapshot import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import MetaData

    from calista_tools.roundtrip.snapshot import Snapshot


def metadata_of(context: MigrationContext) -> list[MetaData]:
    """Return the project's metadata, as far as it says anything."""
    found = context.opts.get("target_metadata")
    listed = list(found) if isinstance(found, (list, tuple)) else [found]
    return [metadata for metadata in listed if metadata is not None and metadata.tables]


def table_drift(context: MigrationContext, only: Set[str] | None) -> list[str]:
    """Return how tables differ from the metadata.

    Args:
        context: Of a run whose database is at head.
        only: Tables to look at, as snapshots name them; None for all.
    """
    if not metadata_of(context) or (only is not None and not only):
        return []
    from alembic.autogenerate import compare_metadata

    _know_no_dialect("dialect")
    before = {name: context.opts.get(name) for name in ("include_name", "include_object")}
    if only is not None:
        context.opts["include_name"] = _names(before["include_name"], only)
        context.opts["include_object"] = _objects(before["include_object"], only)
    try:
        found = compare_metadata(context, context.opts["target_metadata"])
    finally:
        context.opts.update(before)
    return sorted(line for item in found for line in _lines(item))


def _know_no_dialect(name: str) -> None:
    """Have SQLAlchemy know that no dialect is called so.

    It takes the reflected ``dialect_options`` of a CHECK that is NOT VALID for an argument of a
    dialect "dialect", and looks for that in all installed distributions (2.1, `DialectKWArgs`).
    """
    from sqlalchemy.dialects import registry
    from sqlalchemy.exc import NoSuchModuleError

    def load() -> Any:
        raise NoSuchModuleError(f"no dialect is called {name!r}")

    registry.impls.setdefault(name, load)


def unseen_drift(head: Snapshot, made: Snapshot) -> list[str]:
    """Return the triggers and functions that differ between head and what the metadata makes."""
    return [
        f"{difference} (head → metadata)"
        for difference in differences(head, made)
        if difference.key.kind in UNSEEN
    ]


def _names(given: Any, only: Set[str]) -> Callable[..., bool]:
    def include(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "table" and name is not None:
            schema = parents.get("schema_name")
            if not {name, f"{schema}.{name}"} & only:
                return False
        return bool(given is None or given(name, kind, parents))

    return include


def _objects(given: Any, only: Set[str]) -> Callable[..., bool]:
    def include(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        if kind == "table" and not {name, f"{item.schema}.{name}"} & only:
            return False
        return bool(given is None or given(item, name, kind, reflected, other))

    return include


def _lines(item: Any) -> Iterator[str]:
    """Say one difference of autogenerate's."""
    if isinstance(item, list):
        for part in item:
            yield from _lines(part)
        return
    kind = item[0]
    if kind.startswith("modify_"):
        _, schema, table, column, _, was, now = item
        what = kind.removeprefix("modify_").replace("_", " ")
        name = f"{schema}.{table}" if schema else table
        yield f"~column {name}.{column}: {what} {_word(was)} → {_word(now)} (head → metadata)"
        return
    sign = {"add": "+", "remove": "-"}.get(kind.partition("_")[0], "~")
    words = kind.partition("_")[2].replace("_", " ") or kind
    where = {"+": "only in the metadata", "-": "only at head"}.get(sign, "head → metadata")
    if kind in ("add_column", "remove_column"):
        _, schema, table, column = item
        yield f"{sign}column {f'{schema}.' if schema else ''}{table}.{column.name} ({where})"
        return
    target = item[1]
    table = getattr(getattr(target, "table", None), "fullname", "")
    words = {"fk": "foreign key", "constraint": "unique constraint"}.get(words, words)
    columns = [column.name for column in getattr(target, "columns", ())] if table else []
    name = getattr(target, "fullname", None) or getattr(target, "name", None)
    name = name or f"({', '.join(columns)})"
    yield f"{sign}{words} {name}{f' on {table}' if table else ''} ({where})"


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(getattr(getattr(value, "arg", value), "text", getattr(value, "arg", value)))
