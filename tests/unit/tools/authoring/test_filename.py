"""What the name of a revision file says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from calista_tools.history.filename import file_name, is_policy_name, stamp_of, templated_name

STAMP = datetime(2025, 8, 6, 9, 5, tzinfo=UTC)


def test_names_have_the_stamp_in_front() -> None:
    assert file_name(STAMP, "create_event_store") == "20250806_0905_create_event_store.py"
    assert file_name(STAMP.replace(year=987), "x") == "09870806_0905_x.py"


@pytest.mark.parametrize(
    ("name", "stamp"),
    [
        ("20250806_0905_x.py", STAMP),
        ("20250806_0905_.py", STAMP),
        ("20250230_0905_x.py", None),
        ("20250806_2560_x.py", None),
        ("00000101_0000_x.py", None),
        ("2025-08-06_x.py", None),
        ("٢٠٢٥٠٨٠٦_0905_x.py", None),
    ],
)
def test_stamp_of(name: str, stamp: datetime | None) -> None:
    assert stamp_of(name) == stamp


@pytest.mark.parametrize(
    ("name", "is_policy"),
    [
        ("20250806_0905_create_event_store.py", True),
        ("20250806_0905_größe_2.py", True),
        ("20250806_0905_Create.py", False),
        ("20250806_0905_create__store.py", False),
        ("20250806_0905_create_.py", False),
        ("20250806_0905_.py", False),
        ("20250806_0905_create store.py", False),
        ("20250806_0905_create.txt", False),
        ("create.py", False),
    ],
)
def test_is_policy_name(name: str, is_policy: bool) -> None:
    assert is_policy_name(name) is is_policy


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("%(rev)s_%(slug)s", "1a2b_x.py"),
        ("%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s", "2025-08-06_x.py"),
        ("%(epoch)s_%(hour)02d%(minute)02d%(second)02d", "1754471100_090500.py"),
    ],
)
def test_templated_name(template: str, name: str) -> None:
    assert templated_name(template, STAMP, "x", "1a2b") == name


@pytest.mark.parametrize("template", ["%(nonsense)s", "%(slug)", "%d"])
def test_a_template_that_cannot_be_filled_in(template: str) -> None:
    with pytest.raises(ValueError, match="cannot be filled in"):
        templated_name(template, STAMP, "x", "1a2b")
