"""What does one file, alone, break? Each rule looks at it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.known import Facts
from calista_tools.lint.noqa import read_directives
from calista_tools.lint.rule import Finding
from calista_tools.lint.traits import traits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from calista_tools.lint.migration import Migration
    from calista_tools.lint.rule import Rule

UNREADABLE = "CAL006"


def analyse(migration: Migration, rules: Sequence[Rule], published: Collection[str] = ()) -> Facts:
    """Check one file with the rules of the scopes ``file`` and ``schema``."""
    if migration.revision is None:
        rules = [rule for rule in rules if rule.code == UNREADABLE]
        traits = None
    else:
        traits = traits_of(migration)
    findings: list[tuple[str, Finding]] = []
    failures: list[str] = []
    for code, _, _, check, about, *_ in rules:
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
        if lines[row - 1].isascii():
            return column
        return len(migration.encoded_lines[row - 1][: column - 1].decode(errors="replace")) + 1

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
