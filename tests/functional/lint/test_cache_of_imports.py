"""A module that a revision imports may appear after the run that did not find it."""

from pathlib import Path

import pytest

from tests.functional.lint.conftest import Run

IMPORTING = """\
import sqlalchemy as sa
from alembic import op
{line}

revision = "c3"
down_revision = "b2"


def upgrade():
    op.create_index({name}, "tag", ["name"])


def downgrade():
    op.drop_index({name}, "tag")
"""


@pytest.mark.parametrize(
    ("line", "name", "module"),
    [
        ("from helpers.names import INDEX", "INDEX", "src/helpers/names.py"),
        ("from helpers import names", "names.INDEX", "lib/helpers/names.py"),
        ("import helpers.names as names", "names.INDEX", "helpers/names.py"),
        ("from helpers import INDEX", "INDEX", "helpers/__init__.py"),
        ("from migrations.names import INDEX", "INDEX", "migrations/names.py"),
    ],
)
def test_a_module_that_was_missing(
    line: str, name: str, module: str, project: Path, calista_lint: Run
) -> None:
    versions = project / "migrations" / "versions"
    (versions / "20250826_1032_index_tag.py").write_text(IMPORTING.format(line=line, name=name))
    path = project / module
    path.parent.mkdir(parents=True, exist_ok=True)  # its folder is there: only the file is new
    select = ["--select", "CAL103", "--output-format", "concise"]
    assert calista_lint(*select)[0] == 0
    assert calista_lint(*select)[0] == 0
    path.write_text('INDEX = "by_name"\n')
    code, text, _ = calista_lint(*select)
    assert (code, "by_name" in text) == (1, True)
    assert calista_lint(*select) == calista_lint(*select, "--no-cache")
    path.unlink()
    assert calista_lint(*select) == calista_lint(*select, "--no-cache")
