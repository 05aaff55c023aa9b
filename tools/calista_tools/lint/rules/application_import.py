from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.application_packages import application_packages
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.lint.migration import Migration

_RELATIVE = (b"from .", b"from\t.", b"from  ")


@rule("CAL005", "application-import")
def check(migration: Migration) -> Iterator[Finding]:
    """Revision imports application code.

    A published revision must do tomorrow what it does today; application code is written to
    change. Copy what is needed into the revision: a ``sa.table()`` with its columns, a constant.
    Application packages are the ones in ``application-packages`` of ``[tool.calista]``; where that
    is not set, the packages and modules beside ``pyproject.toml`` and in its ``src``. Modules inside
    the script location are no application code. ``importlib.import_module("…")`` imports, too.

    Bad::

        from app.models import Note

        def upgrade():
            op.bulk_insert(Note.__table__, [])

    Good::

        from application import Note

        note = sa.table("note", sa.column("body"))

        def upgrade():
            op.bulk_insert(note, [])
    """
    packages = application_packages(migration.config)
    source = migration.source
    for word in (*packages, *_RELATIVE):
        if word in source:
            break
    else:
        return
    names = {package.decode() for package in packages}
    for module, node in migration.imports():
        top = module.split(".", maxsplit=1)[0]
        if (not top or top in names) and not migration.is_migration_code(module):
            shown = module.rstrip(".") or module
            yield Finding.at(node, f"imports application code: `{shown}`")
