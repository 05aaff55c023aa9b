"""How does a message, whatever it holds, stand in a docstring and come out of it unchanged?"""

from __future__ import annotations

import re

from calista_tools.errors import ToolError

_HEADER = re.compile(r"\s*(Revision ID|Revises|Create Date):")


def check_message(message: str) -> None:
    """Refuse what no text file can hold.

    Raises:
        ToolError: The message holds a NUL, or bytes that are no Unicode (lone surrogates).
    """
    for character in message:
        if character == "\0":
            raise ToolError("the message holds a NUL character", "leave it out")
        if "\ud800" <= character <= "\udfff":
            raise ToolError(
                "the message is not valid Unicode", "check the terminal's encoding, or retype it"
            )


def docstring_text(message: str) -> str:
    """Return source text that gives ``message`` at the beginning of a triple-quoted string.

    Escaped is what would end the string or what Python, an editor or a formatter would change:
    backslashes, quotes that could close it, everything invisible, space at the end of a line
    and before the first word, and what would read as one of the header lines below the message.
    """
    lines = [_line(line) for line in message.split("\n")]
    first = lines[0]
    if first.startswith((" ", '"')):
        lines[0] = f"\\x{ord(first[0]):02x}{first[1:]}"
    elif not first and len(lines) > 1:  # formatters drop empty lines before the first word
        return "\\n" + "\n".join(lines[1:])
    return "\n".join(lines)


def _line(line: str) -> str:
    # A quote is escaped where the next one, or the string's end, follows it.
    escaped = re.sub('"(?="|$)', r'\\"', "".join(map(_character, line)))
    if _HEADER.match(escaped):
        escaped = escaped.replace(":", "\\x3a", 1)
    return f"{escaped[:-1]}\\x20" if escaped.endswith(" ") else escaped


def _character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
