"""Which files are meant, and which history do they belong to?

A rule about a revision often needs the rest of the history. So files are gathered by the folders
they lie in, and each group says which of its files are to be reported on.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools import config as configuration
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.files.shown_path import shown
from calista_tools.history.locations import subfolders, version_folders
from calista_tools.lint.siblings import histories
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from calista_tools.config import Config, Reader

#: Python files in a versions folder that Alembic does not load as revisions.
_NO_REVISION = ("__init__", ".#", ".")


class Group(NamedTuple):
    """One project's revision files.

    Attributes:
        files: All of them, by name: the whole history.
        reported: The ones that were asked for; with a whole folder, the lock file too.
    """

    config: Config
    files: tuple[Path, ...]
    reported: frozenset[Path]


class Targets(NamedTuple):
    """What was asked for, and the folders that turned out to hold no revision."""

    groups: tuple[Group, ...]
    empty: tuple[Path, ...]


def find_targets(
    paths: Sequence[str], config_path: Path | None = None, read: Reader | None = None
) -> Targets:
    """Resolve the command line's paths; none means the configured versions folders.

    Args:
        paths: As they were given.
        config_path: A ``pyproject.toml`` to read instead of searching for one.
        read: How such a file is read, as in `calista_tools.config.load`.

    Raises:
        ToolError: A path does not exist, or holds no revision although it was named.
        ConfigError: A project's configuration cannot be used.
    """
    load = cache(lambda folder: _load(folder, config_path, read))
    if not paths:
        config = configuration.load(Path.cwd(), path=config_path, read=read)
        folders = version_folders(config)
        for folder in folders:
            if not folder.is_dir():
                raise ToolError(
                    f"{shown(folder)}: no such folder, and no path was given",
                    "name files or folders, or set `alembic-ini` or `script_location` in"
                    " [tool.calista]",
                    exit_code=2,
                )
        files = _in_folders(folders)
        group = Group(config, files, frozenset((*files, config.lock_file)))
        return Targets((group,) if files else (), () if files else folders)
    wanted: dict[tuple[Path, ...], set[Path]] = {}
    configs: dict[tuple[Path, ...], Config] = {}
    for name in paths:
        path = Path(os.path.abspath(name))  # noqa: PTH100 - Path.absolute keeps `..`
        if path.is_dir():
            found = _below(path, load(path))
            if not any(files for _, files in found):
                raise ToolError(
                    f"{name}: no revision files here", "name a versions folder", exit_code=2
                )
        elif not os.path.lexists(path) and not regular_file.is_there(path):
            raise ToolError(f"{name}: no such file or folder", exit_code=2)
        elif _is_revision_name(path.name) and path.name != "env.py":
            found = [(_home(path, load(path.parent)), (path,))]
        else:
            continue
        for folders, files in found:
            configs.setdefault(folders, _fitting(load(folders[0]), folders))
            wanted.setdefault(folders, set()).update(files)
            if path.is_dir():
                wanted[folders].add(configs[folders].lock_file)
    groups = []
    for folders, reported in wanted.items():
        whole = {*_in_folders(part for part in folders if part.is_dir()), *reported}
        files = tuple(sorted((path for path in whole if path.suffix == ".py"), key=os.fspath))
        groups.append(Group(configs[folders], files, frozenset(reported)))
    return Targets(tuple(groups), ())


def _load(folder: Path, config_path: Path | None, read: Reader | None) -> Config:
    config = configuration.load(folder, path=config_path, read=read, several=True)
    if config.path or regular_file.is_there(config.alembic_ini):
        return config
    return configuration.load(Path.cwd(), read=read, several=True)


def _fitting(config: Config, folders: tuple[Path, ...]) -> Config:
    """Return the configuration for a history that it does not speak of."""
    if folders == version_folders(config):
        return config
    location = folders[0].parent
    lock = location / "history.lock"
    config = config._replace(script_location=location, lock_file=lock)
    return config if config.dialects_given else configuration.with_seen_dialects(config)


def _home(file: Path, config: Config) -> tuple[Path, ...]:
    """Return the folders of the history that a single file belongs to."""
    folders = version_folders(config)
    return folders if file.parent in folders else (file.parent,)


def _below(folder: Path, config: Config) -> list[tuple[tuple[Path, ...], tuple[Path, ...]]]:
    """Return the histories that a named folder holds revisions of, with these revisions."""
    configured = version_folders(config)
    inside = [
        part for part in configured if part.is_dir() and (folder == part or folder in part.parents)
    ]
    if inside:
        return [(configured, _in_folders(inside))]
    if (folder / "versions").is_dir():
        nested = [folder / "versions"]
    else:
        nested = [
            sub / "versions"
            for sub in subfolders(folder)
            if (sub / "env.py").is_file() and (sub / "versions").is_dir()
        ]
    found: list[tuple[Path, ...]] = []
    for part in nested or [folder]:
        # Alembic looks into the folders below only where it is told to.
        alone = part in nested and _in_folders((part,))
        folders = (part,) if alone else (part, *subfolders(part))
        found += histories({one: _in_folders((one,)) for one in folders})
    return [(folders, _in_folders(folders)) for folders in found]


def _in_folders(folders: Iterable[Path]) -> tuple[Path, ...]:
    found: list[Path] = []
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                found.extend(
                    folder / entry.name
                    for entry in entries
                    if _is_revision_name(entry.name) and not _is_folder(entry)
                )
        except OSError as error:
            raise ToolError(
                f"{shown(folder)}: cannot be read: {error.strerror or error}", exit_code=2
            ) from error
    return tuple(sorted(found, key=os.fspath))


def _is_revision_name(name: str) -> bool:
    return name.endswith(".py") and not name.startswith(_NO_REVISION)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link that leads to itself
        return False
