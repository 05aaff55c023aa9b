"""Which pages of ``docs/`` are generated, and from what?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from calista_tools.config import DEFAULT_NAMES, OPTIONS, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = "calista.schema.json"
CONFIGURATION = """\
# Configuration

The toolkit reads `[tool.calista]` of the nearest `pyproject.toml` at or above the working folder.
Hyphens and underscores mean the same; an unknown key is an error that names the nearest known one.
Editors complete and check the table with [`calista.schema.json`](calista.schema.json).

| key | takes | default | |
|---|---|---|---|
"""
NAMES = """
## Names

`[tool.calista.names]` is in the tokens of SQLAlchemy's
[`naming_convention`](https://docs.sqlalchemy.org/en/20/core/constraints.html#constraint-naming-conventions),
so a project pastes its own.

| kind | default |
|---|---|
"""


def pages() -> Iterator[tuple[str, str]]:
    """Yield every generated file: its path below ``docs/`` and its text."""
    from calista_tools.lint.pages import all_pages

    yield SCHEMA, json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    yield "configuration.md", configuration()
    for name, text in all_pages():
        yield f"rules/{name}", text


def configuration() -> str:
    """Return the page on ``[tool.calista]``."""
    rows = "".join(
        f"| `{key}` | {_takes(option.schema)} | {_default(option.default)} | {option.help} |\n"
        for key, option in OPTIONS.items()
    )
    names = "".join(f"| `{kind}` | `{pattern}` |\n" for kind, pattern in DEFAULT_NAMES.items())
    return f"{CONFIGURATION}{rows}{NAMES}{names}"


def _takes(schema: Mapping[str, object]) -> str:
    kinds = {"string": "string", "array": "list", "object": "table", "boolean": "true or false"}
    return kinds.get(str(schema.get("type")), str(schema.get("type", "")))


def _default(value: object) -> str:
    return "" if value in (None, [], {}) else f"`{json.dumps(value)}`"


def write(docs: Path) -> list[Path]:
    """Write the generated files, remove rule pages without a rule; return what was written."""
    written = []
    for name, text in pages():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    for path in (docs / "rules").glob("*.md"):
        if path not in written:
            path.unlink()
    return written
