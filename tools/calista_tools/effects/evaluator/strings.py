"""What does a computed string say? Formatting and the methods of ``str``, within bounds."""

from __future__ import annotations

import re

from calista_tools.effects.evaluator.frame import NeedDialect
from calista_tools.effects.evaluator.values import SCALARS, DialectName, DialectTest, Unknown
from calista_tools.startup.patterns import later

#: Longer strings are not followed: no name or statement needs one, and doubling is cheap to write.
LIMIT = 200_000
TOO_LONG = Unknown("is too long to be followed")
#: A width or precision in a format that would make a small source give a huge string.
_WIDE = later(r"\d{5}")
_HOLE = "\0"


def joined(parts: list[object]) -> object:
    """Join the parts of an f-string; unknown ones leave a hole in ``Unknown.partial``."""
    found: list[str] = []
    unknown: Unknown | None = None
    size = 0
    for part in parts:
        if isinstance(part, str):
            text: str | None = part
        elif isinstance(part, Unknown):
            text = part.partial
            unknown = unknown or part
        else:
            text = plain(part)
            if text is None:
                unknown = unknown or Unknown("is made of what is not constant")
        text = _HOLE if text is None else text
        size += len(text)
        if size > LIMIT:
            return TOO_LONG
        found.append(text)
    if unknown is not None:
        return Unknown(unknown.reason, "".join(found))
    return "".join(found)


def plain(value: object) -> str | None:
    """Return ``str(value)`` where it is certain."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (DialectName, DialectTest)):
        raise NeedDialect
    if isinstance(value, SCALARS):
        if isinstance(value, int) and value.bit_length() > 1000:
            return None
        return str(value)
    if isinstance(value, (list, tuple)) and all(isinstance(item, SCALARS) for item in value):
        return str(value) if len(value) < 1000 else None
    return None


def formatted(value: object, conversion: int, spec: object) -> object:
    """Return one field of an f-string, with its conversion and format."""
    if isinstance(value, Unknown) or not isinstance(spec, str):
        return value if isinstance(value, Unknown) else Unknown("has a computed format")
    if isinstance(value, (DialectName, DialectTest)):
        raise NeedDialect
    if not isinstance(value, SCALARS) or _WIDE.search(spec):
        return Unknown("is made of what is not constant")
    text: object = value
    if conversion in (ord("r"), ord("a")):
        text = repr(value)
    elif conversion == ord("s"):
        text = str(value)
    try:
        return format(text, spec)
    except (ValueError, TypeError):
        return Unknown("has a format that fails")


def percent(template: str, values: object) -> object:
    """Return ``template % values``."""
    if isinstance(values, Unknown):
        return Unknown(values.reason, re.sub(r"%(\(\w+\))?[srdi]", _HOLE, template))
    items = list(values.values()) if isinstance(values, dict) else values
    items = list(items) if isinstance(items, (tuple, list)) else [items]
    holes = False
    for item in items:
        if isinstance(item, (DialectName, DialectTest)):
            raise NeedDialect
        holes = holes or (not isinstance(item, SCALARS) and plain(item) is None)
    if _WIDE.search(template) or "%*" in template or ".*" in template:
        return Unknown("has a computed format")
    if holes:
        values = _with_holes(values)
    try:
        text = template % values
    except (TypeError, ValueError, KeyError, OverflowError):
        return Unknown("has a format that fails")
    if holes:
        return Unknown(_reason(items), text)
    return text if len(text) < LIMIT else TOO_LONG


def _with_holes(values: object) -> object:
    if isinstance(values, dict):
        return {key: item if isinstance(item, SCALARS) else _HOLE for key, item in values.items()}
    if isinstance(values, tuple):
        return tuple(item if isinstance(item, SCALARS) else _HOLE for item in values)
    return _HOLE


def _reason(items: list[object]) -> str:
    for item in items:
        if isinstance(item, Unknown):
            return item.reason
    return "is made of what is not constant"


def str_format(template: str, args: list[object], kwargs: dict[str, object]) -> object:
    """Return ``template.format(*args, **kwargs)``; attributes and items are not followed."""
    fields = re.findall(r"\{([^{}]*)\}", template)
    if _WIDE.search(template) or any("." in f.split(":")[0] or "[" in f for f in fields):
        return Unknown("has a computed format")
    values = [*args, *kwargs.values()]
    if any(isinstance(item, (DialectName, DialectTest)) for item in values):
        raise NeedDialect
    holes = [item for item in values if not isinstance(item, SCALARS)]
    filled = [item if isinstance(item, SCALARS) else _HOLE for item in args]
    named = {key: item if isinstance(item, SCALARS) else _HOLE for key, item in kwargs.items()}
    try:
        text = template.format(*filled, **named)
    except (ValueError, TypeError, LookupError, AttributeError):
        return Unknown("has a format that fails")
    if holes:
        return Unknown(_reason(holes), text)
    return text if len(text) < LIMIT else TOO_LONG


#: Methods that give the same for the same string, and at most about as much.
_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "upper",
        "encode",
    ]
)


def method(text: str, name: str, args: list[object], kwargs: dict[str, object]) -> object:
    """Return ``text.name(*args, **kwargs)``."""
    if name == "format":
        return str_format(text, args, kwargs)
    if name == "format_map" and len(args) == 1 and isinstance(args[0], dict):
        return str_format(text, [], {str(key): item for key, item in args[0].items()})
    if name == "join" and len(args) == 1:
        return _join(text, args[0])
    if any(isinstance(item, (DialectName, DialectTest)) for item in args):
        raise NeedDialect
    for item in args:
        if isinstance(item, Unknown):
            old = args[0]
            known = name == "replace" and len(args) > 1 and isinstance(old, str) and old
            return Unknown(item.reason, text.replace(str(old), "\0") if known else None)
    if name == "replace" and len(args) >= 2 and all(isinstance(item, (str, int)) for item in args):
        if isinstance(args[1], str) and (len(text) + 1) * (len(args[1]) + 1) > 50 * LIMIT:
            return TOO_LONG
    elif name in ("ljust", "rjust", "center", "zfill"):
        if not args or not isinstance(args[0], int) or args[0] > 10_000:
            return TOO_LONG
    elif name not in _METHODS:
        return Unknown(f"is computed by `.{name}()`")
    if not all(isinstance(item, (*SCALARS, tuple)) for item in [*args, *kwargs.values()]):
        return Unknown(f"is computed by `.{name}()`")
    try:
        found: object = getattr(text, name)(*args, **kwargs)
    except (TypeError, ValueError, LookupError, OverflowError):
        return Unknown(f"is computed by `.{name}()`, which fails")
    return TOO_LONG if isinstance(found, str) and len(found) > LIMIT else found


def _join(separator: str, items: object) -> object:
    if isinstance(items, dict):
        items = list(items)
    if isinstance(items, (set, frozenset)):
        return Unknown("depends on the order of a set") if len(items) > 1 else joined(list(items))
    if not isinstance(items, (list, tuple)):
        return Unknown(items.reason if isinstance(items, Unknown) else "is joined from no list")
    parts: list[object] = []
    for item in items:
        if parts:
            parts.append(separator)
        parts.append(item if isinstance(item, (str, Unknown)) else Unknown("is no string"))
    return joined(parts)
