"""What does a file that was changed change, where the history around it stays as it was?

The files before it are not read, and not even what was known of most of them: its stretch of the
history begins with schemas that were kept. Where that will not do the whole history is gone
through again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.effects.names.metadata import keep_convention
from calista_tools.effects.schema import walk
from calista_tools.history import Problem
from calista_tools.history.scanner import Plain
from calista_tools.lint.diagnostic import Diagnostic
from calista_tools.lint.loading import load, read_source
from calista_tools.lint.one_file import analyse
from calista_tools.lint.read_history import around, header_of
from calista_tools.lint.traits import traits_of
from calista_tools.lint.whole_history import published_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista_tools.effects.evaluator import Project
    from calista_tools.effects.schema import Change, Schema
    from calista_tools.lint.collected import Collected
    from calista_tools.lint.known import Changes, Facts
    from calista_tools.lint.memory.facts import Shard
    from calista_tools.lint.memory.findings_cache import Cache
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.rule import Rule
    from calista_tools.lint.targets import Group

#: More changed files than that are rather a branch that was switched to.
_FEW = 5


def revisit(group: Group, cache: Cache) -> Collected | None:
    """Return what breaks a rule now; None where that takes another look at the whole history."""
    files, changed = cache.old["files"], cache.changed()
    if files.keys() != cache.stats.keys() or not 0 < len(changed) <= _FEW:
        return None
    index = _stretch(cache, changed)
    shard = cache.shard(index) if index is not None else None
    base = cache.schemas(index) if index else {}
    if index is None or shard is None or base is None or cache.collected is None:
        return None
    projects: dict[Path, Project] = {}
    fresh = _read(cache, sorted(map(Path, changed)), shard, projects)
    is_last = index == len(cache.old["facts"]) - 1
    changes = _changes(group, fresh, shard, is_last=is_last) if fresh is not None else None
    if fresh is None or changes is None:
        return None
    published = published_ids(group.config)
    facts = dict(shard.facts)
    for migration in _in_place(group, fresh, shard, changes, base):
        item = analyse(migration, _rules(cache.collected, migration), published)
        if item.failures or item.digest != facts[item.path].digest:
            return None
        facts[item.path] = item
    collected = _replaced(group, cache.collected, [facts[m.path] for m in fresh.values()])
    looked_at = frozenset(path for one in projects.values() for path in one.looked_at())
    cache.update(index, shard._replace(facts=facts, changes=changes), collected, looked_at)
    return collected


def _stretch(cache: Cache, changed: frozenset[str]) -> int | None:
    """Return the number of the stretch that holds all changed files; None where there is none."""
    paths = list(cache.old["files"])
    end = 0
    for index, (count, _, _) in enumerate(cache.old["facts"]):
        start, end = end, end + count
        inside = changed.intersection(paths[start:end])
        if inside:
            return index if inside == changed else None
    return None


def _read(
    cache: Cache, changed: Sequence[Path], shard: Shard, projects: dict[Path, Project]
) -> dict[str, Migration] | None:
    """Read the files again; None where one no longer says of itself what it said."""
    group = cache.group
    sequence = frozenset(shard.sequence)
    owners: dict[str, Path] = {}
    for item in shard.facts.values():
        if item.placed is not None:
            owners.setdefault(item.placed.revision, item.path)
    found: dict[str, Migration] = {}
    for path in changed:
        source = read_source(path)
        plain = header_of(path, source)
        header = plain.revision if isinstance(plain, Plain) else plain
        if isinstance(source, Problem) or header is None or header != shard.facts[path].header:
            return None
        if header.revision not in sequence or owners[header.revision] != path:
            return None
        if path.parent not in projects:
            project = projects[path.parent] = around(path.parent, group.config)
            convention = cache.convention(path.parent)
            if convention is not None:
                keep_convention(project, path.parent, convention)
        migration = load(path, group.config, projects[path.parent], source, plain)
        if migration.revision is None:
            return None
        found[header.revision] = migration
    return found


def _changes(
    group: Group, fresh: Mapping[str, Migration], shard: Shard, *, is_last: bool
) -> dict[str, Changes] | None:
    """Return what each revision changes; None where later ones now stand on another schema."""
    found = dict(shard.changes)
    for revision, migration in fresh.items():
        now: Changes = {d: migration.changes(d) for d in group.config.dialects}
        newest = is_last and revision == shard.sequence[-1]
        if not newest and not same_changes(now, found[revision]):
            return None
        found[revision] = now
    return found


def same_changes(one: Changes, other: Changes) -> bool:
    """Whether two files do the same to the schema, wherever it stands in them."""
    if one == other:
        return True
    return one.keys() == other.keys() and all(
        [_placeless(change) for change in one[dialect]]
        == [_placeless(change) for change in other[dialect]]
        for dialect in one
    )


def _placeless(change: Change) -> Change:
    made = change.made
    return change._replace(
        row=0,
        made=None if made is None else made._replace(row=0),
        objects=tuple(placed._replace(row=0) for placed in change.objects),
    )


def _in_place(
    group: Group,
    fresh: Mapping[str, Migration],
    shard: Shard,
    changes: Mapping[str, Changes],
    base: Mapping[str, Schema],
) -> Iterator[Migration]:
    """Yield the files with the schemas that their ancestors leave behind."""
    parents: dict[str, Sequence[str]] = {}
    for item in shard.facts.values():
        header = item.placed
        if header is not None:
            parents.setdefault(header.revision, (*header.down_revisions, *header.depends_on))
    sequence = shard.sequence
    last = max(sequence.index(revision) for revision in fresh)
    walks = [
        walk(
            parents,
            lambda revision, d=dialect: changes[revision][d],  # type: ignore[misc]
            dialect,
            sequence=sequence[: last + 1],
            base=base.get(dialect),
        )
        for dialect in group.config.dialects
    ]
    for states in zip(*walks, strict=True):
        migration = fresh.get(states[0][0])
        if migration is not None:
            migration.schemas = {schema.dialect: schema for _, schema in states}
            yield migration


def _rules(collected: Collected, migration: Migration) -> list[Rule]:
    """Return the rules that can find anything in a file: to load all takes longer than to check."""
    traits = traits_of(migration)
    return [
        place.load(code)
        for code, place in collected.places.items()
        if place.scope in ("file", "schema")
        and (place.about is None or traits is None or not traits.isdisjoint(place.about))
    ]


def _replaced(group: Group, old: Collected, facts: Sequence[Facts]) -> Collected:
    """Return what was found, with what is found now in some files."""
    alone: dict[Path, list[Diagnostic]] = {path: [] for path in group.files}
    fresh = {item.path: item for item in facts}
    together: list[Diagnostic] = []
    for item in old.found:
        if old.places[item.code].scope == "history":
            together.append(item)
        elif item.path not in fresh:
            alone[item.path].append(item)
    for path, one in fresh.items():
        alone[path] = [
            Diagnostic(path, finding, code, old.rules[code]) for code, finding in one.findings
        ]
    directives = dict(old.directives)
    directives.update({path: one.directives for path, one in fresh.items()})
    return old._replace(
        found=(*(item for listed in alone.values() for item in listed), *together),
        directives={path: directives[path] for path in group.files if directives.get(path)},
    )
