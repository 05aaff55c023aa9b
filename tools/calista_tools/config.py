"""What does this project want of the toolkit? Reads ``[tool.calista]`` of ``pyproject.toml``.

One table, ``OPTIONS``, says of each key its shape, default and meaning. Reading, the errors on
unknown keys and the JSON schema in ``docs/`` all come from it.
"""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calista_tools.alembic_settings import (
    find_above,
    find_place,
    quick_value,
    several_projects,
)
from calista_tools.config_values import check_value, unknown_key
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
_EMPTY: Mapping[str, Any] = MappingProxyType({})
#: What Alembic names files by where it is told nothing.
ALEMBIC_TEMPLATE = "%(rev)s_%(slug)s"
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
    "policy": Option(
        {"enum": ["calista"]},
        None,
        "`calista`: the strict policy of names, file names, dialects and reviews; default: what the"
        " project's own metadata and settings give.",
    ),
    "script_location": Option(
        _STRING,
        None,
        "Alembic's folder; default: what Alembic's own configuration says, else `migrations`.",
    ),
    "alembic-ini": Option(
        _STRING, "alembic.ini", "The Alembic configuration file; default: the only one there is."
    ),
    "lock-file": Option(
        _STRING, None, "Published revisions; default `history.lock` in script_location."
    ),
    "dialects": Option(
        {"type": "array", "items": {"enum": list(DIALECTS)}, "minItems": 1},
        None,
        "The dialects that every revision must work on; default: those that Alembic's settings, env.py"
        " and the revisions show, else both.",
    ),
    "file-template": Option(
        _STRING,
        None,
        "Alembic's file_template, folders included; default: what Alembic's own configuration says,"
        " else Alembic's `%(rev)s_%(slug)s`; the policy's is `YYYYMMDD_HHMM_<summary>`.",
    ),
    "autogenerate-mark": Option(
        {"type": "boolean"},
        None,
        "Whether Alembic's mark `please adjust!` says that nobody has reviewed a revision (CAL004);"
        " default: under the policy only.",
    ),
    "names": Option(
        {
            "type": "object",
            "properties": dict.fromkeys((*DEFAULT_NAMES, "ex"), _STRING),
            "additionalProperties": False,
        },
        {},
        "Names by kind, in SQLAlchemy's naming_convention tokens; default: as env.py's target_metadata"
        " has them.",
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


class Config(NamedTuple):
    """The project's settings; paths are absolute.

    A named tuple: a dataclass would take more to import than everything else here.

    Attributes:
        root: The folder of ``pyproject.toml`` (or where the search began when there is none).
        path: The ``pyproject.toml`` that was read, or None.
        policy: ``calista``, or None: the project's own habits are right.
        dialects_seen: Why these dialects, where nobody configured them; "" where both hold.
        file_template: None for the policy's names.
        names: The names that are configured, by kind; of others the project's metadata decides.
        judges_file_names: Whether anybody has said how files are named.
        searched: Folders that were looked through for Alembic's settings.
        naming_convention: None where the project did not say; the linter then reads env.py.
        roundtrip: The raw ``[tool.calista.roundtrip]`` table, read by the engine.
        alembic: The raw ``[tool.alembic]`` table beside ours, or in its place.
    """

    root: Path
    script_location: Path
    alembic_ini: Path
    lock_file: Path
    path: Path | None = None
    policy: str | None = None
    dialects: tuple[str, ...] = DIALECTS
    dialects_given: bool = False
    dialects_seen: str = ""
    file_template: str | None = ALEMBIC_TEMPLATE
    judges_file_names: bool = False
    autogenerate_mark: bool = False
    names: Mapping[str, str] = _EMPTY
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
    searched: tuple[str, ...] = ()

    @property
    def versions(self) -> Path:
        """The folder of revision files."""
        return self.script_location / "versions"


def load(
    start: Path | None = None,
    *,
    path: Path | None = None,
    read: Reader | None = None,
    several: bool = False,
) -> Config:
    """Read the project's configuration.

    Args:
        start: Where the upward search for ``pyproject.toml`` begins; the working folder if None.
        path: A ``pyproject.toml`` to read instead of searching.
        read: How such a file is read; `read_toml` if None.
        several: Whether it does not matter which of several Alembic projects is meant.

    Raises:
        ConfigError: A file cannot be read, a key is unknown or a value has the wrong shape.
    """
    start = (start or Path.cwd()).absolute()
    read = read or read_toml
    if path is None:
        found = _nearest(start, read)
        if found is None:
            above = find_above(start)
            return _build(
                {}, start if above is None else above.parent, None, start, one_of_several=several
            )
        return _build(found[1], found[0].parent, found[0], start, one_of_several=several)
    path = path.absolute()
    return _build(read(path).get("tool", {}), path.parent, path, start, one_of_several=several)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the ``[tool.calista]`` table."""
    properties = {
        key: {**option.schema, "description": option.help}
        | ({} if option.default is None else {"default": option.default})
        for key, option in OPTIONS.items()
    }
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
        found = tomllib.loads(regular_file.read_text(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # also of an integer of too many digits
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: cannot be read as TOML: nested too deeply") from error
    if not isinstance(found.get("tool", {}), dict):
        raise ConfigError(f"{path}: `tool` must be a table")
    return found


def _build(
    tools: Mapping[str, Any], root: Path, path: Path | None, start: Path, *, one_of_several: bool
) -> Config:
    values: dict[str, Any] = {}
    table = tools.get("calista", {})
    where = path or root
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: `tool.calista` must be a table", "write [tool.calista] above")
    known = {_canonical(key): key for key in OPTIONS}
    for key, value in table.items():
        name = known.get(_canonical(key))
        if name is None:
            raise unknown_key(where, f"tool.calista.{key}", key, OPTIONS)
        check_value(where, f"tool.calista.{name}", value, OPTIONS[name].schema)
        values[name] = value
    _check_tokens(where, values)
    policy = values.get("policy")
    for key in _PATHS:
        if key in values:
            regular_file.assert_path(root / values[key], where)
    place = find_place(values, tools.get("alembic"), root, start)
    if len(place.several) > 1 and not one_of_several:
        raise several_projects(root, place.several)
    script_location = place.location
    regular_file.assert_path(script_location, where)
    template = values.get("file-template") or quick_value(
        place.ini, "file_template", tools.get("alembic")
    )
    judged = template is not None or policy is not None
    if template is not None and template.replace("%%", "%") == POLICY_TEMPLATE:
        template = None
    elif template is None and policy is None:
        template = ALEMBIC_TEMPLATE
    config_of_names = dict(DEFAULT_NAMES if policy else {}) | values.get("names", {})

    def optional(key: str) -> Path | None:
        return root / values[key] if key in values else None

    config = Config(
        root=root,
        path=path,
        script_location=script_location,
        policy=policy,
        alembic_ini=place.ini,
        searched=place.searched,
        lock_file=optional("lock-file") or script_location / "history.lock",
        dialects=tuple(values.get("dialects", DIALECTS)),
        dialects_given=policy is not None or "dialects" in values,
        file_template=template,
        judges_file_names=judged,
        autogenerate_mark=values.get("autogenerate-mark", policy is not None),
        names=config_of_names,
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
    return config if config.dialects_given else with_seen_dialects(config)


def with_seen_dialects(config: Config) -> Config:
    """Return the settings with the dialects that the project shows."""
    from calista_tools.project_dialects import seen_dialects

    seen = seen_dialects(config.alembic_ini, config.script_location)
    return config._replace(dialects=seen.dialects, dialects_seen=seen.why)


#: Options that name a file or a folder.
_PATHS = (
    "alembic-ini",
    "script_location",
    "lock-file",
    "distribution",
    "lint-baseline",
    "templates",
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
