"""Which pages of ``docs/`` are generated, and from what?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from calista_tools.config import DEFAULT_NAMES, OPTIONS, Option, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = "calista.schema.json"
MAP = """\
# The files of the toolkit

Each with the question that it answers: its first line. How the rooms stand to each other is in
[architecture.md](architecture.md). Written by `invoke docs`.
"""
CONFIGURATION = """\
# Configuration

The toolkit reads `[tool.calista]` of the nearest `pyproject.toml` at or above the working folder, and
Alembic's own configuration: `alembic.ini`, and `[tool.alembic]` beside it or in its place.
Hyphens and underscores mean the same; an unknown key is an error that names the nearest known one,
and so is a token in a name or in `file-template` that there is not.
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
ROUNDTRIP = """
## The round-trip

`[tool.calista.roundtrip]` is read by `calista-roundtrip`, `check`, `review`, `report`, `squash` and
`pytest --roundtrip`. What a flag of `calista-roundtrip` says as well is added to it, or wins.
`x` and `url-env` hold for every task that runs env.py, `sql` among them.

| key | takes | |
|---|---|---|
"""

_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": _STRING}
_REASONS = {"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}
#: The keys of ``[tool.calista.roundtrip]``, which `calista_tools.environment.roundtrip_settings` reads.
ROUNDTRIP_OPTIONS: Mapping[str, Option] = {
    "x": Option(_STRINGS, None, "Arguments for env.py, each `KEY=VALUE`, as with `alembic -x`."),
    "url-env": Option(
        _STRINGS,
        None,
        "Environment variables in which env.py expects the URL, or a part of it: `host=POSTGRES_SERVER`.",
    ),
    "driver": Option(
        _STRING,
        None,
        "PostgreSQL's driver in that URL, such as `asyncpg`; default: SQLAlchemy's, else `psycopg`.",
    ),
    "prepare": Option(
        _STRING,
        None,
        "`package.module:callable`, called with an engine before the first revision: what makes "
        "the tables that the history expects to be there.",
    ),
    "drift": Option(
        _REASONS,
        None,
        "How head may differ from the metadata: the line as told (`*`: anything), and why.",
    ),
    "parity": Option(_REASONS, None, "How the two dialects may differ at head: the line, and why."),
    "losses": Option(_REASONS, None, "Revisions that lose rows on purpose: the id, and why."),
    "irreversible": Option(_REASONS, None, "Revisions without a way back: the id, and why."),
    "rows": Option(
        {"type": ["string", "object"]},
        None,
        "Rows of the project's own, by revision and table: here, or the file that holds them.",
    ),
    "name": Option(
        _STRING, None, "Which database is proven, of several as in Alembic's multidb template."
    ),
    "baseline": Option(
        _STRING, None, "The file of known failures, which `--write-baseline` writes."
    ),
}


def pages() -> Iterator[tuple[str, str]]:
    """Yield every generated file: its path below ``docs/`` and its text."""
    from calista_tools.lint.pages import all_pages

    yield "map.md", house_map()
    yield SCHEMA, json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"
    yield "configuration.md", configuration()
    for name, text in all_pages():
        yield f"rules/{name}", text


def house_map() -> str:
    """Return the list of the toolkit's files, room by room, each with the question that it answers."""
    from pathlib import Path

    tools = Path(__file__).parent
    rooms: dict[str, list[str]] = {}
    for path in sorted(tools.rglob("*.py")):
        room = path.parent.relative_to(tools.parent).as_posix()
        lines = rooms.setdefault(room, [])
        if question := _question(path):
            lines.append(f"| `{path.name}` | {question} |\n")
    parts = [
        f"\n## `{room}/`\n\n| file | |\n|---|---|\n{''.join(lines)}"
        for room, lines in rooms.items()
    ]
    return MAP + "".join(parts)


def _question(path: Path) -> str:
    """Return a file's first line: the question; of a rule, its code and what it reports."""
    import ast

    tree = ast.parse(path.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree)
    if text is None:  # a rule: its check's docstring is its page
        texts = (ast.get_docstring(node) for node in tree.body if isinstance(node, ast.FunctionDef))
        text = next((found for found in texts if found), "")
    return text.partition("\n")[0].replace("``", "`").replace("|", "\\|")


def configuration() -> str:
    """Return the page on ``[tool.calista]``."""
    rows = "".join(
        f"| `{key}` | {_takes(option.schema)} | {_default(option.default)} | {option.help} |\n"
        for key, option in OPTIONS.items()
    )
    names = "".join(f"| `{kind}` | `{pattern}` |\n" for kind, pattern in DEFAULT_NAMES.items())
    roundtrip = "".join(
        f"| `{key}` | {_takes(option.schema)} | {option.help} |\n"
        for key, option in ROUNDTRIP_OPTIONS.items()
    )
    names += "| `ex` (exclusion constraints) | none: any name will do |\n"
    return f"{CONFIGURATION}{rows}{NAMES}{names}{ROUNDTRIP}{roundtrip}"


def _schema() -> dict[str, Any]:
    """Return the JSON schema of the whole table; either spelling of a key is right."""
    schema = json_schema()
    properties = {
        spelling: {**option.schema, "description": option.help}
        for key, option in ROUNDTRIP_OPTIONS.items()
        for spelling in dict.fromkeys((key, key.replace("-", "_")))
    }
    schema["properties"]["roundtrip"] |= {"properties": properties, "additionalProperties": False}
    return schema


def _takes(schema: Mapping[str, Any]) -> str:
    kinds = {"string": "string", "array": "list", "object": "table", "boolean": "true or false"}
    given = schema.get("type", ())
    return " or ".join(kinds[kind] for kind in ([given] if isinstance(given, str) else given))


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
