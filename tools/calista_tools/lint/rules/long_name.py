from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.effects.names.shortening import LONGEST
from calista_tools.lint.names.policy import WORDS, created, place, renamed
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration
    from calista_tools.lint.names.policy import Named

_KINDS = ("pk", "uq", "fk", "ck", "ix", "ex", "trigger", "function", "table")
#: Of a constraint that is renamed, nobody says which kind it is.
_RENAMED = ("ix", "trigger", "function", "table", "")


@rule(
    "CAL108",
    "long-name",
    about=(*(f"creates {kind}" for kind in _KINDS), *(f"renames {kind}" for kind in _RENAMED)),
)
def check(migration: Migration) -> Iterator[Finding]:
    """Final name is longer than the 63 bytes that PostgreSQL keeps.

    SQLAlchemy refuses a plain name that is longer, cuts a conventional or ``op.f`` name and ends it
    in a hash, and PostgreSQL cuts what raw SQL says, and what a table or index is renamed to: the
    two dialects end up with two names, and two long names may become one. Shorten it, by hand, where
    you can still see both.
    Source: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS

    Bad::

        op.create_index(
            op.f("ix_subscription_renewal_reminder_subscription_renewal_reminder_sent_at"),
            "subscription_renewal_reminder",
            ["sent_at"],
        )

    Good::

        op.create_index(
            op.f("ix_renewal_reminder_renewal_reminder_sent_at"), "renewal_reminder", ["sent_at"]
        )
    """
    reported: set[tuple[object, str]] = set()
    for named in (*created(migration, *_KINDS), *renamed(migration)):
        full = named.final.full
        if named.dialect != "postgresql" or full is None or len(full.encode()) <= LONGEST:
            continue
        if (named.made.node, full) not in reported:
            reported.add((named.made.node, full))
            yield place(named.operation, named.made, _message(named, full))


def _message(named: Named, full: str) -> str:
    what = f"{WORDS[named.made.kind]} name `{full}` has {len(full.encode())} bytes"
    if named.final.name is None:
        return f"{what}: SQLAlchemy refuses more than {LONGEST} on PostgreSQL"
    return f"{what}: PostgreSQL keeps `{named.final.name}`, SQLite all of it"
