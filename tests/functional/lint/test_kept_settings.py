"""Settings that are known from the last run are what the file says now."""

import json
from pathlib import Path

import pytest

from calista_tools.errors import ConfigError
from calista_tools.lint.memory.settings_cache import KeptSettings
from tests.functional.lint.conftest import STRICT, Run


def kept(cache: Path) -> Path:
    (found,) = cache.glob("lint/*/tools-*")
    return found


def test_same_text_is_not_parsed_again(project: Path, cache: Path, calista_lint: Run) -> None:
    calista_lint(str(project))
    path = kept(cache)
    text, tool = json.loads(path.read_text(encoding="utf-8"))
    assert (text, tool) == (STRICT, {"calista": {"policy": "calista"}})

    path.write_text(json.dumps([text, {"calista": {"select": ["CAL3"]}}]), encoding="utf-8")

    assert KeptSettings().read(project / "pyproject.toml") == {
        "tool": {"calista": {"select": ["CAL3"]}}
    }


def test_another_text_is_read(project: Path, cache: Path, calista_lint: Run) -> None:
    assert calista_lint(str(project))[0] == 0
    kept(cache)
    path = project / "pyproject.toml"
    path.write_text('[tool.calista]\nselct = ["CAL3"]\n', encoding="utf-8")

    code, _, said = calista_lint(str(project))

    assert code == 2
    assert "tool.calista.selct" in said
    path.write_text("[tool.calista\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        KeptSettings().read(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"[1, 2]", b'["[tool.calista]\\n", 3]', b"\xff"])
def test_damaged_file_is_none(
    content: bytes, project: Path, cache: Path, calista_lint: Run
) -> None:
    calista_lint(str(project))
    kept(cache).write_bytes(content)

    read = KeptSettings().read(project / "pyproject.toml")
    assert read == {"tool": {"calista": {"policy": "calista"}}}


def test_what_json_cannot_say_is_read_each_time(
    project: Path, cache: Path, calista_lint: Run
) -> None:
    path = project / "pyproject.toml"
    path.write_text("[tool.calista.roundtrip]\nsince = 2025-08-26\n", encoding="utf-8")

    calista_lint(str(project))

    assert str(KeptSettings().read(path)["tool"]["calista"]["roundtrip"]["since"]) == "2025-08-26"
    assert not list(cache.glob("lint/*/tools-*"))
