"""What is in a backup? What is read of it before anything is put in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calista.db.backups.identity import Marks
    from calista.db.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a backup.

    Attributes:
        current: What its database recorded, usually one revision.
        marks: What tells its database from others.
        schema: What it makes; None where that was not tried.
        strange: What it holds of a kind that no revision makes.
    """

    current: tuple[str, ...]
    marks: Marks
    schema: Catalog | None
    strange: tuple[str, ...] = ()
