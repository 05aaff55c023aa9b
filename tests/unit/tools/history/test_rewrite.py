from datetime import UTC, datetime
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.history import Revision, read_source
from calista_tools.rework.rewrite import rewrite_header

PATH = Path("20240101_0000_x.py")
SOURCE = '''"""größe ändern

Revision ID: a
Revises: old
Create Date: 2024-01-01 00:00:00+00:00
"""
revision = "a"  # ä
{down}


def upgrade() -> None:
    pass  # old
'''
WHEN = datetime(2025, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("parents", [(), ("new",), ("x y", 'q"t'), ("b", "c", "d")])
@pytest.mark.parametrize(
    "down",
    [
        'down_revision = "old"',
        "down_revision = 'old'  # type: ignore",
        'down_revision: str | None = "old"',
        'down_revision = ("old", "older")',
        'down_revision = (\n    "old",\n    "ölder",\n)  # ö',
        "down_revision = None",
        'BASE = "old"\ndown_revision = BASE',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_header_changes(
    parents: tuple[str, ...], down: str, encoding: str, newline: str
) -> None:
    cookie = "# coding: latin-1\n" if encoding == "latin-1" else ""
    source = (cookie + SOURCE.format(down=down)).replace("\n", newline).encode(encoding)

    changed = rewrite_header(source, PATH, parents, WHEN)

    after = read_source(changed, PATH, thorough=True)
    assert isinstance(after, Revision)
    assert (after.revision, after.down_revisions, after.created) == ("a", parents, WHEN)
    before_body, after_body = (text.split(b"def upgrade")[1] for text in (source, changed))
    assert before_body == after_body
    lines = changed.decode(encoding).split(newline)
    assert ("Revises: " + ", ".join(parents)).rstrip() in lines
    assert sum(b"\r\n" in line for line in [changed]) == (newline == "\r\n")
    assert changed.count(b"\n") - changed.count(b"\r\n") in (0, changed.count(b"\n"))


def test_nothing_to_change_changes_nothing() -> None:
    source = SOURCE.format(down='down_revision = ("old")').encode()

    assert rewrite_header(source, PATH, ("old",)) == source


@pytest.mark.parametrize(
    "down",
    [
        'down_revision = other = "old"',
        'down_revision = "x"\ndown_revision = "old"',
        'if True:\n    down_revision = "old"',
        'down_revision, x = "old", 1',
        'down_revision = "old"\ndown_revision += "er"',
    ],
)
def test_refuses_what_it_cannot_edit(down: str) -> None:
    with pytest.raises(ToolError, match="not written as one plain assignment"):
        rewrite_header(SOURCE.format(down=down).encode(), PATH, ("new",))


def test_a_header_without_words_is_left_alone() -> None:
    source = b'"""words"""\nrevision = "a"\ndown_revision = None\n'

    assert rewrite_header(source, PATH, ("b",), WHEN) == source.replace(b"None", b'"b"')
