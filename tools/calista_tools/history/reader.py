"""What does a revision file say of itself? Read from source; nothing is imported or run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.files import regular_file
from calista_tools.history.files import located_files
from calista_tools.history.graph import History
from calista_tools.history.one_database import assert_one_database
from calista_tools.history.revision_record import Problem, Revision
from calista_tools.history.scanner import scan

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable


def read_file(path: Path, *, thorough: bool = False) -> Revision | Problem:
    """Read one revision file; see `read_source`."""
    source = read_bytes(path)
    if isinstance(source, bytes):
        return read_source(source, path, thorough=thorough)
    return source


def read_source(source: bytes, path: Path, *, thorough: bool = False) -> Revision | Problem:
    """Read a revision from its bytes; ``path`` is only what is reported.

    Args:
        source: The file's content.
        path: The file, as it will be named in reports.
        thorough: Parse the whole file, so that a mistake in a function's body is a problem too.
            Otherwise a header that is plainly written is enough.
    """
    revision = None if thorough else scan(source, str(path))
    return _read_parsed(source, path) if revision is None else revision


def _read_parsed(source: bytes, path: Path) -> Revision | Problem:
    tree = parse(source, path)
    return tree if isinstance(tree, Problem) else read_tree(tree, path)


def read_tree(tree: ast.Module, path: Path) -> Revision | Problem:
    """Read a revision from its parsed source, for callers that have parsed it anyway."""
    from calista_tools.history.evaluate import evaluate

    return evaluate(tree, path)


def read_history(
    folders: Path | Iterable[Path],
    *,
    recursive: bool = False,
    thorough: bool = False,
    external: Iterable[str] = (),
) -> History:
    """Read every revision file of these folders.

    Args:
        folders: One or several version locations.
        recursive: Read their subfolders too (Alembic's ``recursive_version_locations``).
        thorough: See `read_source`.
        external: See `History`.

    Raises:
        ToolError: A revision is written for several databases.
    """
    if isinstance(folders, Path):
        folders = (folders,)
    revisions: list[Revision] = []
    problems: list[Problem] = []
    for filename, real in located_files(folders, recursive=recursive):
        item: Revision | Problem | None = None
        try:
            source = regular_file.read_bytes(real)
        except (OSError, ValueError) as error:
            item = _unreadable(Path(filename), error)
        else:
            assert_one_database(source, filename)
            if not thorough:
                item = scan(source, filename)
            if item is None:
                item = _read_parsed(source, Path(filename))
        if isinstance(item, Revision):
            revisions.append(item)
            problems.extend(item.unread)
        else:
            problems.append(item)
    return History(revisions, problems, external=external)


def read_bytes(path: Path) -> bytes | Problem:
    """Read a file."""
    try:
        return regular_file.read_bytes(path)
    except (OSError, ValueError) as error:
        return _unreadable(path, error)


def _unreadable(path: Path, error: Exception) -> Problem:
    return Problem("unreadable", path, regular_file.reason_of(error))


def parse(source: bytes, path: Path) -> ast.Module | Problem:
    """Parse a file's bytes, or say where and why Python refuses them."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is not ours to report.
            warnings.simplefilter("ignore")
            return ast.parse(source, filename=str(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = getattr(error, "msg", None) or error or type(error).__name__
        newer = ""
        if isinstance(error, SyntaxError):
            from calista_tools.history.newer_python import newer_syntax

            newer = newer_syntax(source.decode(errors="replace"), "this command")
        return Problem("unreadable", path, newer or f"cannot be parsed: {reason}", line)
