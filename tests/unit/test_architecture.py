"""The floors of the house: which room may look at which, and which files may look at each other.

Imports are read from source, so that one inside a function or under ``TYPE_CHECKING`` counts too.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS, APPLICATION = ROOT / "tools", ROOT / "src"

#: Ground floor first: a room looks at its own files and at what is below.
FLOORS = (
    "startup",
    "files",
    "rendering",
    "history",
    "effects",
    "backends",
    "environment",
    "lint",
    "roundtrip",
    "authoring",
    "rework",
    "adoption",
    "report",
    "tasks",
)
#: What the interpreter of revisions is made of: it evaluates what it evaluates, by nature.
INTERPRETER = "calista_tools.effects.evaluator"


def modules(folder: Path) -> dict[str, Path]:
    """Return every module below a folder of packages: its dotted name and its file."""
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of ours that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module


MODULES = modules(TOOLS)
IMPORTS = {name: sorted(set(imports(path, MODULES))) for name, path in MODULES.items()}


def room(module: str) -> str:
    """Return the room that a module of the toolkit lies in; of those in none, the module."""
    return module.split(".")[1] if "." in module else ""


def test_the_house_is_read() -> None:
    assert len(MODULES) > 300, "the rules below would hold of an empty folder, too"
    assert sum(map(len, IMPORTS.values())) > len(MODULES)


def test_every_room_is_on_a_floor() -> None:
    rooms = {path.name for path in (TOOLS / "calista_tools").iterdir() if any(path.glob("*.py"))}
    assert rooms == set(FLOORS)


def test_arrows_point_down() -> None:
    up = [
        f"{module} -> {other}"
        for module, others in IMPORTS.items()
        for other in others
        if room(module) in FLOORS
        and room(other) in FLOORS
        and FLOORS.index(room(other)) > FLOORS.index(room(module))
    ]
    assert up == []


def test_what_stands_beside_the_rooms_looks_at_none_that_looks_at_it() -> None:
    """A module in no room is as high as the highest room that it looks at."""

    def height(module: str, seen: tuple[str, ...] = ()) -> int:
        assert module not in seen, f"circle: {[*seen, module]}"
        if room(module) in FLOORS:
            return FLOORS.index(room(module))
        return max((height(other, (*seen, module)) for other in IMPORTS[module]), default=-1)

    up = [
        f"{module} -> {other}"
        for module, others in IMPORTS.items()
        for other in others
        if room(module) in FLOORS
        and room(other) not in FLOORS
        and height(other) > FLOORS.index(room(module))
    ]
    assert up == []


def circles() -> list[list[str]]:
    """Return the groups of files that import each other, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in IMPORTS[module]:
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            at = stack.index(module)
            group = stack[at:]
            del stack[at:]
            if len(group) > 1:
                found.append(sorted(group))

    for module in IMPORTS:
        if module not in index:
            visit(module)
    return found


def test_no_circle_of_files_but_the_interpreters() -> None:
    assert [group for group in circles() if not all(INTERPRETER in name for name in group)] == []
    assert len(circles()) <= 1


@pytest.mark.parametrize(
    ("folder", "forbidden"), [(APPLICATION, "calista_tools"), (TOOLS, "calista")]
)
def test_the_two_packages_never_import_each_other(folder: Path, forbidden: str) -> None:
    found = [
        f"{path.name}: {name}"
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.split(".")[0] == forbidden
    ]
    assert found == []


def test_no_file_name_stands_twice() -> None:
    names = Counter(
        path.name for path in (TOOLS / "calista_tools").rglob("*.py") if path.name != "__init__.py"
    )
    assert {name: times for name, times in names.items() if times > 1} == {}


def test_no_room_is_more_than_a_quarter_of_the_house() -> None:
    lines: Counter[str] = Counter()
    for folder in (TOOLS, APPLICATION):
        for name, path in modules(folder).items():
            lines[room(name) if folder == TOOLS else "calista"] += path.read_text(
                encoding="utf-8"
            ).count("\n")
    (biggest, size), *_ = lines.most_common(1)
    assert size <= lines.total() / 4, f"{biggest}: {size / lines.total():.1%}"


def test_a_circle_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "IMPORTS", {"a": ["b"], "b": ["a"], "c": ["a"]})
    assert circles() == [["a", "b"]]
