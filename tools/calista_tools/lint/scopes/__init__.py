"""Which names does a file use that nothing gives it? Told from source; nothing is run.

``names_in(body, bound)`` is the whole interface. What is said is what pyflakes says as F821, less what
only running the file could tell. Functions are looked into once all that stands around them is known,
as they are called no earlier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.lint.scopes import (
    bindings,  # noqa: F401 - it registers
    definitions,  # noqa: F401 - it registers
)
from calista_tools.lint.scopes.model import (
    BATCH,
    BUILTINS,
    CONTEXT,
    OP,
    SQLALCHEMY,
    Attribute,
    Names,
    Use,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Mapping

__all__ = [
    "BATCH",
    "BUILTINS",
    "CONTEXT",
    "OP",
    "SQLALCHEMY",
    "Attribute",
    "Names",
    "Use",
    "names_in",
]


def names_in(body: Iterable[ast.stmt], bound: Mapping[str, str | None]) -> Names:
    """Follow a module's statements, of which those above have given some names their values."""
    names = Names(bound)
    names.read(body)
    return names
