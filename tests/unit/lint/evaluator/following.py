"""What the evaluator makes of a revision's text."""

import ast
from pathlib import Path
from textwrap import dedent, indent

from calista_tools.effects.evaluator import Project, evaluate
from calista_tools.effects.operations import Evaluation, Operation

HEADER = """\
import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

"""


def follow(source: str, path: Path | None = None, project: Project | None = None) -> Evaluation:
    """Evaluate a file, or the body of ``upgrade()`` where the text defines no function of it."""
    text = dedent(source)
    if "def upgrade" not in text:
        text = f"def upgrade():\n{indent(text, '    ')}\n"
    return evaluate(ast.parse(HEADER + text), path or Path("revision.py"), project)


def steps(source: str) -> list[Operation]:
    """Return the operations of a file."""
    return follow(source).operations


def names(source: str) -> list[str | None]:
    """Return the names of the objects that a file touches."""
    return [
        item.name.text if item.name else None
        for operation in steps(source)
        for item in operation.objects
    ]


def dialects(source: str) -> list[str]:
    """Return where each operation runs: ``both``, ``sqlite`` or ``postgresql``."""
    return [
        "both" if len(operation.dialects) == 2 else next(iter(operation.dialects))
        for operation in steps(source)
        if operation.what not in ("read", "raise")
    ]
