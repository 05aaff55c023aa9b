"""Examples of revisions as files, and what the linter finds in them."""

from collections.abc import Callable, Mapping
from textwrap import dedent, indent

from calista_tools.lint.diagnostic import Diagnostic

Files = Mapping[str, str | bytes]
#: Check a code on files; the name of each file, or "" for one revision's upgrade body.
Lint = Callable[..., list[Diagnostic]]

_NAME = "20250826_1030_example.py"
_HEADER = '''\
"""Example."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "3f2a"
down_revision = None
branch_labels = None
depends_on = None


'''


def as_file(source: str) -> str:
    """Complete an example: a body becomes a revision's ``upgrade()``."""
    if "down_revision" in source or "revision =" in source:
        return source
    if "def upgrade" in source:
        return _HEADER + source
    return f"{_HEADER}def upgrade():\n{indent(source, '    ')}\n\n\ndef downgrade():\n    pass\n"


def as_files(source: str) -> dict[str, str]:
    """Split an example at its ``# file: name.py`` lines, each of which begins a file."""
    files: dict[str, str] = {}
    name = _NAME
    for line in dedent(source).splitlines(keepends=True):
        if line.startswith("# file: "):
            name = line.removeprefix("# file: ").strip()
            files[name] = ""
        else:
            files[name] = files.get(name, "") + line
    return {name: text if name.startswith("../") else as_file(text) for name, text in files.items()}


def as_history(shape: str) -> dict[str, str]:
    """Write revisions of the shape ``a; b<a; c<a,b``: each with its parents, a minute apart."""
    files: dict[str, str] = {}
    for minute, part in enumerate(shape.split(";"), start=10):
        name, _, parents = part.strip().partition("<")
        known = tuple(filter(None, parents.split(",")))
        down = repr(known if len(known) > 1 else known[0] if known else None)
        files[f"20250826_10{minute}_{name}_{minute}.py"] = (
            f"revision = {name!r}\ndown_revision = {down}\n\n\ndef upgrade():\n    pass\n"
        )
    return files
