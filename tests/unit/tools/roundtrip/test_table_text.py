"""The words for a table are others when anything in it is, and only then."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from calista_tools.roundtrip.project.table_text import table_text


def text(*items: Any, length: int = 5, default: str = "x") -> str:
    table = sa.Table(
        "note",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("body", sa.String(length), server_default=default),
        *items,
    )
    return table_text(table)


def test_the_same_table_made_twice_has_the_same_words() -> None:
    def made() -> str:
        return text(sa.CheckConstraint("id > 0"), sa.Index("ix", sa.text("lower(body)")))

    assert made() == made()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (text(default="x"), text(default="y")),
        (text(length=5), text(length=6)),
        (text(sa.CheckConstraint("id > 0")), text(sa.CheckConstraint("id > 1"))),
        (
            text(sa.ForeignKeyConstraint(["id"], ["o.id"])),
            text(sa.ForeignKeyConstraint(["id"], ["o.id"], ondelete="CASCADE")),
        ),
        (text(sa.Index("ix", "body")), text(sa.Index("ix", "body", unique=True))),
        (
            text(sa.Index("ix", "body")),
            text(sa.Index("ix", "body", postgresql_where=sa.text("id > 1"))),
        ),
        (text(sa.Column("n", sa.Integer)), text(sa.Column("n", sa.Integer, nullable=False))),
    ],
)
def test_whatever_changes_shows(one: str, other: str) -> None:
    assert one != other
