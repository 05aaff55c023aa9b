"""`calista db status` and `calista db check`."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from calista.cli.progress import say
from calista.db import backups, gate, revisions
from calista.db.database import Database
from calista.db.upgrade import standing_of
from calista.errors import CalistaError
from calista.passwords import without_passwords

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def check(_args: argparse.Namespace, settings: Settings) -> int:
    """Say with the exit code whether the database is where this version needs it."""
    database = Database.of(settings)
    standing = standing_of(database)
    if standing.upgradable:
        raise gate.SchemaBehindError(standing)
    if standing.state is not gate.State.CURRENT:
        raise gate.SchemaAheadError(standing)
    say(f"{database.shown} is at {standing.head}, as it should be")
    return 0


def status(args: argparse.Namespace, settings: Settings) -> int:
    """Say all there is to know about the database; 0 if it could be reached."""
    database = Database.of(settings)
    found = _describe(database)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        _print(found)
    return 0 if found["reachable"] else 1


def _describe(database: Database) -> dict[str, Any]:
    found: dict[str, Any] = {
        "url": database.shown,
        "backend": database.url.get_backend_name(),
        "reachable": True,
        "server_version": None,
        "state": None,
        "current": [],
        "head": revisions.head(),
        "pending": [],
        "last_backup": None,
        "error": None,
        "hint": None,
    }
    try:
        if database.exists:
            with database.connect() as connection:
                version = connection.dialect.server_version_info or ()
                found["server_version"] = ".".join(str(part) for part in version)
                standing = gate.look(connection)
        else:
            standing = standing_of(database)
    except CalistaError as error:
        return found | {
            "reachable": False,
            "error": without_passwords(error.message),
            "hint": error.hint,
        }
    found |= {"state": standing.state, "current": list(standing.current)}
    found["pending"] = [
        {"revision": item.revision, "summary": item.summary} for item in standing.pending
    ]
    for newest in backups.existing(database)[:1]:
        made_at = newest.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        found["last_backup"] = {
            "file": str(newest.path),
            "made_at": made_at,
            "revision": newest.revision,
            "bytes": newest.size,
        }
    return found


def _print(found: dict[str, Any]) -> None:
    backend = " ".join(filter(None, (found["backend"], found["server_version"])))
    lines = {"database": found["url"], "backend": backend}
    if not found["reachable"]:
        lines["error"] = found["error"]
        if found["hint"]:
            lines["hint"] = found["hint"]
    else:
        lines["state"] = found["state"]
        lines["current"] = ", ".join(found["current"]) or "nothing"
        lines["head"] = found["head"]
        for index, item in enumerate(found["pending"]):
            lines["pending" if not index else " " * index] = (
                f"{item['revision']}  {item['summary']}"
            )
        backup = found["last_backup"]
        lines["last backup"] = f"{backup['file']} ({backup['made_at']})" if backup else "none"
    for name, value in lines.items():
        print(f"{name.strip():12} {value}")
