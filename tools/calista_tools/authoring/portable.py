"""How does what a database says of its columns become code that another database takes?

A reflected type or default is in the words of the database that it came from. It is replaced by
SQLAlchemy's own word where that one gives the very same on this database, so nothing changes here
and the rest of the dialects can follow. What has no such word stays as it is.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import event, types
from sqlalchemy.sql.elements import TextClause

from calista_tools.authoring.types import all_operations, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.autogenerate import RevisionContext
    from sqlalchemy.engine import Dialect

#: What PostgreSQL adds to a literal: `::text`, `::character varying(20)`, `::app."Kind"`, `::text[]`.
_CAST = r"""(?:::(?:(?:"(?:[^"]|"")+"|\w+)\.)?(?:"(?:[^"]|"")+"|\w+(?:\ \w+)*)(?:\([\d,\ ]+\))?(?:\ \w+)*(?:\[\])*)*"""
_LITERAL = re.compile(rf"(?P<escaped>E?)'(?P<text>(?:[^']|'')*)'{_CAST}", re.DOTALL)
_NUMBER = re.compile(rf"\(?(?P<number>-?\d+(?:\.\d*)?(?:e[-+]?\d+)?)\)?{_CAST}")
#: SQLAlchemy puts whatever it does not know into parentheses, which PostgreSQL would take.
_BARE = r"\((CURRENT_(?:TIMESTAMP|DATE|TIME)|[-+]?[\d.]+|\"(?:[^\"]|\"\")*\")\)"
_NUMERIC = re.compile(r"-?\d+(?:\.\d*)?(?:e[-+]?\d+)?")
_NAMED = re.compile(r'"(?P<text>(?:[^"]|"")*)"')
_TRUTH = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Portable(sa.DefaultClause):
    """A default, and the code that says it on every dialect."""

    code: str

    def __init__(self, was: sa.DefaultClause, code: str) -> None:
        super().__init__(was.arg)
        self.code = code


class Reflected:
    """The types of the columns that were reflected."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}
        self._columns: dict[tuple[str | None, str, str], Any] = {}

    def note(self, table: sa.Table, column: dict[str, Any]) -> None:
        """Remember one."""
        found = column["type"]
        self._objects[id(found)] = found
        self._columns[table.schema, table.name, column["name"]] = found

    def has(self, found: Any, place: tuple[str | None, str, str]) -> bool:
        """Whether a type comes from the database; some are copied with their columns."""
        if id(found) in self._objects:
            return True
        there = self._columns.get(place)
        return isinstance(found, types.SchemaType) and repr(found) == repr(there)


@contextmanager
def remembered_reflection() -> Iterator[Reflected]:
    """Note the types of the columns that are reflected in the body."""
    found = Reflected()

    def note(_inspector: Any, table: sa.Table, column: Any) -> None:
        found.note(table, column)

    event.listen(sa.Table, "column_reflect", note)
    try:
        yield found
    finally:
        event.remove(sa.Table, "column_reflect", note)


def make_portable(revision: RevisionContext, reflected: Reflected) -> None:
    """Replace reflected types and defaults in what a revision is going to do."""
    context = getattr(revision, "_last_autogen_context", None)
    if context is None:
        return
    dialect = context.migration_context.dialect

    def word(found: Any, operation: Any, name: str) -> Any:
        place = (operation.schema, operation.table_name, name)
        return _portable_type(found, dialect) if reflected.has(found, place) else found

    for script in revision.generated_revisions:
        for operation in all_operations(script):
            for column in columns_of(operation):
                of_database = column.type
                column.type = word(of_database, operation, column.name)
                column.server_default = _portable_default(
                    column.server_default, of_database, dialect
                )
            if isinstance(operation, ops.AlterColumnOp):
                _alter(operation, word, dialect)


@contextmanager
def rendering(revision: RevisionContext) -> Iterator[None]:
    """Have Alembic render our defaults by their code; env.py's ``render_item`` goes first."""
    context = getattr(revision, "_last_autogen_context", None)
    if context is None:
        yield
        return
    own = context.opts.get("render_item")

    def render_item(kind: str, item: Any, autogen_context: Any) -> Any:
        rendered = own(kind, item, autogen_context) if own else False
        if rendered is False and isinstance(item, Portable):
            prefix = autogen_context.opts["sqlalchemy_module_prefix"] or ""
            return item.code.replace("sa.", prefix, 1) if item.code.startswith("sa.") else item.code
        return rendered

    context.opts["render_item"] = render_item
    try:
        yield
    finally:
        context.opts["render_item"] = own


def _alter(operation: ops.AlterColumnOp, word: Any, dialect: Dialect) -> None:
    of_database = (operation.existing_type, operation.modify_type or operation.existing_type)
    name = operation.column_name
    operation.existing_type = word(operation.existing_type, operation, name)
    operation.modify_type = word(operation.modify_type, operation, name)
    operation.existing_server_default = _portable_default(
        operation.existing_server_default, of_database[0], dialect
    )
    operation.modify_server_default = _portable_default(
        operation.modify_server_default, of_database[1], dialect
    )


def _portable_type(found: Any, dialect: Dialect) -> Any:
    """Return SQLAlchemy's generic type where it makes the same column here."""
    if isinstance(found, types.NullType | types.ARRAY):
        return found
    try:
        generic = (
            types.Enum(*found.enums, name=found.name, schema=found.schema)  # else it has no name
            if isinstance(found, types.Enum)
            else found.as_generic()
        )
    except Exception:  # types of other packages may raise anything
        return found
    candidates = [generic]
    if isinstance(generic, getattr(types, "Double", ())):
        candidates.insert(0, types.Double())  # PostgreSQL says 53 bits, which is what it is
    for candidate in candidates:
        if type(candidate) is not type(found) and _ddl(candidate, dialect) == _ddl(found, dialect):
            return candidate
    return found


def _ddl(found: Any, dialect: Dialect) -> str | None:
    try:
        return str(found.compile(dialect=dialect))
    except Exception:  # a type that this dialect cannot write
        return None


def _portable_default(default: Any, type_: Any, dialect: Dialect) -> Any:
    """Return a reflected default with code for it, or what was given."""
    if not isinstance(default, sa.DefaultClause) or not getattr(default, "reflected", False):
        return default
    if not isinstance(default.arg, TextClause):
        return default
    code = default_code(default.arg.text.replace("\\:", ":").strip(), type_, dialect.name)
    return default if code is None else Portable(default, code)


def default_code(text: str, type_: Any, dialect: str) -> str | None:
    """Return code for a default as a database tells it, None where there is none that is better.

    The code makes the same default on that database.
    """
    postgresql = dialect == "postgresql"
    if not postgresql and (bare := re.fullmatch(_BARE, text)):
        return default_code(bare[1], type_, dialect) or f"sa.text({bare[1]!r})"
    affinity = getattr(type_, "_type_affinity", None) or type(type_)
    if issubclass(affinity, types.Boolean):
        # As SQLAlchemy writes them: PostgreSQL's words, SQLite's numbers.
        word = text.lower()
        if word in (("true", "false") if postgresql else ("1", "0")):
            return "sa.true()" if _TRUTH[word] else "sa.false()"
        literal = _LITERAL.fullmatch(text)
        if postgresql and literal and literal["text"] in _TRUTH:
            return "sa.true()" if _TRUTH[literal["text"]] else "sa.false()"
        return None
    if postgresql and text == "now()":
        return "sa.func.now()"
    if re.fullmatch(rf"NULL{_CAST}", text, re.IGNORECASE) and "::" in text:
        return 'sa.text("NULL")'
    numeric = issubclass(affinity, types.Integer | types.Numeric)
    literal = _LITERAL.fullmatch(text)
    if literal is not None:
        value = _unescaped(literal)
        if numeric:
            return f"sa.text({value!r})" if _NUMERIC.fullmatch(value) else None
        return repr(value)
    number = _NUMBER.fullmatch(text)
    if number is not None and "::" in text:
        return f"sa.text({number['number']!r})" if numeric else None
    named = _NAMED.fullmatch(text)
    if named is not None and not postgresql:  # SQLite takes a name that there is not as a text
        return repr(named["text"].replace('""', '"'))
    return None


def _unescaped(literal: re.Match[str]) -> str:
    text = literal["text"].replace("''", "'")
    return text.replace("\\\\", "\\") if literal["escaped"] else text
