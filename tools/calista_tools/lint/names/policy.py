"""Which name should an object have? The project's policy, held against the final names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import UnknownTokenError, expand
from calista_tools.effects.names.final import FinalName, final_name, fits, subject_of
from calista_tools.effects.names.shortening import LONGEST, clip, shorten
from calista_tools.effects.objects import Name
from calista_tools.lint.names.chosen import is_authors, metadata_has, template_for
from calista_tools.lint.names.renaming import rename
from calista_tools.lint.rule import Finding
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from calista_tools.effects.objects import SchemaObject
    from calista_tools.effects.operations import Operation
    from calista_tools.lint.migration import Migration
    from calista_tools.lint.rule import Fix

WORDS = {
    "pk": "primary key",
    "uq": "unique constraint",
    "ix": "index",
    "fk": "foreign key",
    "ck": "check constraint",
    "ex": "exclusion constraint",
    "trigger": "trigger",
    "function": "function",
    "table": "table",
    "": "constraint",
}


class Named(NamedTuple):
    """An object with the name that it ends up with on one dialect."""

    operation: Operation
    made: SchemaObject
    dialect: str
    final: FinalName


def created(migration: Migration, *kinds: str) -> Iterator[Named]:
    """Yield what ``upgrade()`` creates, once a dialect, with its final name."""
    if len(kinds) == 1:
        yield from created_by_kind(migration).get(kinds[0], ())
        return
    for named in _all_created(migration):
        if named.made.kind in kinds:
            yield named


def created_by_kind(migration: Migration) -> Mapping[str, Sequence[Named]]:
    """Return what ``upgrade()`` creates, for the kinds of which it creates any."""
    found: dict[str, list[Named]] | None = migration.kept.get("created by kind")
    if found is None:
        found = migration.kept["created by kind"] = {}
        for named in _all_created(migration):
            found.setdefault(named.made.kind, []).append(named)
    return found


def renamed(migration: Migration) -> Sequence[Named]:
    """Return what ``upgrade()`` gives another name, by that name, once a dialect."""
    _all_created(migration)
    found: list[Named] = migration.kept["renamed"]
    return found


def _all_created(migration: Migration) -> Sequence[Named]:
    found: list[Named] | None = migration.kept.get("created")
    if found is None:
        renames: list[Named] = []
        found = migration.kept["created"] = list(_created(migration, renames))
        migration.kept["renamed"] = renames
    return found


def _created(migration: Migration, renames: list[Named]) -> Iterator[Named]:
    templates = migration.convention.templates
    for operation in migration.operations:
        if operation.direction != "upgrade":
            continue
        if not operation.objects and operation.sql is None:
            continue
        convention = operation.convention(templates)
        on_sqlite: dict[int, FinalName] = {}
        for dialect in migration.dialects:
            for made in operation.objects_on(dialect):
                if made.action == "create" and made.kind in _KINDS:
                    final = on_sqlite.get(id(made)) if dialect == "postgresql" else None
                    if final is None or not fits(final.name):
                        final = final_name(made, dialect, convention)
                    if dialect == "sqlite":
                        on_sqlite[id(made)] = final
                    yield Named(operation, made, dialect, final)
                elif made.action == "rename" and made.new_name is not None:
                    renames.append(_renamed(operation, made, dialect, made.new_name))


def _renamed(operation: Operation, made: SchemaObject, dialect: str, new: str) -> Named:
    # No convention and no SQLAlchemy: whoever renames says the name itself.
    kept = clip(new, LONGEST) if dialect == "postgresql" else new
    return Named(operation, made._replace(name=Name(new)), dialect, FinalName(kept, full=new))


class Expected(NamedTuple):
    """What the policy wants: one name, or any name of a shape.

    Attributes:
        shown: For messages; ``…`` stands for what may be anything.
        parts: What stands around the parts that may be anything; empty for one name.
    """

    shown: str
    parts: tuple[str, ...]
    shortened: str

    def accepts(self, name: str) -> bool:
        """Whether a final name is as the policy wants it."""
        if not self.parts:
            return name in (self.shown, self.shortened)
        if len(self.parts) > 2:
            pattern = ".+".join(map(re.escape, self.parts))
            return re.fullmatch(pattern, name, re.DOTALL) is not None
        before, after = self.parts
        fits = name.startswith(before) and name.endswith(after)
        return fits and len(name) > len(before) + len(after)


_FREE = "\ue000"
_KINDS = frozenset(WORDS)


def _wanted(made: SchemaObject, template: str) -> str | None:
    """Return the name that the policy wants, with a mark where anything may stand."""
    subject = subject_of(made, _FREE, _FREE)
    try:
        return expand(template, subject)
    except UnknownTokenError:
        return None


def only_name(made: SchemaObject, template: str) -> str | None:
    """Return the one name that the policy allows; None where part of it is the author's."""
    full = _wanted(made, template)
    return None if full is None or _FREE in full else full


def _expected(full: str, dialect: str) -> Expected:
    if _FREE not in full:
        return Expected(full, (), shorten(full) if dialect == "postgresql" else full)
    return Expected(full.replace(_FREE, "…"), tuple(full.split(_FREE)), full)


def misnamed(migration: Migration, kind: str) -> Iterator[Finding]:
    """Yield a finding for each object of a kind whose final name breaks the policy.

    Where nobody configured one, the project's own convention is the policy; a name that its author
    chose against that convention is right.
    """
    template = template_for(migration, kind)
    if template is None:
        return
    configured = kind in migration.config.names
    fulls: dict[int, str | None] = {}  # the same on each dialect
    reported: set[tuple[Operation, SchemaObject | tuple[str | None, str | None]]] = set()
    # Of triggers alone a statement that renames says all that their name is made of.
    others = [one for one in renamed(migration) if one.made.kind == kind == "trigger"]
    for operation, made, dialect, final in (*created(migration, kind), *others):
        if final.name is None or (final.implicit and not _chosen(migration, made)):
            continue
        if id(made) not in fulls:
            fulls[id(made)] = _wanted(made, template)
        full = fulls[id(made)]
        if full is None or full == final.name:
            continue
        wanted = _expected(full, dialect)
        if wanted.accepts(final.name) or prefixed_twice(made, final):
            continue
        if not wanted.parts and _shortened(final, wanted):
            continue
        if not configured and (made.raw or is_authors(migration, made)):
            continue
        key = (operation, (made.table, final.full))
        if key in reported:
            continue
        reported.add(key)
        on = f" on {dialect}" if len(migration.dialects) > 1 and _differs(migration, final) else ""
        message = (
            f"{WORDS[kind]} on `{made.table}` is named `{final.name}`{on}, "
            f"expected `{wanted.shown}`"
        )
        fix = None if made.action == "rename" else rename(migration, made, wanted.shown)
        if fix is not None and not metadata_has(migration, made, wanted.shown):
            fix = fix._replace(unsafe=True)
        yield place(operation, made, message, fix)


def _chosen(migration: Migration, made: SchemaObject) -> bool:
    """Whether a name that nobody wrote was chosen by a convention, not by PostgreSQL."""
    return made.kind in migration.convention.templates


def _shortened(final: FinalName, wanted: Expected) -> bool:
    return final.full == wanted.shown


def _differs(migration: Migration, final: FinalName) -> bool:
    return final.full is not None and final.full != final.name


def prefixed_twice(made: SchemaObject, final: FinalName) -> bool:
    """Whether the convention was applied to a name that already had its prefix."""
    given = made.name.text if made.name is not None else None
    if given is None or final.full is None or final.full == given:
        return False
    prefix, found, rest = final.full.partition(given)
    return bool(found and prefix and not rest and given.startswith(prefix))


def place(
    operation: Operation, made: SchemaObject, message: str, fix: Fix | None = None
) -> Finding:
    """Return a finding at the object's own expression, or at the call that leads to it."""
    node = operation.node
    if not operation.foreign and made.node is not None:
        node = made.node
    row = getattr(node, "lineno", 1)
    end_column = getattr(node, "end_col_offset", None)
    return Finding(
        row,
        getattr(node, "col_offset", 0) + 1,
        message,
        getattr(node, "end_lineno", row),
        None if end_column is None else end_column + 1,
        fix,
    )
