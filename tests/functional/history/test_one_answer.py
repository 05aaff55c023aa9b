"""``history``, ``squash`` and ``review`` say the same of a step that changes rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.functional.authoring.conftest import Run, project, tasks

__all__ = ["project", "tasks"]

GUARDED = 'if op.get_bind().dialect.name == "postgresql":\n        op.execute("{}")'


@pytest.mark.parametrize(
    ("step", "kind", "said"),
    [
        ("DO $$ BEGIN UPDATE pg_temp.t SET a = 1; END $$", "data", "(changes rows)"),
        ("SELECT move_rows()", "unknown", "(may change rows)"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "empty", None),
        ("COMMENT ON TABLE t IS 'copied from account'", "schema", None),
    ],
    ids=["DO", "function", "WITH", "COMMENT"],
)
def test_one_answer(project: Path, tasks: Run, step: str, kind: str, said: str | None) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(re.sub("dialects = .*", 'dialects = ["sqlite"]', pyproject.read_text()))
    path = Path(tasks("revision", "-m", "do it", "-t", "note").out.strip())
    text = re.sub(
        r"op\.create_table\(.*?\n    \)",
        lambda _: GUARDED.format(step),
        path.read_text(),
        flags=re.DOTALL,
    )
    path.write_text(text.replace('op.drop_table("note")', "pass"))

    *_, told = json.loads(tasks("history", "--format", "json").out)
    review = tasks("review").out
    squash = tasks("squash", "-m", "all", "--through", told["revision"])

    assert told["kind"] == kind
    assert (told["revision"] in squash.err) == (squash.code == 1) == bool(said), squash.err
    (line,) = re.findall(r"^- `.*_do_it\.py`.*$", review, re.MULTILINE)
    assert line.removeprefix(f"- `{path.name}` - do it").strip() == (said or "")
