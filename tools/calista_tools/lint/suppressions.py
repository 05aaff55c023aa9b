"""Which findings are set aside by ``# noqa``, and which comments did so?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from calista_tools.lint.diagnostic import Diagnostic
    from calista_tools.lint.noqa import Directive


class Suppression(NamedTuple):
    """A ``# noqa`` comment and what it set aside.

    Attributes:
        used: The codes of the findings that it covers, in the order of the file.
        unused: The codes it lists that are selected, or mean nothing, and cover no finding.
    """

    path: Path
    directive: Directive
    used: tuple[str, ...]
    unused: tuple[str, ...]


def suppress(
    found: Iterable[Diagnostic],
    directives: Mapping[Path, tuple[Directive, ...]],
    may_be_unused: Callable[[str, Path], bool],
) -> tuple[list[Diagnostic], list[Suppression]]:
    """Take out what a comment covers.

    Args:
        found: Every finding of the run.
        directives: The comments of each file.
        may_be_unused: Whether a listed code would have been found: a code that is not selected
            has nothing to cover and is not called unused. Asked of a family (``CAL3``), too.

    Returns:
        What is left, and every comment with what it covered, by file and row.
    """
    items = list(_without_copied_excuses(found))
    nearest = _nearest(items, directives)
    used: dict[tuple[Path, Directive], list[str]] = {
        (path, directive): [] for path, listed in directives.items() for directive in listed
    }
    needless: dict[tuple[Path, Directive], list[str]] = {place: [] for place in used}
    kept = []
    unreadable: set[Path] = set()
    for item in items:
        if item.code == "CAL006":
            # Nobody knows what would be found in the file once it can be parsed again.
            unreadable.add(item.path)
        covering = [
            directive
            for directive in directives.get(item.path, ())
            if directive.names(item.code)
            and (distance := directive.distance(item.finding)) is not None
            and distance == nearest[item.path, directive, item.code]
        ]
        for directive in covering:
            # What the code itself gives a reason for may have a comment, which need not say why.
            (needless if item.finding.excuse else used)[item.path, directive].append(item.code)
        if not covering and not item.finding.excuse:
            kept.append(item)
    return kept, [
        Suppression(
            path,
            directive,
            tuple(dict.fromkeys(codes)),
            tuple(
                listed
                for listed in directive.codes or ()
                if listed.startswith("CAL")
                and not any(
                    code.startswith(listed) for code in (*codes, *needless[path, directive])
                )
                and may_be_unused(listed, path)
            )
            if path not in unreadable
            else (),
        )
        for (path, directive), codes in used.items()
    ]


def _without_copied_excuses(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield the findings; a reason in the code that stands in several files is none in the others."""
    first: dict[str, Path] = {}
    for item in found:
        excuse = item.finding.excuse
        if excuse and (other := first.setdefault(excuse.casefold(), item.path)) != item.path:
            message = f"{item.finding.message}; its reason is copied from {other.name}"
            item = item._replace(finding=item.finding._replace(message=message, excuse=""))
        yield item


def _nearest(
    found: Iterable[Diagnostic], directives: Mapping[Path, tuple[Directive, ...]]
) -> dict[tuple[Path, Directive, str], int]:
    """Return how near the nearest finding of each code is to each comment that may be about it."""
    nearest: dict[tuple[Path, Directive, str], int] = {}
    for item in found:
        for directive in directives.get(item.path, ()):
            distance = directive.distance(item.finding) if directive.names(item.code) else None
            if distance is not None:
                place = (item.path, directive, item.code)
                nearest[place] = min(distance, nearest.get(place, distance))
    return nearest
