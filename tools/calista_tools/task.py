"""How does a function become a task that reports what a user can act on?

``from calista_tools.task import task`` instead of Invoke's: a ``ToolError`` raised in the body
ends the program with ``error:`` and ``hint:`` on stderr and the error's exit code, whether the
stock ``invoke`` or ``calista-migrations`` runs it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.tasks import Task as InvokeTask

from calista_tools.errors import ToolError, describe
from calista_tools.harmless import harmless, harmless_streams

Body = Callable[..., Any]


class Task(InvokeTask[Body]):
    """A task whose ``-h`` is help, and which may take any number of positional arguments.

    An argument that is both in ``positional`` and in ``iterable`` takes all of them, or none. One
    that is only positional takes no unknown flag for its value, and none has to be given to ask
    for help.
    """

    def arg_opts(self, name: str, default: Any, taken_names: set[str]) -> dict[str, Any]:
        """Give each argument its flags, without ``-h``.

        What may be given several times is a list: of a default that is a tuple, Invoke would make
        the argument's kind, and of a value ``a2`` then ``('a', '2')``.
        """
        if name in self.iterable and isinstance(default, tuple):
            default = list(default)
        return super().arg_opts(name, default, taken_names | {"h"})

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the arguments, as Invoke does, with those that take all positional ones."""
        arguments = super().get_arguments(ignore_unknown_help)
        for argument in arguments:
            if argument.positional:
                argument.__class__ = Rest if argument.kind is list else Sole
        return arguments


class Sole(Argument):
    """One positional argument, for which no flag is taken: `--help` is help, no message."""

    @property
    def value(self) -> Any:
        """What was given; not None where the parser would take a flag for it, or miss it."""
        if self._value is None and (token_in_sight() or "").startswith("-"):
            return ""
        return self.default if self._value is None else self._value

    @value.setter
    def value(self, arg: str) -> None:
        self.set_value(arg)


class Rest(Argument):
    """All positional arguments. Invoke's parser offers a token to arguments that are still None."""

    @property
    def value(self) -> Any:
        """The list; None while the parser looks for somewhere to put a token."""
        token = token_in_sight()
        return self._value if token is None or token.startswith("-") else None

    @value.setter
    def value(self, arg: str) -> None:
        self.raw_value = arg
        self._value = [*(self._value or ()), arg]


def token_in_sight() -> str | None:
    """Return the token for which Invoke's parser asks for an argument's value, if it does.

    Where it asks what is missing at the end of a task's arguments, that is `--help` if it was seen.
    """
    frame = sys._getframe(2)
    for _ in range(3):  # Python 3.11 has a frame for the comprehension, 3.12 has not
        if frame.f_code.co_name == "handle":
            return str(frame.f_locals["token"])
        if frame.f_code.co_name == "complete_context":
            return "--help" if frame.f_locals["self"].initial.flags["--help"].value else None
        if frame.f_back is None:
            break
        frame = frame.f_back
    return None


def task(**options: Any) -> Callable[[Body], Task]:
    """Make a task of a function; ``options`` are those of ``invoke.task``."""

    def decorate(body: Body) -> Task:
        @wraps(body)
        def reporting(*args: Any, **kwargs: Any) -> Any:
            write_bytecode()
            try:
                with harmless_streams(_texts((*args, *kwargs.values()))):
                    return body(*args, **kwargs)
            except ToolError as error:
                # Invoke prints it, and past our streams where it is Invoke's own program.
                raise Exit(harmless(describe(error)), code=error.exit_code) from error
            except BrokenPipeError as error:
                forget_output()
                raise Exit(code=1) from error

        return Task(reporting, **options)

    return decorate


def _texts(values: Iterable[Any]) -> Iterator[str]:
    """Return what was given on the command line."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _texts(value)


def forget_output() -> None:
    """Keep Python from complaining at exit that the reader, as `| head`, has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_bytecode() -> None:
    """Let Python cache what it compiles, unless its own settings say no.

    Invoke switches that off for the tasks file's sake; the toolkit, imported after that, would
    be compiled anew by every run of an editable install.
    """
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
