"""Which statements did a step send, and what did the failing one look like?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError
from calista_tools.passwords import without_passwords

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

_LONGEST = 2000
_ROLES = re.compile(
    r'\bCREATE\s+(?:ROLE|USER|GROUP)\s+(?!MAPPING\b)(?:"((?:[^"]|"")+)"|(\w+))', re.IGNORECASE
)


class Statements:
    """Notes the statements of one connection; `begin` forgets what was noted."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self.sent: list[str] = []
        #: Errors of the database; a revision may have gone on after them.
        self.errors: list[BaseException] = []
        #: Roles that were created: they belong to the server and outlive every database.
        self.roles: set[str] = set()

    def attach(self, connection: Connection) -> None:
        """Begin to listen."""
        from sqlalchemy import event

        self._connection = connection
        event.listen(connection, "before_cursor_execute", self._note)
        event.listen(connection.engine, "handle_error", self._note_error)

    def detach(self) -> None:
        """Stop listening."""
        from sqlalchemy import event

        if self._connection is not None:
            event.remove(self._connection, "before_cursor_execute", self._note)
            event.remove(self._connection.engine, "handle_error", self._note_error)
            self._connection = None

    def begin(self) -> None:
        """Forget what was sent."""
        self.sent, self.errors = [], []

    def _note_error(self, context: ExceptionContext) -> None:
        if context.sqlalchemy_exception is not None:
            self.errors.append(context.sqlalchemy_exception)

    def _note(self, *call: Any) -> None:
        text = str(call[2])
        self.sent.append(text)
        if found := _ROLES.findall(text):
            self.roles.update(quoted.replace('""', '"') or plain.lower() for quoted, plain in found)


def words(error: BaseException) -> str:
    """Return an error in one line, as ``ProgrammingError: relation "note" already exists``."""
    from sqlalchemy.exc import DBAPIError

    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    told = f"{type(error).__name__}: {' '.join(text.split())}"
    return without_passwords(told)[:_LONGEST].rstrip(": ")


def statement_of(error: BaseException) -> str | None:
    """Return the SQL statement that an error is about."""
    text = getattr(error, "statement", None)
    return " ".join(str(text).split())[:_LONGEST] if text else None


class StepError(Exception):
    """A step of the project failed.

    Attributes:
        direction: ``upgrade``, ``downgrade`` or ``upgrade again``.
        error: What the revision raised.
        path: The revision's file.
    """

    def __init__(self, direction: str, error: BaseException, path: str) -> None:
        super().__init__(f"{direction}: {error}")
        self.direction = direction
        self.error = error
        self.path = path

    def not_again(self) -> ToolError:
        """Return what is said where a revision passed before on the same database."""
        return ToolError(
            f"{self.path} was upgraded to before and now fails: {words(self.error)}",
            "a revision must do the same each time it runs",
        )

    def no_start(self) -> ToolError:
        """Return what is said where a revision is only to be upgraded to, and cannot be."""
        return ToolError(
            f"{self.path} cannot be upgraded to: {words(self.error)}",
            "what is proven comes after it: begin earlier with --from, or mend it",
            exit_code=2,
        )
