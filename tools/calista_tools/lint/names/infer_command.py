"""What does ``calista-lint --infer-names`` print?"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.files.shown_path import shown
from calista_tools.lint.names.inference import infer
from calista_tools.lint.read_history import Reading
from calista_tools.lint.targets import find_targets
from calista_tools.rendering.for_programs import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import SimpleNamespace

    from calista_tools.lint.names.inference import Inferred


def show(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Print the convention that each history follows best; returns the exit code."""
    # Python's own remarks on a revision, such as an invalid escape, are not ours to print.
    warnings.simplefilter("ignore")
    targets = find_targets(arguments.paths, config_path)
    found = [
        one
        for group in targets.groups
        for one in infer(list(Reading(group.files, group.config).migrations()))
    ]
    if arguments.output_format == "json":
        sys.stdout.write(as_json(_as_json(found)))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _as_toml(found))
    sys.stdout.flush()
    return 0


def _as_toml(found: list[Inferred]) -> Iterator[str]:
    """Yield lines to paste into ``pyproject.toml``; the exceptions are comments."""
    yield "[tool.calista.names]"
    for one in found:
        follows = f"{one.follows} of {one.total} names"
        if one.template is None:
            yield f"# {one.kind}: no two of {one.total} names are built alike"
        else:
            yield f"{one.kind} = {json.dumps(one.template)}  # {follows}"
    for one in found:
        for named, would_be in one.exceptions:
            place = f"{shown(Path(named.path))}:{named.row}"
            instead = f", not `{would_be}`" if would_be else ""
            yield f"# {place}: {one.kind} `{named.name}`{instead}"


def _as_json(found: list[Inferred]) -> dict[str, Any]:
    return {
        "names": {
            one.kind: {"template": one.template, "follows": one.follows, "of": one.total}
            for one in found
        },
        "exceptions": [
            {
                "kind": one.kind,
                "name": named.name,
                "expected": would_be,
                "filename": named.path,
                "row": named.row,
            }
            for one in found
            for named, would_be in one.exceptions
        ],
    }
