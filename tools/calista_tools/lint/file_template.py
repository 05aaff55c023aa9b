"""Does a file name follow Alembic's ``file_template``, its folders included?"""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(r"%%?\((\w+)\)([-#0 +]*\d*(?:\.\d*)?)([a-zA-Z])")
#: Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file
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


def folders(template: str) -> int:
    """Return how many folders a template puts between the versions folder and a file."""
    return template.count("/")


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(template):
        parts += (_literal(template[end : token.start()]), _shape(*token.groups()))
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
