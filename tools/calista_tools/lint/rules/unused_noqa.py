from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.rule import Edit, Finding, Fix, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from calista_tools.lint.noqa import Directive
    from calista_tools.lint.suppressions import Suppression


@rule("CAL007", "unused-noqa", scope="noqa")
def check(suppressions: Sequence[Suppression]) -> Iterator[tuple[Path, Finding]]:
    """``# noqa`` lists a code that finds nothing there.

    What it once set aside is gone; left in place it would hide the next finding on the line.
    A family (``CAL3``) is unused where none of its rules finds anything. Codes of other tools are
    theirs to judge, and so is a bare ``# noqa``.

    Bad::

        op.drop_index("ix_note_note_body", table_name="note")  # noqa: CAL201

    Good::

        op.drop_index("ix_note_note_body", table_name="note")  # noqa: E501
    """
    for path, directive, _, unused in suppressions:
        if unused:
            codes = ", ".join(f"`{code}`" for code in unused)
            yield (
                path,
                Finding(
                    directive.row,
                    directive.column,
                    f"Unused `noqa` (it sets nothing aside: {codes})",
                    directive.row,
                    directive.end_column,
                    Fix("Remove unused `noqa`", (_removal(directive, unused),)),
                ),
            )


def _removal(directive: Directive, unused: Sequence[str]) -> Edit:
    """Return the edit that takes the codes out, or the comment with its last code."""
    left = tuple(code for code in directive.codes or () if code not in unused)
    content = directive.rewritten(left, directive.reason) if left else ""
    return Edit(directive.row, directive.column, directive.row, directive.end_column, content)
