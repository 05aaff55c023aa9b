"""Which rows did a step mean to write? By the words of its statements."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = r"(?:\"(?:[^\"]|\"\")+\"|`[^`]+`|\[[^\]]+\]|\w+)"
_WRITES = re.compile(
    rf"(?<!\bDO\s)\b(?P<verb>UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO|REPLACE\s+INTO"
    rf"|INSERT\s+OR\s+REPLACE\s+INTO|INSERT\s+INTO)"
    rf"\s+(?:ONLY\s+)?(?:{_NAME}\s*\.\s*)?(?P<table>{_NAME})",
    re.IGNORECASE,
)
_UPSERT = re.compile(r"\bON\s+CONFLICT\b.*\bDO\s+UPDATE\b", re.IGNORECASE | re.DOTALL)


def meant(statements: Iterable[str]) -> dict[str, set[str]]:
    """Return what statements say they write: verbs by table name in lower case.

    The verbs are ``insert``, ``update`` and ``delete``. What happens to a table that no statement
    names was done by something else, such as a cascade or a table's recreation.
    """
    result: dict[str, set[str]] = {}
    for statement in statements:
        for found in _WRITES.finditer(statement):
            words = found["verb"].upper()
            verbs = result.setdefault(found["table"].strip('"`[]').lower(), set())
            if words.startswith(("DELETE", "TRUNCATE")):
                verbs.add("delete")
            elif words == "UPDATE":
                verbs.add("update")
            elif words.startswith("MERGE") or "REPLACE" in words:
                verbs |= {"insert", "update", "delete"}
            else:
                verbs.add("insert")
                if _UPSERT.search(statement, found.end()):
                    verbs.add("update")
    return result
