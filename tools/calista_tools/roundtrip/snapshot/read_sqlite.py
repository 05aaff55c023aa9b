"""What is a SQLite schema after each step? Kept up to date: only what has changed is read again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.snapshot.snapshot_record import Key
from calista_tools.roundtrip.snapshot.sqlite_table import SchemaRow, read_group, referred_table
from calista_tools.roundtrip.snapshot.sqlite_text import shadow_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from calista_tools.roundtrip.snapshot.snapshot_record import Group, Snapshot

    Query = Callable[[str], Sequence[Sequence[Any]]]

#: Of a row, what a group is made of.
Text = tuple[str, str, str | None]
ReadBefore = dict[frozenset[Text], "Group"]

#: What applications write into the head of the file; zero if they do not.
_KEPT = ("user_version", "application_id")
_VALUES = f"SELECT * FROM {', '.join(f'pragma_{name}' for name in _KEPT)}"
#: Characters of a name that its quotes double.
_QUOTES = re.compile(r"[\"`'\]]")


@dataclass
class TableRecord:
    """What is known of one table, or of one view, with all that is on it.

    Attributes:
        rows: Its rows in the schema table.
        rowids: Where these are, lowest first. They stay there, and new ones come behind the last.
        page: Where the table begins, 0 of a virtual one, None of a view.
        group: What they mean; None of what is not the user's, such as Alembic's version table.
        names: The texts of a view, and of triggers, without quotes in lower case: which tables
            they name, nothing else tells.
        refers: The tables that its foreign keys refer to, in lower case.
    """

    rows: frozenset[SchemaRow] = frozenset()
    rowids: list[int] = field(default_factory=list)
    page: int | None = None
    group: Group | None = None
    names: str = ""
    refers: frozenset[str] = frozenset()

    def see(self, found: Mapping[int, SchemaRow]) -> bool:
        """Take in its rows, by their rowids; tell whether they are others than before."""
        before, self.rows, self.rowids = self.rows, frozenset(found.values()), sorted(found)
        pages = (row.root_page for row in self.rows if row.type == "table")
        self.page = next(pages, None)
        return self.rows != before

    @property
    def texts(self) -> frozenset[Text]:
        """What the group is made of."""
        return frozenset((row.type, row.name, row.sql) for row in self.rows)

    @property
    def text(self) -> str:
        """The text of the table or view itself."""
        own = (row.sql or "" for row in self.rows if row.type in ("table", "view"))
        return next(own, "")

    def take(self, group: Group) -> None:
        """Take in what the rows mean."""
        self.group = group
        texts = (row.sql or "" for row in self.rows if row.type in ("trigger", "view"))
        self.names = _unquoted("\n".join(texts))
        keys = (properties for key, properties in group.items() if key.kind == "foreign key")
        self.refers = frozenset(map(referred_table, keys))


class SqliteReader:
    """Keeps the last snapshot of one database and brings it up to date.

    Args:
        query: Runs a statement and returns rows.
        ignored: Tables left out: Alembic's version table.
        read_before: What texts mean, as far as somebody has read them; it is added to.

    Attributes:
        root_pages: Where each of the user's tables begins; 0 where it is virtual.
        changed: Tables whose rows in the schema table were others at the last update.
    """

    def __init__(
        self, query: Query, ignored: Iterable[str], read_before: ReadBefore | None = None
    ) -> None:
        self._query = query
        self._ignored = frozenset(ignored)
        #: What a table's texts mean never changes, and a round trip meets them twice.
        self._read_before: ReadBefore = {} if read_before is None else read_before
        self._known: dict[str, TableRecord] = {}
        self._version: int | None = None
        #: Whether dropping one table may move others.
        self._moves = False
        self.root_pages: dict[str, int] = {}
        self.changed: set[str] = set()

    @property
    def tables(self) -> set[str]:
        """The user's tables; virtual ones and what belongs to them are not."""
        return {name for name, page in self.root_pages.items() if page}

    def referring_to(self, tables: set[str]) -> set[str]:
        """Return the tables with a foreign key to one of these."""
        low = {name.lower() for name in tables}
        return {name for name, known in self._known.items() if not known.refers.isdisjoint(low)}

    def read_all(self) -> Snapshot:
        """Read everything."""
        self._known, self._version = {}, None
        self._moves = bool(self._query("PRAGMA auto_vacuum")[0][0])
        return self.update()

    def update(self, changes: tuple[set[str], bool] | None = None) -> Snapshot:
        """Read again the tables and views whose rows in the schema table have changed.

        Args:
            changes: Which ones that can be, see `authorizer.changed_schema`; None for any.
        """
        version = self._query("PRAGMA schema_version")[0][0]
        self.changed = set()
        if version != self._version:
            every = self._version is None or self._moves or changes is None
            self._version = version
            self._read_again(None if every or changes is None else self._suspects(*changes))
            self.root_pages = {
                name: known.page
                for name, known in self._known.items()
                if known.page is not None and known.group is not None
            }
        groups = {n: known.group for n, known in self._known.items() if known.group is not None}
        return {**groups, **self._values()}

    def read_texts(self) -> Iterator[tuple[frozenset[Text], Group]]:
        """Yield the texts of each table and view that there is, and what they mean."""
        for known in self._known.values():
            if known.group is not None:
                yield known.texts, known.group

    def _values(self) -> Snapshot:
        """Return what the head of the file holds."""
        values = zip(_KEPT, self._query(_VALUES)[0], strict=True)
        keys = {Key("pragma", name): value for name, value in values if value}
        return {str(key): {key: {"value": value}} for key, value in keys.items()}

    def _read_again(self, suspects: set[str] | None) -> None:
        """Read these tables and views, or all, and those that are new."""
        found = self._schema_rows(suspects)
        for gone in (self._known.keys() if suspects is None else suspects) - found.keys():
            self._known.pop(gone, None)
        records = {name: self._known.setdefault(name, TableRecord()) for name in found}
        others = {name for name, record in records.items() if record.see(found[name])}
        for name in others - self._left_out(others):
            record = records[name]
            texts = record.texts
            if texts not in self._read_before:
                self._read_before[texts] = read_group(self._query, name, record.rows)
            record.take(self._read_before[texts])
            self.changed.add(name)

    def _left_out(self, names: Collection[str]) -> set[str]:
        """Return those of the names that are not the user's."""
        virtual = {name: known.text for name, known in self._known.items() if known.page == 0}
        shadows = shadow_tables(virtual, names) if virtual else set()
        return {n for n in names if n in self._ignored or n in shadows or n.startswith("sqlite_")}

    def _suspects(self, names: set[str], altered: bool) -> set[str]:
        """Return the known tables and views whose rows are to be looked at."""
        if not altered:
            return names
        # What refers to an altered table holds its name.
        spelt = [_unquoted(name) for name in names]
        naming = {
            name
            for name, known in self._known.items()
            if known.names and any(word in known.names for word in spelt)
        }
        return names | self.referring_to(names) | naming

    def _schema_rows(self, tables: set[str] | None) -> dict[str, dict[int, SchemaRow]]:
        """Return the rows of these tables, or of all, and of those that are new."""
        where = ""
        if tables is not None:
            known = self._known
            listed = ",".join(str(at) for t in tables if t in known for at in known[t].rowids)
            others = (record.rowids[-1] for name, record in known.items() if name not in tables)
            where = f" WHERE rowid IN ({listed}) OR rowid > {max(others, default=0)}"
        rows: dict[str, dict[int, SchemaRow]] = {}
        for at, *row in self._query(
            f"SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master{where}"
        ):
            rows.setdefault(row[2], {})[at] = SchemaRow._make(row)
        if tables is not None and (more := (rows.keys() & self._known.keys()) - tables):
            return self._schema_rows(tables | more)
        return rows


def _unquoted(text: str) -> str:
    return _QUOTES.sub("", text).lower()
