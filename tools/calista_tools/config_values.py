"""Has a value of ``[tool.calista]`` the shape that its key wants?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calista_tools.closest import did_you_mean
from calista_tools.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def unknown_key(where: Path, full: str, key: str, known: Mapping[str, object]) -> ConfigError:
    """Return the error on a key that there is not, which names the nearest."""
    return ConfigError(f"{where}: unknown key `{full}`", did_you_mean(key, known))


def check_value(where: Path, full: str, value: object, schema: Mapping[str, Any]) -> None:
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
        "boolean": (bool, "true or false"),
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
            check_value(where, full, item, schema["items"])
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        for key, item in value.items():
            if key in properties:
                check_value(where, f"{full}.{key}", item, properties[key])
            elif more is False:
                raise unknown_key(where, f"{full}.{key}", key, properties)
            elif isinstance(more, dict):
                check_value(where, f"{full}.{key}", item, more)
