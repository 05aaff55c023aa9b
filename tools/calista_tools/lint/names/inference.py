"""Which naming convention does a history follow best? Learnt from the names that it has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from calista_tools.effects.names.convention import Subject, UnknownTokenError, expand
from calista_tools.lint.names.policy import created
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calista_tools.lint.migration import Migration

_KINDS = ("pk", "uq", "ix", "fk", "ck", "trigger")
_TABLE = "%(table_name)s"
#: What a name may be built around, the usual first: of two that fit as many names, it is taken.
_COLUMNS = (
    f"{_TABLE}_%(column_0_N_name)s",
    f"{_TABLE}__%(column_0_N_name)s",
    "%(column_0_N_label)s",
    f"{_TABLE}_%(column_0_name)s",
    "%(column_0_label)s",
    f"{_TABLE}_%(column_0_N_label)s",
    "%(column_0_N_name)s",
    "%(column_0_name)s",
)
_REFERRED = ("_%(referred_table_name)s", "__%(referred_table_name)s")
_BODIES: dict[str, tuple[str, ...]] = {
    "pk": (_TABLE, *_COLUMNS),
    "uq": _COLUMNS,
    "ix": _COLUMNS,
    "fk": (*(body + referred for body in _COLUMNS for referred in _REFERRED), *_COLUMNS),
    "ck": (f"{_TABLE}_%(constraint_name)s", f"{_TABLE}__%(constraint_name)s"),
    "trigger": (f"{_TABLE}_%(action)s",),
}
_FREE = ("%(constraint_name)s", "%(action)s")


class Named(NamedTuple):
    """A name that somebody chose, and what it is the name of."""

    kind: str
    name: str
    subject: Subject
    path: str
    row: int


class Inferred(NamedTuple):
    """What the names of one kind follow.

    Attributes:
        template: None where no two names are built alike.
        follows: How many names it gives, of how many.
        exceptions: The others, with the name that it would give (None where that is not known).
    """

    kind: str
    template: str | None
    follows: int
    total: int
    exceptions: tuple[tuple[Named, str | None], ...]


def infer(migrations: Sequence[Migration]) -> list[Inferred]:
    """Return the convention that fits most names of each kind that the history has."""
    names = list(_chosen(migrations))
    return [
        _best(kind, [one for one in names if one.kind == kind])
        for kind in _KINDS
        if any(one.kind == kind for one in names)
    ]


def _chosen(migrations: Iterable[Migration]) -> Iterator[Named]:
    """Yield each name that a revision or a convention gave, once."""
    seen: set[tuple[str, str | None, str]] = set()
    for migration in migrations:
        for operation, made, _, final in created(migration, *_KINDS):
            guessed = made.name is None and (
                made.raw or made.kind not in migration.convention.templates
            )
            if final.full is None or guessed or (made.kind, made.table, final.full) in seen:
                continue
            seen.add((made.kind, made.table, final.full))
            subject = Subject(
                made.table,
                made.columns,
                made.referred_table,
                made.referred_columns,
                schema=made.schema,
            )
            row = operation.row
            if not operation.foreign:
                row = getattr(made.node, "lineno", row)
            yield Named(made.kind, final.full, subject, str(migration.path), row)


def _best(kind: str, names: list[Named]) -> Inferred:
    counted: Counter[str] = Counter()
    for one in names:
        counted.update(set(_templates(one)))
    order = {body: index for index, body in enumerate(_BODIES[kind])}

    def rank(template: str) -> tuple[int, int, int]:
        body = next((index for text, index in order.items() if text in template), len(order))
        built = max((len(text) for text in order if text in template), default=0)
        # Where all names are of one table, its name could be a part of the convention: it is not.
        return counted[template], built - len(template), -body

    template = max(counted, key=rank, default=None)
    if template is None or (counted[template] < 2 and len(names) > 1):
        return Inferred(kind, None, 0, len(names), tuple((one, None) for one in names))
    others = tuple(
        (one, _would_be(template, one)) for one in names if template not in _templates(one)
    )
    return Inferred(kind, template, len(names) - len(others), len(names), others)


def _templates(one: Named) -> Iterator[str]:
    """Yield every template that gives this name."""
    for body in _BODIES[one.kind]:
        free = next((token for token in _FREE if token in body), None)
        try:
            text = expand(body.replace(free, "") if free else body, one.subject)
        except UnknownTokenError:
            continue
        before, found, after = one.name.partition(text)
        if not found or not text:
            continue
        if free is None:
            yield _literal(before) + body + _literal(after)
        elif after:
            yield _literal(before) + body


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _would_be(template: str, one: Named) -> str | None:
    try:
        return expand(template, one.subject._replace(name="…", action="…"))
    except UnknownTokenError:
        return None
