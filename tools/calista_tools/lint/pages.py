"""What does a rule's page say? ``--explain``, ``--list-rules`` and ``docs/rules/``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.closest import did_you_mean
from calista_tools.errors import ToolError
from calista_tools.lint.rule import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from calista_tools.lint.rule import Rule

FAMILIES = {
    "CAL0": "Files",
    "CAL1": "Names",
    "CAL2": "Dialects",
    "CAL3": "Safety",
    "CAL4": "History",
}

#: How like a code or a name must be to be named.
_LIKE = 0.6


def page(code: str) -> str:
    """Return the page of a rule, given by its code or its name, as Markdown.

    Raises:
        ToolError: There is no such rule.
    """
    known = all_rules()
    by_name = {rule.name: rule for rule in known.values()}
    found = known.get(code.upper()) or by_name.get(code.lower())
    if found is None:
        hint = did_you_mean(code, known, at_least=_LIKE)
        hint = hint or did_you_mean(code, by_name, at_least=_LIKE)
        hint = hint or "`calista-lint --list-rules` shows them"
        raise ToolError(f"unknown rule `{code}`", hint, exit_code=2)
    return render(found)


def listing() -> str:
    """Return all rules, a line each."""
    rules = all_rules().values()
    width = max(len(rule.name) for rule in rules)
    return "".join(f"{rule.code}  {rule.name:{width}}  {plain(rule.summary)}\n" for rule in rules)


def render(rule: Rule) -> str:
    """Return the page of a rule as Markdown."""
    reason = f"# noqa: {rule.code} - <why it does not apply here>"
    suppress = reason if rule.needs_reason else f"# noqa: {rule.code}"
    tail = f"Set aside on one line with `{suppress}`"
    tail += "; the reason is required." if rule.needs_reason else "."
    if rule.scope == "noqa":
        tail = f'Leave out with `ignore = ["{rule.code}"]` in `[tool.calista]`.'
    return f"# {rule.code} {rule.name}\n\n{markdown(rule.doc)}\n\n{tail}\n"


def index() -> str:
    """Return the table of all rules by family, as Markdown."""
    lines = ["# Rules", "", "Generated from the docstrings of the rules by `nox -s docs`.", ""]
    for prefix, family in FAMILIES.items():
        lines += [f"## {family} ({prefix}xx)", "", "| code | name | finds |", "|---|---|---|"]
        lines += [
            f"| [{rule.code}]({filename(rule)}) | {rule.name} | {_cell(rule.summary)} |"
            for rule in all_rules().values()
            if rule.code.startswith(prefix)
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def filename(rule: Rule) -> str:
    """Return the file name of a rule's page."""
    return f"{rule.code}-{rule.name}.md"


def all_pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every file in ``docs/rules/``."""
    yield "README.md", index()
    for rule in all_rules().values():
        yield filename(rule), render(rule)


def markdown(text: str) -> str:
    """Turn the little reStructuredText of a docstring into Markdown."""
    lines: list[str] = []
    in_block = False
    for line in text.splitlines():
        if in_block and line and not line.startswith(" "):
            while lines and not lines[-1]:
                lines.pop()
            lines += ["```", ""]
            in_block = False
        if line in ("Bad::", "Good::"):
            lines += [f"{line[:-2]}:", "", "```python"]
            in_block = True
        elif in_block:
            if line or lines[-1] != "```python":
                lines.append(line.removeprefix("    "))
        else:
            lines.append(plain(line))
    if in_block:
        lines.append("```")
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return text with Markdown's code marks and links that stand alone."""
    text = text.replace("``", "`")
    return re.sub(r"(?<![<(])https?://\S+", lambda match: f"<{match[0]}>", text)


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|")


def write_pages(folder: Path) -> None:
    """Write ``docs/rules/`` anew."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = dict(all_pages())
    for old in folder.glob("*.md"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    import sys
    from pathlib import Path

    write_pages(Path(sys.argv[1]))
