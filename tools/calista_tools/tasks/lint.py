"""The task that checks revision files against the policy, with the flags of ``calista-lint``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context

#: Flags that take a value, and what they are for; some may be given several times.
SEVERAL = {"select": "codes or prefixes to check", "ignore": "codes or prefixes to leave out"}
VALUES = {
    "config": "a pyproject.toml to read",
    "dialects": "sqlite, postgresql, or both",
    "stdin_filename": "read stdin as if it were this file",
    "baseline": "a file of accepted findings",
    "diff_base": "report on files changed since only",
    "output_format": "full, concise, json, github, gitlab, sarif or junit",
    "output_file": "where to, instead of to stdout",
    "color": "auto, always or never",
    "explain": "show the page of a rule",
}
SWITCHES = {
    "quiet": "findings only",
    "verbose": "say what is read, on stderr",
    "no_cache": "read every file again",
    "fix": "repair what can be repaired",
    "no_fix": "repair nothing, whatever else is said",
    "unsafe_fixes": "also give names that the models may not have",
    "diff": "show what --fix would change",
    "add_noqa": "set every finding aside, in place",
    "write_baseline": "accept every finding in that file",
    "watch": "check again when a file changes",
    "statistics": "count findings by rule",
    "exit_zero": "exit with 0 despite findings",
    "list_rules": "show all rules, a line each",
    "names": "list every name that the files give",
    "infer_names": "print the naming convention that is followed",
    "show_settings": "print the settings and where they are from",
}


def _lint(_: Context, **given: Any) -> None:
    """Check revision files against the migrations policy."""
    from calista_tools.lint.cli import main

    raise SystemExit(main(words(given)))


def words(given: dict[str, Any]) -> list[str]:
    """Return the command line of ``calista-lint`` that asks the same."""
    found: list[str] = []
    for name, value in given.items():
        flag = f"--{name.replace('_', '-')}"
        if name in SWITCHES:
            found += [flag] * bool(value)
        elif name in SEVERAL:
            found += [f"{flag}={one}" for one in value]
        elif name in VALUES:
            found += [f"{flag}={value}"] * (value is not None)
    return [*found, *given["paths"]]


def _signature() -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = {"_": inspect.Parameter.empty, "paths": []}
    given |= dict.fromkeys(SWITCHES, False) | dict.fromkeys(VALUES)
    given |= {name: [] for name in SEVERAL}
    return inspect.Signature(
        [inspect.Parameter(name, kind, default=default) for name, default in given.items()]
    )


_lint.__signature__ = _signature()  # type: ignore[attr-defined]
_lint.__name__ = "lint"
lint = task(
    positional=["paths"],
    iterable=["paths", *SEVERAL],
    optional=[],
    help={
        "paths": "files or folders; default: the configured versions folder",
        **{name.replace("_", "-"): text for name, text in (SEVERAL | VALUES | SWITCHES).items()},
    },
)(_lint)
