"""What does a baseline look like? One revision file that makes a whole schema, on each dialect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calista_tools.history.revision_record import Revision

_CREATED = re.compile(
    r"CREATE (?:OR REPLACE )?(?:UNLOGGED )?(TABLE|VIEW|MATERIALIZED VIEW|FUNCTION|PROCEDURE|AGGREGATE|"
    r'TYPE|DOMAIN|SEQUENCE|SCHEMA|EXTENSION|COLLATION) (?:IF NOT EXISTS )?((?:"[^"]+"|[\w.])+)',
    re.IGNORECASE,
)
_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")

TEMPLATE = '''"""{summary}

A baseline: it makes what the revisions in `replaces` made. A database at {revision} or later has
run them and takes it as done. One that stopped before has to be upgraded to {revision} first, with
{release}, the last release that has those revisions.

Revision ID: {revision}
Revises:
Create Date: {created}
"""

from alembic import op

revision: str = "{revision}"
down_revision: str | None = None
branch_labels: tuple[str, ...] = {labels}
depends_on: str | None = None

#: What this baseline stands for, oldest first, and the last release that has it.
replaces: tuple[str, ...] = (
{replaces})
replaces_until = "{release}"

{constants}

def upgrade() -> None:
{upgrade}

def downgrade() -> None:
{downgrade}'''


def render_baseline(
    last: Revision,
    replaced: Sequence[Revision],
    summary: str,
    statements: Mapping[str, Sequence[str]],
    release: str,
) -> str:
    """Return the source of a baseline.

    Args:
        last: The revision whose id and date it takes over.
        replaced: What it stands for, oldest first, ``last`` included.
        summary: The first line of its docstring.
        statements: The SQL that makes the schema, by dialect.
        release: The last release that has the replaced revisions.
    """
    labels = tuple(label for revision in replaced for label in revision.branch_labels)
    constants: list[str] = []
    for dialect, made in statements.items():
        constants.append(_constant(f"{dialect.upper()}_MAKES", made))
        constants.append(_constant(f"{dialect.upper()}_DROPS", drops(dialect, made)))
    created = last.created
    return TEMPLATE.format(
        summary=_docstring(summary),
        revision=last.revision,
        release=_docstring(release).replace('"', "'"),
        created="" if created is None else created.isoformat(sep=" "),
        labels=repr(labels),
        replaces="".join(f'    "{r.revision}",\n' for r in replaced),
        constants="\n".join(constants),
        upgrade=_execute(tuple(statements), "MAKES"),
        downgrade=_execute(tuple(statements), "DROPS"),
    )


def drops(dialect: str, made: Sequence[str]) -> list[str]:
    """Return what takes away what these statements make, last made first."""
    found: list[str] = []
    for statement in reversed(made):
        match = _CREATED.match(statement)
        if match is None:
            continue
        kind, name = match.group(1).upper(), match.group(2)
        if dialect == "sqlite":
            if kind in ("TABLE", "VIEW"):
                found.append(f"DROP {kind} {name}")
            continue
        if kind in ("FUNCTION", "PROCEDURE", "AGGREGATE"):
            name += _signature(statement[match.end() :])
        found.append(f"DROP {kind} IF EXISTS {name} CASCADE")
    return found


def _signature(rest: str) -> str:
    """Return a function's arguments up to the matching parenthesis, without their defaults."""
    depth = 0
    for place, character in enumerate(rest):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return re.sub(r" DEFAULT [^,)]+", "", rest[: place + 1])
    return ""


def _execute(dialects: tuple[str, ...], suffix: str) -> str:
    """Return the body of one direction."""
    if len(dialects) == 1:
        loop = f"    for statement in {dialects[0].upper()}_{suffix}:\n"
        return f"{loop}        op.execute(statement)\n"
    return (
        "    bind = op.get_bind()\n"
        '    if bind.dialect.name == "postgresql":\n'
        f"        for statement in POSTGRESQL_{suffix}:\n"
        "            op.execute(statement)\n"
        "    else:\n"
        f"        for statement in SQLITE_{suffix}:\n"
        "            op.execute(statement)\n"
    )


def _constant(name: str, statements: Sequence[str]) -> str:
    listed = "".join(f"    {_literal(statement)},\n" for statement in statements)
    return f"{name}: tuple[str, ...] = (\n{listed})\n" if listed else f"{name} = ()\n"


def _literal(statement: str) -> str:
    r"""Spell SQL as a string that ``op.execute`` hands on as it is: ``:name`` would be a parameter."""
    text = _BIND.sub(r"\\:", statement).replace("\\", "\\\\")
    if "\n" in text or '"' in text:
        text = text.replace('"""', '\\"\\"\\"')
        ending = '\\"' if text.endswith('"') else ""
        return f'"""{text[:-1] + ending if ending else text}"""'
    return f'"{text}"'


def _docstring(text: str) -> str:
    line = " ".join(text.split())
    return line.replace("\\", "\\\\").replace('"""', "'''").rstrip('"')
