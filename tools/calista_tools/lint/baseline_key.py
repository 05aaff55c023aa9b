"""How does a project learn of its baseline? The key is written, or the line to write is named."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools import config as configuration
from calista_tools.errors import ConfigError, ToolError
from calista_tools.files.shown_path import shown
from calista_tools.files.whole_file import write_whole
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from calista_tools.config import Config

_HEADER = re.compile(r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*calista[ \t]*\][ \t]*(?:#.*)?$\n?")


class Key(NamedTuple):
    """The key that makes the next run read a baseline.

    Attributes:
        config: The settings as they are with it; as they were where it is not to be written.
        line: As it stands in the table; "" where it stands there already.
        path: The file that it is written to; None where that cannot be done.
        text: What that file holds afterwards.
        instead: What the table says now, where that is another file.
    """

    config: Config
    line: str = ""
    path: Path | None = None
    text: str = ""
    instead: Path | None = None


def key_for(config: Config, baseline: Path) -> Key:
    """Return what is to be written for a history's baseline; writes nothing."""
    file = os.path.abspath(baseline)  # noqa: PTH100 - as it is opened
    if config.lint_baseline is not None and _same(config.lint_baseline, file):
        return Key(config)
    line = f"lint-baseline = {_quoted(_from(config.root, file))}"
    if config.lint_baseline is not None:
        return Key(config, line, instead=config.lint_baseline)
    path = config.path or config.root / "pyproject.toml"
    if not path.is_file():
        return Key(config, line)
    text = path.read_bytes().decode()
    for candidate in _candidates(text.replace("\r\n", "\n"), line):
        settings = _settings(candidate, path, config)
        if settings is not None and _only_adds(text, candidate, line):
            ends = "\r\n" if "\r\n" in text else "\n"
            return Key(settings, line, path, candidate.replace("\n", ends))
    return Key(config, line)


def write(key: Key) -> None:
    """Write the key into the project's settings.

    Raises:
        ToolError: The file cannot be written.
    """
    if key.path is None:
        return
    path = os.path.realpath(key.path)  # a link to the settings stays one
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
        write_whole(path, key.text.encode())
        os.chmod(path, mode)  # noqa: PTH101
    except OSError as error:
        what = f"{shown(key.path)}: cannot be written: {error.strerror or error}"
        raise ToolError(what, f"put `{key.line}` into its [tool.calista]") from error


def told(key: Key) -> str:
    """Return what to say of it; "" where there is nothing to do."""
    if not key.line:
        return ""
    if key.path is not None:
        return f"Wrote `{key.line}` to {shown(key.path)}."
    where = shown(key.config.path or key.config.root / "pyproject.toml")
    text = f"To accept them, put `{key.line}` into [tool.calista] of {where}."
    if key.instead is not None:
        return f"{text[:-1]}: it names {shown(key.instead)} now."
    return text


def _from(root: Path, file: str) -> str:
    try:
        return Path(os.path.relpath(file, root)).as_posix()
    except ValueError:  # on another drive
        return Path(file).as_posix()


def _quoted(text: str) -> str:
    """Return a string as TOML and JSON both write it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _same(one: Path, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _candidates(text: str, line: str) -> list[str]:
    """Return the file with the key in our table, and with a table of its own at the end."""
    found = []
    for header in _HEADER.finditer(text):
        above = text[: header.end()]
        found.append(
            f"{above}{'' if above.endswith(chr(10)) else chr(10)}{line}\n{text[header.end() :]}"
        )
    above = f"{text.rstrip()}\n\n" if text.strip() else ""
    return [*found, f"{above}[tool.calista]\n{line}\n"]


def _only_adds(before: str, after: str, line: str) -> bool:
    """Whether a text says what another says, and the key; it could have gone into a string."""
    old: dict[str, Any] = tomllib.loads(before)
    new: dict[str, Any] = tomllib.loads(after)
    old.setdefault("tool", {}).setdefault("calista", {}).update(tomllib.loads(line))
    return old == new


def _settings(text: str, path: Path, config: Config) -> Config | None:
    """Return the settings that a text gives; None where it changes any but this one."""
    try:
        tools = tomllib.loads(text)
        new = configuration.load(path=path, read=lambda _: tools)
    except (tomllib.TOMLDecodeError, ConfigError):
        return None
    # Of a history that the settings do not speak of these two are its own.
    new = new._replace(script_location=config.script_location, lock_file=config.lock_file)
    same = new._replace(lint_baseline=None, path=config.path) == config
    return new if same else None
