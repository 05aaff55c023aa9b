"""What do Alembic's own settings say? Where alembic.ini lies, and what stands in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError
from calista_tools.files import regular_file
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

#: Folders below the root that are looked into for an alembic.ini.
_MOST = 4_000
_DEEPEST = 7
_FOREIGN = frozenset(
    ("node_modules", "site-packages", "venv", "env", "virtualenv", "dist", "build", "__pycache__")
)


class Place(NamedTuple):
    """Where Alembic's settings of a project lie.

    Attributes:
        ini: The alembic.ini, or where one would be.
        location: The script location.
        searched: The folders that were looked through to find it.
        several: All ini files, where there is more than one.
    """

    ini: Path
    location: Path
    searched: tuple[str, ...] = ()
    several: tuple[Path, ...] = ()


class _Found(NamedTuple):
    ini: Path
    location: Path | None = None
    searched: tuple[str, ...] = ()
    several: tuple[Path, ...] = ()


def find_place(values: Mapping[str, Any], table: object, root: Path, start: Path) -> Place:
    """Return where Alembic's settings and its scripts lie.

    Args:
        values: ``[tool.calista]``.
        table: ``[tool.alembic]``, if there is one.
        root: The project's folder.
        start: The folder that is worked in.

    Raises:
        ConfigError: The ini file cannot be read.
    """
    configured, said = values.get("alembic-ini"), values.get("script_location")
    in_table = table.get("script_location") if isinstance(table, dict) else None
    if configured or said or isinstance(in_table, str):
        found = _Found(root / (configured or "alembic.ini"))
    else:
        found = _find_settings(start, root)
    toml = root / "pyproject.toml"
    if said:
        return Place(found.ini, located(said, toml, root))
    location = script_location(found.ini, root)
    if location is None and isinstance(in_table, str):
        path = table.get("prepend_sys_path") if isinstance(table, dict) else ()
        entries = " ".join(map(str, path)) if isinstance(path, list) else ""
        location = located(in_table.replace("%(here)s", str(root)), toml, root, entries)
    location = location or found.location or (root / "migrations").absolute()
    return Place(found.ini, location, found.searched, found.several)


def several_projects(root: Path, found: Sequence[Path]) -> ConfigError:
    """Return the error that names the ini files, and the key that picks one."""
    names = [path.relative_to(root).as_posix() for path in found]
    return ConfigError(
        f"{root}: several Alembic projects: {', '.join(names[:5])}{', …' if names[5:] else ''}",
        f'pick one with `alembic-ini = "{names[0]}"` in [tool.calista], or run this in its folder',
    )


def _find_settings(start: Path, root: Path) -> _Found:
    """Find the project's alembic.ini: at hand, above, in ``migrations/``, or anywhere below.

    Args:
        start: The folder that is worked in.
        root: The project's folder.
    """
    for folder in (start, *start.parents):
        if regular_file.is_there(folder / "alembic.ini"):
            return _Found(folder / "alembic.ini")
        if folder == root or root not in folder.parents:
            break
    for ini in (root / "migrations" / "alembic.ini", root / "alembic" / "alembic.ini"):
        if regular_file.is_there(ini):
            return _Found(ini)
    if (root / "migrations" / "versions").is_dir():
        return _Found(root / "alembic.ini")
    found, homes, searched = _below(root)
    if found:
        return _Found(found[0], None, searched, tuple(found))
    return _Found(root / "alembic.ini", homes[0] if len(homes) == 1 else None, searched)


def find_above(start: Path) -> Path | None:
    """Return the alembic.ini of a folder above, where its script location is around ``start``."""
    for folder in [start, *start.parents][:_DEEPEST]:
        ini = folder / "alembic.ini"
        if not regular_file.is_there(ini):
            continue
        location = script_location(ini, folder)
        if location is not None and (
            location == start or location in start.parents or start in location.parents
        ):
            return ini
    return None


def _below(root: Path) -> tuple[list[Path], list[Path], tuple[str, ...]]:
    """Return the ini files below a folder, the folders that have revisions, and where it was looked."""
    inis: list[Path] = []
    homes: list[Path] = []
    searched: list[str] = []
    for folder, names, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        names[:] = sorted(
            name
            for name in names
            if name not in _FOREIGN and not name.startswith(".") and depth < _DEEPEST
        )
        searched.append(folder)
        if len(searched) > _MOST:
            break
        if "alembic.ini" in files and regular_file.is_there(Path(folder, "alembic.ini")):
            inis.append(Path(folder, "alembic.ini"))
        if "env.py" in files and "versions" in names:
            homes.append(Path(folder))
            names.remove("versions")
    # An ini that other tools ship as a template has no revisions.
    meant = [ini for ini in inis if _has_revisions(ini)]
    return meant or inis[:1], homes, tuple(searched)


def _has_revisions(ini: Path) -> bool:
    location = script_location(ini, ini.parent)
    return location is not None and location.is_dir()


def script_location(ini: Path, root: Path) -> Path | None:
    """Return the folder that alembic.ini names, a ``package:folder`` included.

    Raises:
        ConfigError: The file cannot be read.
    """
    values = read_section(ini)
    said = values.get("script_location")
    if not said:
        # Flask-Migrate's lies beside what it is about, and says nothing.
        return ini.parent.absolute() if regular_file.is_there(ini.parent / "env.py") else None
    said = said.replace("%(here)s", str(ini.parent.absolute()))
    return located(said, ini, root, values.get("prepend_sys_path", ""))


def located(said: str, ini: Path, root: Path, sys_path: str = "") -> Path:
    """Return the folder that a ``script_location`` means; no package is imported for it."""
    here = ini.parent.absolute()
    if _is_package(said):
        package, *rest = said.split(":")
        parts = (*package.split("."), *rest)
        entries = [part.replace("%(here)s", str(here)) for part in re.split(r"[:;, ]+", sys_path)]
        bases = [here / entry for entry in entries if entry]
        bases += [here, root, here / "src", root / "src", here.parent]
        for base in bases:
            if base.joinpath(*parts).is_dir():
                return base.joinpath(*parts).absolute()
        return root.joinpath(*parts).absolute()
    if here != root and not (root / said).is_dir() and (here / said).is_dir():
        return Path(os.path.normpath(here / said))  # as when Alembic is run beside its ini
    return (root / said).absolute()


def _is_package(said: str) -> bool:
    """Whether this is ``package:folder``, and no folder of Windows' with its drive."""
    return re.fullmatch(r"[A-Za-z_][\w.]+(?::[^:\\]+)+", said) is not None and not os.path.isabs(  # noqa: PTH117
        said
    )


def read_section(ini: Path) -> Mapping[str, str]:
    """Return the section ``[alembic]`` of an ini file; nothing where there is no file.

    Raises:
        ConfigError: It cannot be read.
    """
    if not regular_file.is_there(ini):
        return {}
    # Here, not at the top: a project with [tool.calista] script_location never pays for it.
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(regular_file.read_text(ini), str(ini))
    except OSError as error:
        raise ConfigError(f"{ini}: cannot be read: {error.strerror or error}") from error
    except (Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{ini}: cannot be read: {error}".replace("\n", " ")) from error
    return dict(parser["alembic"]) if parser.has_section("alembic") else {}


def quick_value(ini: Path, key: str, table: object) -> str | None:
    """Return one line of alembic.ini's main section, else of ``[tool.alembic]``.

    By hand: configparser takes longer to import than a file to be linted.
    """
    try:
        text = regular_file.read_text(ini)
    except (OSError, UnicodeDecodeError):
        text = ""
    found = list(_lines(text, key))
    if found:
        return found[-1]
    said = table.get(key) if isinstance(table, dict) else None
    return str(said) if isinstance(said, (str, int)) and not isinstance(said, bool) else None


def _lines(text: str, key: str) -> Iterator[str]:
    section = re.search(r"^\[alembic\][^\n]*\n((?:(?!\[)[^\n]*(?:\n|\Z))*)", text, re.MULTILINE)
    if section is not None:
        pattern = rf"(?m)^{re.escape(key)}[ \t]*[=:][ \t]*(\S.*?)[ \t]*$"
        yield from re.findall(pattern, section[1])
