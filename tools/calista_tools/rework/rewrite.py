"""How is a revision given other parents? Only its header changes, character by character."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.reader import parse, read_tree
from calista_tools.history.revision_record import Revision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

_REVISES = re.compile(r"^([ \t]*Revises:)[^\n]*$", re.MULTILINE)
_CREATED = re.compile(r"^([ \t]*Create Date:)[^\n]*$", re.MULTILINE)


def rewrite_header(
    source: bytes, path: Path, parents: Sequence[str], created: datetime | None = None
) -> bytes:
    """Return the source with other parents in code and docstring, all else untouched.

    Args:
        source: The revision file.
        path: For the report.
        parents: The new ``down_revision``.
        created: A new ``Create Date`` for the docstring; None keeps the old one.

    Raises:
        ToolError: The header is written in a way that cannot be edited safely.
    """
    if source.startswith(codecs.BOM_UTF8):
        rest = source.removeprefix(codecs.BOM_UTF8)
        return codecs.BOM_UTF8 + rewrite_header(rest, path, parents, created)
    tree = parse(source, path)
    if not isinstance(tree, ast.Module):
        raise ToolError(f"{path}:{tree.line}: {tree.message}")
    before = read_tree(tree, path)
    if not isinstance(before, Revision):
        raise ToolError(f"{path}:{before.line}: {before.message}")
    edits: list[tuple[int, int, bytes]] = []
    lines = _line_starts(source)
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    if before.down_revisions != tuple(parents):
        value = _down_revision(tree, path)
        start, end = _span(value, lines, source, encoding)
        quote = "'" if b"'" in source[start:end] else '"'
        edits.append((start, end, _literal(parents, quote).encode(encoding)))
    docstring = _docstring(tree)
    if docstring is not None:
        start, end = _span(docstring, lines, source, encoding)
        text = source[start:end].decode(encoding)
        new = _REVISES.sub(_says(", ".join(parents)), text, count=1)
        if created is not None:
            new = _CREATED.sub(_says(created.isoformat(sep=" ")), new, count=1)
        if new != text:
            edits.append((start, end, new.encode(encoding)))
    changed = source
    for start, end, text_ in sorted(edits, reverse=True):
        changed = changed[:start] + text_ + changed[end:]
    _check(changed, path, before, parents)
    return changed


def _says(value: str) -> Callable[[re.Match[str]], str]:
    """Put a value behind a word of the docstring; the line's end stays what it is."""

    def replacement(match: re.Match[str]) -> str:
        end = "\r" if match.group().endswith("\r") else ""
        return f"{match.group(1)} {value}".rstrip() + end

    return replacement


def _check(changed: bytes, path: Path, before: Revision, parents: Sequence[str]) -> None:
    """Read the result as everybody else will, before it is written anywhere."""
    tree = parse(changed, path)
    after = read_tree(tree, path) if isinstance(tree, ast.Module) else tree
    if not isinstance(after, Revision) or after[1:5] != (
        before.revision,
        tuple(parents),
        before.branch_labels,
        before.depends_on,
    ):
        raise _by_hand(path)


def _down_revision(tree: ast.Module, path: Path) -> ast.expr:
    """Return the one expression that gives ``down_revision``."""
    found: list[ast.expr] = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
        and node.id == "down_revision"
        and isinstance(node.ctx, ast.Store)
    ]
    values = [
        node.value
        for node in tree.body
        if (isinstance(node, ast.AnnAssign) and node.target in found)
        or (isinstance(node, ast.Assign) and len(node.targets) == 1 and node.targets[0] in found)
    ]
    if len(found) != 1 or len(values) != 1 or values[0] is None:
        raise _by_hand(path)
    return values[0]


def _by_hand(path: Path) -> ToolError:
    return ToolError(
        f"{path}: `down_revision` is not written as one plain assignment",
        "write it as `down_revision = ...` and run this again",
    )


def _docstring(tree: ast.Module) -> ast.expr | None:
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value if isinstance(first.value.value, str) else None
    return None


def _literal(parents: Sequence[str], quote: str) -> str:
    spelt = [_string(parent, quote) for parent in parents]
    if not spelt:
        return "None"
    return spelt[0] if len(spelt) == 1 else f"({', '.join(spelt)})"


def _string(value: str, quote: str) -> str:
    """Spell a string in the quotes that the file has there."""
    return f"{quote}{value}{quote}" if value.isalnum() and value.isascii() else repr(value)


def _line_starts(source: bytes) -> list[int]:
    """Return where each line begins, as Python counts lines."""
    return [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", source))]


def _span(node: ast.expr, lines: list[int], source: bytes, encoding: str) -> tuple[int, int]:
    """Return where a node stands; syntax trees count in UTF-8, whatever the file is written in."""

    def offset(line: int, column: int) -> int:
        start = lines[line - 1]
        end = lines[line] if line < len(lines) else len(source)
        before = source[start:end].decode(encoding).encode()[:column].decode()
        return start + len(before.encode(encoding))

    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return offset(node.lineno, node.col_offset), offset(end_line, end_column)
