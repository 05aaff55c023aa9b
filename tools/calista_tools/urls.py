"""How is a database's URL read that somebody gave us?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.passwords import ENCODE, is_clear

if TYPE_CHECKING:
    from sqlalchemy import URL

FORMS = "postgresql://user:password@host:5432/name or sqlite:///file.db"


def read_url(text: str, what: str = "database URL", *, exit_code: int = 1) -> URL:
    """Return the URL that a text is.

    Raises:
        ToolError: It is none, or does not say which part of it is the password. The text itself is
            not told.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text) if is_clear(text) else None
    except (ArgumentError, ValueError):  # a port that is no number
        url = None
    if url is None:
        hint = f"expected {FORMS}; {ENCODE}"
        raise ToolError(f"the {what} cannot be read", hint, exit_code=exit_code)
    return url
