"""Which steps does PostgreSQL refuse inside of a transaction, and does the revision stand in one?

Sources: ``PreventInTransactionBlock`` in PostgreSQL's source, and the pages of its statements.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.effects.names.metadata import find_env, imported_by
from calista_tools.effects.sql import HOLE, effects
from calista_tools.startup.patterns import later
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.effects.operations import Operation
    from calista_tools.effects.sql import Statement
    from calista_tools.lint.migration import Migration

#: Refused whatever else the statement says.
_ALWAYS = frozenset(
    (
        "vacuum", "create database", "drop database", "create tablespace", "drop tablespace",
        "alter system",
    )
)  # fmt: skip
_CONCURRENTLY = frozenset(("create index", "drop index", "reindex"))
#: What the parser has no word for, by how the statement is written.
_WRITTEN = {
    later(r"REINDEX\s*(?:\([^()]*\)\s*)?(?:DATABASE|SYSTEM|SCHEMA)\b", re.IGNORECASE): (
        "REINDEX of a schema or a database"
    ),
    later(r"ALTER\s+DATABASE\s[^;]*?\bSET\s+TABLESPACE\b", re.IGNORECASE): (
        "ALTER DATABASE … SET TABLESPACE"
    ),
    later(
        r"CLUSTER(?:\s+VERBOSE|\s*\([^()]*\))?\s*;?\s*\Z", re.IGNORECASE
    ): "CLUSTER of all tables",
    later(r"DISCARD\s+ALL\b", re.IGNORECASE): "DISCARD ALL",
}
#: Ways to leave the transaction that are not followed: the connection's own mode.
_OTHER_WAYS = later(
    rb"AUTOCOMMIT|set_isolation_level|set_autocommit|\.autocommit\b"
    rb"|isolation_level['\"]?\s*[=:]\s*[^'\"\s]"
)


class Refusal(NamedTuple):
    """A statement that fails where it stands.

    Attributes:
        what: As a message would show it.
        inside: What it stands in that keeps it from being a statement of its own: ``DO``,
            ``text`` (one with others), or "" where it is one.
    """

    what: str
    inside: str


def refusals(operation: Operation) -> Iterator[Refusal]:
    """Yield what PostgreSQL refuses of a step, or would refuse inside of a transaction."""
    if operation.what in ("create_index", "drop_index"):
        if operation.keywords.get("postgresql_concurrently") is True:
            yield Refusal(f"{operation.what.replace('_', ' ').upper()} CONCURRENTLY", "")
        return
    text = _text(operation)
    if text is None:
        return
    found = effects(text, "postgresql").statements
    alone = len({statement.start for statement in found}) == 1
    block = None
    for statement in found:
        if statement.verb == "do":
            block = statement.start
        elif what := refused(statement, text):
            within = statement.start == block
            if not (within and statement.conditional):
                yield Refusal(what, "DO" if within else "" if alone else "text")


def refused(statement: Statement, text: str) -> str:
    """Return how a message shows a statement that needs to be outside of transactions, else ""."""
    verb = statement.verb
    if verb in _ALWAYS:
        return verb.upper()
    if verb in _CONCURRENTLY and "concurrently" in statement.flags:
        return f"{verb.upper()} CONCURRENTLY"
    for change in statement.changes:
        if change.what == "detach_partition" and "concurrently" in change.flags:
            return "DETACH PARTITION … CONCURRENTLY"
    if verb in ("reindex", "alter database", "cluster", "discard"):
        written = text[statement.start : statement.end]
        return next((what for pattern, what in _WRITTEN.items() if pattern.match(written)), "")
    return ""


def _text(operation: Operation) -> str | None:
    if operation.what != "sql":
        return None
    partial = operation.keywords.get("partial")
    if operation.sql is None and isinstance(partial, str):
        return partial.replace("\0", HOLE)
    return operation.sql


def ends_transaction(operation: Operation) -> bool:
    """Whether a step ends the transaction by hand; what follows runs outside with some drivers."""
    return any(
        one.kind == "transaction" and one.verb in ("commit", "end", "rollback", "abort")
        for one in steps.statements(operation)
    )


def runs_in_transactions(migration: Migration) -> bool:
    """Whether nothing speaks against the transaction that Alembic opens for a revision.

    A mode of the connection is not followed: where the revision, a helper that it calls, env.py,
    what that imports or alembic.ini mentions one, nothing is certain.
    """
    evaluation, project = migration.evaluation, migration.project
    sources = [migration.source, *evaluation.dependencies.values()]
    if any(map(_OTHER_WAYS.search, sources)):
        return False
    entered = any(one.what == "autocommit" for one in migration.operations)
    if not entered and any(b"autocommit_block" in source for source in sources):
        return False  # entered in a way that is not followed
    if project is None:
        return True
    versions = migration.path.parent
    known = project.kept.get(("transactions", versions))
    if known is None:
        env = find_env(versions)
        read = [migration.config.alembic_ini, *(imported_by(env, project) if env else ())]
        known = project.kept["transactions", versions] = not any(
            _OTHER_WAYS.search(project.text(one) or b"") for one in read
        )
    return bool(known)
