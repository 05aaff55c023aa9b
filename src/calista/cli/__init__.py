"""`calista`: what users run. Results go to stdout, words for people to stderr."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from calista.errors import CalistaError
from calista.harmless import harmless_streams
from calista.passwords import explained

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

#: A shell's exit code for a program that a signal has ended is this and the signal's number.
SIGNALLED, INTERRUPT = 128, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 done, 1 an error, 2 wrong usage, 3 the database is behind, 4 it is ahead.
    """
    _open_what_was_closed()
    with harmless_streams(argv):
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    from calista.cli.parser import make_parser

    args = make_parser().parse_args(argv)
    # Imported only now: help and version need neither signals nor threads.
    from calista.cli.signals import Terminated, ending_cleanly

    try:
        with ending_cleanly():
            return _run(args)
    except KeyboardInterrupt:
        number = INTERRUPT
    except Terminated as signal:
        number = signal.number
    print("interrupted; whatever was not finished has been undone", file=sys.stderr)
    return SIGNALLED + number


def _open_what_was_closed() -> None:
    """Give us the streams that whoever started us has closed (`<&-`, `2>&-`): empty ones.

    Without them `print(..., file=sys.stderr)` would write to stdout.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - till the end
            setattr(sys, name, stream)


def _run(args: argparse.Namespace) -> int:
    try:
        # Imported only now: help and version need neither SQLAlchemy nor Alembic.
        from calista.settings import Settings

        flags = {name: getattr(args, name, None) for name in ("auto_upgrade", "backup_dir")}
        settings = Settings.read(os.environ, flags=flags, config=getattr(args, "config", None))
        with _hurry():
            module = import_module(f"calista.cli.commands.{args.command}")
        code: int = getattr(module, args.function)(args, settings)
        sys.stdout.flush()
    except CalistaError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        print(explained(f"error: {error.message}{hint}"), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read us has seen enough (`| head`); Python would complain once more at exit.
        _forget_output()
        return 0
    except OSError as error:
        if error.filename is not None:
            # A folder that nobody may enter, a name that is too long: the system says which.
            print(f"error: {error.filename}: {error.strerror or error}", file=sys.stderr)
            return 1
        # Libraries turn theirs into errors of their own; what is left is our printing.
        _forget_output()
        print(f"error: cannot write the output: {error.strerror or error}", file=sys.stderr)
        return 1
    return code


def _forget_output() -> None:
    """Keep Python from writing at its end what could not be written now."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _hurry() -> Iterator[None]:
    """Leave out of the imports what takes a tenth of their time and does nothing for us."""
    import gc

    # Mako, which Alembic imports, would load pygments to paint error pages for a browser.
    sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]
    # Imports make objects by the hundred thousand, and no garbage to look for among them. Only
    # they: a command that streams must not wait for so much garbage.
    usual = gc.get_threshold()
    gc.set_threshold(50_000)
    try:
        yield
        gc.freeze()
    finally:
        gc.set_threshold(*usual)
