"""What is a planted defect, and how is its code written for one dialect or both?"""

from __future__ import annotations

from textwrap import indent
from typing import NamedTuple

BOTH = ("sqlite", "postgresql")
PG = ("postgresql",)
SQLITE = ("sqlite",)
#: What each kind's healthy revision makes.
TABLE = (
    'op.create_table("{t}", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("code", sa.String(40), nullable=False),'
    ' sa.Column("amount", sa.Integer, server_default="0"), sa.Column("note", sa.Text))\n'
)


class Kind(NamedTuple):
    """A defect: what its revision does, where it shows, and what must be said.

    In the code and in the findings ``{t}`` is the kind's table, which has the columns ``id``,
    ``code`` (varchar(40), not null), ``amount`` (integer, default 0) and ``note`` (text).

    Attributes:
        since: The major version of PostgreSQL that knows it first; 0 if all that we know do.
    """

    upgrade: str
    downgrade: str
    says: tuple[str, ...]
    backends: tuple[str, ...] = BOTH
    setup: str = ""
    undo: str = ""
    since: int = 0


def pg(code: str) -> str:
    return 'if op.get_bind().dialect.name == "postgresql":\n' + indent(code, "    ")


def lite(code: str) -> str:
    return 'if op.get_bind().dialect.name == "sqlite":\n' + indent(code, "    ")


def sql(statement: str) -> str:
    # A last double quote would end the literal early.
    return f'op.execute("""{statement}{" " if statement.endswith(chr(34)) else ""}""")'


def batch(*calls: str, options: str = "") -> str:
    lines = "\n    ".join(f"batch.{call}" for call in calls)
    return f'with op.batch_alter_table("{{t}}"{options}) as batch:\n    {lines}'
