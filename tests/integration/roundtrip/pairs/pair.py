"""What is a pair, and how are many of them written as one history?"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent
from typing import NamedTuple

from benchmarks.planted_kind import BOTH, PG, SQLITE

__all__ = ["BOTH", "PG", "SQLITE", "Pair", "Step", "alone", "batch", "history", "on", "sql"]

#: A table with a key, a text that is required, a number and a text.
TABLE = (
    'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("code", sa.String(40), nullable=False),'
    ' sa.Column("amount", sa.Integer), sa.Column("note", sa.Text))'
)


class Step(NamedTuple):
    """A revision's upgrade and downgrade; the downgrade does nothing by default."""

    up: str
    down: str = "pass"


class Pair(NamedTuple):
    """A defect and what looks like it; in code and findings ``{t}`` is the revision's own table.

    Attributes:
        setup: What both find there, each with names of its own.
        bad: The defect, None where only the healthy one is of interest.
        says: What is found of it, a piece of each line and no line more.
        good: What nothing is found of.
        since: The major version of PostgreSQL that knows it first; 0 if all that we know do.
    """

    setup: str
    bad: Step | None
    says: tuple[str, ...]
    good: Step | None
    backends: tuple[str, ...] = BOTH
    since: int = 0

    @property
    def revisions(self) -> dict[str, Step]:
        """Its revisions, by the first letter of their names."""
        return {letter: step for letter, step in (("b", self.bad), ("g", self.good)) if step}


def sql(*statements: str) -> str:
    """Return code that executes statements."""
    return "\n".join(f"op.execute({statement!r})" for statement in statements)


def batch(*calls: str, options: str = "", table: str = "{t}") -> str:
    """Return a batch operation."""
    lines = "\n".join(f"    batch.{call}" for call in calls)
    return f'with op.batch_alter_table("{table}"{options}) as batch:\n{lines}'


def alone(statement: str) -> str:
    """Return code that executes a statement outside of a transaction."""
    return f"with op.get_context().autocommit_block():\n    op.execute({statement!r})"


def on(backend: str, code: str) -> str:
    """Return code for one backend."""
    return f"if op.get_bind().dialect.name == {backend!r}:\n{indent(code, '    ')}"


def history(pairs: Mapping[str, Pair], backend: str) -> dict[str, tuple[str, str]]:
    """Return all pairs of a backend as revisions: what makes the tables first."""
    made: list[str] = []
    revisions: dict[str, tuple[str, str]] = {}
    for name, pair in pairs.items():
        for letter, step in pair.revisions.items() if backend in pair.backends else ():
            table = f"{letter}_{name}"
            made.append(pair.setup.replace("{t}", table))
            up, down = (code.replace("{t}", table) for code in step)
            revisions[table] = (up, down)
    return {"made": ("\n".join(made), "pass"), **revisions}
