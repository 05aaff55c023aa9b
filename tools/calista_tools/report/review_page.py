"""What does a reviewer read? The policy's checklist with its evidence, as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.rendering.rendering import render
from calista_tools.report.checklist import answers

if TYPE_CHECKING:
    from calista_tools.report.evidence import Evidence


def review(evidence: Evidence) -> tuple[str, bool]:
    """Return the review and whether no line of the checklist fails."""
    answered = answers(evidence)
    holds = not any(answer.fails for answer in answered)
    values = {"evidence": evidence, "answers": answered, "holds": holds}
    text = render(evidence.config, "review.md.j2", values, filters={"markdown": one_line})
    return text, holds


def one_line(text: str) -> str:
    """Return text that Markdown shows as it is, on one line; code in backticks stays code."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_{}\[\]<>#|])", r"\\\1", part)
        for part in parts
    )
