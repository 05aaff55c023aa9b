"""How is the pickle module loaded? Only its core in C, where there is one: half of it is Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pickle
else:
    try:
        import _pickle as pickle
    except ImportError:
        import pickle

__all__ = ["pickle"]
