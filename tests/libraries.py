"""What may a test want of the project's libraries? Not had, it is skipped, and says so."""

from __future__ import annotations

import alembic
import pytest
import sqlalchemy


def since_alembic(major: int, minor: int, what: str) -> pytest.MarkDecorator:
    """Skip where Alembic does not yet know something."""
    return _since("Alembic", alembic.__version__, (major, minor), what)


def since_sqlalchemy(major: int, minor: int, what: str) -> pytest.MarkDecorator:
    """Skip where SQLAlchemy does not yet know something."""
    return _since("SQLAlchemy", sqlalchemy.__version__, (major, minor), what)


def _since(name: str, version: str, wanted: tuple[int, int], what: str) -> pytest.MarkDecorator:
    older = tuple(int(number) for number in version.split(".")[:2]) < wanted
    reason = f"{what}: since {name} {wanted[0]}.{wanted[1]}, and this is {version}"
    return pytest.mark.skipif(older, reason=reason)
