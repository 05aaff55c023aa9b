"""Which long lock does a step take on PostgreSQL, and what is to be written instead?

Sources: https://www.postgresql.org/docs/current/sql-altertable.html (Notes),
https://www.postgresql.org/docs/current/explicit-locking.html and the rules of squawk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from calista_tools.effects.objects import Column
    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Change, Statement


class Lock(NamedTuple):
    """A lock that is held while a table is read or written as a whole.

    Attributes:
        table: None where it is not known.
        does: What takes the time, and what it keeps waiting.
        instead: What to write.
    """

    table: str | None
    does: str
    instead: str


_NO_WRITES = "keeps every write waiting"
_NOTHING = "keeps every read and write waiting"
_BLOCK = "within op.get_context().autocommit_block()"
_INDEX = f"postgresql_concurrently=True {_BLOCK}"
_VALIDATE = "add it with postgresql_not_valid=True and VALIDATE it in a revision of its own"
_VALIDATE_IN_SQL = "add it NOT VALID and VALIDATE it in a revision of its own"
#: PostgreSQL takes no NOT VALID here, and makes no such constraint of an index that is there.
_NEW_TABLE = "a new table with it"
_UNIQUE = (
    f"CREATE UNIQUE INDEX CONCURRENTLY first, {_BLOCK}, then ADD CONSTRAINT … USING INDEX in a"
    " revision of its own"
)
_NOT_NULL = (
    "add CHECK (… IS NOT NULL) NOT VALID, VALIDATE it, then SET NOT NULL, which needs no scan"
)
_TYPE = "add a column of the new type, fill it in steps, and swap them"
_DEFAULT = "add it without the default, set the default after it, and fill the rows in steps"
_APART = f"create the index by itself, with {_INDEX}"
_FOREIGN_KEY = (
    "create the key by itself, with postgresql_not_valid=True, and VALIDATE it in another revision"
)
#: What ALTER TABLE … SET does by writing the table anew.
_COPYING = ("set tablespace", "set logged", "set unlogged", "set access")
#: Functions whose value differs by row, so that PostgreSQL has to write each one.
_VOLATILE = r"(?i)\b(gen_random_uuid|uuid_generate_v\d\w*|uuidv[47]|random|clock_timestamp|timeofday|nextval)\s*\("


def locks(operation: Operation) -> Iterator[Lock]:
    """Yield the long locks of a step on tables that may be large."""
    if operation.what == "sql":
        effects = operation.effects("postgresql")
        for statement in effects.statements if effects else ():
            yield from _statement_locks(statement)
        return
    finder = _STEPS.get(operation.what)
    if finder is not None:
        yield from finder(operation)


def _create_index(step: Operation) -> Iterator[Lock]:
    if step.keywords.get("postgresql_concurrently") is not True:
        yield Lock(step.table, f"building the index {_NO_WRITES}", _INDEX)


def _add_column(step: Operation) -> Iterator[Lock]:
    for spec in step.specs:
        if rewrites(spec):
            yield Lock(step.table, f"a value for each row of `{spec.name}` {_NOTHING}", _DEFAULT)
    for made in step.objects_on("postgresql"):
        # What comes with a column, Alembic makes by a statement of its own.
        if made.kind == "ix":
            yield Lock(step.table, f"building the column's index {_NO_WRITES}", _APART)
        elif made.kind == "uq":
            yield Lock(step.table, f"building the column's index {_NOTHING}", _UNIQUE)
        elif made.kind == "fk":
            yield Lock(step.table, f"checking every row {_NO_WRITES}", _FOREIGN_KEY)
        elif made.kind == "ck" and not made.implicit:
            yield Lock(step.table, f"checking every row {_NOTHING}", _VALIDATE)


def rewrites(column: Column) -> bool:
    """Whether PostgreSQL writes every row anew to add a column."""
    default = column.server_default
    return (
        column.attributes.get("computed") == "stored"
        or column.attributes.get("stored") is True
        or "identity" in column.attributes
        or "serial" in column.type.lower()
        or (isinstance(default, str) and re.search(_VOLATILE, default) is not None)
    )


def _alter_column(step: Operation) -> Iterator[Lock]:
    name = f"`{step.columns[0]}`" if step.columns else "a column"
    keywords = step.keywords
    if keywords.get("type_") is not None and changes_type(step):
        yield Lock(step.table, f"the new type of {name} {_NOTHING}, row by row", _TYPE)
    if keywords.get("nullable") is False and keywords.get("existing_nullable") is not False:
        yield Lock(step.table, f"looking for NULL in {name} {_NOTHING}", _NOT_NULL)


def changes_type(step: Operation) -> bool:
    """Whether ``alter_column`` may write every row; a longer string or number does not."""
    from calista_tools.effects.evaluator.arguments import type_text

    old, new = step.keywords.get("existing_type"), step.keywords.get("type_")
    before, after = _type_of(type_text(old)), _type_of(type_text(new))
    if old is None or before is None or after is None:
        return True
    if before == after:
        return _has_zone(type_text(old)) is not _has_zone(type_text(new))
    strings = ("string", "varchar", "unicode")
    if before[0] in strings:
        if after[0] in ("text", "unicodetext"):
            return False
        longer = not after[1] or (bool(before[1]) and int(before[1][0]) <= int(after[1][0]))
        return not (after[0] in strings and longer)
    if before[0] in ("text", "unicodetext"):
        return after[0] not in ("text", "unicodetext") and (
            after[0] not in strings or bool(after[1])
        )
    if before[0] == after[0] == "numeric" and len(before[1]) == len(after[1]) == 2:
        return before[1][1] != after[1][1] or int(before[1][0]) > int(after[1][0])
    return True


def _has_zone(text: str) -> bool:
    return "timezone=True" in text


#: Names that SQLAlchemy has for what PostgreSQL has one type of.
_SAME_TYPE = {
    "timestamp": "datetime",
    "bigint": "biginteger",
    "int": "integer",
    "smallint": "smallinteger",
    "decimal": "numeric",
    "largebinary": "bytea",
    "double": "double_precision",
}


def _type_of(text: str) -> tuple[str, tuple[str, ...]] | None:
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", text)
    if match is None:
        return None
    name = match.group(1).lower()
    return _SAME_TYPE.get(name, name), tuple(re.findall(r"\d+", match.group(2) or ""))


def _foreign_key(step: Operation) -> Iterator[Lock]:
    if step.keywords.get("postgresql_not_valid") is not True:
        does = f"checking every row against `{step.referred_table}` keeps writes to both waiting"
        yield Lock(step.table, does, _VALIDATE)


def _check(step: Operation) -> Iterator[Lock]:
    if step.keywords.get("postgresql_not_valid") is not True:
        yield Lock(step.table, f"checking every row {_NOTHING}", _VALIDATE)


def _key(step: Operation) -> Iterator[Lock]:
    if "postgresql_using_index" not in step.keywords:
        yield Lock(step.table, f"building the key's index {_NOTHING}", _UNIQUE)


def _exclude(step: Operation) -> Iterator[Lock]:
    yield Lock(step.table, f"building the constraint's index {_NOTHING}", _NEW_TABLE)


_STEPS: dict[str, Callable[[Operation], Iterator[Lock]]] = {
    "create_index": _create_index,
    "add_column": _add_column,
    "alter_column": _alter_column,
    "create_foreign_key": _foreign_key,
    "create_check_constraint": _check,
    "create_unique_constraint": _key,
    "create_primary_key": _key,
    "create_exclude_constraint": _exclude,
}
#: Alembic's steps that can take a long lock.
LOCKING = tuple(_STEPS)


def _statement_locks(statement: Statement) -> Iterator[Lock]:
    table, verb = statement.table, statement.verb
    if verb == "create index" and not statement.has("concurrently"):
        yield Lock(table, f"building the index {_NO_WRITES}", f"CREATE INDEX CONCURRENTLY {_BLOCK}")
    elif verb == "reindex" and not statement.has("concurrently"):
        yield Lock(table, f"building the index {_NO_WRITES}", f"REINDEX … CONCURRENTLY {_BLOCK}")
    elif verb == "cluster" or (verb == "vacuum" and statement.has("full")):
        yield Lock(table, f"writing the table anew {_NOTHING}", "plain VACUUM, or do it by hand")
    elif verb == "lock":
        yield Lock(table, "the lock is held until the revision ends", "let each step take its own")
    elif verb == "refresh" and not statement.has("concurrently"):
        yield Lock(table, "filling the view keeps its readers waiting", "REFRESH … CONCURRENTLY")
    for change in statement.changes:
        yield from _change_locks(table, change)
    if statement.changes and all(change.what == "add_column" for change in statement.changes):
        for made in statement.objects:
            if made.kind == "ck":
                yield Lock(table, f"checking every row {_NOTHING}", _VALIDATE_IN_SQL)


def _change_locks(table: str | None, change: Change) -> Iterator[Lock]:
    flags = change.flags
    if change.what == "alter_type":
        yield Lock(table, f"the new type of `{change.name}` {_NOTHING}, row by row", _TYPE)
    elif change.what == "set_not_null":
        yield Lock(table, f"looking for NULL in `{change.name}` {_NOTHING}", _NOT_NULL)
    elif change.what == "add_column" and change.column is not None and rewrites(change.column):
        yield Lock(table, f"a value for each row of `{change.name}` {_NOTHING}", _DEFAULT)
    elif change.what == "add_column" and change.column is not None:
        if change.column.attributes.get("unique") or change.column.primary_key:
            yield Lock(table, f"building the key's index {_NOTHING}", _UNIQUE)
    elif change.what == "other" and not change.flags.isdisjoint(_COPYING):
        yield Lock(table, f"writing the table anew {_NOTHING}", "a new table, filled in steps")
    elif change.what == "add_constraint":
        if "unique" in flags or "primary key" in flags:
            if "using index" not in flags:
                yield Lock(table, f"building the key's index {_NOTHING}", _UNIQUE)
        elif "exclude" in flags:
            yield Lock(table, f"building the constraint's index {_NOTHING}", _NEW_TABLE)
        elif "not valid" not in flags:
            yield Lock(table, f"checking every row {_NOTHING}", _VALIDATE_IN_SQL)
