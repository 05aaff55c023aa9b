"""Which findings are set aside by ``# noqa``, and which comments did so?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
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
            has nothing to cover and is not called unused.

    Returns:
        What is left, and every comment with what it covered, by file and row.
    """
    used: dict[tuple[Path, Directive], list[str]] = {
        (path, directive): [] for path, listed in directives.items() for directive in listed
    }
    kept = []
    unreadable: set[Path] = set()
    for item in found:
        if item.code == "CAL006":
            # Nobody knows what would be found in the file once it can be parsed again.
            unreadable.add(item.path)
        covering = [
            directive
            for directive in directives.get(item.path, ())
            if directive.covers(item.code, item.finding)
        ]
        for directive in covering:
            used[item.path, directive].append(item.code)
        if not covering:
            kept.append(item)
    suppressions = [
        Suppression(
            path,
            directive,
            tuple(dict.fromkeys(codes)),
            tuple(
                code
                for code in directive.codes or ()
                if code.startswith("CAL") and code not in codes and may_be_unused(code, path)
            )
            if path not in unreadable
            else (),
        )
        for (path, directive), codes in used.items()
    ]
    return kept, suppressions
