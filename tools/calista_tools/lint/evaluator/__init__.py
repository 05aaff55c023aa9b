"""What would a revision file do, on which dialect? Evaluated from source; nothing is run.

``evaluate(tree, path, project)`` is the whole interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.evaluator.project import Project
from calista_tools.lint.operations import Evaluation

if TYPE_CHECKING:
    import ast
    from pathlib import Path

__all__ = ["Project", "evaluate"]


def evaluate(tree: ast.Module, path: Path, project: Project | None = None) -> Evaluation:
    """Follow ``upgrade()`` and ``downgrade()`` of a parsed revision file.

    Args:
        tree: The parsed file.
        path: Where it lies; imports of the project's own modules are looked up from here.
        project: Where those modules are read; None reads none.

    Returns:
        Operations in the order in which they would run. Never raises, whatever the file holds,
        and always ends: what takes too long to follow is a ``Trouble``.
    """
    del tree, path, project
    return Evaluation()
