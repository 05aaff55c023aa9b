"""Is a project written for one database? Alembic's ``multidb`` template is for several.

There every revision has an ``upgrade_engine1()`` for each of them, which ``env.py`` calls by name on
databases that the configuration lists. Read as one, such a history would seem to do nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files.shown_path import shown

if TYPE_CHECKING:
    import os

_BY_NAME = (b"globals()[", b"eval(")
_UPGRADE = re.compile(
    rb"""^def[ ]upgrade\(\s*\w+[^)]*\)[^\n:]*:[^\n]*\n  # it is told which one,
         (?:[ \t]+(?!globals|eval)[^\n]*\n|[ \t]*\n)*   # and has a docstring at most before
         [ \t]+(?:globals\(\)\[|eval\()""",
    re.MULTILINE | re.VERBOSE,
)
_ENV = re.compile(r"\brun_migrations\(\s*engine_name\s*=")
_HINT = (
    "give each database a project of its own: an alembic.ini and a folder of revisions;"
    " `calista-roundtrip --name NAME` proves one of them as it is"
)


def assert_one_database(source: bytes, filename: str | os.PathLike[str]) -> None:
    """Raise if a revision is written for several databases.

    Raises:
        ToolError: It is.
    """
    if any(word in source for word in _BY_NAME) and _UPGRADE.search(source.replace(b"\r\n", b"\n")):
        raise several_databases(Path(filename))


def assert_env_of_one_database(source: str, filename: str | os.PathLike[str]) -> None:
    """Raise if an ``env.py`` runs on databases that its configuration lists.

    Raises:
        ToolError: It does.
    """
    if _ENV.search(source):
        raise several_databases(Path(filename))


def several_databases(path: Path | None = None) -> ToolError:
    """Return what is said of a project for several databases, where its ``env.py`` is not known."""
    return ToolError(
        f"{shown(path) if path else 'env.py'} is written for several databases, as Alembic's multidb template has it:"
        " that is not supported",
        _HINT,
    )
