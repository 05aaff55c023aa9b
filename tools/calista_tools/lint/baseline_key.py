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


class Place(NamedTuple):
    """Where in the settings a baseline is named.

    Attributes:
        table: The table, below ``tool``.
        key: The key in it.
    """

    table: tuple[str, ...]
    key: str

    @property
    def name(self) -> str:
        """The table, as it is written."""
        return f"[{'.'.join(('tool', *self.table))}]"

    def file(self, config: Config) -> Path | None:
        """Return the baseline that the settings name."""
        if self is LINT:
            return config.lint_baseline
        named = config.roundtrip.get(self.key)
        return config.root / named if isinstance(named, str) else None

    def without(self, config: Config) -> Config:
        """Return the settings as they would be if they named none."""
        if self is LINT:
            return config._replace(lint_baseline=None)
        rest = {name: value for name, value in config.roundtrip.items() if name != self.key}
        return config._replace(roundtrip=rest)


LINT = Place(("calista",), "lint-baseline")
ROUNDTRIP = Place(("calista", "roundtrip"), "baseline")


class Key(NamedTuple):
    """The key that makes the next run read a baseline.

    Attributes:
        config: The settings as they are with it; as they were where it is not to be written.
        line: As it stands in the table; "" where it stands there already.
        path: The file that it is written to; None where that cannot be done.
        text: What that file holds afterwards.
        instead: What the table says now, where that is another file.
        place: Where the line belongs.
    """

    config: Config
    line: str = ""
    path: Path | None = None
    text: str = ""
    instead: Path | None = None
    place: Place = LINT


def key_for(config: Config, baseline: Path, place: Place = LINT) -> Key:
    """Return what is to be written for a history's baseline; writes nothing."""
    file = os.path.abspath(baseline)  # noqa: PTH100 - as it is opened
    named = place.file(config)
    if named is not None and _same(named, file):
        return Key(config)
    line = f"{place.key} = {_quoted(_from(config.root, file))}"
    if named is not None:
        return Key(config, line, instead=named, place=place)
    path = config.path or config.root / "pyproject.toml"
    if not path.is_file():
        return Key(config, line, place=place)
    text = path.read_bytes().decode()
    for candidate in _candidates(text.replace("\r\n", "\n"), line, place.table):
        settings = _settings(candidate, path, config, place)
        if settings is not None and _only_adds(text, candidate, line, place.table):
            ends = "\r\n" if "\r\n" in text else "\n"
            return Key(settings, line, path, candidate.replace("\n", ends), place=place)
    return Key(config, line, place=place)


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
        raise ToolError(what, f"put `{key.line}` into its {key.place.name}") from error


def told(key: Key) -> str:
    """Return what to say of it; "" where there is nothing to do."""
    if not key.line:
        return ""
    if key.path is not None:
        return f"Wrote `{key.line}` to {shown(key.path)}."
    where = shown(key.config.path or key.config.root / "pyproject.toml")
    text = f"To accept them, put `{key.line}` into {key.place.name} of {where}."
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


def _candidates(text: str, line: str, table: tuple[str, ...]) -> list[str]:
    """Return the file with the key in its table, with that as a new one, or with a dotted key."""
    found = [_below(text, header, line) for header in _headers(text, table)]
    above = f"{text.rstrip()}\n\n" if text.strip() else ""
    found.append(f"{above}[{'.'.join(('tool', *table))}]\n{line}\n")
    if len(table) > 1:
        dotted = f"{table[-1]}.{line}"
        found += [_below(text, header, dotted) for header in _headers(text, table[:-1])]
    return found


def _headers(text: str, table: tuple[str, ...]) -> list[re.Match[str]]:
    dot = r"[ \t]*\.[ \t]*"
    words = dot.join(("tool", *table))
    header = re.compile(rf"(?m)^[ \t]*\[[ \t]*{words}[ \t]*\][ \t]*(?:#.*)?$\n?")
    return list(header.finditer(text))


def _below(text: str, header: re.Match[str], line: str) -> str:
    above = text[: header.end()]
    return f"{above}{'' if above.endswith(chr(10)) else chr(10)}{line}\n{text[header.end() :]}"


def _only_adds(before: str, after: str, line: str, table: tuple[str, ...]) -> bool:
    """Whether a text says what another says, and the key; it could have gone into a string."""
    old: dict[str, Any] = tomllib.loads(before)
    new: dict[str, Any] = tomllib.loads(after)
    inner = old
    for name in ("tool", *table):
        inner = inner.setdefault(name, {})
    inner.update(tomllib.loads(line))
    return old == new


def _settings(text: str, path: Path, config: Config, place: Place) -> Config | None:
    """Return the settings that a text gives; None where it changes any but this one."""
    try:
        tools = tomllib.loads(text)
        new = configuration.load(path=path, read=lambda _: tools)
    except (tomllib.TOMLDecodeError, ConfigError):
        return None
    # Of a history that the settings do not speak of these two are its own.
    new = new._replace(script_location=config.script_location, lock_file=config.lock_file)
    same = place.without(new)._replace(path=config.path) == config
    return new if same else None
