from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.lint.reasons import is_reason
from calista_tools.lint.rule import Finding, all_rules, needs_reason, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from calista_tools.lint.suppressions import Suppression


@rule("CAL008", "noqa-without-reason", scope="noqa")
def check(suppressions: Sequence[Suppression]) -> Iterator[tuple[Path, Finding]]:
    """``# noqa`` of a policy rule (2xx, 3xx) does not say why.

    Whoever reads the revision in two years needs to know what made it safe. So the reason is
    written for the place where it stands: an empty one, a single word, a placeholder and one copied
    from another revision say nothing. It follows the codes, after ``-``, ``:``, ``#`` or in
    parentheses.

    Bad::

        def upgrade():
            op.drop_column("note", "body")

        def downgrade():  # noqa: CAL305
            raise NotImplementedError

    Bad::

        def upgrade():
            op.drop_column("note", "body")

        def downgrade():  # noqa: CAL305 - TODO
            raise NotImplementedError

    Good::

        def upgrade():
            op.drop_column("note", "body")

        def downgrade():  # noqa: CAL305 - the texts are gone; restore the backup
            raise NotImplementedError
    """
    first: dict[str, Path] = {}
    for path, directive, used, _ in suppressions:
        policy = [code for code in used if needs_reason(code)]
        if not policy:
            continue
        codes = ", ".join(policy)
        words = " ".join(re.findall(r"\w+", directive.reason.lower()))
        if not is_reason(directive.reason) or words in _own_words(policy):
            message = f"`noqa` of {codes} needs a reason: `# noqa: {codes} - <why>`"
        elif first.setdefault(words, path) != path:
            message = f"reason copied from {first[words].name}: say why {codes} does not apply here"
        else:
            continue
        row, end_column = directive.row, directive.end_column
        yield path, Finding(row, directive.column, message, row, end_column)


def _own_words(codes: Sequence[str]) -> set[str]:
    """Return what repeats the rule and gives no reason: its code and its name."""
    rules = all_rules()
    return {code.lower() for code in codes} | {
        rules[code].name.replace("-", " ") for code in codes if code in rules
    }
