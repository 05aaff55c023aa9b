"""In which environment variables does ``env.py`` expect the URL, or the parts that it puts one together from?"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What a URL is put together from, as it is named before the variable.
PARTS = ("host", "port", "user", "password", "database")
_NAME = re.compile(r"[^\s=\0]+")
HINT = (
    "where env.py puts its URL together from variables, name them: --url-env host=POSTGRES_SERVER"
    " --url-env port=POSTGRES_PORT --url-env user=POSTGRES_USER --url-env password=POSTGRES_PASSWORD"
    " --url-env database=POSTGRES_DB"
)
_UNREACHED = re.compile(
    r"connection refused|could not translate host|name or service not known|connection timed out"
    r"|nodename nor servname|multiple exceptions: \[errno|connect call failed|no such host",
    re.IGNORECASE,
)


def assert_url_env(entries: Iterable[str]) -> None:
    """Raise for what names no variable, or no part of a URL.

    Raises:
        ToolError: There is such a one.
    """
    for entry in entries:
        part, variable = _split(entry)
        if not _NAME.fullmatch(variable):
            raise ToolError(
                f"--url-env {entry}: no name of a variable",
                "for example DATABASE_URL, or host=POSTGRES_SERVER",
            )
        if part is not None and part not in PARTS:
            near = get_close_matches(part, PARTS, n=1, cutoff=0.0)[0]
            raise ToolError(
                f"--url-env {entry}: a URL has no part {part!r}",
                f"did you mean `{near}={variable}`? One of: {', '.join(PARTS)}",
            )


def has_parts(entries: Iterable[str]) -> bool:
    """Whether env.py puts its URL together by itself: it is PostgreSQL's then."""
    return any(_split(entry)[0] is not None for entry in entries)


def values(entries: Iterable[str], text: str) -> Mapping[str, str]:
    """Return the environment variables that carry a URL."""
    from sqlalchemy.engine import make_url

    url = make_url(text)
    parts = {
        # psycopg has a host in the query where it is a socket's folder.
        "host": url.host or url.query.get("host") or "",
        "port": url.port or url.query.get("port") or ("5432" if url.host else ""),
        "user": url.username or "",
        "password": url.password or "",
        "database": url.database or "",
    }
    found = {}
    for entry in entries:
        part, variable = _split(entry)
        found[variable] = text if part is None else str(parts[part])
    return found


def hint_of(message: str, entries: Iterable[str]) -> str:
    """Return what helps where env.py looked for a server that is not there."""
    return HINT if _UNREACHED.search(message) and not has_parts(entries) else ""


def _split(entry: str) -> tuple[str | None, str]:
    part, equals, variable = entry.partition("=")
    return (part.strip(), variable.strip()) if equals else (None, entry.strip())
