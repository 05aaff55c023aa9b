"""What is generated in docs/ is what the code says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from calista_tools.config import OPTIONS
from calista_tools.documentation import ROUNDTRIP_OPTIONS, pages, write
from calista_tools.environment.roundtrip_settings import Settings

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("name", "text"), [pytest.param(*page, id=page[0]) for page in pages()])
def test_docs_are_not_stale(name: str, text: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == text, "run `invoke docs`"


def test_rule_pages_without_a_rule_are_removed(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "CAL999-gone.md").write_text("old")
    written = write(tmp_path)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(written)


def test_every_option_says_what_it_is_for() -> None:
    options = {**OPTIONS, **ROUNDTRIP_OPTIONS}
    assert [key for key, option in options.items() if not option.help.endswith(".")] == []


def test_the_keys_of_the_roundtrip_are_those_that_it_reads() -> None:
    documented = {key.replace("-", "_") for key in ROUNDTRIP_OPTIONS}
    assert documented == set(Settings.__dataclass_fields__)


def test_our_own_configuration_fits_the_schema() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(table["tool"]["calista"]) <= set(OPTIONS)
