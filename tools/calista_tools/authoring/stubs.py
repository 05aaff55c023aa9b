"""Which revisions has nobody filled in yet? Both functions do nothing, and no one says why."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from calista_tools.config import Config
    from calista_tools.history import History, Revision

#: What Alembic's own template says of them; anything else is a reason.
_NO_REASON = re.compile(r"(up|down)grade (schema|database)\.?", re.IGNORECASE)
_HINT = (
    "fill it in, or say in the docstring of upgrade() why it changes nothing; a revision that is not"
    " needed is deleted"
)


def main(_argv: Sequence[str] | None = None) -> int:
    """Name the untouched stubs of the project in this folder; 1 if there are any.

    Raises:
        ToolError: There is no project.
    """
    from calista_tools import config as configuration
    from calista_tools.files.shown_path import shown
    from calista_tools.history.project_history import read_project

    config = configuration.load()
    if not config.versions.is_dir():
        raise ToolError(f"{config.versions}: no such folder", "set `script_location`")
    found = 0
    for revision, line in untouched(_wanted(config, read_project(config, thorough=True))):
        words = "upgrade() and downgrade() do nothing: this is the stub as `revision` writes it"
        print(f"{shown(revision.path)}:{line}: {words}\n  = help: {_HINT}")
        found += 1
    if not found:
        print("Every new revision is filled in.")
    return int(found > 0)


def untouched(revisions: Iterable[Revision]) -> Iterator[tuple[Revision, int]]:
    """Yield those of these revisions that nobody has filled in, with the line of ``upgrade``."""
    for revision in revisions:
        if revision.is_merge:
            continue
        try:
            tree = ast.parse(revision.path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue  # The lint says so.
        functions = {item.name: item for item in tree.body if isinstance(item, ast.FunctionDef)}
        upgrade = functions.get("upgrade")
        ways = [functions[name] for name in ("upgrade", "downgrade") if name in functions]
        if upgrade is not None and all(_does_nothing(way.body) for way in ways):
            yield revision, upgrade.lineno


def _wanted(config: Config, history: History) -> list[Revision]:
    """Return the revisions that are still to be changed.

    Those that are not published; where nothing records that, those that git's main branch does not
    have, and the heads.
    """
    revisions = list(history.revisions.values())
    if config.lock_file.exists():
        return [item for item in revisions if item.revision not in history.published]
    from calista_tools.history.since_branch import changes_since

    changes = changes_since(config.versions, None)
    if changes is None:
        return revisions
    heads = set(history.heads)
    return [r for r in revisions if r.name not in changes.old or r.revision in heads]


def _does_nothing(body: Sequence[ast.stmt]) -> bool:
    return all(_is_nothing(statement) for statement in body)


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Return):
        return statement.value is None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        said = statement.value.value
        return said is Ellipsis or bool(
            isinstance(said, str) and _NO_REASON.fullmatch(said.strip())
        )
    if isinstance(statement, ast.If):
        return _does_nothing(statement.body) and _does_nothing(statement.orelse)
    # `bind = op.get_bind()`, `dialect = bind.dialect.name`: what a guard asks.
    return isinstance(statement, ast.Assign) and bool(
        re.fullmatch(r"[\w.]+(\.get_(bind|context)\(\)[\w.]*)?", ast.unparse(statement.value))
    )
