"""Reads PostgreSQL's catalogs, after a step only what the step can have changed.

What a transaction did to relations is read from the locks it holds just before it commits: every
DDL statement locks its relation until then. Objects without locks of their own (functions, types,
schemas, …) are few; the versions of their catalog rows are compared as a whole.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from calista_tools.roundtrip.snapshot import postgresql_queries as queries
from calista_tools.roundtrip.snapshot.postgresql_objects import objects_of
from calista_tools.roundtrip.snapshot.snapshot_record import Key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from calista_tools.roundtrip.snapshot.snapshot_record import Group, Properties, Snapshot

    Query = Callable[[str], Sequence[Sequence[Any]]]

#: Locks that reading or writing rows takes; all others mean that the schema may have changed.
_ROWS_ONLY = frozenset({"AccessShareLock", "RowShareLock", "RowExclusiveLock"})
_RELATIONS = frozenset({"table", "view", "materialized view", "sequence", "type", "foreign table"})
_SEQUENCE = re.compile(r"\bSEQUENCE\b", re.IGNORECASE)
#: Catalogs whose changed rows change how other objects are spelt: renames.
_SPELT_ELSEWHERE = ("pg_namespace", "pg_type", "pg_proc", "pg_collation", "pg_operator")


class PostgresReader:
    """Keeps the last snapshot of one database and brings it up to date.

    Args:
        query: Runs a statement on a connection of our own in autocommit mode and returns rows.
        ignored: Relations left out, as people write them: Alembic's version table.
        version: ``server_version_num``.
    """

    def __init__(self, query: Query, ignored: Iterable[str], version: int) -> None:
        self._query = query
        self._ignored = frozenset(ignored)
        self._relations: dict[int, tuple[str, Group]] = {}
        self._objects: dict[int, tuple[str, Group]] = {}
        #: All of them by name, as handed out the last time: nothing changes it any more.
        self._last: Snapshot = {}
        #: By relation: what it is spelt by the names of, such as what its foreign keys refer to.
        self._refers: dict[int, set[int]] = {}
        self._versions: dict[tuple[str, int], int] = {}
        self._digest: object = None
        #: Whether any statement may do more than it says, by an event trigger, or by taking a table
        #: out of a publication.
        self._watched = False
        #: Of the relations that were asked for the last time: see `queries.WHEREABOUTS`; None of
        #: those that are gone.
        self.whereabouts: dict[int, Sequence[Any] | None] = {}
        query("SET search_path = public")
        # Planning these queries takes longer than running them.
        query("SET plan_cache_mode = force_generic_plan")
        query("SET jit = off")
        # They are made once, for catalogs that grow, and statistics never say how much.
        for method in ("seqscan", "hashjoin", "mergejoin"):
            query(f"SET enable_{method} = off")
        query(f"PREPARE calista_relations(oid[]) AS {queries.everything_of(version)}")
        for name, text in objects_of(version).items():
            asked = "(oid[])" if "$1" in text else ""
            query(f"PREPARE calista_{name}{asked} AS {text}")

    def read_all(self) -> Snapshot:
        """Read everything."""
        self._relations, self._objects, self._refers = {}, {}, {}
        self._versions, self._digest, self.whereabouts = {}, None, {}
        names = ",".join(f"'{name}'" for name in self._ignored)
        everything = queries.ALL_RELATIONS.replace("$1", f"ARRAY[{names}]::text[]")
        self._read_relations([row[0] for row in self._query(everything)])
        self._read_objects()
        return self._snapshot()

    def update(
        self,
        locks: Mapping[int, set[str]] | None,
        alone: Sequence[str] = (),
        *,
        others: bool = True,
    ) -> Snapshot:
        """Read again what a committed transaction can have changed.

        Args:
            locks: What it held at its end, modes by oid (`queries.LOCKS`); None if not known.
            alone: Statements that no lock tells of; they name the relations they change.
            others: Whether objects that are no relations can have changed.
        """
        self.whereabouts = {}
        objects = self._digest
        if locks is None or ((others or self._watched) and self._read_objects()):
            return self.read_all()
        same = self._digest == objects
        changed = {oid for oid, modes in locks.items() if modes - _ROWS_ONLY}
        for statement in alone:
            named = self._named(statement)
            if not named and _SEQUENCE.search(statement):
                # Perhaps of an identity column, and none of its own.
                return self.read_all()
            changed |= named
        if not changed:
            return self._last if same else self._snapshot()
        known = self._relations
        before = {oid: known[oid] for oid in changed if oid in known}
        self._read_relations(changed)
        renamed = {
            oid for oid, was in before.items() if oid in known and _names(was) - _names(known[oid])
        }
        if renamed and (spelt := self._spelt_by(renamed) - changed):
            before |= {oid: known[oid] for oid in spelt}
            self._read_relations(spelt)
            changed |= spelt
        if not same:
            return self._snapshot()
        return self._changed_snapshot((name for name, _ in before.values()), changed)

    def _named(self, statement: str) -> set[int]:
        """Return the relations that a statement names, themselves or by one of their indexes."""
        words = re.findall(r"\w+", statement)
        # Without quotes NOTE is the table note.
        names = {*words, *map(str.lower, words)}
        return {
            oid
            for oid, (name, group) in self._relations.items()
            if name.rpartition(".")[2] in names
            or any(key.name in names for key in group if key.kind != "column")
        }

    def _spelt_by(self, changed: set[int]) -> set[int]:
        """Return the relations whose words may change with names in these; views among them."""
        found = {oid for oid, refers in self._refers.items() if not refers.isdisjoint(changed)}
        for oid, (_, group) in self._relations.items():
            if next(iter(group)).kind.endswith("view"):
                found.add(oid)
        return found

    def _snapshot(self) -> Snapshot:
        self._last = dict((*self._relations.values(), *self._objects.values()))
        return self._last

    def _changed_snapshot(self, names: Iterable[str], oids: Iterable[int]) -> Snapshot:
        """Return the last snapshot without what had these names, and with these relations."""
        # To put all together anew takes longer with every table that the history has.
        made = dict(self._last)
        for name in names:
            made.pop(name, None)
        made.update(self._relations[oid] for oid in oids if oid in self._relations)
        self._last = made
        return made

    def _execute(self, name: str, oids: Iterable[int]) -> Sequence[Sequence[Any]]:
        listed = ",".join(map(str, oids))
        return self._query(f"EXECUTE calista_{name}('{{{listed}}}')")

    def _read_relations(self, oids: Iterable[int]) -> None:
        wanted = set(oids)
        for oid in wanted:
            self._relations.pop(oid, None)
            self._refers.pop(oid, None)
        self.whereabouts |= dict.fromkeys(wanted)
        groups: dict[int, dict[Key, Properties]] = {}
        names: dict[int, str] = {}
        for oid, kind, name, properties in self._execute("relations", wanted) if wanted else ():
            if not kind:
                self.whereabouts[oid] = json.loads(properties)
                continue
            if kind in _RELATIONS:
                names[oid] = name
                if name in self._ignored:
                    continue
                groups[oid] = {}
            if oid in groups:
                found = dict(_properties(properties))
                # Not a property: a table made again is another oid and the same table.
                if refers := found.pop("refers", None):
                    self._refers.setdefault(oid, set()).update(refers)
                table = "" if kind in _RELATIONS else names[oid]
                groups[oid][Key(kind, name, table)] = found
        for oid, group in groups.items():
            self._relations[oid] = (names[oid], group)

    def _read_objects(self) -> bool:
        """Bring the other objects up to date; tell whether relations may now be spelt otherwise."""
        digest = tuple(self._query("EXECUTE calista_digest")[0])
        if digest == self._digest:
            return False
        first, self._digest = self._digest is None, digest
        versions: dict[tuple[str, int], int] = {}
        for catalog, oid, version in self._query("EXECUTE calista_objects"):
            # Several rows may describe one object: labels, comments.
            versions[catalog, oid] = versions.get((catalog, oid), 0) + version
        known = self._versions
        changed = {at for at in versions.keys() | known.keys() if versions.get(at) != known.get(at)}
        self._versions = versions
        oids = {oid for _, oid in changed}
        objects = self._objects
        before = {oid: objects.pop(oid) for oid in oids if oid in objects}
        for query in ("functions", "types", "others", "said") if oids else ():
            for oid, kind, name, properties in self._execute(query, oids):
                if kind:
                    objects[oid] = (f"{kind} {name}", {Key(kind, name): _properties(properties)})
                elif oid in objects:
                    title, group = objects[oid]
                    more = _properties(properties)
                    objects[oid] = (title, {key: {**said, **more} for key, said in group.items()})
        watching = ("event trigger ", "publication ")
        self._watched = any(name.startswith(watching) for name, _ in objects.values())
        # A function's body may be another, and no relation is spelt otherwise.
        return not first and any(
            oid in objects and objects[oid][0] != before[oid][0]
            for catalog, oid in changed
            if catalog in _SPELT_ELSEWHERE and oid in before
        )


def _names(relation: tuple[str, Group]) -> frozenset[str]:
    """Return the names that other relations may spell: its own and its columns'."""
    name, group = relation
    return frozenset((f"{name}.", *(key.name for key in group if key.kind == "column")))


def _properties(text: str) -> Properties:
    """Read what a query made; what is null goes without saying."""
    found: Properties = _DECODER.decode(text)
    return found


def _without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None}


_DECODER = json.JSONDecoder(object_pairs_hook=_without_nulls)
