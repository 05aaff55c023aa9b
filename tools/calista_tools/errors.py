"""What can go wrong in a way that a user of the toolkit can act on.

The twin of ``calista.errors``: the toolkit runs in projects that do not have CALISTA's
application code in their imports, so it keeps its own.
"""

from __future__ import annotations


class ToolError(Exception):
    """Something a user can act on: what is so, and what to do.

    Args:
        message: What is so, in one line, without a password.
        hint: What to do next; empty where there is nothing to add.
        exit_code: What the command exits with; 1 unless its contract says otherwise.
    """

    def __init__(self, message: str, hint: str = "", *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


class ConfigError(ToolError):
    """The configuration cannot be used; every command exits with 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint, exit_code=2)


def describe(error: ToolError) -> str:
    """Return what stderr shows of an error."""
    from calista_tools.passwords import explained

    return explained(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))
