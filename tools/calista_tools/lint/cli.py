"""The command ``calista-lint``: what it is asked, and what it exits with.

Exit 0: clean; 1: findings; 2: wrong usage, or something could not be done.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import time

from calista_tools import __version__
from calista_tools.errors import ToolError, describe
from calista_tools.harmless import harmless_streams
from calista_tools.lint.memory.replay import replay

TYPE_CHECKING = False  # typing alone takes longer to import than all of the above
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence
    from types import SimpleNamespace
    from typing import Any, NoReturn


def program() -> NoReturn:
    """Run the command and end the process at once.

    Nothing is left to do, and an interpreter that takes apart what it holds of a long history, piece
    by piece, needs a fifth of the run's time for that.
    """
    if sys.stdout is None:  # `calista-lint >&-`: Python opens nothing in its place
        print("error: the output cannot be written: it is closed", file=sys.stderr)
        os._exit(2)
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = 1
    except OSError as error:
        print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
        code = 2
    if not sys.stderr.closed:
        sys.stderr.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    with harmless_streams(argv):
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    began = time.time_ns()
    words = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        # A file name need not be text; a terminal need not know every character.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    collects = gc.isenabled()
    # A run is short and makes few cycles: looking for them takes a tenth of its time.
    gc.disable()
    try:
        answer = replay(words)
        if answer is not None:
            from calista_tools.lint.shown import show

            show(answer[0], words)
            return answer[1]
        arguments = plain(words) or asked(words)
        arguments.words, arguments.began = words, began
        return run(arguments)
    except SystemExit as stop:  # --help, or wrong usage
        return stop.code if isinstance(stop.code, int) else 2
    except ToolError as error:
        print(describe(error), file=sys.stderr)
        return 2
    except BrokenPipeError:  # `calista-lint | head`
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if os.environ.get("CALISTA_DEBUG"):
            raise
        if isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE:
            print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
            return 2
        print(f"error: internal error: {type(error).__name__}: {error}", file=sys.stderr)
        print("hint: CALISTA_DEBUG=1 shows where; please report it", file=sys.stderr)
        return 2
    finally:
        if collects:
            gc.enable()


#: What writing fails with; where it is a file that is written, the error names it.
_UNWRITABLE = frozenset((errno.ENOSPC, errno.EIO, errno.EBADF, errno.EFBIG))
#: What an option is that was not given.
DEFAULTS: dict[str, Any] = {
    "select": [], "ignore": [], "config": None, "no_cache": False, "fix": False, "diff": False,
    "unsafe_fixes": False, "no_fix": False,
    "add_noqa": False, "baseline": None, "write_baseline": False, "diff_base": None,
    "output_format": "full", "statistics": False, "exit_zero": False, "explain": None,
    "list_rules": False, "names": False, "infer_names": False, "version": False,
    "dialects": None, "stdin_filename": None, "output_file": None, "color": "auto", "quiet": False,
    "verbose": False, "show_settings": False, "watch": False,
}  # fmt: skip


def plain(words: Sequence[str]) -> SimpleNamespace | None:
    """Return the arguments of a command line of paths and a few flags, as the parser would.

    That is how editors and hooks ask, once for each change of a file, and argparse takes longer
    to import than the answer.
    """
    flags = [word for word in words if word.startswith("-")]
    if not _FLAGS.issuperset(flags):
        return None
    from types import SimpleNamespace

    given = {flag[2:].replace("-", "_"): True for flag in flags}
    paths = [word for word in words if word not in _FLAGS]
    return SimpleNamespace(paths=paths, **{**DEFAULTS, **given})


_FLAGS = frozenset(("--no-cache", "--exit-zero", "--statistics"))


def asked(words: Sequence[str]) -> SimpleNamespace:
    """Return the arguments of any command line.

    Raises:
        SystemExit: It asked for help, or is wrong; that has been said.
    """
    from types import SimpleNamespace

    return parser().parse_args(words, namespace=SimpleNamespace())


def parser() -> ArgumentParser:
    """Return the parser of the command line."""
    from argparse import RawDescriptionHelpFormatter
    from functools import partial

    from calista_tools.lint.outputs import FORMATS
    from calista_tools.near_misses import Parser

    codes: dict[str, Any] = {"action": "append", "default": [], "metavar": "CODE,…"}
    top = Parser(
        "calista-lint",
        description="Check Alembic revision files against the migrations policy.",
        epilog="exit codes:\n  0  clean\n  1  findings\n  2  wrong usage or an internal error",
        # Without a width it imports shutil, and all that shutil needs, for each argument.
        formatter_class=partial(RawDescriptionHelpFormatter, width=_width()),
        allow_abbrev=False,
    )
    add = top.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders (default: as configured); - is stdin",
    )
    choose = top.add_argument_group("choosing rules")
    choose.add_argument("--select", **codes, help="codes or prefixes to check")
    choose.add_argument("--ignore", **codes, help="codes or prefixes to leave out")
    choose.add_argument("--config", metavar="FILE", help="a pyproject.toml to read")
    choose.add_argument("--no-cache", action="store_true", help="read every file again")
    choose.add_argument("--dialects", metavar="NAME,…", help="sqlite, postgresql, or both")
    choose.add_argument(
        "--stdin-filename", metavar="FILE", help="read stdin as if it were this file"
    )
    repair = top.add_argument_group("repairing")
    repair.add_argument(
        "--fix", action="store_true", help="repair new revisions where that is safe"
    )
    repair.add_argument(
        "--no-fix", action="store_true", help="repair nothing, whatever else is said"
    )
    repair.add_argument(
        "--unsafe-fixes", action="store_true", help="also give names that the models may not have"
    )
    repair.add_argument("--diff", action="store_true", help="show what --fix would change")
    past = top.add_argument_group("projects with a past")
    past.add_argument("--add-noqa", action="store_true", help="set every finding aside, in place")
    past.add_argument("--baseline", metavar="FILE", help="a file of accepted findings")
    past.add_argument(
        "--write-baseline", action="store_true", help="accept every finding in that file"
    )
    past.add_argument("--diff-base", metavar="BRANCH", help="report on files changed since only")
    show = top.add_argument_group("showing")
    show.add_argument("--output-format", choices=FORMATS, default="full")
    show.add_argument("--output-file", metavar="FILE", help="where to, instead of to stdout")
    show.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    show.add_argument("-q", "--quiet", action="store_true", help="findings only")
    show.add_argument("-v", "--verbose", action="store_true", help="say what is read, on stderr")
    show.add_argument("--watch", action="store_true", help="check again when a file changes")
    show.add_argument("--statistics", action="store_true", help="count findings by rule")
    show.add_argument("--exit-zero", action="store_true", help="exit with 0 despite findings")
    ask = top.add_argument_group("asking").add_mutually_exclusive_group()
    ask.add_argument("--explain", metavar="CODE", help="show the page of a rule")
    ask.add_argument("--list-rules", action="store_true", help="show all rules, a line each")
    ask.add_argument("--names", action="store_true", help="list every name that the files give")
    ask.add_argument(
        "--infer-names", action="store_true", help="print the naming convention that is followed"
    )
    ask.add_argument(
        "--show-settings", action="store_true", help="print the settings and where they are from"
    )
    ask.add_argument("--version", action="store_true", help="show the version")
    return top


def _width() -> int:
    """Return how wide help may be: what the shell says, within reason."""
    columns = os.environ.get("COLUMNS", "")
    return min(int(columns) if columns.isdigit() and int(columns) else 100, 120)


def run(arguments: SimpleNamespace) -> int:
    """Do what was asked, each in its own module.

    Raises:
        ToolError: It cannot be done.
    """
    if arguments.version:
        print(f"calista-lint {__version__}")
        return 0
    if arguments.explain or arguments.list_rules:
        from calista_tools.lint import pages

        print(pages.page(arguments.explain) if arguments.explain else pages.listing(), end="")
        return 0
    if arguments.names or arguments.infer_names:
        _refuse_what_checks(arguments)
    from pathlib import Path

    from calista_tools.lint import command

    config = Path(arguments.config) if arguments.config else None
    if config is not None and not config.is_file():
        raise ToolError(f"{arguments.config}: no such file", exit_code=2)
    if arguments.show_settings:
        from calista_tools.lint import show_settings

        return show_settings.show(arguments, config)
    if arguments.stdin_filename or "-" in arguments.paths:
        from calista_tools.lint import unsaved

        return unsaved.run(arguments, config)
    if arguments.watch:
        from calista_tools.lint import watching

        return watching.run(arguments, config)
    if arguments.names:
        from calista_tools.lint.names import names_command as names

        return names.show(arguments, config)
    if arguments.infer_names:
        from calista_tools.lint.names import infer_command

        return infer_command.show(arguments, config)
    return command.check(arguments, config)


#: What only a check takes.
_CHECKING = (
    "select", "ignore", "fix", "diff", "add_noqa", "baseline", "write_baseline", "diff_base",
    "statistics", "exit_zero", "watch", "output_file", "stdin_filename",
)  # fmt: skip


def _refuse_what_checks(arguments: SimpleNamespace) -> None:
    """Refuse options that a list of names would ignore.

    Raises:
        ToolError: There are some.
    """
    given = [name for name in _CHECKING if getattr(arguments, name) != DEFAULTS[name]]
    if given:
        asked_for = "--names" if arguments.names else "--infer-names"
        shown = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ToolError(
            f"{asked_for} checks nothing, so it does not take {shown}",
            hint=f"run it without, or leave out {asked_for}",
            exit_code=2,
        )
