"""How do other programs get the history? As Mermaid, as Graphviz, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.harmless import harmless
from calista_tools.rendering.for_programs import as_json
from calista_tools.rework.tree import Row, render_tree, rows

if TYPE_CHECKING:
    from calista_tools.history.graph import History

FORMATS = ("text", "mermaid", "dot", "json")


def render(history: History, form: str, *, unicode: bool = True, width: int | None = None) -> str:
    """Return the history in one of `FORMATS`.

    Raises:
        ToolError: There is no such format.
    """
    if form == "text":
        return render_tree(history, unicode=unicode, width=width)
    if form == "mermaid":
        return render_mermaid(history)
    if form == "dot":
        return render_dot(history)
    if form == "json":
        return render_json(history)
    raise ToolError(f"there is no format `{form}`", f"one of: {', '.join(FORMATS)}", exit_code=2)


def render_json(history: History) -> str:
    """Return a JSON list, oldest first."""
    return as_json([_record(row) for row in reversed(rows(history))])


def render_mermaid(history: History) -> str:
    """Return a Mermaid flowchart; published revisions are filled."""
    numbers = {revision: f"r{place}" for place, revision in enumerate(history.revisions)}
    lines = ["flowchart TD", "    classDef published fill:#dbeafe,stroke:#1d4ed8"]
    for row in reversed(rows(history)):
        name = row.revision.revision
        text = f"{name}<br/>{row.revision.summary}"
        # Mermaid has entities instead of escapes.
        text = text.replace("&", "#amp;").replace('"', "#quot;").replace("\\", "#92;")
        lines.append(f'    {numbers[name]}["{text}"]{":::published" if row.published else ""}')
        lines += [f"    {numbers[p]} --> {numbers[name]}" for p in history.parents[name]]
        lines += [
            f"    {numbers[d]} -.-> {numbers[name]}" for d in history.dependencies.get(name, ())
        ]
    return "\n".join(lines) + "\n"


def render_dot(history: History) -> str:
    """Return a Graphviz digraph; published revisions are filled."""
    lines = ["digraph history {", "    node [shape=box, style=rounded];"]
    for row in reversed(rows(history)):
        name = row.revision.revision
        style = ', style="rounded,filled", fillcolor="#dbeafe"' if row.published else ""
        lines.append(f"    {_quoted(name)} [label={_quoted(name, row.revision.summary)}{style}];")
        lines += [f"    {_quoted(p)} -> {_quoted(name)};" for p in history.parents[name]]
        depends = history.dependencies.get(name, ())
        lines += [f"    {_quoted(d)} -> {_quoted(name)} [style=dashed];" for d in depends]
    return "\n".join([*lines, "}", ""])


def _quoted(*lines: str) -> str:
    escaped = (harmless(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


def _record(row: Row) -> dict[str, object]:
    revision = row.revision
    created = revision.created
    return {
        "revision": revision.revision,
        "down_revisions": list(revision.down_revisions),
        "branch_labels": list(revision.branch_labels),
        "depends_on": list(revision.depends_on),
        "filename": str(revision.path),
        "created": None if created is None else created.isoformat(),
        "summary": revision.summary,
        "kind": row.effects.kind,
        "dialects": list(row.effects.dialects),
        "tables": sorted(row.effects.tables),
        "published": row.published,
        "head": row.head,
        "baseline": row.baseline,
    }
