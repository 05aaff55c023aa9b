"""How a message becomes the summary of a file name."""

from __future__ import annotations

import pytest

from calista_tools.errors import ToolError
from calista_tools.history.slug import slugify


@pytest.mark.parametrize(
    ("message", "slug"),
    [
        ("create event store", "create_event_store"),
        ("Add the user's `email`, 2nd try!", "add_the_user_s_email_2nd_try"),
        ("../../etc/passwd", "etc_passwd"),
        ("{{ drop }} {% raw %} %(x)s 100%", "drop_raw_x_s_100"),
        ("__init__", "init"),
        ("con", "con"),
        ("🚀 launch 🚀", "launch"),
        ("größe ändern", "größe_ändern"),
        ("テーブルを追加", "テーブルを追加"),
        ("line one\nline two", "line_one_line_two"),
        # By words, never in the middle of one:
        (
            "rename the column that holds the moment at which an observation began to be exposed",
            "rename_the_column_that_holds_the_moment_at_which_an",
        ),
        ("x" * 300, "x" * 60),
    ],
)
def test_slugify(message: str, slug: str) -> None:
    assert slugify(message) == slug


@pytest.mark.parametrize("message", ["", " ", "...", "_", "🚀", "\n\t", "%/{}"])
def test_a_message_without_a_word_names_no_file(message: str) -> None:
    with pytest.raises(ToolError, match="no letter or digit"):
        slugify(message)
