"""What is known of a history that was read? The facts of each file, and what all of them make."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from calista_tools.history.revision_record import Problem, Revision
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from calista_tools.effects.names.metadata import Convention
    from calista_tools.effects.schema import Change
    from calista_tools.lint.noqa import Directive
    from calista_tools.lint.rule import Finding


class Facts(NamedTuple):
    """What is known of a file once it has been read: all that whole-history rules may use.

    Attributes:
        header: What the file says of itself, or why it cannot be read.
        findings: Pairs of code and finding, before any ``noqa``.
        directives: Its ``# noqa`` comments.
        failures: Rules that raised: our bugs, reported as such.
        digest: What the file means, as `history.lock` records it; "" if it is not published.
        torn: What the header of a file that cannot be parsed says all the same, where it does.
    """

    path: Path
    header: Revision | Problem
    findings: tuple[tuple[str, Finding], ...] = ()
    directives: tuple[Directive, ...] = ()
    failures: tuple[str, ...] = ()
    digest: str = ""
    torn: Revision | None = None

    @property
    def placed(self) -> Revision | None:
        """By what the file has its place in the history; None where it has none."""
        return self.header if isinstance(self.header, Revision) else self.torn


#: What a revision changes, by dialect.
Changes = dict[str, "Sequence[Change]"]


_NONE: Mapping[int, bytes] = MappingProxyType({})


_NO_CONVENTIONS: Mapping[Path, Convention] = MappingProxyType({})


class Known(NamedTuple):
    """What reading a history has brought, and what the next run may take from it.

    Attributes:
        facts: By file.
        changes: What each revision changes in the schema.
        dependencies: Other files of the project that were looked into.
        sequence: The revisions, each after its parents.
        schemas: The schemas at which its stretches begin, as they are kept, by their place.
        conventions: The naming conventions, by the folder of the revisions that have them.
    """

    facts: Mapping[Path, Facts]
    changes: Mapping[str, Changes]
    dependencies: frozenset[Path]
    sequence: Sequence[str] = ()
    schemas: Mapping[int, bytes] = _NONE
    conventions: Mapping[Path, Convention] = _NO_CONVENTIONS
