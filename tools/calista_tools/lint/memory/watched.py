"""On which files and folders does an answer depend? All that a run may look at, or look for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.history.locations import subfolders, version_folders
from calista_tools.lint.published import git_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calista_tools.config import Config
    from calista_tools.lint.targets import Group

_SETTINGS = ("pyproject.toml", "alembic.ini")
#: With more folders than that, looking at all of them is no quick answer any more.
_MOST = 300


def watched(
    groups: Iterable[Group], paths: Sequence[str], config_path: Path | None
) -> Sequence[str] | None:
    """Return every path that decides which files are read; None where they are many."""
    found: list[str] = []
    named = [Path(os.path.abspath(name)) for name in paths]  # noqa: PTH100 - keeps `..`
    if config_path is not None:
        found.append(str(config_path))
    else:
        for start in (Path.cwd(), *(path if path.is_dir() else path.parent for path in named)):
            above = (start, *start.parents)
            found += [str(folder / name) for folder in above for name in _SETTINGS]
    for group in groups:
        around = _around(group.config)
        folders = _searched(group.config, named)
        lying = {os.path.dirname(path) for path in map(str, group.files)}  # noqa: PTH120
        env = _environment(map(Path, lying))
        if env is None or len(around) + len(folders) > _MOST:
            return None
        found += [*around, *folders, *env]
        git = git_state([Path(folder) for folder in sorted(lying)])
        if git is None:
            return None
        found += [*lying, *git]
    return found


def _around(config: Config) -> list[str]:
    """Return the files of the settings, and where packages of the application may lie."""
    found = [config.alembic_ini, config.lock_file, *version_folders(config)]
    found += map(Path, config.searched)
    found += [config.root / name / "alembic.ini" for name in ("migrations", "alembic")]
    if config.lint_baseline is not None:
        found.append(config.lint_baseline)
    if config.path is not None:
        found += _packages(config.root) if not config.application_packages else []
        location = config.script_location
        found += [part for part in (location, *location.parents) if config.root in part.parents]
    return [str(path) for path in found]


def _packages(root: Path) -> Iterator[Path]:
    for folder in (root, root / "src"):
        yield folder
        if folder.is_dir():
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries if entry.is_dir()]
            yield from (folder / name / "__init__.py" for name in names)


def _searched(config: Config, named: Iterable[Path]) -> list[str]:
    """Return the folders in which revisions were looked for, where that is not configured."""
    found: list[str] = []
    folders = version_folders(config)
    for path in named:
        inside = any(folder == path or path in folder.parents for folder in folders)
        if path.is_dir() and not inside:
            found += [str(path), *map(str, subfolders(path))]
    return found


def _environment(folders: Iterable[Path]) -> list[str] | None:
    """Return where env.py may be: above the revisions. None where it is looked for everywhere."""
    found: list[str] = []
    for folder in folders:
        beside = [above / "env.py" for above in (folder, *folder.parents)[:4]]
        if not any(path.is_file() for path in beside):
            return None
        found += map(str, beside)
    return found
