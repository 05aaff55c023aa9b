from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.roundtrip.rows.given_rows import read_given

KNOWN = {"a1", "b2"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.toml", '[[a1.note]]\nid = 1\nbody = { x = [1] }\nat = 2024-02-29T12:00:00Z\n'),
        ("rows.json", ('{"a1": {"note": [{"id": 1, "body": {"x": [1]}, '
                      '"at": "2024-02-29 12:00:00+00:00"}]}}')),
    ],
)  # fmt: skip
def test_files(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    given = read_given(str(path), KNOWN)
    row = {"id": 1, "body": '{"x": [1]}', "at": "2024-02-29 12:00:00+00:00"}
    assert given.at(["a1"]) == {"note": [row]}
    assert given.at(["b2"]) == {}


def test_settings_may_hold_the_rows() -> None:
    given = read_given({"a1": {"t": [{"x": 1}]}, "b2": {"t": [{"x": datetime(2024, 1, 1)}]}}, KNOWN)  # noqa: DTZ001
    assert given.at(["a1", "b2"]) == {"t": [{"x": 1}, {"x": "2024-01-01 00:00:00"}]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"zz": {}}, "no revision 'zz' in this history"),
        ({"a1": []}, "a1 must be a table, not []"),
        ({"a1": {"note": {"id": 1}}}, "a1.note must be a list of rows"),
        ({"a1": {"note": [1]}}, "a1.note, row 1 must be a table, not 1"),
    ],
)
def test_other_shapes_are_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises(ToolError) as caught:
        read_given(data, KNOWN)
    assert message in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["[[a1.note", "\xff"])
def test_files_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ToolError, match="cannot be read"):
        read_given(str(path), KNOWN)
    with pytest.raises(ToolError, match="cannot be read"):
        read_given(str(tmp_path / "missing.json"), KNOWN)
