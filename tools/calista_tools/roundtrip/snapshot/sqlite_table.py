"""What does SQLite say of one table? Its pragmas, and from the text what no pragma tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from calista_tools.roundtrip.snapshot.snapshot_record import Key
from calista_tools.roundtrip.snapshot.sqlite_text import (
    Constraint,
    TableText,
    index_terms,
    normal,
    read_table,
    tokens,
    unwrapped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from calista_tools.roundtrip.snapshot.snapshot_record import Group, Properties

    Query = Callable[[str], Sequence[Sequence[Any]]]

_COLUMNS = (
    'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo({}) ORDER BY cid'
)
_INDEXES = """
SELECT l.name, l."unique", l.origin, l.partial, x.name, x.cid, x."desc", x.coll
FROM pragma_index_list({}) AS l, pragma_index_xinfo(l.name) AS x WHERE x.key ORDER BY l.name, x.seqno
"""
_FOREIGN_KEYS = """
SELECT id, "table", "from", "to", on_update, on_delete FROM pragma_foreign_key_list({})
ORDER BY id, seq
"""
#: What `_FOREIGN_KEYS` says where nothing else was asked for.
_NO_ACTION = "no action"
#: Of a trigger's text in one spelling: what is the only way it can be.
_EACH_ROW = re.compile(r"\A(.*?) for each row ")


class SchemaRow(NamedTuple):
    """A row of ``sqlite_master``."""

    type: str
    name: str
    table: str
    root_page: int
    sql: str | None


def read_group(query: Query, table: str, rows: Collection[SchemaRow]) -> Group:
    """Return what the rows of a table, or of a view, mean."""
    group: dict[Key, Properties] = {}
    said = TableText()
    for row in sorted(rows, key=lambda row: row[:2]):
        text = row.sql or ""
        if row.type == "table":
            said = read_table(text)
            group.update(_table(query, table, text, said))
        elif row.type == "view":
            group[Key("view", row.name)] = {"definition": _after(text, "view")}
        elif row.type == "trigger":
            group[Key("trigger", row.name, table)] = {"definition": _trigger(text)}
    texts = {row.name: row.sql for row in rows if row.type == "index" and row.sql}
    for key, properties in _indexes(query, table, texts, said):
        group[key] = {**group.get(key, {}), **properties}
    return group


def _table(query: Query, table: str, sql: str, said: TableText) -> dict[Key, Properties]:
    if [item.low for item in tokens(sql[:40])[:2]] == ["create", "virtual"]:
        return {Key("virtual table", table): {"definition": _after(sql, "table")}}
    columns = query(_COLUMNS.format(_literal(table)))
    keyed = [name for pk, name in sorted((pk, name) for name, _, _, _, pk, _ in columns if pk)]
    whole = {"options": list(said.options), "autoincrement": said.autoincrement}
    properties: Properties = {
        **{name: value for name, value in whole.items() if value},
        "columns": [name for name, *_ in columns],
    }
    return {
        Key("table", table): properties,
        **dict(_columns(table, columns, said, single_key=len(keyed) == 1)),
        **dict(_primary_key(table, keyed, said)),
        **dict(_foreign_keys(query, table, said)),
        **{
            Key("check", made.name or f"({made.text})", table): {"expression": made.text}
            for made in said.constraints
            if made.kind == "check"
        },
        **dict(_unique_as_primary_key(table, keyed, said)),
    }


def _columns(
    table: str, columns: Iterable[Sequence[Any]], said: TableText, *, single_key: bool
) -> Iterator[tuple[Key, Properties]]:
    for name, type_, not_null, default, pk, hidden in columns:
        # An INTEGER PRIMARY KEY is the rowid, and never null whatever its text says.
        required = bool(not_null) or (pk and single_key and type_.upper() == "INTEGER")
        found = _column(name.lower(), type_, bool(required), default, hidden, said)
        yield Key("column", name, table), found


def _primary_key(
    table: str, columns: list[str], said: TableText
) -> Iterator[tuple[Key, Properties]]:
    if columns:
        written = _written(said, "primary key", columns)
        key = Key("primary key", written.name or "unnamed", table)
        yield key, {"columns in key": columns, **_conflict(written)}


def _unique_as_primary_key(
    table: str, columns: list[str], said: TableText
) -> Iterator[tuple[Key, Properties]]:
    """Yield unique constraints of the primary key's columns.

    The primary key's index serves these, too, and no pragma tells of them.
    """
    low = [name.lower() for name in columns]
    for made in said.constraints:
        if made.kind == "unique" and list(made.columns) == low:
            key = Key("unique", made.name or f"({', '.join(columns)})", table)
            yield key, {"columns in key": columns, **_conflict(made)}


class _ForeignKey(NamedTuple):
    """A foreign key as the pragma has it, one row a column."""

    rows: Sequence[Sequence[Any]]

    @property
    def columns(self) -> list[str]:
        return [row[2] for row in self.rows]

    @property
    def refers(self) -> str:
        to = ", ".join(row[3] for row in self.rows if row[3])
        return f"{', '.join(self.columns)} → {self.rows[0][1]}" + (f" ({to})" if to else "")

    @property
    def actions(self) -> dict[str, str]:
        *_, on_update, on_delete = self.rows[0]
        found = {"on update": on_update.lower(), "on delete": on_delete.lower()}
        return {name: action for name, action in found.items() if action != _NO_ACTION}


def _foreign_keys(query: Query, table: str, said: TableText) -> Iterator[tuple[Key, Properties]]:
    keys: dict[int, list[Sequence[Any]]] = {}
    for row in query(_FOREIGN_KEYS.format(_literal(table))):
        keys.setdefault(row[0], []).append(row)
    # SQLite numbers them from the last one written to the first.
    unused = [made for made in said.constraints if made.kind == "foreign key"]
    for _, rows in sorted(keys.items(), reverse=True):
        key = _ForeignKey(rows)
        columns = tuple(name.lower() for name in key.columns)
        written = next((made for made in unused if made.columns == columns), None)
        if written is not None:
            unused.remove(written)
        properties = {"refers": key.refers, **key.actions}
        if written and written.deferred not in ("", "not deferrable", "initially immediate"):
            properties["deferrable"] = written.deferred
        name = written.name if written and written.name else f"({key.refers})"
        yield Key("foreign key", name, table), properties


def referred_table(foreign_key: Properties) -> str:
    """Return the table that a foreign key refers to, in lower case."""
    refers: str = foreign_key["refers"]
    return refers.partition(" → ")[2].partition(" (")[0].lower()


def _indexes(
    query: Query, table: str, texts: dict[str, str], said: TableText
) -> Iterator[tuple[Key, Properties]]:
    indexes: dict[str, list[Sequence[Any]]] = {}
    for row in query(_INDEXES.format(_literal(table))):
        indexes.setdefault(row[0], []).append(row)
    for name, rows in indexes.items():
        _, unique, origin, partial, *_ = rows[0]
        terms, where = index_terms(texts[name]) if name in texts else ([], "")
        listed = _terms(rows, terms)
        columns = [row[4] for row in rows]
        if origin == "c":
            key = Key("unique index" if unique else "index", name, table)
            yield key, {"columns in key": listed, **({"where": where} if partial else {})}
        elif origin == "u":
            written = _written(said, "unique", columns)
            key = Key("unique", written.name or f"({', '.join(columns)})", table)
            yield key, {"columns in key": listed, **_conflict(written)}
        elif listed != [_collated(column, said) for column in columns]:
            # Only this tells of DESC and COLLATE in a primary key, where they have to be spelt.
            written = _written(said, "primary key", columns)
            yield (
                Key("primary key", written.name or "unnamed", table),
                {"columns in key": listed},
            )


def _terms(rows: Sequence[Sequence[Any]], written: Sequence[str]) -> list[str]:
    """Return what an index is on, one term for each of its rows."""
    found = []
    for at, (*_, column, cid, descending, collation) in enumerate(rows):
        term = written[at] if cid == -2 and at < len(written) else column or "rowid"
        collated = "" if collation in (None, "BINARY") else f" collate {collation.lower()}"
        found.append(f"{term}{collated}{' desc' if descending else ''}")
    return found


def _collated(column: str, said: TableText) -> str:
    """Return a column as an index of it is spelt that says nothing of its own."""
    collation = said.collations.get(column.lower(), "binary")
    return f"{column} collate {collation}" if collation != "binary" else column


def _column(
    name: str, type_: str, not_null: bool, default: str | None, hidden: int, said: TableText
) -> Properties:
    properties: dict[str, Any] = {
        "type": re.sub(r"\s*([(),])\s*", r"\1", " ".join(type_.upper().split())),
        "nullable": not not_null,
    }
    if default is not None:
        properties["default"] = _default(default, type_)
    if hidden in (2, 3):
        properties["generated"] = said.generated.get(name, "")
    if name in said.collations and said.collations[name] != "binary":
        properties["collation"] = said.collations[name]
    if name in said.not_null_conflicts:
        properties["on conflict"] = said.not_null_conflicts[name]
    return properties


def _default(text: str, type_: str) -> str:
    items = unwrapped(tokens(text))
    upper = type_.upper()
    numeric = "INT" in upper or not any(word in upper for word in ("CHAR", "CLOB", "TEXT", "BLOB"))
    if numeric and len(items) == 1 and items[0].kind == "string":
        # '0' in a numeric column is stored as 0: the same default, written by another hand.
        bare = items[0].text.strip("'")
        if bare.lstrip("+-").replace(".", "", 1).isdigit():
            return bare
    if len(items) == 1 and items[0].kind == "word" and items[0].low in ("true", "false"):
        # What these words have always stood for, since SQLite knows them (3.23).
        return str(int(items[0].low == "true"))
    if len(items) == 2 and items[0].text in "+-" and items[1].kind == "number":
        return items[0].text + items[1].text
    return normal(items)


def _written(said: TableText, kind: str, columns: list[str]) -> Constraint:
    low = tuple(name.lower() for name in columns)
    for made in said.constraints:
        if made.kind == kind and (made.columns == low or set(made.columns) == set(low)):
            return made
    return Constraint(kind, "")


def _conflict(written: Constraint) -> dict[str, str]:
    return {"on conflict": written.conflict} if written.conflict else {}


def _trigger(sql: str) -> str:
    """Return what a trigger does, with what goes without saying left out."""
    text = _EACH_ROW.sub(r"\1 ", _after(sql, "trigger"), count=1)
    return text if text.startswith(("before ", "after ", "instead ")) else f"before {text}"


def _after(sql: str, word: str) -> str:
    """Return what follows ``CREATE … word [IF NOT EXISTS] name``, in one spelling."""
    items = tokens(sql)
    at = next((n for n, item in enumerate(items) if item.low == word), -1) + 1
    if [item.low for item in items[at : at + 3]] == ["if", "not", "exists"]:
        at += 3
    return normal(items[at + 1 :])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
