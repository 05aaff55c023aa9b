"""Which rows did a step mean to write? By the words of its statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|`[^`]+`|\[[^\]]+\]|\w+)"
_QUALIFIED = rf"(?:{_NAME}\s*\.\s*)?(?P<table>{_NAME})"
_WRITES = re.compile(
    rf"(?<!\bDO\s)\b(?P<verb>UPDATE|DELETE\s+FROM|MERGE\s+INTO|REPLACE\s+INTO"
    rf"|INSERT\s+OR\s+REPLACE\s+INTO|INSERT\s+INTO)\s+(?:ONLY\s+)?{_QUALIFIED}",
    re.IGNORECASE,
)
_UPSERT = re.compile(r"\bON\s+CONFLICT\b.*\bDO\s+UPDATE\b", re.IGNORECASE | re.DOTALL)
#: Values that an expression makes, and those that come with another column's name.
_ALTERS = re.compile(
    rf"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_QUALIFIED}\s"
    rf"(?:.*\bTYPE\b.*\bUSING\b|\s*RENAME\s+(?:COLUMN\s+)?(?!TO\b){_NAME}\s+TO\b)",
    re.IGNORECASE | re.DOTALL,
)
_WHOLE = re.compile(
    rf"\b(?P<verb>TRUNCATE(?:\s+TABLE)?|DROP\s+TABLE(?:\s+IF\s+EXISTS)?)\s+"
    rf"(?P<tables>(?:(?:ONLY\s+)?(?:{_NAME}\s*\.\s*)?{_NAME}[\s*]*(?:,\s*)?)+)",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?:ONLY\s+)?{_QUALIFIED}\s*(?=[,*]|\Z|CASCADE|RESTRICT|RESTART|CONTINUE)", re.IGNORECASE
)
#: What a function of the project's own does, or a text that is put together, is not said here.
_CALLS = re.compile(
    r"\s*(?:CALL\b|SELECT\s+(?!(?:pg_\w+|set_config|setval|nextval|count|min|max|sum|avg|coalesce"
    rf"|exists)\s*\()(?:{_NAME}\s*\.\s*)?{_NAME}\s*\(.*)",
    re.IGNORECASE,
)
_UNREAD = re.compile(r"\bPERFORM\b|\bEXECUTE\b(?!\s+(?:FUNCTION|PROCEDURE)\b)", re.IGNORECASE)
#: Stands for every table.
ANY_TABLE = ""


def meant(statements: Iterable[str]) -> dict[str, set[str]]:
    """Return what statements say they write: verbs by table name in lower case.

    The verbs are ``insert``, ``update``, ``delete``, and ``drop`` of a whole table. What happens to
    a table that no statement names was done by something else, such as a cascade or a recreation.
    """
    result: dict[str, set[str]] = {}

    def say(table: str, *verbs: str) -> None:
        result.setdefault(table.strip('"`[]').lower(), set()).update(verbs)

    for statement in statements:
        if _CALLS.match(statement) or _UNREAD.search(statement):
            say(ANY_TABLE, "insert", "update", "delete")
        for found in _ALTERS.finditer(statement):
            say(found["table"], "update")
        for found in _WHOLE.finditer(statement):
            verb = "drop" if found["verb"].upper().startswith("DROP") else "delete"
            for one in _ONE.finditer(found["tables"]):
                say(one["table"], verb)
        for found in _WRITES.finditer(statement):
            words = found["verb"].upper()
            if words.startswith("DELETE"):
                say(found["table"], "delete")
            elif words == "UPDATE":
                say(found["table"], "update")
            elif words.startswith("MERGE") or "REPLACE" in words:
                say(found["table"], "insert", "update", "delete")
            else:
                upsert = _UPSERT.search(statement, found.end())
                say(found["table"], "insert", *(["update"] if upsert else []))
    return result
