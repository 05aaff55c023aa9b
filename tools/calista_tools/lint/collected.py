"""What is known of a history once it has been read: enough to report by any selection."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.lint.diagnostic import Diagnostic
from calista_tools.lint.noqa import Directive
from calista_tools.lint.rule import Edit, Finding, Fix, registered
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.lint.rule import Rule


class Place(NamedTuple):
    """A rule that need not be loaded.

    Attributes:
        about: As in ``Rule``.
        lasting: As in ``Rule``.
        whole: As in ``Rule``.
    """

    module: str
    scope: str
    about: Sequence[str] | None
    lasting: bool = False
    whole: bool = False

    def load(self, code: str) -> Rule:
        """Return the rule itself.

        Raises:
            KeyError: It is none of ours: the cache that says so is not ours either.
        """
        if not self.module.startswith("calista_tools.lint.rules."):
            raise KeyError(self.module)
        import_module(self.module)
        return registered()[code]


class Collected(NamedTuple):
    """The findings of a history, before comments, selection and baseline take any away.

    Attributes:
        directives: The ``# noqa`` comments of each file.
        exempt: Files that ``start-after`` leaves out.
        settled: Files that so many others follow that they have surely run somewhere.
        rules: The name of every rule, by code.
        places: Where each rule stands and what it is about, by code: to load few of them.
        failures: Our own bugs met on the way, one line each.
    """

    found: tuple[Diagnostic, ...]
    directives: Mapping[Path, tuple[Directive, ...]]
    exempt: frozenset[Path]
    rules: Mapping[str, str]
    places: Mapping[str, Place]
    failures: tuple[str, ...] = ()
    settled: frozenset[Path] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Return the content in plain lists and dictionaries."""
        return {
            "found": [[str(item.path), item.finding, item.code, item.name] for item in self.found],
            "directives": {str(path): listed for path, listed in self.directives.items()},
            "exempt": [str(path) for path in sorted(self.exempt)],
            "rules": self.rules,
            "places": self.places,
            "settled": [str(path) for path in sorted(self.settled)],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Collected:
        """Return what ``to_json`` gave."""
        return cls(
            tuple(
                Diagnostic(Path(path), _finding(finding), code, name)
                for path, finding, code, name in content["found"]
            ),
            {
                Path(path): tuple(_directive(item) for item in listed)
                for path, listed in content["directives"].items()
            },
            frozenset(Path(path) for path in content["exempt"]),
            content["rules"],
            {code: Place(*place) for code, place in content["places"].items()},
            settled=frozenset(map(Path, content["settled"])),
        )


def _finding(values: Sequence[Any]) -> Finding:
    finding = Finding(*values)
    if finding.fix is None:
        return finding
    message, edits, rename, replaces, unsafe = finding.fix
    fix = Fix(message, tuple(Edit(*edit) for edit in edits), rename, replaces, bool(unsafe))
    return finding._replace(fix=fix)


def _directive(values: Sequence[Any]) -> Directive:
    directive = Directive(*values)
    return directive._replace(
        codes=None if directive.codes is None else tuple(directive.codes),
        spans=tuple((first, last) for first, last in directive.spans),
    )
