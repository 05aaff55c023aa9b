"""What would the database answer? From the schema that the revisions before leave behind.

Many revisions ask first (``if not inspector.has_table("t")``, ``for fk in
inspector.get_foreign_keys("t")``). Where the schema is known, so is the answer. Only what is
known for certain is answered: a table that no revision made may still be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator.values import Expected, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import Frame
    from calista_tools.effects.schema import Placed, Schema, Table


class KnownTables(Unknown):
    """The names of tables: those of the revisions for certain, perhaps others, too.

    Attributes:
        clear: Whether everything that the revisions do to tables is known.
    """

    __slots__ = ("clear", "names")

    def __init__(self, reason: str, names: list[str], *, clear: bool) -> None:
        super().__init__(reason)
        self.names = names
        self.clear = clear

    def holds(self, name: object) -> object:
        """Return whether a table is among them: a truth, or what stands for it."""
        if name in self.names:
            return True
        return _absent(name) if self.clear and isinstance(name, str) else Unknown(self.reason)


def _absent(table: str) -> Expected:
    return Expected(f"depends on table `{table}`, which no revision makes", truth=False)


def answer(frame: Frame, method: str, args: list[Any], kwargs: dict[str, Any]) -> object:
    """Return what a method of the inspector gives; None where that cannot be known."""
    look = frame.state.look
    if look is None:
        return None
    schema = look()
    if method in ("get_table_names", "get_sorted_table_and_fkc_names"):
        names = [table.name for table in schema.tables.values() if table.schema is None]
        return KnownTables("depends on which tables there are", names, clear=schema.clear)
    find = _ANSWERS.get(method)
    name = args[0] if args else kwargs.get("table_name")
    if find is None or not isinstance(name, str):
        return None
    table = schema.table(name) or (_version_table() if name == _VERSIONS else None)
    if table is None:
        elsewhere = kwargs.get("schema") is not None or not schema.clear
        return _absent(name) if method == "has_table" and not elsewhere else None
    if method == "has_table":
        return True
    return find(schema, table) if table.known else None


#: Alembic's own table, which is there before the first revision runs.
_VERSIONS = "alembic_version"


def _version_table() -> Table:
    from calista_tools.effects.schema.elements import ColumnState, Placed, Table

    column = ColumnState("version_num", "String(32)", False, default=False)
    key = Placed("pk", "alembic_version_pkc", ("version_num",))
    return Table(_VERSIONS, None, {"version_num": column}, (key,))


def _columns(schema: Schema, table: Table) -> object:
    del schema
    return [
        {
            "name": one.name,
            "nullable": one.nullable is not False,
            "type": Unknown("is a type read from the database"),
            "default": Unknown("is a default read from the database") if one.default else None,
        }
        for one in table.columns.values()
    ]


def _indexes(schema: Schema, table: Table) -> object:
    # On PostgreSQL the index of a unique constraint is told as well.
    kinds = ("ix", "uq") if schema.dialect == "postgresql" else ("ix",)
    return [
        {
            "name": one.name,
            "column_names": list(one.columns or ()),
            "unique": one.unique or one.kind == "uq",
        }
        for one in table.of_kind(*kinds)
        if is_known(one)
    ]


def _uniques(schema: Schema, table: Table) -> object:
    del schema
    return [
        {"name": one.name, "column_names": list(one.columns or ())}
        for one in table.of_kind("uq")
        if is_known(one)
    ]


def _foreign_keys(schema: Schema, table: Table) -> object:
    del schema
    return [
        {
            "name": one.name,
            "constrained_columns": list(one.columns or ()),
            "referred_table": one.referred_table,
            "referred_columns": list(one.referred_columns or ()),
            "referred_schema": None,
            "options": Unknown("is read from the database"),
        }
        for one in table.of_kind("fk")
        if is_known(one)
    ]


def _primary_key(schema: Schema, table: Table) -> object:
    del schema
    for one in table.of_kind("pk"):
        return {"name": one.name, "constrained_columns": list(one.columns or ())}
    return {"name": None, "constrained_columns": []}


def _checks(schema: Schema, table: Table) -> object:
    del schema
    return [
        {"name": one.name, "sqltext": one.expression or Unknown("is read from the database")}
        for one in table.of_kind("ck")
        if is_known(one)
    ]


def is_known(one: Placed) -> bool:
    """Whether it is known what an object stands on."""
    return one.columns is not None


def _there(schema: Schema, table: Table) -> object:
    del schema, table
    return True


_ANSWERS: dict[str, Callable[[Schema, Table], object]] = {
    "get_columns": _columns,
    "get_indexes": _indexes,
    "get_unique_constraints": _uniques,
    "get_foreign_keys": _foreign_keys,
    "get_pk_constraint": _primary_key,
    "get_check_constraints": _checks,
    "has_table": _there,
}
