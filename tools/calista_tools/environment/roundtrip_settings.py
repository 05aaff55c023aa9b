"""What does a project say of its round trips? Reads ``[tool.calista.roundtrip]``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.closest import did_you_mean
from calista_tools.environment.url_variables import assert_url_env
from calista_tools.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The project's own words.

    Attributes:
        prepare: What makes the database that the first revision expects, as
            ``package.module:callable``; it is called with an engine.
        x: ``-x`` arguments for ``env.py``.
        url_env: Environment variables that get the URL.
        driver: PostgreSQL's driver in that URL, such as ``asyncpg``; psycopg if None.
        drift: Accepted differences between head and the metadata: pattern of the line to reason.
        parity: Accepted differences between the dialects: the same.
        losses: Revisions that lose rows on purpose: revision to reason.
        irreversible: Revisions without a way back: revision to reason.
        rows: The project's own rows, or the file that holds them (see
            `calista_tools.roundtrip.rows.given_rows`).
        name: Which database is proven, of a project that has several.
        baseline: The file of known failures. What is proven does not depend on it.
    """

    prepare: str | None = None
    x: tuple[str, ...] = ()
    url_env: tuple[str, ...] = ()
    driver: str | None = None
    drift: Mapping[str, str] = field(default_factory=dict)
    parity: Mapping[str, str] = field(default_factory=dict)
    losses: Mapping[str, str] = field(default_factory=dict)
    irreversible: Mapping[str, str] = field(default_factory=dict)
    rows: str | Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    baseline: str | None = field(default=None, repr=False)


_LISTS = ("x", "url_env")
_REASONS = ("drift", "parity", "losses", "irreversible")


def read_settings(table: Mapping[str, Any], root: Path | None = None) -> Settings:
    """Check the table and return what it says; files are found from ``root``.

    Raises:
        ConfigError: A key is unknown, a value has the wrong shape, or a reason is missing.
    """
    known = Settings.__dataclass_fields__
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        where = f"tool.calista.roundtrip.{key}"
        if name not in known:
            spelled = [one.replace("_", "-") for one in known]
            raise ConfigError(f"unknown key `{where}`", did_you_mean(key, spelled))
        if name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ConfigError(f"`{where}` must be a list of strings, not {value!r}")
            value = tuple(value)
            if name == "url_env":
                assert_url_env(value)
        elif name in _REASONS:
            _check_reasons(where, value)
        elif name == "rows":
            if isinstance(value, str):
                value = str((root or Path()) / value)
            elif not isinstance(value, dict):
                raise ConfigError(f"`{where}` must be a file or a table, not {value!r}")
        elif not isinstance(value, str):
            raise ConfigError(f"`{where}` must be a string, not {value!r}")
        elif name == "baseline":
            value = str((root or Path()) / value)
        values[name] = value
    return Settings(**values)


def _check_reasons(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise ConfigError(f"`{where}` must be a table of reasons, not {value!r}")
    for what, reason in value.items():
        if not isinstance(reason, str) or not reason.strip():
            raise ConfigError(f"`{where}.{what}` needs a reason", "say why the difference is right")
