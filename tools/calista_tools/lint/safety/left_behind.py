"""Does a step leave something behind that ``downgrade()`` would have to undo?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.sql import effects
from calista_tools.effects.sql.reading import may_write, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calista_tools.effects.operations import Evaluation, Operation
    from calista_tools.effects.sql import Statement

#: Steps that are no change by themselves.
_NEUTRAL = frozenset(("read", "autocommit", "autocommit_exit"))
#: Statements after which a database holds what it held before, in the same shape.
_KEEPING = frozenset(
    (
        "vacuum", "analyze", "analyse", "reindex", "cluster", "refresh", "checkpoint", "lock", "set",
        "reset", "discard", "select", "show", "explain", "do", "notify",
    )
)  # fmt: skip
#: Functions that move a counter, hold a lock or set what lasts no longer than the session.
_LEAVING_NOTHING = frozenset(
    ("SETVAL", "NEXTVAL", "SET_CONFIG", "PG_NOTIFY", "PG_LOGICAL_EMIT_MESSAGE")
)
#: SQLite's switches and questions that are not kept in the file.
_PASSING = frozenset(
    (
        "foreign_keys", "defer_foreign_keys", "legacy_alter_table", "foreign_key_check",
        "integrity_check", "quick_check", "optimize", "wal_checkpoint", "busy_timeout",
    )
)  # fmt: skip


def leaves_nothing(evaluation: Evaluation, direction: str = "upgrade") -> bool:
    """Whether a direction is known to do something, and to leave nothing of it behind."""
    operations = [one for one in evaluation.operations if one.direction == direction]
    if not operations or direction in evaluation.unseen or evaluation.troubles:
        return False
    temporary = _temporary(operations)
    return all(_leaves_nothing(operation, temporary) for operation in operations)


def _temporary(operations: Sequence[Operation]) -> frozenset[str]:
    """Return the tables that end with the session."""
    found = {one.table for one in operations if _is_temporary(one)}
    for operation in operations:
        for dialect in operation.dialects if operation.sql is not None else ():
            statements = effects(operation.sql or "", dialect).statements
            found |= {one.table for one in statements if "temporary" in one.flags}
    return frozenset(name for name in found if name)


def _is_temporary(operation: Operation) -> bool:
    prefixes = operation.keywords.get("prefixes")
    return operation.what == "create_table" and any(
        str(prefix).upper() in ("TEMP", "TEMPORARY")
        for prefix in (prefixes if isinstance(prefixes, (list, tuple)) else ())
    )


def _leaves_nothing(operation: Operation, temporary: frozenset[str]) -> bool:
    if operation.what in _NEUTRAL or _is_temporary(operation):
        return True
    if operation.what in ("drop_table", "bulk_insert", "create_index"):
        return operation.table in temporary
    if operation.what != "sql":
        return False
    if operation.sql is None:
        calls = operation.keywords.get("calls")
        known = isinstance(calls, tuple) and not _does_more(map(str, calls))
        return operation.keywords.get("verb") == "select" and known
    text = operation.sql.replace("\\:", ":")
    return all(_text_leaves_nothing(text, dialect, temporary) for dialect in operation.dialects)


def _does_more(functions: Iterable[str]) -> bool:
    return any(may_write(name) and name.upper() not in _LEAVING_NOTHING for name in functions)


def _text_leaves_nothing(text: str, dialect: str, temporary: frozenset[str]) -> bool:
    if read(text, dialect, _LEAVING_NOTHING).unsure:
        return False
    return all(_keeps(one, temporary) for one in effects(text, dialect).statements)


def _keeps(statement: Statement, temporary: frozenset[str]) -> bool:
    if "temporary" in statement.flags or statement.kind == "transaction":
        return True
    if statement.verb in _KEEPING:
        return True
    if statement.verb == "pragma":
        return all(change.name in _PASSING for change in statement.changes)
    if statement.kind == "dml" or statement.verb == "drop table":
        tables = statement.tables or (statement.table,)
        return all(table in temporary for table in tables)
    if statement.verb == "create index":
        return statement.table in temporary
    return bool(statement.changes) and all(
        change.what == "validate_constraint" for change in statement.changes
    )
