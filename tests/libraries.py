"""What may a test want of the project's libraries? Not had, it is skipped, and says so."""

from __future__ import annotations

import pytest
from alembic import __version__ as alembic_version

ALEMBIC = tuple(int(number) for number in alembic_version.split(".")[:2])


def since_alembic(major: int, minor: int, what: str) -> pytest.MarkDecorator:
    """Skip where Alembic does not yet know something."""
    reason = f"{what}: since Alembic {major}.{minor}, and this is {alembic_version}"
    return pytest.mark.skipif((major, minor) > ALEMBIC, reason=reason)
