"""Which naming convention does ``env.py`` hand to Alembic? Read from source."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.conventions import convention_in, templates_in
from calista_tools.effects.evaluator.frame import OutOfFuel, State
from calista_tools.effects.evaluator.modules import ForeignModule, module_at
from calista_tools.effects.names.convention import SQLALCHEMY_DEFAULT
from calista_tools.effects.operations import Evaluation
from calista_tools.startup.patterns import later
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from calista_tools.effects.evaluator.project_modules import Project

#: How many modules behind env.py are looked at for a convention.
_MODULES = 60


class Convention(NamedTuple):
    """The convention that revisions run under.

    Attributes:
        templates: By kind (``pk``, ``uq``, ``ix``, ``fk``, ``ck``).
        path: The env.py that was read; None where there is none.
        certain: False where the metadata could not be followed to its convention.
    """

    templates: Mapping[str, str]
    path: Path | None = None
    certain: bool = True


def convention_of(project: Project | None, versions: Path) -> Convention:
    """Return the convention for a folder of revisions, read once for each project."""
    if project is None:
        return Convention(SQLALCHEMY_DEFAULT, None, False)
    found = known_convention(project, versions)
    if found is None:
        found = read_convention(project, versions)
        keep_convention(project, versions, found)
    return found


def known_convention(project: Project, versions: Path) -> Convention | None:
    """Return the convention if it was read already."""
    found = project.kept.get(("convention", versions))
    return found if isinstance(found, Convention) else None


def keep_convention(project: Project, versions: Path, convention: Convention) -> None:
    """Let a project know a folder's convention: to read it takes as long as all else of a file."""
    project.kept["convention", versions] = convention


def read_convention(project: Project, versions: Path) -> Convention:
    """Return the naming convention that applies to the revisions of a folder."""
    env = find_env(versions)
    if env is None:
        return Convention(SQLALCHEMY_DEFAULT, None, False)
    state = State(Evaluation(), env, project, "postgresql")
    try:
        found = _from_module(module_at(state, env), project)
        if found is None:
            found = _from_imports(state, env, project)
    except (OutOfFuel, RecursionError):
        found = None
    if found is None:
        return Convention(SQLALCHEMY_DEFAULT, env, False)
    return Convention(found or SQLALCHEMY_DEFAULT, env)


def find_env(versions: Path) -> Path | None:
    """Return the env.py of a folder of revisions: the nearest above, or one beside it."""
    for folder in [versions, *versions.parents][:4]:
        if (folder / "env.py").is_file():
            return folder / "env.py"
    beside: list[Path] = []
    queue = [versions.parent]
    for _ in range(200):
        if not queue:
            break
        folder = queue.pop(0)
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        beside += [entry for entry in entries if entry.name == "env.py" and entry.is_file()]
        queue += [one for one in entries if one.is_dir() and not one.name.startswith((".", "__"))]
    return beside[0] if len(beside) == 1 else None


def _from_module(module: ForeignModule, project: Project) -> Mapping[str, str] | None:
    """Return the convention of the metadata that a module configures Alembic with."""
    tree = project.parse(module.path)
    if tree is None:
        return None
    target: ast.expr | None = None
    without = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for one in node.targets:
                if isinstance(one, ast.Attribute) and one.attr == "naming_convention":
                    return templates_in(module.frame.value(node.value))
        elif isinstance(node, ast.keyword) and node.arg == "target_metadata":
            target = node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "configure":
            # Alembic is handed no metadata, so there is no convention.
            without = without or all(one.arg is not None for one in node.keywords)
        elif isinstance(node, ast.Dict):
            for key, item in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "target_metadata":
                    target = item
    if "target_metadata" in module.index:
        value = module.lookup_own("target_metadata")
    elif target is not None:
        value = module.frame.value(target)
    else:
        return {} if without else None
    return convention_in(value)


def _from_imports(state: State, env: Path, project: Project) -> Mapping[str, str] | None:
    """Follow env.py's imports to the one module that configures Alembic or names a convention."""
    spelled: Mapping[str, str] | None = None
    for path in imported_by(env, project):
        text = project.text(path) or b""
        if b"target_metadata" in text and path != env:
            found = _from_module(module_at(state, path), project)
            if found is not None:
                return found
        if spelled is None and b"naming_convention" in text:
            spelled = _spelled(module_at(state, path), project)
    return spelled


def _spelled(module: ForeignModule, project: Project) -> Mapping[str, str] | None:
    for node in ast.walk(project.parse(module.path) or ast.Module([], [])):
        if isinstance(node, ast.keyword) and node.arg == "naming_convention":
            found = templates_in(module.frame.value(node.value))
            if found is not None:
                return found
    return None


_IMPORT = later(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([^#\n]*)|import[ \t]+([\w.]+))", re.MULTILINE
)


def imported_by(start: Path, project: Project) -> Iterator[Path]:
    """Yield a module, such as env.py, and the project's modules behind it, the nearest first."""
    queue, seen = [start], {start}
    while queue and len(seen) <= _MODULES:
        path = queue.pop(0)
        yield path
        for found in targets_of(project.text(path) or b"", path, project):
            if found not in seen:
                seen.add(found)
                queue.append(found)


def targets_of(text: bytes, origin: Path, project: Project) -> Iterator[Path]:
    """Yield the project's modules that a text imports."""
    for match in _IMPORT.finditer(text):
        yield from _targets(match, origin, project)


def _targets(match: re.Match[bytes], origin: Path, project: Project) -> Iterator[Path]:
    base, names, plain = (
        part.decode("utf-8", "replace") if part else "" for part in match.groups()
    )
    module = base or plain
    level = len(module) - len(module.lstrip("."))
    bare = module.lstrip(".")
    candidates = [bare] if bare else []
    candidates += [f"{bare}.{name}" if bare else name for name in re.findall(r"\w+", names)]
    for candidate in candidates[:12]:
        found = project.relative(origin, level, candidate) if level else project.find(candidate)
        if found is not None:
            yield found
