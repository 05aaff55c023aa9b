import pytest

from tests.unit.lint.project import Lint

NAME = "20250826_1030_example.py"
HEAD = "revision = 'a'\ndown_revision = None\n"


@pytest.mark.parametrize(
    "source",
    [
        HEAD + "def upgrade(:\n    pass\n",
        HEAD + "<<<<<<< HEAD\n",
        HEAD + "x = '\udcff'\n",
        HEAD + "x = '\0'\n",
        HEAD + "def upgrade():\npass\n",
        "down_revision = None\n\ndef upgrade():\n    pass\n",
        "revision = 'a'\n\ndef upgrade():\n    pass\n",
        "revision = compute()\ndown_revision = None\n",
        "revision = 'a'\ndown_revision = 5\n",
        "revision = 'a@b'\ndown_revision = None\n",
        "",
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    files = {NAME: source.encode(errors="surrogateescape")}
    assert [one.code for one in lint("CAL006", files)] == ["CAL006"]


@pytest.mark.parametrize(
    "source",
    [
        HEAD,
        HEAD.replace("\n", "\r\n"),
        "\ufeff" + HEAD,
        "ID = 'a'\nrevision: str = ID + '1'\ndown_revision: str | None = None\n",
        "# -*- coding: latin-1 -*-\n" + HEAD,
        "from x import LABEL\n" + HEAD + "branch_labels = (LABEL,)\n",
        HEAD + "def upgrade():\n    '''<<<<<<< HEAD'''\n",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL006", {NAME: source.encode()}) == []


def test_files_that_are_no_revisions_are_not_read(lint: Lint) -> None:
    files = {NAME: HEAD, "__init__.py": "def broken(:", ".#lock.py": "def broken(:"}
    assert lint("CAL006", files) == []
