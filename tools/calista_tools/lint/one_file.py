"""What does one file, alone, break? Read and parsed once; never imported, never run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator import head_of
from calista_tools.files import regular_file
from calista_tools.history import Problem, Revision, read_tree
from calista_tools.history.one_database import assert_one_database
from calista_tools.history.scanner import Plain, scan_plain
from calista_tools.lint.migration import Migration
from calista_tools.lint.noqa import Directive, read_directives
from calista_tools.lint.rule import Finding
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.effects.evaluator import Project
    from calista_tools.lint.rule import Rule

#: A file larger than this is data, not a migration; parsing it would take seconds and a gigabyte.
MAX_BYTES = 8_000_000
UNREADABLE = "CAL006"


class Facts(NamedTuple):
    """What is known of a file once it has been read: all that whole-history rules may use.

    Attributes:
        header: What the file says of itself, or why it cannot be read.
        findings: Pairs of code and finding, before any ``noqa``.
        directives: Its ``# noqa`` comments.
        failures: Rules that raised: our bugs, reported as such.
        digest: What the file means, as `history.lock` records it; "" if it is not published.
        torn: What the header of a file that cannot be parsed says all the same, where it does.
    """

    path: Path
    header: Revision | Problem
    findings: tuple[tuple[str, Finding], ...] = ()
    directives: tuple[Directive, ...] = ()
    failures: tuple[str, ...] = ()
    digest: str = ""
    torn: Revision | None = None

    @property
    def placed(self) -> Revision | None:
        """By what the file has its place in the history; None where it has none."""
        return self.header if isinstance(self.header, Revision) else self.torn


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
        message = str(error.msg).removesuffix(" (<unknown>, line 0)")
        return Problem(
            "unreadable", path, f"cannot be parsed: {message}", max(error.lineno or 1, 1)
        )
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


def analyse(migration: Migration, rules: Sequence[Rule], published: Collection[str] = ()) -> Facts:
    """Check one file with the rules of the scopes ``file`` and ``schema``."""
    if migration.revision is None:
        rules = [rule for rule in rules if rule.code == UNREADABLE]
        traits = None
    else:
        traits = traits_of(migration)
    findings: list[tuple[str, Finding]] = []
    failures: list[str] = []
    for code, _, _, check, about in rules:
        if about is not None and traits is not None and about.isdisjoint(traits):
            continue
        try:
            for finding in check(migration):
                assert isinstance(finding, Finding)
                findings.append((code, finding))
        except RecursionError:
            if not any(code == UNREADABLE for code, _ in findings):
                findings.append((UNREADABLE, Finding(1, 1, "is nested too deeply to be checked")))
        except Exception as error:  # one rule's bug must not hide what the others found
            failures.append(f"{code} failed: {type(error).__name__}: {error}")
    if findings and not migration.source.isascii():
        findings = list(in_characters(migration, findings))
    return Facts(
        migration.path,
        migration.header,
        tuple(findings),
        read_directives(migration.source),
        (*migration.bugs, *failures),
        _digest(migration) if migration.header_id in published else "",
        migration.torn,
    )


def traits_of(migration: Migration) -> frozenset[str] | None:
    """Return what the file has that rules are about; None where that cannot be told."""
    try:
        return migration.traits
    except Exception:  # our bug: the rules that need the same will say so, each for itself
        return None


def _digest(migration: Migration) -> str:
    from calista_tools.history.digest import digest_tree

    return digest_tree(migration.tree)


def in_characters(
    migration: Migration, findings: Iterable[tuple[str, Finding]]
) -> Iterator[tuple[str, Finding]]:
    """Turn the columns of the tree, which count UTF-8 bytes, into columns of characters."""
    lines = migration.lines

    def characters(row: int, column: int) -> int:
        if not 1 <= row <= len(lines):
            return column
        return len(lines[row - 1].encode()[: column - 1].decode(errors="replace")) + 1

    for code, found in findings:
        column = characters(found.row, found.column)
        end_column = found.end_column
        if found.end_row is not None and end_column is not None:
            end_column = characters(found.end_row, end_column)
        fix = found.fix
        if fix is not None:
            edits = tuple(
                edit._replace(
                    column=characters(edit.row, edit.column),
                    end_column=characters(edit.end_row, edit.end_column),
                )
                for edit in fix.edits
            )
            fix = fix._replace(edits=edits)
        yield code, found._replace(column=column, end_column=end_column, fix=fix)
