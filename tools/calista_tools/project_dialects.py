"""Which databases does a project run on? What its settings, env.py and revisions show, from source."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What shows a dialect: the scheme of a URL, a driver, SQLAlchemy's own module, a comparison.
_DIALECTS: Mapping[str, str] = {
    "postgresql": r"postgres(?:ql)?|psycopg[23]?|asyncpg|pg8000",
    "sqlite": r"sqlite3?|aiosqlite|pysqlite",
    "mysql": r"mysql|mysqldb|pymysql|aiomysql|asyncmy|mariadb|mysqlclient",
    "oracle": r"oracle|oracledb|cx_oracle",
    "mssql": r"mssql|pyodbc|pymssql|aioodbc",
}
_WORDS = "|".join(f"(?P<{name}>{words})" for name, words in _DIALECTS.items())
#: Each is looked for in text that was taken to lower case, and has no comments of its own line.
_SIGNS = re.compile(
    rf"(?:(?<![\w.-])(?:{_WORDS})(?:\+\w+)?://)".encode()
    + rb"|dialects(?:\.|[ \t]+import[ \t(]+)(?P<module>\w+(?:[ \t]*,[ \t]*\w+)*)"
    + rb"|(?:^|\n)[ \t]*(?:import|from)[ \t]+(?P<driver>\w+)"
    + rb"|['\"](?P<quoted>postgresql|postgres|sqlite|mysql|mariadb|oracle|mssql)(?:\+\w+)?['\"]"
    + rb"|(?P<batch>render_as_batch['\"]?[ \t]*[=:][ \t]*true)"
)
_COMMENT = re.compile(rb"(?m)^[ \t]*[#;].*$")
_OURS = ("sqlite", "postgresql")
_SHOWN = {
    "postgresql": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL", "oracle": "Oracle",
    "mssql": "SQL Server",
}  # fmt: skip
#: What a revision that shows a dialect holds for certain.
_NEEDED: Mapping[str, bytes] = {"sqlite": b"sqlite", "postgresql": b"postgres", "mysql": b"mysql"}
#: Revisions that are looked into where neither the settings nor env.py show anything.
_MOST = 2_000


class Seen(NamedTuple):
    """The dialects that a project shows, and why in a line; "" where both hold or none is known."""

    dialects: tuple[str, ...]
    why: str = ""


def seen_dialects(ini: Path, location: Path) -> Seen:
    """Return the dialects of a project.

    Args:
        ini: Alembic's settings.
        location: The folder of env.py; without one, the revisions are not asked.
    """
    found: dict[str, str] = {}
    is_project = False
    for path in (ini, location / "env.py"):
        text = _text(path)
        is_project = is_project or (text is not None and path.name == "env.py")
        for name, sign in _signs(text or b""):
            found.setdefault(name, f"`{sign}` in {path.name}")
    if not is_project:
        return Seen(_OURS)
    if not set(_OURS) <= found.keys():
        # A revision that says what to do on SQLite is written for SQLite, whatever runs here.
        for path in _revisions(location / "versions"):
            text = _text(path) or b""
            # To look for one word is quick, and most revisions of most projects hold none.
            if all(word not in text for name, word in _NEEDED.items() if name not in found):
                continue
            for name, sign in _signs(text, urls=False):
                found.setdefault(name, f"`{sign}` in {path.name}")
            if set(_OURS) <= found.keys():
                break
    batch = found.pop("batch", None)
    others = [name for name in found if name not in _OURS]
    ours_seen = any(name in found for name in _OURS)
    if batch and ours_seen and not others:  # it is meant for SQLite, and harmless elsewhere
        found.setdefault("sqlite", batch)
    ours = tuple(name for name in _OURS if name in found)
    if len(ours) == 2:
        return Seen(ours)
    if ours:
        return Seen(ours, f"{_SHOWN[ours[0]]} only ({found[ours[0]]})")
    if not others:
        return Seen(_OURS)
    why = f"{_SHOWN[others[0]]} only ({found[others[0]]}), judged as SQLite and PostgreSQL"
    return Seen(_OURS, why)


def _signs(text: bytes, *, urls: bool = True) -> Iterator[tuple[str, str]]:
    for found in _SIGNS.finditer(_COMMENT.sub(b"", text.lower())):
        sign = found[0].strip().decode("utf-8", "replace")
        if found["batch"]:
            yield "batch", "render_as_batch"
            continue
        said = found["module"] or found["driver"] or found["quoted"]
        if found["quoted"] and not urls and found["quoted"].startswith(b"postgres"):
            continue  # who asks whether this is PostgreSQL runs on something else as well
        words = re.findall(r"\w+", said.decode("utf-8", "replace")) if said else []
        for name, known in _DIALECTS.items():
            if said is None and found[name] and urls:  # a revision may open some other file
                yield name, sign
            elif any(re.fullmatch(known, word) for word in words):
                yield name, " ".join(sign.split()).strip("'\"")


def _text(path: Path) -> bytes | None:
    try:
        return regular_file.read_bytes(path, 2_000_000)
    except (OSError, ValueError):
        return None


def _revisions(folder: Path) -> Iterator[Path]:
    count = 0
    for above, names, files in os.walk(folder):
        names[:] = [name for name in names if name != "__pycache__" and name[0] != "."]
        for name in sorted(files, reverse=True):
            if name.endswith(".py") and count < _MOST:
                count += 1
                yield Path(above, name)
