"""Which folders does Alembic read this project's revisions from?"""

from __future__ import annotations

from functools import lru_cache
from os import pathsep
from typing import TYPE_CHECKING

from calista_tools.files import regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from calista_tools.config import Config

_SEPARATORS = {"os": pathsep, "space": None, "newline": "\n", ":": ":", ";": ";"}


def version_folders(config: Config) -> tuple[Path, ...]:
    """Return every folder that revisions lie in: the roots, and those below where they are read, too."""
    roots, recursive = _locations(config)
    if not recursive:
        return roots
    return tuple(sub for root in roots for sub in (root, *subfolders(root)))


def version_roots(config: Config) -> tuple[Path, ...]:
    """Return the versions folders: one, unless Alembic's settings have ``version_locations``.

    Source: https://alembic.sqlalchemy.org/en/latest/branches.html#setting-up-multiple-version-directories
    """
    return _locations(config)[0]


def _locations(config: Config) -> tuple[tuple[Path, ...], bool]:
    """Return the versions folders, and whether those below them are read as well."""
    section = _section(config.alembic_ini)
    # As Alembic: what the ini does not say, pyproject.toml may.
    locations = section.get("version_locations")
    if locations is not None:
        separator = section.get("path_separator") or section.get("version_path_separator")
        parts = _split(locations, separator)
        here = config.alembic_ini.parent
    else:
        parts, here = _strings(config.alembic.get("version_locations")), config.root
    recursive = section.get("recursive_version_locations")
    if recursive is None:
        below = config.alembic.get("recursive_version_locations") is True
    else:
        below = recursive.lower() in ("true", "yes", "on", "1")
    values = {"here": str(here.absolute()), "script_location": str(config.script_location)}
    folders = tuple(config.root / _filled(part, values) for part in parts)
    for folder in folders:
        regular_file.assert_path(folder, config.alembic_ini if locations else config.root)
    return folders or (config.versions,), below


def _split(locations: str, separator: str | None) -> list[str]:
    if separator is None:  # the old habit: spaces or commas
        return locations.replace(",", " ").split()
    parts = locations.split(_SEPARATORS.get(separator, separator))
    return [part.strip() for part in parts if part.strip()]


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _filled(part: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        part = part.replace(f"%({name})s", value)
    return part


def subfolders(folder: Path) -> list[Path]:
    """Return the folders below, by name; not the hidden ones, caches or installed packages."""
    # Here: most runs of the linter never walk.
    import os
    from pathlib import Path

    found: list[Path] = []
    for parent, names, _ in os.walk(folder):
        names[:] = sorted(
            name
            for name in names
            if name not in ("__pycache__", "node_modules", "site-packages")
            and not name.startswith(".")
        )
        found.extend(Path(parent, name) for name in names)
    return found


def _section(ini: Path) -> Mapping[str, str]:
    """Return alembic.ini's main section where it says anything of version locations."""
    try:
        text = regular_file.read_text(ini)
    except (OSError, UnicodeDecodeError):
        return {}
    return _parsed(text) if "version_locations" in text else {}


@lru_cache(maxsize=8)
def _parsed(text: str) -> Mapping[str, str]:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text)
    except Error:
        return {}
    return dict(parser["alembic"]) if parser.has_section("alembic") else {}
