"""Reads a SQLite schema by structure: pragmas, and from the text what no pragma tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.snapshot.snapshot_record import Key
from calista_tools.roundtrip.snapshot.sqlite_text import (
    Constraint,
    TableText,
    index_terms,
    normal,
    read_table,
    shadow_tables,
    tokens,
    unwrapped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from calista_tools.roundtrip.snapshot.snapshot_record import Group, Properties, Snapshot

    Query = Callable[[str], Sequence[Sequence[Any]]]

#: type, name, table, root page, SQL: a row of ``sqlite_master``.
Row = tuple[str, str, str, int, str | None]
#: Of a row, what a group is made of.
Text = tuple[str, str, str | None]
ReadBefore = dict[frozenset[Text], "Group"]

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
#: What applications write into the head of the file; zero if they do not.
_KEPT = ("user_version", "application_id")
_VALUES = f"SELECT * FROM {', '.join(f'pragma_{name}' for name in _KEPT)}"
#: A virtual table is one without a root page.
_NO_PAGE = ("table", 0)
#: Of a trigger's text in one spelling: what is the only way it can be.
_EACH_ROW = re.compile(r"\A(.*?) for each row ")
#: Characters of a name that its quotes double.
_QUOTES = re.compile(r"[\"`'\]]")


class SqliteReader:
    """Keeps the last snapshot of one database and brings it up to date.

    Args:
        query: Runs a statement and returns rows.
        ignored: Tables left out: Alembic's version table.
        read_before: What texts mean, as far as somebody has read them; it is added to.
    """

    def __init__(
        self, query: Query, ignored: Iterable[str], read_before: ReadBefore | None = None
    ) -> None:
        self._query = query
        self._ignored = frozenset(ignored)
        self._rows: dict[str, set[Row]] = {}
        #: By table: where its rows are in the schema table. Rows stay in their places, and new
        #: ones come behind the last.
        self._places: dict[str, list[int]] = {}
        #: By table: the triggers on it, or the view that it is, without quotes in lower case.
        self._prose: dict[str, str] = {}
        self._groups: dict[str, Group] = {}
        #: What a table's texts mean never changes, and a round trip meets them twice.
        self._read_before: ReadBefore = {} if read_before is None else read_before
        #: The texts of virtual tables.
        self._virtual: dict[str, str] = {}
        #: By table: what its foreign keys refer to, in lower case.
        self._refers: dict[str, set[str]] = {}
        self._version: int | None = None
        #: Whether dropping one table may move others.
        self._moves = False
        self.root_pages: dict[str, int] = {}
        #: Tables whose rows in the schema table were others at the last update.
        self.changed: set[str] = set()

    @property
    def tables(self) -> set[str]:
        """The user's tables; virtual ones and what belongs to them are not."""
        return {name for name, page in self.root_pages.items() if page}

    def referring_to(self, tables: set[str]) -> set[str]:
        """Return the tables with a foreign key to one of these."""
        low = {name.lower() for name in tables}
        return {name for name, there in self._refers.items() if not there.isdisjoint(low)}

    def read_all(self) -> Snapshot:
        """Read everything."""
        self._rows, self._groups, self._version = {}, {}, None
        self.root_pages, self._refers, self._virtual = {}, {}, {}
        self._places, self._prose = {}, {}
        self._moves = bool(self._query("PRAGMA auto_vacuum")[0][0])
        return self.update()

    def update(self, told: tuple[set[str], bool] | None = None) -> Snapshot:
        """Read again the tables and views whose rows in the schema table have changed.

        Args:
            told: Which ones that can be, see `authorizer.changed_schema`; None for any.
        """
        version = self._query("PRAGMA schema_version")[0][0]
        self.changed = set()
        for name, value in zip(_KEPT, self._query(_VALUES)[0], strict=True):
            key = Key("pragma", name)
            self._groups.pop(str(key), None)
            if value:
                self._groups[str(key)] = {key: {"value": value}}
        if version == self._version:
            return dict(self._groups)
        first, self._version = self._version is None, version
        every = first or self._moves or told is None
        suspects = None if every or told is None else self._suspects(*told)
        rows = self._schema_rows(suspects)
        for table in (self._rows.keys() if suspects is None else suspects) - rows.keys():
            self._rows.pop(table, None)
            self._groups.pop(table, None)
            self._refers.pop(table, None)
            self._places.pop(table, None)
            self._prose.pop(table, None)
            self.root_pages.pop(table, None)
            self._virtual.pop(table, None)
        found = (row for mine in rows.values() for row in mine)
        self._virtual.update(
            (row[1], row[4] or "") for row in found if row[:1] + row[3:4] == _NO_PAGE
        )
        shadows = shadow_tables(self._virtual, rows) if self._virtual else ()
        for table, mine in rows.items():
            if self._rows.get(table) != mine and table not in self._ignored:
                if table.startswith("sqlite_") or table in shadows:
                    continue
                self.changed.add(table)
                texts = _texts(mine)
                group = self._read_before.get(texts)
                if group is None:
                    group = self._read_before[texts] = self._read(table, mine)
                self._groups[table] = group
                self._prose[table] = _prose(mine)
                self._refers[table] = {
                    properties["refers"].partition(" → ")[2].partition(" (")[0].lower()
                    for key, properties in group.items()
                    if key.kind == "foreign key"
                }
                self.root_pages.pop(table, None)
                self.root_pages.update((row[1], row[3]) for row in mine if row[0] == "table")
        self._rows.update(rows)
        return dict(self._groups)

    def read_texts(self) -> Iterator[tuple[frozenset[Text], Group]]:
        """Yield the texts of each table and view that there is, and what they mean."""
        for table, group in self._groups.items():
            if table in self._rows:  # and no value in the head of the file
                yield _texts(self._rows[table]), group

    def _suspects(self, names: set[str], altered: bool) -> set[str]:
        """Return the known tables and views whose rows are to be looked at."""
        if not altered:
            return names
        # What refers to an altered table holds its name.
        spelt = [_QUOTES.sub("", name).lower() for name in names]
        found = {t for t, prose in self._prose.items() if prose and any(n in prose for n in spelt)}
        return names | self.referring_to(names) | found

    def _schema_rows(self, tables: set[str] | None) -> dict[str, set[Row]]:
        """Return the rows of these tables, or of all, and of those that are new."""
        where = ""
        if tables is not None:
            listed = ",".join(str(at) for table in tables for at in self._places.get(table, ()))
            others = (at[-1] for table, at in self._places.items() if table not in tables)
            where = f" WHERE rowid IN ({listed}) OR rowid > {max(others, default=0)}"
        rows: dict[str, set[Row]] = {}
        places: dict[str, list[int]] = {}
        for at, *row in self._query(
            f"SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master{where}"
        ):
            rows.setdefault(row[2], set()).add(tuple(row))
            places.setdefault(row[2], []).append(at)
        if tables is not None and (more := (rows.keys() & self._places.keys()) - tables):
            return self._schema_rows(tables | more)
        self._places.update((table, sorted(found)) for table, found in places.items())
        return rows

    def _read(self, table: str, rows: set[Row]) -> Group:
        group: dict[Key, Properties] = {}
        indexes = {}
        for kind, name, _, _, sql in sorted(rows, key=lambda row: row[:2]):
            if kind == "table":
                group.update(self._table(name, sql or ""))
            elif kind == "index" and sql:
                indexes[name] = sql
            elif kind == "view":
                group[Key("view", name)] = {"definition": _after(sql or "", "view")}
            elif kind == "trigger":
                group[Key("trigger", name, table)] = {"definition": _trigger(sql or "")}
        texts = {row[1]: row[4] or "" for row in rows if row[0] == "table"}
        for key, properties in self._indexes(table, indexes, texts).items():
            group[key] = {**group.get(key, {}), **properties}
        return group

    def _table(self, table: str, sql: str) -> dict[Key, Properties]:
        said = read_table(sql)
        quoted = _literal(table)
        first = [item.low for item in tokens(sql[:40])[:2]]
        if first == ["create", "virtual"]:
            return {Key("virtual table", table): {"definition": _after(sql, "table")}}
        columns = self._query(_COLUMNS.format(quoted))
        whole = {"options": list(said.options), "autoincrement": said.autoincrement}
        properties: Properties = {
            **{name: value for name, value in whole.items() if value},
            "columns": [name for name, *_ in columns],
        }
        found: dict[Key, Properties] = {Key("table", table): properties}
        keyed = sorted((pk, name) for name, _, _, _, pk, _ in columns if pk)
        for name, type_, not_null, default, pk, hidden in columns:
            # An INTEGER PRIMARY KEY is the rowid, and never null whatever its text says.
            required = bool(not_null) or (pk and len(keyed) == 1 and type_.upper() == "INTEGER")
            found[Key("column", name, table)] = _column(
                name.lower(), type_, bool(required), default, hidden, said
            )
        if keyed:
            names = [name for _, name in keyed]
            written = _written(said, "primary key", names)
            key = Key("primary key", written.name or "unnamed", table)
            found[key] = {"columns in key": names, **_conflict(written)}
        found.update(self._foreign_keys(table, said))
        for check in (made for made in said.constraints if made.kind == "check"):
            name = check.name or f"({check.text})"
            found[Key("check", name, table)] = {"expression": check.text}
        primary = [name.lower() for name in names] if keyed else []
        for made in said.constraints:
            # The primary key's index serves this one too, and no pragma tells of it.
            if made.kind == "unique" and list(made.columns) == primary:
                key = Key("unique", made.name or f"({', '.join(names)})", table)
                found[key] = {"columns in key": names, **_conflict(made)}
        return found

    def _foreign_keys(self, table: str, said: TableText) -> dict[Key, Properties]:
        keys: dict[int, dict[str, Any]] = {}
        for id_, target, from_, to, on_update, on_delete in self._query(
            _FOREIGN_KEYS.format(_literal(table))
        ):
            key = keys.setdefault(id_, {"from": [], "table": target, "to": []})
            key["from"].append(from_)
            key["to"].append(to)
            key["on update"], key["on delete"] = on_update.lower(), on_delete.lower()
        found: dict[Key, Properties] = {}
        # SQLite numbers them from the last one written to the first.
        unused = [made for made in said.constraints if made.kind == "foreign key"]
        for _, key in sorted(keys.items(), reverse=True):
            columns = tuple(name.lower() for name in key["from"])
            written = next((made for made in unused if made.columns == columns), None)
            if written in unused and written is not None:
                unused.remove(written)
            to = ", ".join(name for name in key["to"] if name)
            text = f"{', '.join(key['from'])} → {key['table']}" + (f" ({to})" if to else "")
            actions = {
                name: key[name] for name in ("on update", "on delete") if key[name] != "no action"
            }
            deferred = written.deferred if written else ""
            if deferred in ("not deferrable", "initially immediate"):
                deferred = ""
            properties = {
                "refers": text,
                **actions,
                **({"deferrable": deferred} if deferred else {}),
            }
            name = written.name if written and written.name else f"({text})"
            found[Key("foreign key", name, table)] = properties
        return found

    def _indexes(
        self, table: str, created: dict[str, str], texts: dict[str, str]
    ) -> dict[Key, Properties]:
        columns: dict[str, list[Sequence[Any]]] = {}
        for row in self._query(_INDEXES.format(_literal(table))):
            columns.setdefault(row[0], []).append(row)
        found: dict[Key, Properties] = {}
        said: TableText | None = None
        for name, rows in columns.items():
            _, unique, origin, partial, *_ = rows[0]
            terms, where = index_terms(created[name]) if name in created else ([], "")
            listed = []
            for number, (*_, column, cid, descending, collation) in enumerate(rows):
                term = terms[number] if cid == -2 and number < len(terms) else column or "rowid"
                collated = "" if collation in (None, "BINARY") else f" collate {collation.lower()}"
                listed.append(f"{term}{collated}{' desc' if descending else ''}")
            names = [row[4] for row in rows]
            if origin != "c" and said is None:
                said = read_table(texts.get(table, ""))
            if origin == "pk" and said is not None:
                # Only this tells of DESC and COLLATE in a key, where they have to be spelt.
                plain = [said.collations.get(name.lower(), "binary") for name in names]
                own = [
                    f"{n}{f' collate {c}' if c != 'binary' else ''}"
                    for n, c in zip(names, plain, strict=True)
                ]
                if listed != own:
                    written = _written(said, "primary key", names)
                    found[Key("primary key", written.name or "unnamed", table)] = {
                        "columns in key": listed
                    }
            elif origin == "u" and said is not None:
                written = _written(said, "unique", names)
                key = Key("unique", written.name or f"({', '.join(names)})", table)
                found[key] = {"columns in key": listed, **_conflict(written)}
            elif origin == "c":
                kind = "unique index" if unique else "index"
                found[Key(kind, name, table)] = {
                    "columns in key": listed, **({"where": where} if partial else {}),
                }  # fmt: skip
        return found


def _texts(rows: set[Row]) -> frozenset[Text]:
    return frozenset((row[0], row[1], row[4]) for row in rows)


def _prose(rows: set[Row]) -> str:
    texts = (sql or "" for kind, _, _, _, sql in rows if kind in ("trigger", "view"))
    return _QUOTES.sub("", "\n".join(texts)).lower()


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
