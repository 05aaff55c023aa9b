from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL009", "unreadable-sql", about=("trouble",))
def check(migration: Migration) -> Iterator[Finding]:
    """SQL in the revision cannot be parsed for any dialect that it runs on.

    Most often it is broken: a word misspelt, a quote or a parenthesis that is not closed. If the
    databases do take it, only this is lost: names and steps in it are not checked. What is put
    together at run time is not reported.

    Bad::

        op.execute("CREATE TABEL note (id INTEGER)")

    Bad::

        op.execute("ALTER TABLE note ADD CONSTRAINT ck_note_id CHECK (id > 0")

    Good::

        op.execute("CREATE TABLE note (id INTEGER CONSTRAINT pk_note PRIMARY KEY)")
    """
    for trouble in migration.evaluation.troubles:
        node = trouble.node
        if trouble.dialects and trouble.dialects.isdisjoint(migration.dialects):
            continue  # MySQL's, beside the branch of the one dialect that is meant here
        if (
            trouble.kind == "sql"
            and trouble.message.startswith("cannot be parsed")
            and isinstance(node, (ast.expr, ast.stmt))
        ):
            yield Finding.at(node, f"SQL {trouble.message}")
