"""What does the name of a revision file say? ``YYYYMMDD_HHMM_<summary>.py``, UTC (ADR-0004)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

#: The policy's pattern; the summary is lower case words joined by single underscores.
PATTERN = re.compile(r"(?P<stamp>\d{8}_\d{4})_(?P<slug>[^\W_]+(?:_[^\W_]+)*)\.py")
STAMP = "%Y%m%d_%H%M"
MINUTE = timedelta(minutes=1)


def file_name(stamp: datetime, slug: str) -> str:
    """Return the name of a revision file."""
    # Not strftime: it writes the year 987 with three digits, and then names do not sort.
    return (
        f"{stamp.year:04}{stamp.month:02}{stamp.day:02}_{stamp.hour:02}{stamp.minute:02}_{slug}.py"
    )


def templated_name(template: str, stamp: datetime, slug: str, revision: str) -> str:
    """Return the name that Alembic's ``file_template`` gives.

    Raises:
        ValueError: The template names something that Alembic does not know.
    """
    values = {
        "rev": revision,
        "slug": slug,
        "epoch": int(stamp.timestamp()),
        "year": stamp.year,
        "month": stamp.month,
        "day": stamp.day,
        "hour": stamp.hour,
        "minute": stamp.minute,
        "second": stamp.second,
    }
    try:
        # As it stands in alembic.ini, where a percent sign is written twice.
        return f"{template.replace('%%', '%') % values}.py"
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{template!r} cannot be filled in: {error}") from error


@lru_cache(maxsize=20_000)  # several rules ask, for the same name
def stamp_of(name: str) -> datetime | None:
    """Return the minute that a file name gives, or None where it gives none that exists."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)_", name, re.ASCII)
    if found is None:
        return None
    year, month, day, hour, minute = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def is_policy_name(name: str) -> bool:
    """Whether a file is named as the policy wants it."""
    found = PATTERN.fullmatch(name)
    return found is not None and name == name.lower() and stamp_of(name) is not None
