"""Which differences between dialects are differences?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from calista_tools.roundtrip.proof.parity import accepted, parity
from calista_tools.roundtrip.snapshot import Key, Snapshot


def table(
    *columns: tuple[str, str], more: Mapping[Key, Mapping[str, Any]] | None = None
) -> Snapshot:
    group: dict[Key, Mapping[str, Any]] = {Key("table", "t"): {}}
    for name, type_ in columns:
        group[Key("column", name, "t")] = {"type": type_, "nullable": True}
    return {"t": group | dict(more or {})}


@pytest.mark.parametrize(
    ("sqlite", "postgresql"),
    [
        ("INTEGER", "bigint"),
        ("VARCHAR(40)", "character varying(40)"),
        ("DATETIME", "timestamp with time zone"),
        ("JSON", "jsonb"),
        ("CHAR(32)", "uuid"),
        ("NUMERIC(12,2)", "numeric(12,2)"),
        ("BLOB", "bytea"),
    ],
)
def test_types_that_mean_the_same(sqlite: str, postgresql: str) -> None:
    assert parity(table(("a", sqlite)), table(("a", postgresql))) == []


@pytest.mark.parametrize(
    ("sqlite", "postgresql"), [("INTEGER", "text"), ("VARCHAR(40)", "character varying(20)")]
)
def test_types_that_do_not(sqlite: str, postgresql: str) -> None:
    [line] = parity(table(("a", sqlite)), table(("a", postgresql)))
    assert line.startswith("~column a on t: ")


def test_constraints_are_compared_by_what_they_say() -> None:
    lite: dict[Key, Mapping[str, Any]] = {
        Key("foreign key", "(a → p (id))", "t"): {"refers": "a → p (id)"},
        Key("unique", "(a)", "t"): {"columns in key": ["a"]},
        Key("primary key", "unnamed", "t"): {"columns in key": ["a"]},
    }
    full: dict[Key, Mapping[str, Any]] = {
        Key("foreign key", "t_a_fkey", "t"): {
            "definition": "FOREIGN KEY (a) REFERENCES calista.p(id)"
        },
        Key("unique", "t_a_key", "t"): {"definition": "UNIQUE (a)"},
        Key("primary key", "t_pkey", "t"): {"definition": "PRIMARY KEY (a)"},
    }
    assert parity(table(("a", "INTEGER"), more=lite), table(("a", "integer"), more=full)) == []


def test_what_is_written_down_is_accepted_with_its_reason() -> None:
    lines = ["+index ix_a on t", "-table u"]
    assert accepted(lines, {"+index * on t": "GIN"}) == (["-table u"], ["+index ix_a on t - GIN"])
