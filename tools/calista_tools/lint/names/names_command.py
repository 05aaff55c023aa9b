"""What does ``calista-lint --names`` print?"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

from calista_tools.files.shown_path import shown
from calista_tools.harmless import on_one_line
from calista_tools.lint.asked_targets import asked_targets
from calista_tools.lint.names.listing import list_names
from calista_tools.lint.read_history import around
from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace


def show(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Print every name that the files create, rename or drop; returns the exit code."""
    from calista_tools.lint.loading import load

    # Python's own remarks on a revision, such as an invalid escape, are not ours to print.
    warnings.simplefilter("ignore")
    targets = asked_targets(arguments, config_path)
    entries: list[dict[str, Any]] = []
    for group in targets.groups:
        projects = {
            folder: around(folder, group.config) for folder in {path.parent for path in group.files}
        }
        histories = [load(path, group.config, projects[path.parent]) for path in group.files]
        for migration in histories:
            if migration.revision is None:
                print(f"warning: {shown(migration.path)}: no revision", file=sys.stderr)
        entries += list_names(histories, group.reported)
    if arguments.output_format == "json":
        sys.stdout.write(as_json(entries))
    else:
        sys.stdout.writelines(f"{on_one_line(_line(entry))}\n" for entry in entries)
    sys.stdout.flush()
    return 0


def _line(entry: dict[str, Any]) -> str:
    from pathlib import Path

    place = f"{shown(Path(entry['filename']))}:{entry['row']}"
    name = entry["name"] or f"? ({entry['reason']})"
    table = f" on {entry['table']}" if entry["table"] else ""
    how = " (implicit)" if entry["implicit"] else ""
    dialects = ", ".join(entry["dialects"])
    return f"{place}: {entry['op']} {entry['kind'] or 'constraint'} {name}{table}{how} [{dialects}]"
