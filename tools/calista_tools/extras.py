"""Is there what a program needs? The lint needs nothing; everything else is in an extra."""

from __future__ import annotations

from importlib.util import find_spec

from calista_tools.errors import ToolError

#: What no program of an extra runs without; ``ruff`` is asked for where it is started.
NEEDED = {
    "roundtrip": ("alembic", "sqlalchemy"),
    "tasks": ("invoke", "jinja2", "alembic", "sqlalchemy"),
}


def require(extra: str) -> None:
    """Do nothing if this extra is installed, by whatever name.

    Raises:
        ToolError: It is not; the command exits with 2.
    """
    missing = [name for name in NEEDED[extra] if not _is_installed(name)]
    if missing:
        *others, last = missing
        words = f"{', '.join(others)} and {last}" if others else last
        raise ToolError(f"{words} not installed", how_to_install(extra), exit_code=2)


def how_to_install(extra: str) -> str:
    """Return the command that installs what an extra needs."""
    return f"pip install 'calista-migrations[{extra}]'"


def _is_installed(name: str) -> bool:
    """Whether there is a package of this name; a folder `alembic` of migrations is none."""
    try:
        found = find_spec(name)
    except ValueError:  # what `sys.modules` holds has no spec
        found = None
    return found is not None and found.origin is not None
