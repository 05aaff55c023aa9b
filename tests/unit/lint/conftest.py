from pathlib import Path
from textwrap import dedent

import pytest

from calista_tools.config import Config, load
from calista_tools.lint.diagnostic import Diagnostic
from calista_tools.lint.reported import judge
from calista_tools.lint.selection import Selection
from calista_tools.lint.targets import find_targets
from calista_tools.lint.whole_history import collect
from tests.unit.lint.project import Files, Lint, as_files


@pytest.fixture
def lint(tmp_path: Path) -> Lint:
    """Write files into a project of their own, check it, return what one code (or prefix) found.

    It has taken the strict policy, unless the configuration speaks of that itself.
    """

    def run(code: str, source: str | Files, configuration: str = "") -> list[Diagnostic]:
        root = tmp_path / f"project{len(list(tmp_path.iterdir()))}"
        versions = root / "migrations" / "versions"
        versions.mkdir(parents=True)
        policy = "" if "policy" in configuration else 'policy = "calista"\n'
        (root / "pyproject.toml").write_text(f"[tool.calista]\n{policy}{configuration}\n")
        files = as_files(source) if isinstance(source, str) else source
        for name, text in files.items():
            path = versions / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        config: Config = load(root)
        targets = find_targets([str(versions)])
        reports = [judge(group, collect(group)[0], Selection((code,))) for group in targets.groups]
        assert not any(report.failures for report in reports)
        return [
            item
            for report in reports
            for item in report.diagnostics
            if config.root in item.path.parents
        ]

    return run
