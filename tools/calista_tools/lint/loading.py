"""How does one file become a ``Migration``? Read and parsed once; never imported, never run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import head_of
from calista_tools.files import regular_file
from calista_tools.history import Problem, Revision, read_tree
from calista_tools.history.newer_python import newer_syntax
from calista_tools.history.one_database import assert_one_database
from calista_tools.history.scanner import Plain, scan_plain
from calista_tools.lint.migration import Migration

if TYPE_CHECKING:
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.effects.evaluator import Project


#: A file larger than this is data, not a migration; parsing it would take seconds and a gigabyte.
MAX_BYTES = 8_000_000


def read_source(path: Path) -> bytes | Problem:
    """Return the bytes of a revision file; never waits for a pipe or reads a device.

    Raises:
        ToolError: It is written for several databases: next to nothing of it would be seen.
    """
    try:
        source = regular_file.read_bytes(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        return Problem("unreadable", path, regular_file.reason_of(error))
    assert_one_database(source, path)
    return source


def parse(source: bytes, path: Path) -> ast.Module | Problem:
    """Return the tree of a file, or why there is none."""
    if not source.isascii() and (problem := _decode(source, path)):
        return problem
    try:
        return ast.parse(source)
    except SyntaxError as error:
        # The message of a file that cannot be decoded names `<unknown>`, which is nobody's file.
        message = f"cannot be parsed: {error.msg}".removesuffix(" (<unknown>, line 0)")
        newer = newer_syntax(source.decode(errors="replace"), "calista-lint")
        return Problem("unreadable", path, newer or message, max(error.lineno or 1, 1))
    except ValueError as error:  # null bytes
        return Problem("unreadable", path, f"cannot be parsed: {error}")
    except (RecursionError, MemoryError):
        return Problem("unreadable", path, "cannot be parsed: nested too deeply")


def _decode(source: bytes, path: Path) -> Problem | None:
    """Say where a file is not in its encoding: ``ast.parse`` lets it pass in a comment."""
    import codecs
    import io
    import tokenize

    encoding = "utf-8"
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        codecs.decode(source, encoding)
    except UnicodeDecodeError as error:
        row = source.count(b"\n", 0, error.start) + 1
        return Problem("unreadable", path, f"cannot be parsed: is not in {encoding}", row)
    except SyntaxError as error:  # the declaration itself
        return Problem("unreadable", path, f"cannot be parsed: {error.msg}")
    return None


def load(
    path: Path,
    config: Config,
    project: Project | None,
    source: bytes | Problem | None = None,
    header: Plain | Revision | None = None,
) -> Migration:
    """Parse one file, reading what is not given; an empty tree comes with the reason."""
    source = read_source(path) if source is None else source
    if isinstance(source, Problem):
        return Migration(path, b"", ast.Module([], []), source, config, project)
    plain = header if isinstance(header, Plain) else scan_plain(source, str(path))
    head = head_of(plain, project) if plain is not None else None
    if plain is not None and head is not None:
        body = _parse_functions(source, plain)
        if body is not None:
            return Migration(path, source, body, plain.revision, config, project, head)
    tree = parse(source, path)
    if isinstance(tree, Problem):
        migration = Migration(path, source, ast.Module([], []), tree, config, project)
        given = plain.revision if plain is not None else header
        migration.torn = given if isinstance(given, Revision) else None
        return migration
    if plain is not None:
        revision: Revision | Problem = plain.revision
    else:
        revision = header if isinstance(header, Revision) else read_tree(tree, path)
    return Migration(path, source, tree, revision, config, project)


def _parse_functions(source: bytes, plain: Plain) -> ast.Module | None:
    """Return the tree of what stands below the header, which takes a third of the time to parse."""
    text, end = plain.text, plain.end + 1
    # As long as each character is a byte the same place is meant in both.
    below = source[end:] if len(source) == len(text) else text[end:].encode()
    try:
        return ast.parse(b"\n" * text.count("\n", 0, end) + below)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # why, and where, the whole file says
