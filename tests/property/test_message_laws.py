"""A message, whatever it holds, comes out of the docstring as it went in; its slug names a file."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calista_tools.authoring.message import check_message, docstring_text
from calista_tools.errors import ToolError
from calista_tools.files.formatting import ruff
from calista_tools.history.filename import file_name, is_policy_name, stamp_of
from calista_tools.history.slug import LONGEST, LONGEST_BYTES, slugify

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
AWKWARD = st.text(alphabet=" \"\\\n\t\r'{}%#N\x0c\x85ab\u200d\u2028", max_size=40)
MESSAGES = ANY | AWKWARD


def docstring(source: str) -> str:
    return ast.get_docstring(ast.parse(source), clean=False) or ""


@given(MESSAGES)
def test_a_docstring_holds_its_message(message: str) -> None:
    source = f'"""{docstring_text(message)}\n\nRevision ID: 1\n"""\n'
    assert docstring(source) == f"{message}\n\nRevision ID: 1\n"


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(messages=st.lists(MESSAGES, min_size=50, max_size=50))
def test_the_formatter_does_not_change_it(messages: list[str], tmp_path: Path) -> None:
    for number, message in enumerate(messages):
        source = f'"""{docstring_text(message)}\n\nRevision ID: 1\n"""\n'
        (tmp_path / f"m{number}.py").write_bytes(source.encode())
    subprocess.run([ruff(), "format", "--isolated", "--quiet", "."], cwd=tmp_path, check=True)
    for number, message in enumerate(messages):
        source = (tmp_path / f"m{number}.py").read_bytes().decode()
        assert docstring(source) == f"{message}\n\nRevision ID: 1\n"


@given(MESSAGES)
def test_a_slug_names_a_file_everywhere(message: str) -> None:
    try:
        slug = slugify(message)
    except ToolError:
        assert not any(character.isalnum() for character in message)
        return
    assert slugify(slug) == slug
    assert len(slug) <= LONGEST
    assert len(slug.encode()) <= LONGEST_BYTES
    stamp = stamp_of("20250826_1030_create_event_store.py")
    assert stamp is not None
    name = file_name(stamp, slug)
    assert is_policy_name(name)
    assert stamp_of(name) == stamp


@pytest.mark.parametrize("message", ["a\0b", "caf\udce9", "\ud83d"])
def test_what_no_file_can_hold_is_refused(message: str) -> None:
    with pytest.raises(ToolError, match="the message"):
        check_message(message)
