"""What every scratch database offers, whatever its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlalchemy import URL


class ScratchDatabase(Protocol):
    """A database made by us and thrown away by us.

    Attributes:
        url: How SQLAlchemy reaches it; for PostgreSQL it holds a password.
        roles: What was created through it in the server, to be dropped with it.
    """

    roles: set[str]

    @property
    def url(self) -> URL:
        """Where it is."""

    def copy(self) -> ScratchDatabase:
        """Return a copy of it; whoever is still connected to it is sent away first."""

    def replace_by(self, other: ScratchDatabase | None) -> None:
        """Make it a copy of ``other``, under its own URL; empty if that is None."""

    def drop(self) -> None:
        """Remove it; dropping twice is no error."""


def shown(url: URL) -> str:
    """Spell a URL for people: no password, wherever in it that stands."""
    secrets = {key for key in url.query if "password" in key.lower()}
    return url.difference_update_query(secrets).render_as_string(hide_password=True)
