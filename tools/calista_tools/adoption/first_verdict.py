"""What do the tools say of a project the first time, and what of that is accepted as it is?"""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError
from calista_tools.extras import require
from calista_tools.files.shown_path import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from calista_tools.config import Config

LINT_BASELINE = "lint-baseline.json"


def lint(config: Config) -> Iterator[str]:
    """Lint, and accept what is found where no baseline is named."""
    from calista_tools.lint.cli import main

    code, out, err = _said(main, ["--output-format", "json", "--no-cache"])
    if code == 2:
        yield f"lint        could not run: {_first(err)}"
        return
    count = len(json.loads(out or "[]"))
    if count and config.lint_baseline is None:
        file = config.lock_file.parent / LINT_BASELINE
        code, out, err = _said(main, ["--baseline", str(file), "--write-baseline"])
        if code:
            raise ToolError(f"the lint's baseline was not written: {_first(err or out)}")
        yield f"lint        {_first(out)}"
    else:
        yield f"lint        {count} findings" if count else "lint        all checks passed"


def roundtrip(config: Config) -> Iterator[str]:
    """Prove every revision, and accept what fails where no baseline is named."""
    from calista_tools.roundtrip.roundtrip_cli import main

    try:
        require("roundtrip")
    except ToolError as error:
        yield f"round-trip  not run: {error.message}"
        return
    code, out, err = _said(main, ["--strict", "--output-format", "json"])
    if code == 2:
        yield f"round-trip  could not run: {_first(err)}"
        yield from (f"            {line}" for line in err.splitlines() if line.startswith("hint:"))
        return
    found: Any = json.loads(out)
    for run in found if isinstance(found, list) else [found]:
        counts = run["summary"]
        parts = [f"{counts['proven']} of {counts['revisions']} revisions proven"]
        parts += [f"{counts['failed']} failed"] if counts["failed"] else []
        parts += [f"{counts['drift']} differences from the models"] if counts["drift"] else []
        yield f"round-trip  {run['backend']}: {', '.join(parts)}"
    if code and "baseline" not in config.roundtrip:
        file = config.lock_file.parent / "roundtrip-baseline.json"
        code, out, err = _said(main, ["--strict", "--write-baseline", "--baseline", str(file)])
        if code:
            raise ToolError(f"the round-trip's baseline was not written: {_first(err or out)}")
        yield f"            accepted as known in {shown(file)}"


def _said(main: Callable[[Sequence[str]], int], argv: Sequence[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(argv)
    return int(code), out.getvalue(), err.getvalue()


def _first(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "").removeprefix("error: ")
