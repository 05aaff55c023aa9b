"""Which folders does Alembic read this project's revisions from?"""

from __future__ import annotations

from os import pathsep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from configparser import SectionProxy
    from pathlib import Path

    from calista_tools.config import Config

_SEPARATORS = {"os": pathsep, "space": None, "newline": "\n", ":": ":", ";": ";"}


def version_folders(config: Config) -> tuple[Path, ...]:
    """Return the versions folders: one, unless alembic.ini has ``version_locations``.

    Source: https://alembic.sqlalchemy.org/en/latest/branches.html#setting-up-multiple-version-directories
    """
    section = _section(config.alembic_ini)
    if section is None:
        return (config.versions,)
    here = str(config.alembic_ini.parent.absolute())
    folders = [config.versions]
    if locations := section.get("version_locations"):
        separator = section.get("path_separator") or section.get("version_path_separator")
        locations = locations.replace("%(here)s", here)
        locations = locations.replace("%(script_location)s", str(config.script_location))
        if separator is None:  # the old habit: spaces or commas
            parts = locations.replace(",", " ").split()
        else:
            parts = locations.split(_SEPARATORS.get(separator, separator))
        folders = [config.root / part.strip() for part in parts if part.strip()]
    if section.get("recursive_version_locations", "").lower() in ("true", "yes", "on", "1"):
        folders = [sub for folder in folders for sub in (folder, *subfolders(folder))]
    return tuple(folders)


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


def _section(ini: Path) -> SectionProxy | None:
    """Return alembic.ini's main section where it says anything of version locations."""
    try:
        text = ini.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "version_locations" not in text:
        return None
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(text)
    except Error:
        return None
    return parser["alembic"] if parser.has_section("alembic") else None
