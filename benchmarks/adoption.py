"""How much does the lint say, unconfigured, of histories that others have written?

``python -m benchmarks.adoption FOLDER…``: each a versions folder in a project of its own, as it was
copied; nothing in it is run or changed. Prints a line for each and the rules behind it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


LINT = "from calista_tools.lint.cli import program; program()"


def findings(versions: Path) -> Counter[str]:
    """Return how often each rule finds something, asked as a person would in that folder."""
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", LINT, "--output-format", "json", str(versions)],
            cwd=versions.parent,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"CALISTA_CACHE_DIR": cache},
        )
    if done.returncode == 2:
        raise SystemExit(f"{versions}: {done.stderr.strip()}")
    return Counter(item["code"] for item in json.loads(done.stdout))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the folders and print the table."""
    parser = argparse.ArgumentParser(description="Count findings a file in others' histories.")
    parser.add_argument("folders", type=Path, nargs="+")
    files = total = 0
    for folder in parser.parse_args(argv).folders:
        found = findings(folder.absolute())
        count = sum(1 for path in folder.rglob("*.py") if path.name != "__init__.py")
        files, total = files + count, total + found.total()
        codes = ", ".join(f"{code} {number}" for code, number in sorted(found.items()))
        per_file = found.total() / max(count, 1)
        print(f"{folder}: {found.total()} in {count} files, {per_file:.2f} a file: {codes}")
    print(f"all: {total} in {files} files, {total / max(files, 1):.2f} a file")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
