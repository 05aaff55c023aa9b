"""Which rows does the project give itself? Data by revision and table, in a file or in settings.

::

    [tool.calista.roundtrip]
    rows = "tests/rows.toml"        # or .json, or the tables themselves

    # tests/rows.toml: put in once 7c1d0e5b9a42 was applied, before the next revision
    [[7c1d0e5b9a42.event_store]]
    stream_id = "order-1"
    payload = { lines = [] }

A table that has rows of the project's own gets no others at that revision.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError
from calista_tools.files import regular_file

if TYPE_CHECKING:
    from calista_tools.roundtrip.rows.table_model import Value

_SHAPE = "revision → table → list of rows, each a table of values by column"


@dataclass(frozen=True, slots=True)
class GivenRows:
    """Rows by revision, and by table within it."""

    revisions: Mapping[str, Mapping[str, Sequence[Mapping[str, Value]]]] = field(
        default_factory=dict
    )

    def at(self, revisions: Sequence[str]) -> Mapping[str, Sequence[Mapping[str, Value]]]:
        """Return the rows to put in, by table, once these revisions were applied."""
        found: dict[str, list[Mapping[str, Value]]] = {}
        for revision in revisions:
            for table, rows in self.revisions.get(revision, {}).items():
                found.setdefault(table, []).extend(rows)
        return found


def read_given(source: str | Mapping[str, Any], known: Collection[str]) -> GivenRows:
    """Read the project's rows.

    Args:
        source: A TOML or JSON file, or what one would hold.
        known: The ids of the project's revisions.

    Raises:
        ToolError: The file cannot be read, has another shape, or names an unknown revision.
    """
    where = "tool.calista.roundtrip.rows"
    data: Any = source
    if isinstance(source, str):
        where, data = source, _load(Path(source))
    result: dict[str, dict[str, list[Mapping[str, Value]]]] = {}
    for revision, tables in _table(where, data).items():
        if revision not in known:
            raise _error(f"{where}: no revision {revision!r} in this history", "give its whole id")
        found = result.setdefault(revision, {})
        for table, rows in _table(f"{where}: {revision}", tables).items():
            if not isinstance(rows, list):
                raise _error(f"{where}: {revision}.{table} must be a list of rows", _SHAPE)
            places = enumerate(rows, 1)
            found[table] = [
                {
                    name: _value(value)
                    for name, value in _table(f"{where}: {revision}.{table}, row {n}", row).items()
                }
                for n, row in places
            ]
    return GivenRows(result)


def _load(path: Path) -> Any:
    try:
        text = regular_file.read_text(path)
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _error(f"{path}: cannot be read: {' '.join(str(error).split())}", "") from error


def _table(where: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _error(f"{where} must be a table, not {value!r}"[:200], _SHAPE)
    return value


def _value(value: Any) -> Value:
    """Return a value as both dialects read it: documents as JSON, moments as ISO 8601."""
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    if isinstance(value, date):
        return value.isoformat().replace("T", " ")
    return value.isoformat() if isinstance(value, time) else value


def _error(message: str, hint: str) -> ToolError:
    return ToolError(message, hint, exit_code=2)
