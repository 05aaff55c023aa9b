"""`calista db current`, `heads` and `history`: one revision a line on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista.db import revisions

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def print_current(_args: argparse.Namespace, settings: Settings) -> int:
    """Print what the database records; nothing for an empty one."""
    from calista.db.database import Database
    from calista.db.upgrade import standing_of

    standing = standing_of(Database.of(settings))
    for revision in standing.current:
        print(f"{revision} (head)" if revision == standing.head else revision)
    return 0


def print_heads(_args: argparse.Namespace, _settings: Settings) -> int:
    """Print the revision that this version needs; the database is not asked."""
    print(revisions.head())
    return 0


def print_history(_args: argparse.Namespace, _settings: Settings) -> int:
    """Print all revisions, newest first; the database is not asked."""
    for item in reversed(list(revisions.known().values())):
        print(f"{item.revision}  {item.summary}")
    return 0
