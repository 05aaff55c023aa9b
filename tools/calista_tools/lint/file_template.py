"""Does a file name follow Alembic's ``file_template``, its folders included, and which date is in it?"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from calista_tools.history.filename import stamp_of

if TYPE_CHECKING:
    from calista_tools.config import Config

_TOKEN = re.compile(r"%%?\((\w+)\)([-#0 +]*\d*(?:\.\d*)?)([a-zA-Z])")
#: Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file
_DATED = ("year", "month", "day", "hour", "minute")
_SHAPES = {"rev": r"\w+", "slug": r"\w+", "epoch": r"\d+", "year": r"\d{4,}"}
#: What there is of the others, to be written as the token says: `%(month).2d` gives no `1`.
_VALUES = {
    "month": range(1, 13),
    "day": range(1, 32),
    "hour": range(24),
    "minute": range(60),
    "second": range(60),
}


def matches(template: str, name: str) -> bool:
    """Whether a file's name is one that the template can give.

    Args:
        template: As configured; percent signs may be doubled, as in alembic.ini.
        name: From the versions folder on, its folders parted by ``/``.
    """
    return name.endswith(".py") and _pattern(template).fullmatch(name[:-3]) is not None


def stamp_in(config: Config, name: str) -> datetime | None:
    """Return the minute in a file's name; None where the project puts none into its names.

    Where nobody has set a template, a name that begins as the policy's do is taken at its word.
    """
    if config.file_template is None or not config.judges_file_names:
        return stamp_of(name)
    return _stamp(config.file_template, name)


@lru_cache(maxsize=20_000)
def _stamp(template: str, name: str) -> datetime | None:
    template = template.replace("\\", "/").rpartition("/")[2]
    terms = [found[1] for found in _TOKEN.finditer(template)]
    if not set(_DATED).issubset(terms):
        return None
    found = _pattern(template).fullmatch(name.removesuffix(".py"))
    if found is None:
        return None
    parts = found.groupdict()
    try:
        year, month, day, hour, minute = (int(parts[term]) for term in _DATED)
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def folders(template: str) -> int:
    """Return how many folders a template puts between the versions folder and a file."""
    return template.count("/")


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    seen: set[str] = set()
    for token in _TOKEN.finditer(template):
        term = token[1]
        shape = _shape(*token.groups())
        if term in _DATED and term not in seen:
            shape = f"(?P<{term}>{shape})"
            seen.add(term)
        parts += (_literal(template[end : token.start()]), shape)
        end = token.end()
    parts.append(_literal(template[end:]))
    return re.compile("".join(parts))


def _literal(text: str) -> str:
    return re.escape(text.replace("%%", "%"))


def _shape(term: str, form: str, kind: str) -> str:
    if term in _SHAPES:
        return _SHAPES[term]
    if term not in _VALUES:
        return ".+"
    try:
        written = [f"%{form}{kind}" % value for value in _VALUES[term]]
    except (ValueError, TypeError):
        return ".+"  # Alembic will say that it cannot be filled in
    return f"(?:{'|'.join(map(re.escape, written))})"
