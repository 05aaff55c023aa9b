"""What does this project want of the toolkit? Reads ``[tool.calista]`` of ``pyproject.toml``.

One table, ``OPTIONS``, says of each key its shape, default and meaning. Reading, the errors on
unknown keys and the JSON schema in ``docs/`` all come from it.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ConfigError
from calista_tools.files import regular_file
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Reader = Callable[[Path], Mapping[str, Any]]

#: Policy names, in the tokens of SQLAlchemy's ``naming_convention`` (design, section 4).
DEFAULT_NAMES: Mapping[str, str] = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_label)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "trigger": "%(table_name)s_%(action)s",
}
#: What SQLAlchemy's ``naming_convention`` knows; of triggers and exclusion constraints it does not.
CONVENTION_KINDS = ("pk", "uq", "ix", "fk", "ck")
DIALECTS = ("sqlite", "postgresql")
#: The policy's file names, as Alembic's ``file_template``.
POLICY_TEMPLATE = "%(year)d%(month).2d%(day).2d_%(hour).2d%(minute).2d_%(slug)s"


class Option(NamedTuple):
    """One key of ``[tool.calista]``: its JSON schema, its default and what it is for."""

    schema: Mapping[str, Any]
    default: object
    help: str


_STRING = {"type": "string"}
_STRINGS = {"type": "array", "items": {"type": "string"}}
_TABLE_OF_STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
_TABLE_OF_LISTS = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}

OPTIONS: Mapping[str, Option] = {
    "script_location": Option(
        _STRING,
        None,
        "Alembic's folder; default: what Alembic's own configuration says, else `migrations`.",
    ),
    "alembic-ini": Option(_STRING, "alembic.ini", "The Alembic configuration file."),
    "lock-file": Option(
        _STRING, None, "Published revisions; default `history.lock` in script_location."
    ),
    "dialects": Option(
        {"type": "array", "items": {"enum": list(DIALECTS)}, "minItems": 1},
        list(DIALECTS),
        "The dialects that every revision must work on.",
    ),
    "file-template": Option(
        _STRING,
        None,
        "Alembic's file_template, folders included; default: what Alembic's own configuration says,"
        " else the policy's `YYYYMMDD_HHMM_<summary>`.",
    ),
    "names": Option(
        {
            "type": "object",
            "properties": dict.fromkeys((*DEFAULT_NAMES, "ex"), _STRING),
            "additionalProperties": False,
        },
        {},
        "Policy names by kind, in SQLAlchemy's naming_convention tokens.",
    ),
    "naming-convention": Option(
        _TABLE_OF_STRINGS,
        None,
        "The naming convention of env.py's target_metadata, where it cannot be read from source.",
    ),
    "append-only": Option(_STRINGS, [], "Tables whose rows are never changed or removed."),
    "baseline": Option(_STRING, None, "The revision id that the history starts from."),
    "external-revisions": Option(
        _STRINGS,
        [],
        "Revisions of other packages that `down_revision` or `depends_on` may name: ids, or patterns"
        " (`core*`).",
    ),
    "distribution": Option(
        _STRING,
        None,
        "The folder whose pyproject.toml names what carries the revisions to users; default: this one's.",
    ),
    "application-packages": Option(
        _STRINGS, [], "Packages that a revision must not import (CAL005)."
    ),
    "select": Option(_STRINGS, ["CAL"], "Rule codes or prefixes to check."),
    "ignore": Option(_STRINGS, [], "Rule codes or prefixes to leave out."),
    "per-file-ignores": Option(
        _TABLE_OF_LISTS, {}, "Codes or prefixes to leave out by file pattern."
    ),
    "start-after": Option(
        _STRING, None, "Revisions up to and including this one are read but not judged."
    ),
    "lint-baseline": Option(_STRING, None, "A file of accepted findings."),
    "templates": Option(_STRING, None, "A folder whose templates replace the shipped ones."),
    "roundtrip": Option({"type": "object"}, {}, "Settings of the round-trip engine."),
}


_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Config(NamedTuple):
    """The project's settings; paths are absolute.

    A named tuple: a dataclass would take more to import than everything else here.

    Attributes:
        root: The folder of ``pyproject.toml`` (or where the search began when there is none).
        path: The ``pyproject.toml`` that was read, or None.
        naming_convention: None where the project did not say; the linter then reads env.py.
        roundtrip: The raw ``[tool.calista.roundtrip]`` table, read by the engine.
        alembic: The raw ``[tool.alembic]`` table beside ours, or in its place.
    """

    root: Path
    script_location: Path
    alembic_ini: Path
    lock_file: Path
    path: Path | None = None
    dialects: tuple[str, ...] = DIALECTS
    file_template: str | None = None
    names: Mapping[str, str] = DEFAULT_NAMES
    naming_convention: Mapping[str, str] | None = None
    append_only: tuple[str, ...] = ()
    baseline: str | None = None
    external_revisions: tuple[str, ...] = ()
    application_packages: tuple[str, ...] = ()
    distribution: Path | None = None
    select: tuple[str, ...] = ("CAL",)
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = _EMPTY
    start_after: str | None = None
    lint_baseline: Path | None = None
    templates: Path | None = None
    roundtrip: Mapping[str, Any] = _EMPTY
    alembic: Mapping[str, Any] = _EMPTY

    @property
    def versions(self) -> Path:
        """The folder of revision files."""
        return self.script_location / "versions"


def load(
    start: Path | None = None, *, path: Path | None = None, read: Reader | None = None
) -> Config:
    """Read the project's configuration.

    Args:
        start: Where the upward search for ``pyproject.toml`` begins; the working folder if None.
        path: A ``pyproject.toml`` to read instead of searching.
        read: How such a file is read; `read_toml` if None.

    Raises:
        ConfigError: A file cannot be read, a key is unknown or a value has the wrong shape.
    """
    start = (start or Path.cwd()).absolute()
    read = read or read_toml
    if path is None:
        found = _nearest(start, read)
        return (
            _build({}, start, None)
            if found is None
            else _build(found[1], found[0].parent, found[0])
        )
    path = path.absolute()
    return _build(read(path).get("tool", {}), path.parent, path)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the ``[tool.calista]`` table."""
    properties = {
        key: {**option.schema, "description": option.help}
        | ({} if option.default is None else {"default": option.default})
        for key, option in OPTIONS.items()
    }
    properties["names"]["default"] = dict(DEFAULT_NAMES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.calista] of pyproject.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _nearest(start: Path, read: Reader) -> tuple[Path, Mapping[str, Any]] | None:
    """Return the nearest file that has our table, else with Alembic's, and its tables of tools."""
    of_alembic = None
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        if regular_file.is_there(candidate):
            tools = read(candidate).get("tool", {})
            if "calista" in tools:
                return candidate, tools
            if "alembic" in tools and of_alembic is None:
                of_alembic = candidate, tools
    return of_alembic


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: It cannot be read.
    """
    import tomllib

    try:
        return tomllib.loads(regular_file.read_text(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error


def _build(tools: Mapping[str, Any], root: Path, path: Path | None) -> Config:
    values: dict[str, Any] = {}
    table = tools.get("calista", {})
    where = path or root
    known = {_canonical(key): key for key in OPTIONS}
    for key, value in table.items():
        name = known.get(_canonical(key))
        if name is None:
            raise _unknown(where, f"tool.calista.{key}", key, OPTIONS)
        _check(where, f"tool.calista.{name}", value, OPTIONS[name].schema)
        values[name] = value
    _check_tokens(where, values)
    ini = root / values.get("alembic-ini", "alembic.ini")
    location = (
        values.get("script_location")
        or _script_location(ini)
        or _in_pyproject(tools.get("alembic"), root)
        or "migrations"
    )
    script_location = (root / location).absolute()

    def optional(key: str) -> Path | None:
        return root / values[key] if key in values else None

    return Config(
        root=root,
        path=path,
        script_location=script_location,
        alembic_ini=ini,
        lock_file=optional("lock-file") or script_location / "history.lock",
        dialects=tuple(values.get("dialects", DIALECTS)),
        file_template=values.get("file-template") or _file_template(ini, tools.get("alembic")),
        names={**DEFAULT_NAMES, **values.get("names", {})},
        naming_convention=values.get("naming-convention"),
        append_only=tuple(values.get("append-only", ())),
        baseline=values.get("baseline"),
        external_revisions=tuple(values.get("external-revisions", ())),
        distribution=optional("distribution"),
        application_packages=tuple(values.get("application-packages", ())),
        select=tuple(values.get("select", ("CAL",))),
        ignore=tuple(values.get("ignore", ())),
        per_file_ignores={
            pattern: tuple(codes) for pattern, codes in values.get("per-file-ignores", {}).items()
        },
        start_after=values.get("start-after"),
        lint_baseline=optional("lint-baseline"),
        templates=optional("templates"),
        roundtrip=values.get("roundtrip", {}),
        alembic=tools["alembic"] if isinstance(tools.get("alembic"), dict) else {},
    )


def _check_tokens(where: Path, values: Mapping[str, Any]) -> None:
    """Refuse names that hold tokens which are none.

    Raises:
        ConfigError: There is one; the message names the nearest.
    """
    if not values.keys() & {"names", "naming-convention", "file-template"}:
        return
    from calista_tools import name_tokens  # here: most projects have none of these

    try:
        name_tokens.check_names(values.get("names", {}), "tool.calista.names")
        own = values.get("naming-convention", {})
        name_tokens.check_convention(own, CONVENTION_KINDS, "tool.calista.naming-convention")
        if "file-template" in values:
            name_tokens.check_file_template(values["file-template"], "tool.calista.file-template")
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", error.hint) from None


def _canonical(key: str) -> str:
    """Spell a key with hyphens: TOML habits differ, and both spellings mean the same here."""
    return key.replace("_", "-")


def _unknown(where: Path, full: str, key: str, known: Mapping[str, object]) -> ConfigError:
    from difflib import get_close_matches

    near = get_close_matches(key, known, n=1, cutoff=0.0)
    return ConfigError(f"{where}: unknown key `{full}`", f"did you mean `{near[0]}`?")


def _check(where: Path, full: str, value: object, schema: Mapping[str, Any]) -> None:
    """Hold a value against the few JSON schema words that ``OPTIONS`` uses.

    Raises:
        ConfigError: The value has another shape; the message names the key and what it takes.
    """
    if "enum" in schema:
        if value not in schema["enum"]:
            accepted = ", ".join(map(repr, schema["enum"]))
            raise ConfigError(f"{where}: `{full}` is {value!r}", f"accepted: {accepted}")
        return
    kinds: dict[str, tuple[type, str]] = {
        "string": (str, "a string"),
        "array": (list, "a list"),
        "object": (dict, "a table"),
    }
    kind, words = kinds[schema["type"]]
    if not isinstance(value, kind):
        raise ConfigError(f"{where}: `{full}` must be {words}, not {value!r}")
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            raise ConfigError(f"{where}: `{full}` must not be empty")
        for item in value:
            _check(where, full, item, schema["items"])
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in properties:
                _check(where, f"{full}.{key}", item, properties[key])
            elif more is False:
                raise _unknown(where, f"{full}.{key}", key, properties)
            elif isinstance(more, dict):
                _check(where, f"{full}.{key}", item, more)


def _script_location(ini: Path) -> str | None:
    """Return ``script_location`` as alembic.ini has it, relative to the ini's folder."""
    if not regular_file.is_there(ini):
        return None
    # Here, not at the top: a project with [tool.calista] script_location never pays for it.
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(regular_file.read_text(ini), str(ini))
    except OSError as error:
        raise ConfigError(f"{ini}: cannot be read: {error.strerror or error}") from error
    except (Error, UnicodeDecodeError) as error:
        raise ConfigError(f"{ini}: cannot be read: {error}".replace("\n", " ")) from error
    location = parser.get("alembic", "script_location", fallback=None)
    return location.replace("%(here)s", str(ini.parent.absolute())) if location else None


def _file_template(ini: Path, table: object) -> str | None:
    """Return Alembic's own ``file_template``; None where it is the policy's, or there is none."""
    try:
        text = regular_file.read_text(ini)
    except (OSError, UnicodeDecodeError):
        text = ""
    # By hand: configparser takes longer to import than a file to be linted.
    section = re.search(r"^\[alembic\][^\n]*\n((?:(?!\[)[^\n]*(?:\n|\Z))*)", text, re.MULTILINE)
    found = re.findall(
        r"(?m)^file_template[ \t]*[=:][ \t]*(\S.*?)[ \t]*$", section[1] if section else ""
    )
    written = (
        found[-1] if found else table.get("file_template") if isinstance(table, dict) else None
    )
    if not isinstance(written, str) or written.replace("%%", "%") == POLICY_TEMPLATE:
        return None
    return written


def _in_pyproject(table: object, root: Path) -> str | None:
    """Return ``script_location`` of ``[tool.alembic]``, which Alembic asks after alembic.ini."""
    location = table.get("script_location") if isinstance(table, dict) else None
    return location.replace("%(here)s", str(root)) if isinstance(location, str) else None
