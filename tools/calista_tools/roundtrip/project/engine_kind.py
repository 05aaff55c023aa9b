"""Does a project reach its database by an ordinary or by an asynchronous engine?"""

from __future__ import annotations

import re

ORDINARY, ASYNCHRONOUS = "ordinary", "asynchronous"
_ASYNC = re.compile(
    r"\b(async_engine_from_config|create_async_engine|AsyncEngine|async_engine|run_sync)\b"
)
_SYNC = re.compile(r"\b(engine_from_config|create_engine)\(")
#: Drivers of an asynchronous engine, in a project's own URL.
_ASYNC_URL = re.compile(r"^\s*\w+\+(?:aiosqlite|asyncpg|psycopg_async|\w*async\w*):")
_WRONG_KIND = re.compile(
    r"requires an async driver|is not async|greenlet_spawn has not been called|async engine"
)


def kinds_made(source: str) -> set[str]:
    """Return the kinds of engine that an ``env.py`` makes; the ordinary one where it shows none."""
    if not _ASYNC.search(source):
        return {ORDINARY}
    return {ASYNCHRONOUS, ORDINARY} if _SYNC.search(source) else {ASYNCHRONOUS}


def is_asynchronous(url: str) -> bool:
    """Whether a URL names a driver of an asynchronous engine."""
    return _ASYNC_URL.match(url) is not None


def wants_the_other(error: BaseException) -> bool:
    """Whether an error, or one of its causes, says that the driver is of the wrong kind."""
    seen: BaseException | None = error
    while seen is not None:
        if type(seen).__name__ == "MissingGreenlet" or _WRONG_KIND.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
