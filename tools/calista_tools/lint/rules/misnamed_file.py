from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.history.filename import is_policy_name
from calista_tools.lint.file_template import matches
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


@rule("CAL001", "misnamed-file")
def check(migration: Migration) -> Iterator[Finding]:
    """File is not named ``YYYYMMDD_HHMM_<summary>.py``.

    The UTC minute in front makes a folder read in the order of the history; the summary, in lower
    case with single underscores, says what each step is for. A project with another habit sets
    ``file-template`` in ``[tool.calista]``, in the tokens of Alembic's ``file_template``.
    Source: ADR-0004

    Bad::

        # file: create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))

    Bad::

        # file: 20250230_1030_create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))

    Good::

        # file: 20250826_1030_create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))
    """
    template = migration.config.file_template
    name = migration.path.name
    if template is None:
        if not is_policy_name(name):
            yield Finding(1, 1, f"file name `{name}` is not `YYYYMMDD_HHMM_<summary>.py`")
    elif not matches(template, name):
        yield Finding(1, 1, f"file name `{name}` does not follow `{template}`")
