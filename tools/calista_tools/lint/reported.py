"""Which of the findings are reported? Comments, selection and the files that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.diagnostic import Diagnostic, Report
from calista_tools.lint.suppressions import suppress

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.lint.collected import Collected
    from calista_tools.lint.selection import Selection
    from calista_tools.lint.suppressions import Suppression
    from calista_tools.lint.targets import Group


def judge(group: Group, collected: Collected, selection: Selection) -> Report:
    """Return what is to be reported of a history."""

    def may_be_unused(code: str, path: Path) -> bool:
        family = [known for known in collected.rules if known.startswith(code)]
        return all(selection.includes_in(known, path) for known in family)

    kept, suppressions = suppress(collected.found, collected.directives, may_be_unused)
    if suppressions:
        kept += _about_comments(collected, suppressions)
    reported = sorted(
        (
            item
            for item in kept
            if item.path in group.reported
            and selection.includes_in(item.code, item.path)
            and (item.path not in collected.exempt or item.code.startswith("CAL4"))
        ),
        key=lambda item: item.place,
    )
    return Report(tuple(reported), collected.failures, len(group.reported))


def _about_comments(collected: Collected, suppressions: list[Suppression]) -> list[Diagnostic]:
    """Check the comments; of all rules only these are loaded where the findings were cached."""
    rules = [place.load(code) for code, place in collected.places.items() if place.scope == "noqa"]
    return [
        Diagnostic(path, finding, rule.code, rule.name)
        for rule in rules
        for path, finding in rule.check(suppressions)
    ]
