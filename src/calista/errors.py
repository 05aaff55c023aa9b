"""What can go wrong in a way that a user can act on."""

from __future__ import annotations


class CalistaError(Exception):
    """Something a user can act on: what is so, and what to do.

    Args:
        message: What is so, in one line, without a password.
        hint: What to do next; empty where there is nothing to add.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
