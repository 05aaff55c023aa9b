import json
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.history import History, read_history
from calista_tools.rework.exports import render

SOURCE = '''"""{summary}
"""
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parents!r}


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    pass
'''
TABLE = 'op.create_table("t", sa.Column("id", sa.Integer(), nullable=False))'
GUARDED = 'if op.get_bind().dialect.name == "postgresql":\n        op.execute("CREATE VIEW v AS SELECT 1")'


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A fork of three lines and their merge; the first two revisions are published."""
    for number, (revision, parents, upgrade) in enumerate(
        [
            ("a", None, TABLE),
            ("b", "a", 'op.execute("DO $$ BEGIN INSERT INTO t VALUES (1); END $$")'),
            ("c", "b", GUARDED),
            ("d", "b", TABLE.replace('"t"', '"u"')),
            ("e", "b", "op.bulk_insert(None, [])"),
            ("f", ("c", "d", "e"), "pass"),
        ]
    ):
        (tmp_path / f"20240101_000{number}_{revision}.py").write_text(
            SOURCE.format(
                revision=revision, parents=parents, upgrade=upgrade, summary=f'do "{revision}"'
            )
        )
    found = read_history(tmp_path)
    found.published = frozenset({"a", "b"})
    return found


def test_tree(history: History) -> None:
    assert render(history, "text") == (
        '○      f  merge    -           do "f"  (head)\n'
        "├─╮\n"
        "├─╮ │\n"
        '│ ○ │  e  data     both        do "e"\n'
        '│ │ ○  d  schema   both        do "d"\n'
        '○ │ │  c  schema   postgresql  do "c"\n'
        "├───╯\n"
        "├─╯\n"
        '●      b  data     both        do "b"\n'
        '●      a  schema   both        do "a"  (baseline)\n'
        "\n"
        "6 revisions, 2 published (●), 4 not (○)\n"
    )


def test_tree_in_ascii_and_cut(history: History) -> None:
    text = render(history, "text", unicode=False, width=30)

    assert text.isascii()
    assert text.splitlines()[:3] == ["o      f  merge    -          ", "|-\\", "|-\\ |"]


def test_problems_stand_below(history: History) -> None:
    (next(iter(history.revisions.values())).path.parent / "x.py").write_text("def (")
    again = read_history(next(iter(history.revisions.values())).path.parent)

    assert render(again, "text").endswith("problem: x.py: cannot be parsed: invalid syntax\n")


def test_json(history: History) -> None:
    records = json.loads(render(history, "json"))

    assert [record["revision"] for record in records] == list("abcdef")
    assert records[1] == {
        "revision": "b",
        "down_revisions": ["a"],
        "branch_labels": [],
        "depends_on": [],
        "filename": str(history.revisions["b"].path),
        "created": "2024-01-01T00:01:00+00:00",
        "summary": 'do "b"',
        "kind": "data",
        "dialects": ["postgresql", "sqlite"],
        "tables": ["t"],
        "published": True,
        "head": False,
        "baseline": False,
    }


def test_mermaid(history: History) -> None:
    lines = render(history, "mermaid").splitlines()

    assert lines[0] == "flowchart TD"
    assert '    r0["a<br/>do #quot;a#quot;"]:::published' in lines
    assert [line for line in lines if line.endswith("--> r5")] == [
        f"    r{n} --> r5" for n in (2, 3, 4)
    ]


def test_dot(history: History) -> None:
    text = render(history, "dot")

    assert text.startswith("digraph history {\n")
    assert '    "c" [label="c\\ndo \\"c\\""];\n' in text
    assert '    "b" -> "c";\n' in text


def test_empty_history(tmp_path: Path) -> None:
    history = read_history(tmp_path)

    assert render(history, "text") == "\n0 revisions, 0 published (●), 0 not (○)\n"
    assert render(history, "json") == "[]\n"


def test_unknown_format(history: History) -> None:
    with pytest.raises(ToolError, match="no format `svg`"):
        render(history, "svg")
