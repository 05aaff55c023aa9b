"""Two files with one revision id: said as that, and not as heads or baselines as well."""

import shutil
from pathlib import Path

import pytest

from calista_tools.rework import commands
from tests.functional.lint.conftest import Run


@pytest.mark.parametrize("published", [False, True], ids=["unpublished", "published"])
def test_is_said_once(project: Path, calista_lint: Run, published: bool) -> None:
    if published:
        commands.record()
    versions = project / "migrations" / "versions"
    last = max(versions.glob("*.py"))
    shutil.copy(last, versions / "20991231_2359_copy.py")

    code, out, _ = calista_lint("--output-format", "concise", "--select", "CAL4")

    assert code == 1
    findings = [line for line in out.splitlines() if ": CAL" in line]
    assert [line.split(": ")[1].split()[0] for line in findings] == ["CAL405"]
    assert "20991231_2359_copy.py" in findings[0]
