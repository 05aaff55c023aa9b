"""Which pages of ``docs/`` are generated, and from what?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from calista_tools.config import json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "calista.schema.json"


def pages() -> Iterator[tuple[str, str]]:
    """Yield every generated file: its path below ``docs/`` and its text."""
    from calista_tools.lint.pages import all_pages

    yield SCHEMA, json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    for name, text in all_pages():
        yield f"rules/{name}", text


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
