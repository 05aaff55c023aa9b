from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.lint import pages

DOCS = Path(__file__).parents[3] / "docs" / "rules"


def test_docs_are_what_the_rules_say() -> None:
    expected = dict(pages.all_pages())
    written = {path.name: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    assert written == expected, "run `python -m calista_tools.lint.pages docs/rules`"


def test_a_page_is_found_by_code_and_by_name() -> None:
    assert pages.page("cal001") == pages.page("misnamed-file")
    assert pages.page("CAL001").startswith("# CAL001 misnamed-file\n")


@pytest.mark.parametrize("code", ["CAL999", "misnamed-flie", "", "E501"])
def test_an_unknown_code_is_refused(code: str) -> None:
    with pytest.raises(ToolError, match="unknown rule"):
        pages.page(code)


def test_policy_rules_say_that_a_reason_is_required() -> None:
    assert "the reason is required" in pages.page("CAL305")
    assert "the reason is required" not in pages.page("CAL001")


def test_markdown_keeps_what_follows_an_example() -> None:
    text = "Title ``x``.\n\nBad::\n\n    a = 1\n\n    b = 2\n\nMore.\n"
    assert pages.markdown(text) == ("Title `x`.\n\nBad:\n\n```python\na = 1\n\nb = 2\n```\n\nMore.")
