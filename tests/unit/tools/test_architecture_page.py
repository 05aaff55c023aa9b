"""Who reads only docs/architecture.md finds what is decided where: the page's answers are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ANSWERS = dict(re.findall(r"^\| (Wh[^|]+\?) \| `([^`]+)` \|$", PAGE, re.MULTILINE))

#: What stands in the file that decides, and in no other of the toolkit.
DECIDES = {
    "Where is CAL104 decided?": r'@rule\("CAL104"',
    "Where does `batch_alter_table` become operations?": r'Call\("batch_alter_table"',
    "Where is `op.f` resolved?": r"^def final_name\(",
    "Where are sample rows made?": r"^def samples?\w*\(",
    "Why does a step count as proven?": r"    def proven\(self\) -> bool:\n        \"\"\"Whether nothing",
    "Where is env.py's naming convention read?": r"^def read_convention\(",
    "Where does a file get its name?": r"^def root_of\(",
}


def test_each_question_is_on_the_page() -> None:
    assert ANSWERS.keys() == DECIDES.keys()


@pytest.mark.parametrize("question", DECIDES)
def test_the_answer_is_where_it_is_decided(question: str) -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tools" / "calista_tools").rglob("*.py")
        if re.search(DECIDES[question], path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == [ANSWERS[question]]


def test_every_room_is_on_the_page() -> None:
    rooms = {path.parent.name for path in (ROOT / "tools" / "calista_tools").glob("*/__init__.py")}
    assert rooms == set(re.findall(r"^\| \d+ \| `(\w+)/`", PAGE, re.MULTILINE))


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:\w+/)+\w*(?:\.\w+)?)`", PAGE)
    tools = ROOT / "tools" / "calista_tools"
    missing = [
        name
        for name in named
        if not any((folder / name).exists() for folder in (ROOT, tools, tools / "roundtrip/proof"))
    ]
    assert missing == []
