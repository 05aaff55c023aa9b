from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.names.chosen import is_in_models
from calista_tools.lint.names.policy import WORDS, created, place, prefixed_twice
from calista_tools.lint.names.renaming import finalize
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration


_KINDS = ("pk", "uq", "ix", "fk", "ck")


@rule("CAL110", "doubled-prefix", about=(f"creates {kind}" for kind in _KINDS))
def check(migration: Migration) -> Iterator[Finding]:
    """Name gets its prefix twice, ``ck_t_ck_t_positive``: ``op.f`` is missing.

    A convention that holds ``%(constraint_name)s`` is applied to every plain name, also to one that
    is already complete. ``op.f("…")`` says that a name is final; or give the bare part alone.
    Source: https://alembic.sqlalchemy.org/en/latest/naming.html

    Bad::

        # file: ../env.py
        target_metadata = MetaData(
            naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"}
        )
        # file: 20250826_1030_check_versions.py
        op.create_check_constraint("ck_note_positive", "note", "version > 0")

    Good::

        # file: ../env.py
        target_metadata = MetaData(
            naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"}
        )
        # file: 20250826_1030_check_versions.py
        op.create_check_constraint(op.f("ck_note_positive"), "note", "version > 0")

    Good::

        # file: ../env.py
        target_metadata = MetaData(
            naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"}
        )
        # file: 20250826_1030_check_versions.py
        op.create_check_constraint("positive", "note", "version > 0")
    """
    reported: set[object] = set()
    for operation, made, _, final in created(migration, *_KINDS):
        if prefixed_twice(made, final) and made.node not in reported and made.name:
            reported.add(made.node)
            message = (
                f"{WORDS[made.kind]} ends up as `{final.full}`: "
                f'write `op.f("{made.name.text}")`, which is final'
            )
            fix = finalize(migration, made)
            if fix is not None and is_in_models(migration, made.name.text or ""):
                fix = fix._replace(unsafe=True)  # they double it as well
            yield place(operation, made, message, fix)
