"""The tasks that show what is known of the revisions under review."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from calista_tools.task import task

if TYPE_CHECKING:
    from invoke.context import Context

BASE = "a branch or commit; default: origin's main branch, or the local one"


@task(help={"base": BASE})
def review(_: Context, base: str | None = None) -> None:
    """Answer the policy's review checklist with evidence, as Markdown."""
    from calista_tools import config
    from calista_tools.report.evidence import gather
    from calista_tools.report.review_page import review

    text, holds = review(gather(config.load(), base))
    sys.stdout.write(text)
    sys.exit(0 if holds else 1)


@task(
    help={
        "base": BASE,
        "output": "the file to write; default: build/migrations.html beside pyproject.toml",
        "open_": "show it in a browser",
    }
)
def report(
    _: Context, base: str | None = None, output: str | None = None, open_: bool = False
) -> None:
    """Write the review, the round-trip and the SQL as one HTML file, and print its path."""
    from pathlib import Path

    from calista_tools import config
    from calista_tools.harmless import harmless
    from calista_tools.report.evidence import gather
    from calista_tools.report.page import page

    settings = config.load()
    text, open_lines = page(gather(settings, base))
    path = Path(output) if output else settings.root / "build" / "migrations.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(harmless(text), encoding="utf-8", newline="\n")
    print(path)
    if open_:
        import webbrowser

        webbrowser.open(path.absolute().as_uri())
    if open_lines:
        print("these lines of the review checklist do not hold:", file=sys.stderr)
        print("".join(f"  {line}\n" for line in open_lines), end="", file=sys.stderr)
        sys.exit(1)
