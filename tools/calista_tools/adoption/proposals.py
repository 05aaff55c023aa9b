"""What does a project need to take the tools up? Texts of files; nothing is written here."""

from __future__ import annotations

import re
import tomllib
from json import dumps
from typing import TYPE_CHECKING, NamedTuple

from calista_tools import PROJECT_URL, __version__
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.files.shown_path import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.adoption.seen import Seen

_FILES = r"(^|/)versions/.*\.py$"
_HOOKS = (
    ("calista-lint", "calista-lint", True),
    ("calista-history", "calista-lint --select CAL4", False),
)
_GITHUB = """\
name: migrations
on: [push, pull_request]
jobs:
  migrations:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      {install}
      - run: calista-lint --output-format github
      - run: calista-roundtrip
"""
_GITLAB = """\
migrations:
  image: python:3.12
  variables:
    GIT_DEPTH: 0
  script:
    {install}
    - calista-lint
    - calista-roundtrip
"""


class Proposal(NamedTuple):
    """A file as it is to be.

    Attributes:
        path: Which.
        text: What it holds then; None where it is left alone.
        what: What that is for, or what there is to do by hand.
    """

    path: Path
    text: str | None
    what: str


def proposals(seen: Seen) -> Iterator[Proposal]:
    """Yield what is missing.

    Raises:
        ToolError: A file that would be added to cannot be read.
    """
    for found in (_settings(seen), _hooks(seen), _integration(seen)):
        if found is not None:
            yield found


def _read(path: Path) -> str:
    """Return a file's text; "" where there is none.

    Raises:
        ToolError: It is no text.
    """
    if not path.exists():
        return ""
    try:
        return regular_file.read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{shown(path)}: cannot be read: {error}") from error


def _settings(seen: Seen) -> Proposal | None:
    path = seen.config.path or seen.root / "pyproject.toml"
    before = _read(path)
    try:
        if "calista" in tomllib.loads(before).get("tool", {}):
            return None
        table = ["[tool.calista]"]
        ini = seen.config.alembic_ini
        if ini.is_file() and ini.parent != path.parent:
            table.append(f"alembic-ini = {dumps(ini.relative_to(path.parent).as_posix())}")
        table.append(f"dialects = {dumps(list(seen.config.dialects))}")
        above = f"{before.rstrip()}\n\n" if before.strip() else ""
        text = "\n".join([f"{above}{table[0]}", *table[1:], ""])
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ToolError(f"{shown(path)}: [tool.calista] cannot be added: {error}") from error
    return Proposal(path, text, "the settings of the tools: " + "; ".join(table[1:]))


def _hooks(seen: Seen) -> Proposal | None:
    path = seen.top / ".pre-commit-config.yaml"
    before = _read(path)
    if "calista-lint" in before or (seen.git is None and not before):
        return None
    if not before.strip():
        return Proposal(path, "repos:\n" + _repo("  "), "hooks of pre-commit")
    keys = re.findall(r"(?m)^([A-Za-z_-]+):", before)
    item = re.search(r"(?m)^([ \t]*)- repo:", before)
    if keys[-1:] != ["repos"] or item is None:
        what = "add the hooks by hand, for `repos` is not its last key:\n" + _repo("  ")
        return Proposal(path, None, what)
    return Proposal(path, f"{before.rstrip()}\n{_repo(item[1])}", "hooks of pre-commit")


def _repo(indent: str) -> str:
    lines = []
    if PROJECT_URL:
        lines += [f"- repo: {PROJECT_URL}", f"  rev: v{__version__}", "  hooks:"]
        lines += [f"    - id: {name}" for name, _, _ in _HOOKS]
    else:
        # Of what is installed: there is no address that a hook could be fetched from.
        lines += ["- repo: local", "  hooks:"]
        for name, entry, given in _HOOKS:
            lines += [f"    - id: {name}", f"      name: {name}", f"      entry: {entry}"]
            lines += ["      language: system", f"      files: {_FILES}"]
            lines.append("      require_serial: true" if given else "      pass_filenames: false")
    return "".join(f"{indent}{line}\n" for line in lines)


def _integration(seen: Seen) -> Proposal | None:
    own = seen.root
    if (own / "requirements.txt").is_file():
        install = "-r requirements.txt"
    else:
        install = "." if "project" in tomllib.loads(_read(own / "pyproject.toml")) else ""
    # No address is known that the toolkit could be installed from, unless the project does that.
    known = "calista-migrations" in _read(own / "requirements.txt") + _read(own / "pyproject.toml")
    run = f"pip install {install}" if install else "pip install"
    where = "" if known else "  # and calista-migrations[roundtrip], from where you have it"
    if (seen.top / ".github").is_dir():
        path = seen.top / ".github" / "workflows" / "migrations.yml"
        if any("calista-" in _read(file) for file in sorted(path.parent.glob("*.y*ml"))):
            return None
        if path.exists():
            return Proposal(path, None, "it is there: add `calista-lint` and `calista-roundtrip`")
        return Proposal(
            path,
            _GITHUB.format(install=f"- run: {run}{where}"),
            f"lint and round-trip on GitHub{_fill(where)}",
        )
    path = seen.top / ".gitlab-ci.yml"
    if not path.is_file() or "calista-" in (before := _read(path)):
        return None
    if re.search(r"(?m)^migrations:", before):
        return Proposal(path, None, "it has a job `migrations`: add `calista-lint` to it")
    return Proposal(
        path,
        f"{before.rstrip()}\n\n{_GITLAB.format(install=f'- {run}{where}')}",
        f"lint and round-trip on GitLab{_fill(where)}",
    )


def _fill(where: str) -> str:
    return "; say in it where the toolkit is installed from" if where else ""
