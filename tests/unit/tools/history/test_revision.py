from datetime import UTC, datetime, timedelta, timezone

import pytest

from calista_tools.history import Revision


@pytest.mark.parametrize(
    ("name", "doc", "created"),
    [
        ("20240102_0304_x.py", "", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("x.py", "", None),
        ("20241302_0304_x.py", "", None),
        (
            "x.py",
            "x\n\nCreate Date: 2024-01-02 03:04:05.678\n",
            datetime(2024, 1, 2, 3, 4, 5, 678000, UTC),
        ),
        (
            "20240102_0304_x.py",
            "Create Date: 2024-01-02 05:04:00+02:00",
            datetime(2024, 1, 2, 5, 4, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("20240102_0304_x.py", "Create Date: soon", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
    ],
)
def test_created(name: str, doc: str, created: datetime | None) -> None:
    assert Revision(name, "a", doc=doc).created == created


def test_summary_is_the_first_line() -> None:
    assert Revision("x.py", "a", doc="\n  add a thing  \n\nmore").summary == "add a thing"
    assert Revision("x.py", "a").summary == ""
