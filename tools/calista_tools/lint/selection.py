"""Which rules count, for which file?"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Selection:
    """Codes and prefixes that are selected and ignored, as ruff combines them.

    Args:
        select: Codes or prefixes; ``ALL`` is every one.
        ignore: Codes or prefixes; the longer of two that fit decides, and ``ignore`` a tie.
        per_file: Codes or prefixes to leave out by file pattern.
        root: What the patterns are relative to.
    """

    def __init__(
        self,
        select: Iterable[str],
        ignore: Iterable[str] = (),
        per_file: Mapping[str, Iterable[str]] | None = None,
        root: Path | None = None,
    ) -> None:
        self.select = tuple(select)
        self.ignore = tuple(ignore)
        self.per_file = {pattern: tuple(codes) for pattern, codes in (per_file or {}).items()}
        self.root = root
        self._decided: dict[str, bool] = {}

    def includes(self, code: str) -> bool:
        """Whether a code counts at all."""
        if code not in self._decided:
            chosen = max((_weight(code, item) for item in self.select), default=0)
            left_out = max((_weight(code, item) for item in self.ignore), default=0)
            self._decided[code] = chosen > left_out
        return self._decided[code]

    def includes_in(self, code: str, path: Path) -> bool:
        """Whether a code counts in this file."""
        if not self.includes(code):
            return False
        return not any(
            any(_weight(code, item) for item in codes)
            for pattern, codes in self.per_file.items()
            if self._fits(path, pattern)
        )

    def _fits(self, path: Path, pattern: str) -> bool:
        """Whether a path is meant by a pattern: its name, or its way down from the root."""
        negated = pattern.startswith("!")
        pattern = pattern.removeprefix("!")
        fits = path.match(pattern)
        if not fits and self.root is not None:
            try:
                fits = _glob(pattern, path.relative_to(self.root).as_posix())
            except ValueError:
                fits = False
        return fits != negated

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Every code or prefix that was written down."""
        return frozenset((*self.select, *self.ignore, *sum(self.per_file.values(), ())))

    def check(self, known: Iterable[str]) -> None:
        """Make sure that every code or prefix means something.

        Raises:
            ConfigError: One fits no rule.
        """
        known = list(known)
        for item in sorted(self.mentioned):
            if not any(_weight(code, item) for code in known):
                raise ConfigError(
                    f"unknown rule selector `{item}`", "`calista-lint --list-rules` shows them all"
                )


def split_codes(values: Iterable[str]) -> tuple[str, ...]:
    """Split what the command line gives: repeated flags, commas, blanks."""
    return tuple(
        part.strip().upper() for value in values for part in value.split(",") if part.strip()
    )


def _weight(code: str, item: str) -> int:
    """Return how exactly ``item`` means ``code``: 0 not at all, else more for a longer prefix."""
    if item.upper() == "ALL":
        return 1
    return 1 + len(item) if code.startswith(item.upper()) else 0


def _glob(pattern: str, path: str) -> bool:
    """Match a path against a pattern in which ``**`` crosses folders."""
    import re

    parts = []
    for piece in re.split(r"(\*\*/?|\*|\?)", pattern):
        match piece:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _:
                parts.append(re.escape(piece))
    return re.fullmatch("".join(parts), path) is not None
