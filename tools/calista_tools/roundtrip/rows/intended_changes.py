"""Which rows did a step mean to write? By the words of its statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

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
#: What a function of the project's own does, or a text that is put together, is not said here. One
#: that is called by its schema's name may be an extension's; what else the database has writes nothing.
_CALLS = re.compile(
    rf"\s*(?:CALL\b|SELECT\s+(?P<schema>{_NAME}\s*\.\s*)?(?P<function>{_NAME})\s*\()", re.IGNORECASE
)
_MAKES = re.compile(
    rf"\bCREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+(?:{_NAME}\s*\.\s*)?(?P<function>{_NAME})\s*\(",
    re.IGNORECASE,
)
_UNREAD = re.compile(r"\bPERFORM\b|\bEXECUTE\b(?!\s+(?:FUNCTION|PROCEDURE|ON)\b)", re.IGNORECASE)
#: Stands for every table.
ANY_TABLE = ""


def meant(
    statements: Collection[str], functions: Collection[str] = frozenset()
) -> dict[str, set[str]]:
    """Return what statements say they write: verbs by table name in lower case.

    The verbs are ``insert``, ``update``, ``delete``, and ``drop`` of a whole table. What happens to
    a table that no statement names was done by something else, such as a cascade or a recreation.

    Args:
        statements: As they were sent.
        functions: The project's own, in lower case, but for those that the statements make.
    """
    result: dict[str, set[str]] = {}
    made = {_plain(found["function"]) for one in statements for found in _MAKES.finditer(one)}
    own = made.union(functions)

    def say(table: str, *verbs: str) -> None:
        result.setdefault(_plain(table), set()).update(verbs)

    def calls(statement: str) -> bool:
        found = _CALLS.match(statement)
        if found is None or found["function"] is None:
            return found is not None
        schema = _plain((found["schema"] or "pg_catalog").rstrip(" .\n\t"))
        return schema != "pg_catalog" or _plain(found["function"]) in own

    for statement in statements:
        if calls(statement) or _UNREAD.search(statement):
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


def _plain(name: str) -> str:
    return name.strip('"`[]').lower()
