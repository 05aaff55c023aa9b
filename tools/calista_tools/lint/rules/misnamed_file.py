from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.history.filename import file_name, is_policy_name
from calista_tools.history.locations import version_roots
from calista_tools.lint.file_template import folders, matches
from calista_tools.lint.rule import Finding, Fix, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.lint.migration import Migration


@rule("CAL001", "misnamed-file")
def check(migration: Migration) -> Iterator[Finding]:
    """File is not named as the project's template has it.

    The template is ``file-template`` in ``[tool.calista]``, else Alembic's own ``file_template``, else
    under ``policy = "calista"`` the policy's ``YYYYMMDD_HHMM_<summary>.py``: the UTC minute in front
    makes a folder read in the order of the history; the summary, in lower case with single
    underscores, says what each step is for. Where nobody set a template, any name is right. Where it
    holds folders, ``%(year)d/%(month).2d/%(slug)s``, all that stands below the versions folder counts.
    Source: ADR-0004

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))

    Bad::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250230_1030_create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))

    Good::

        # file: ../../pyproject.toml
        [tool.calista]
        policy = "calista"
        # file: 20250826_1030_create_event_store.py
        op.create_table("note", sa.Column("id", sa.Integer()))
    """
    if not migration.config.judges_file_names:
        return
    template = migration.config.file_template
    name = migration.path.name
    if template is None:
        if not is_policy_name(name):
            message = f"file name `{name}` is not `YYYYMMDD_HHMM_<summary>.py`"
            yield Finding(1, 1, message, fix=_rename(migration))
        return
    if folders(template):
        name = _below_versions(migration.path, migration.config, folders(template))
    if not matches(template, name):
        yield Finding(1, 1, f"file name `{name}` does not follow `{template}`")


def _below_versions(path: Path, config: Config, count: int) -> str:
    """Return where a file lies, from the versions folder on; in none, with as many as there should be."""
    roots = [root for root in version_roots(config) if root in path.parents]
    if not roots:
        return "/".join(path.parts[-count - 1 :])
    return path.relative_to(max(roots, key=lambda root: len(root.parts))).as_posix()


_CREATED = r"(?m)^Create Date:[ \t]*(\S.*?)[ \t]*$"
#: A date, a revision id or a number in front of the words.
_PREFIX = r"^(?:\d[\d_-]*|(?=\w*\d)[0-9a-f]{4,40})[_-]+"


def _rename(migration: Migration) -> Fix | None:
    """Return the name made of the docstring's date and the words of the old name."""
    revision = migration.revision
    created = re.search(_CREATED, revision.doc) if revision is not None else None
    if revision is None or created is None:
        return None
    from calista_tools.history.slug import slugify

    try:
        stamp = datetime.fromisoformat(created[1])
        words = re.sub(_PREFIX, "", migration.path.stem.removeprefix(revision.revision))
        slug = slugify(words if re.search(r"[^\W\d_]", words) else revision.summary)
    except (ValueError, ToolError):
        return None
    stamp = stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
    name = file_name(stamp, slug)
    return Fix(f"Rename to `{name}`", rename=name)
