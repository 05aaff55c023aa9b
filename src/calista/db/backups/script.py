"""What does an archive say? Its SQL, one statement at a time, and only what a backup may say.

The script of pg_restore is not given to psql, which would also obey lines that begin with a
backslash and run programs by them: each statement goes to the server by itself, and is one that
makes something in our schema. So nobody's archive runs anything else in our name.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from calista.db.backups.files import BackupError
from calista.db.engine import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPLETE = b"-- PostgreSQL database dump complete"
_END_OF_ROWS = b"\\.\n"
_BLOCK = 1 << 16
#: What newer programs write around a script, to keep psql from other such lines.
_RESTRICTION = re.compile(rb"\\(?:un)?restrict [A-Za-z0-9]+\s*")
_SPECIAL = re.compile(
    rb"--[^\n]*|/\*|'|\"|(?<![\w$\x80-\xff])\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$|[;()\\]"
    rb"|\b(?:BEGIN|CASE|END)\b",
    re.IGNORECASE,
)
_ESCAPED = re.compile(rb"(?:[^'\\]|\\.)*'", re.DOTALL)
_ROUTINE = re.compile(rb"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, and the rows that follow a COPY: blocks of whole lines."""

    sql: bytes
    rows: Iterator[list[bytes]] | None = None


class Script:
    """The statements of a script, to be read once; the rows of each before the next.

    Attributes:
        complete: Whether the script said, in the end, that it is.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.complete = False

    def __iter__(self) -> Iterator[Statement]:
        """Yield the statements, without comments before them.

        Raises:
            BackupError: There is a command for psql, or the script stops in the middle.
        """
        rest = b""
        while True:
            found = self._statement(rest)
            if found is None:
                return
            sql, rest = found
            if re.match(rb"COPY\b", sql) and sql.endswith(b" FROM stdin"):
                rows = self._rows()
                yield Statement(sql, rows)
                for _ in rows:
                    pass
            else:
                yield Statement(sql)

    def _line(self) -> bytes:
        line = self._stream.readline()
        if sys.platform == "win32" and line.endswith(b"\r\n"):
            line = line[:-2] + b"\n"
        if line.startswith(_COMPLETE):
            self.complete = True
        return line

    def _rows(self) -> Iterator[list[bytes]]:
        block: list[bytes] = []
        size = 0
        while (line := self._stream.readline()) not in (_END_OF_ROWS, b"\\.\r\n"):
            if not line.endswith(b"\n"):
                raise _cut_off()
            if sys.platform == "win32" and line.endswith(b"\r\n"):
                line = line[:-2] + b"\n"
            block.append(line)
            size += len(line)
            if size > _BLOCK:
                yield block
                block, size = [], 0
        if block:
            yield block

    def _statement(self, text: bytes) -> tuple[bytes, bytes] | None:
        """Return the next statement and what stands behind it on its line; None at the end."""
        position = depth = 0
        while True:
            match = _SPECIAL.search(text, position)
            if match is None:
                text = text if text.strip() else b""
                position = len(text)
                line = self._line()
                if not line:
                    if text:
                        raise _cut_off()
                    return None
                if not text and _RESTRICTION.fullmatch(line):
                    continue
                text += line
                continue
            sign, position = match.group(), match.end()
            if sign.startswith(b"--"):
                # Nothing of a comment before a statement is kept; inside of one it is part of it.
                if not text[: match.start()].strip():
                    text, position = text[position:], 0
            elif sign == b"\\":
                raise BackupError("it holds a command for psql, which no backup does")
            elif sign in (b"'", b'"', b"/*") or sign.startswith(b"$"):
                text, position = self._skip(text, match)
            elif sign == b";":
                if depth <= 0:
                    return text[: match.start()].strip(), text[position:]
            elif sign in b"()":
                depth += 1 if sign == b"(" else -1
            elif _ROUTINE.match(text):
                depth += -1 if sign.upper() == b"END" else 1

    def _skip(self, text: bytes, match: re.Match[bytes]) -> tuple[bytes, int]:
        """Return the text, with more lines if needed, and where a quotation or comment ends."""
        sign, start = match.group(), match.end()
        escaped = sign == b"'" and re.search(rb"(?<![\w$\x80-\xff])[eE]$", text[: match.start()])
        closing = b"*/" if sign == b"/*" else sign
        while True:
            if escaped:
                found = _ESCAPED.match(text, start)
                end = found.end() if found else -1
            elif sign == b"/*":
                end = _end_of_comment(text, start)
            else:
                end = text.find(sign, start)
                end = end if end < 0 else end + len(sign)
            if end >= 0:
                return text, end
            more = self._stream.readline()
            # Looked at again only where it may end: a long text is not read once for each line.
            while more and closing not in more:
                line = self._stream.readline()
                more += line
                if not line or len(more) > _BLOCK << 8:
                    break
            if not more:
                raise _cut_off()
            text += more


def _end_of_comment(text: bytes, start: int) -> int:
    depth = 1
    for match in re.finditer(rb"/\*|\*/", text[start:]):
        depth += 1 if match.group() == b"/*" else -1
        if depth == 0:
            return start + match.end()
    return -1


def _cut_off() -> BackupError:
    return BackupError("it is cut off in the middle")


_NAME = rb"%s\.(?:\"(?:[^\"]|\"\")+\"|[\w$\x80-\xff]+)(?![\w$\x80-\xff])" % SCHEMA.encode()
_ROLE = rb"(?:\"(?:[^\"]|\"\")+\"|[\w$\x80-\xff]+)"
_SETTINGS = (
    rb"statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout"
    rb"|client_min_messages|row_security|xmloption|check_function_bodies|default_tablespace"
    rb"|default_table_access_method|default_toast_compression"
)
#: Encodings of clients alone, in whose letters a quote may hide.
_UNSAFE = rb"(?!'?(?:SJIS|BIG5|GBK|GB18030|UHC|JOHAB|SHIFT)\w*)"
#: What makes something in our schema, and reads or runs nothing while it does.
_PLAIN = (
    rb"SET (?:%s) = [^;]*" % _SETTINGS,
    rb"SET client_encoding = %s'?\w+'?" % _UNSAFE,
    rb"SET standard_conforming_strings = '?on'?",
    rb"SELECT pg_catalog\.set_config\('search_path', '', false\)",
    rb"SELECT pg_catalog\.setval\('%s', \d+, (?:true|false)\)" % _NAME,
    rb"(?:CREATE SCHEMA|ALTER SCHEMA) %s(?: OWNER TO %s)?" % (SCHEMA.encode(), _ROLE),
    rb"CREATE (?:UNLOGGED )?TABLE %s \(.*" % _NAME,
    rb"CREATE (?:SEQUENCE|FUNCTION|PROCEDURE|AGGREGATE|VIEW|DOMAIN|STATISTICS) %s.*" % _NAME,
    rb"CREATE TYPE %s AS .*" % _NAME,
    rb"CREATE (?:UNIQUE )?INDEX .+? ON (?:ONLY )?%s.*" % _NAME,
    rb"CREATE (?:CONSTRAINT )?TRIGGER .+? ON %s.*" % _NAME,
    rb"CREATE (?:POLICY .+? ON|RULE .+? AS\s+ON \w+ TO) %s.*" % _NAME,
    rb"ALTER (?:TABLE (?:ONLY )?|SEQUENCE |FUNCTION |PROCEDURE |AGGREGATE |VIEW |DOMAIN |TYPE"
    rb" |INDEX |STATISTICS |MATERIALIZED VIEW )%s(?!.*\bATTACH PARTITION\b).*" % _NAME,
    rb"COMMENT ON .+ IS .*",
    rb"(?:GRANT|REVOKE) .+? ON (?:SCHEMA %s|[A-Z]+ %s).*" % (SCHEMA.encode(), _NAME),
    rb"ALTER DEFAULT PRIVILEGES .* IN SCHEMA %s .*" % SCHEMA.encode(),
    rb"(?:SET|RESET) SESSION AUTHORIZATION(?: %s)?" % _ROLE,
    rb"COPY %s \([^();']*\) FROM stdin" % _NAME,
)
_KNOWN = re.compile(b"|".join(rb"(?:%s)" % item for item in _PLAIN), re.DOTALL)
#: What would read or run something, and what no revision makes.
_OTHER = re.compile(
    rb"(?:CREATE|ALTER|REFRESH) (?P<kind>(?:[A-Z]+ )*[A-Z]+) (?P<name>%s)\b.*" % _NAME, re.DOTALL
)


def strange(sql: bytes) -> str:
    """Return the kind and name of an object that is of our schema, but of a kind that is not ours.

    Empty for all other statements that a backup may hold.

    Raises:
        BackupError: It may not hold this one.
    """
    if _KNOWN.fullmatch(sql):
        return ""
    match = _OTHER.fullmatch(sql)
    if match and match["kind"] not in (b"SCHEMA", b"TABLE"):
        name = match["name"].decode(errors="replace").removeprefix(f"{SCHEMA}.")
        return f"{match['kind'].decode().lower()} {name}"
    words = " ".join(sql.decode(errors="replace").split())
    raise BackupError(f"it says what no backup does: {words[:60]}")
