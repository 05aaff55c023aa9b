"""Does a file name follow Alembic's ``file_template``?"""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(r"%%?\((\w+)\)(?:\.?\d*)([sdi])")
#: Source: https://alembic.sqlalchemy.org/en/latest/tutorial.html#editing-the-ini-file
_SHAPES = {
    "rev": r"\w+",
    "slug": r"[^\W_]+(?:_[^\W_]+)*_?",
    "epoch": r"\d+",
    "year": r"\d{4}",
    "month": r"(?:0?[1-9]|1[0-2])",
    "day": r"(?:0?[1-9]|[12]\d|3[01])",
    "hour": r"(?:[01]?\d|2[0-3])",
    "minute": r"[0-5]?\d",
    "second": r"[0-5]?\d",
}


def matches(template: str, name: str) -> bool:
    """Whether a file's name is one that the template can give."""
    return name.endswith(".py") and _pattern(template).fullmatch(name[:-3]) is not None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(template):
        parts += (re.escape(template[end : token.start()]), _SHAPES.get(token[1], ".+"))
        end = token.end()
    parts.append(re.escape(template[end:]))
    return re.compile("".join(parts))
