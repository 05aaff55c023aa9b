"""Which commands and options are there? Only parsing; imports nothing that takes time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import calista

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
The database is named by CALISTA_DB_URL alone: a URL on the command line would show its
password to everybody on the machine.

exit codes: 0 done, 1 error, 2 usage, 3 the database is behind, 4 the database is ahead
"""


class _Command(argparse.ArgumentParser):
    """A command that says itself what it does not take: the usage of all of `calista` is no help."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse; nothing is left over for the parser above, which has no use for it either."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    shared = _shared_options()
    parser = argparse.ArgumentParser(
        prog="calista",
        description=calista.__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[shared],
    )
    parser.add_argument("--version", action="version", version=f"calista {calista.__version__}")
    strict: type[argparse.ArgumentParser] = _Command
    groups = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=strict
    )
    _add_db(groups, shared)
    _add_events(groups, shared)
    _command(groups, shared, "config", "show the settings and where they come from", "config:show")
    return parser


def _shared_options() -> argparse.ArgumentParser:
    """Return the options that may stand anywhere; unset ones leave no trace."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--config", type=Path, metavar="FILE", help="read this instead of ./calista.toml"
    )
    shared.add_argument(
        "--auto-upgrade",
        action=argparse.BooleanOptionalAction,
        help="upgrade a database that is behind before the command (CALISTA_AUTO_UPGRADE)",
    )
    return shared


def _command(
    groups: argparse._SubParsersAction[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
    name: str,
    words: str,
    target: str,
) -> argparse.ArgumentParser:
    """Add a command; ``target`` is its module and function under `calista.cli.commands`."""
    parser = groups.add_parser(
        name, help=words, description=words[0].upper() + words[1:] + ".", parents=[shared]
    )
    module, _, function = target.partition(":")
    parser.set_defaults(command=module, function=function)
    return parser


def _add_db(
    groups: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    db = groups.add_parser("db", help="look after the database", parents=[shared])
    commands = db.add_subparsers(title="commands", metavar="COMMAND", required=True)

    upgrade = _command(
        commands, shared, "upgrade", "bring the database to this version's revision", "upgrade:run"
    )
    upgrade.add_argument("--yes", "-y", action="store_true", help="do not ask")
    upgrade.add_argument("--sql", action="store_true", help="print the SQL instead of running it")
    upgrade.add_argument("--no-backup", action="store_true", help="do not make a backup first")
    _backup_dir(upgrade)

    status = _command(commands, shared, "status", "say how the database stands", "status:status")
    status.add_argument("--json", action="store_true", help="as JSON on stdout")
    _backup_dir(status)
    _command(
        commands,
        shared,
        "check",
        "exit 0 if the database is current, 3 if it is behind or empty, 4 if ahead or unknown",
        "status:check",
    )
    _command(
        commands, shared, "current", "print the database's revision", "revisions:print_current"
    )
    _command(
        commands, shared, "heads", "print the revision this version needs", "revisions:print_heads"
    )
    _command(
        commands, shared, "history", "list the revisions, newest first", "revisions:print_history"
    )
    _backup_dir(_command(commands, shared, "backup", "make a backup", "backup:make"))
    restore = _command(
        commands, shared, "restore", "put a backup in the database's place", "backup:restore"
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="made by `calista db backup`")
    restore.add_argument(
        "--from-other", action="store_true", help="even if it is a backup of another database"
    )
    restore.add_argument(
        "--accept-differences",
        action="store_true",
        help="even if its schema is another than its revision makes",
    )
    _backup_dir(restore)
    _command(
        commands,
        shared,
        "verify",
        "compare the schema with what its revisions make",
        "verify:run",
    )


def _add_events(
    groups: argparse._SubParsersAction[argparse.ArgumentParser], shared: argparse.ArgumentParser
) -> None:
    events = groups.add_parser("events", help="append and read events", parents=[shared])
    commands = events.add_subparsers(title="commands", metavar="COMMAND", required=True)

    append = _command(
        commands,
        shared,
        "append",
        "store events, one JSON object a line: all or none, or a piece at a time",
        "append:run",
    )
    append.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSON Lines; default: stdin"
    )
    append.add_argument(
        "--commit-every",
        type=_size,
        metavar="N",
        help="store and answer N events at a time, instead of all or none",
    )
    append.add_argument(
        "--skip-known",
        action="store_true",
        help="pass over events whose event_id is stored with the same content",
    )
    listing = _command(
        commands, shared, "list", "print events as JSON Lines, oldest first", "events:print_events"
    )
    listing.add_argument("--stream", type=_text, metavar="ID", help="only of this stream")
    listing.add_argument("--type", type=_text, metavar="TYPE", help="only of this event type")
    listing.add_argument(
        "--after", type=_count, default=0, metavar="N", help="only with a global_seq above N"
    )
    listing.add_argument("--limit", type=_count, metavar="N", help="at most N events")
    _command(
        commands, shared, "verify", "look for gaps, bad ids and unreadable events", "events:verify"
    )


def _backup_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backup-dir",
        type=_folder,
        metavar="D",
        default=argparse.SUPPRESS,
        help="where backups lie (CALISTA_BACKUP_DIR)",
    )


def _text(text: str) -> str:
    text.encode()  # fails for bytes that were no text
    return text


def _folder(text: str) -> Path:
    if not text:  # `--backup-dir "$UNSET"` would be the working folder
        raise ValueError
    return Path(text)


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return number


def _size(text: str) -> int:
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return number


# How argparse calls them in its messages.
_folder.__name__ = "folder"
_text.__name__ = "text"
