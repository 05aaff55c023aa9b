"""The task that authors a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    help={
        "message": "what the revision does; also names the file",
        "autogenerate": "write what differs between the metadata and the database",
        "allow_empty": "write a file also where nothing differs (--autogenerate)",
        "kind": "schema, data or append-only",
        "table": "the table to create (schema, append-only) or to fill (data)",
        "head": "the revision to follow; default: the only head",
        "url": "the database to compare with; default: CALISTA_DB_URL",
    }
)
def revision(
    _: Context,
    message: str,
    autogenerate: bool = False,
    allow_empty: bool = False,
    kind: str = "schema",
    table: str | None = None,
    head: str | None = None,
    url: str | None = None,
) -> None:
    """Write one revision file, formatted and checked, and print its path."""
    from calista_tools import config
    from calista_tools.authoring.write_revision import write_revisions

    paths = write_revisions(
        config.load(),
        message,
        kind=kind,
        table=table,
        head=head,
        autogenerate=autogenerate,
        allow_empty=allow_empty,
        url=url,
    )
    for path in paths:
        print(path)
