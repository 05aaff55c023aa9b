"""A cached answer is the answer that a fresh run gives."""

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from calista_tools.lint import one_file as analysis
from calista_tools.lint import whole_history
from calista_tools.lint.known import Facts
from calista_tools.lint.memory import changed_only
from calista_tools.lint.migration import Migration
from tests.functional.lint.conftest import Run

CLEAN = "All checks passed!\n"
THIRD = """\
import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.create_table("label", sa.Column("name", sa.Text(), nullable=False))
    op.create_index("ix_label_label_name", "label", ["name"])


def downgrade():
    op.drop_index("ix_label_label_name", "label")
    op.drop_table("label")
"""


@pytest.fixture
def third(project: Path) -> Path:
    path = project / "migrations" / "versions" / "20250826_1032_index_tag.py"
    path.write_text(THIRD)
    return path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are analysed, as they are."""
    names: list[str] = []
    analyse = analysis.analyse

    def spy(migration: Migration, *arguments: Any) -> Facts:
        names.append(migration.path.name)
        return analyse(migration, *arguments)

    monkeypatch.setattr(whole_history, "analyse", spy)
    monkeypatch.setattr(changed_only, "analyse", spy)
    return names


def same_as_fresh(calista_lint: Run, *arguments: str) -> tuple[int, str, str]:
    cached = calista_lint("--output-format", "concise", *arguments)
    assert cached == calista_lint("--output-format", "concise", "--no-cache", *arguments)
    return cached


def test_what_has_not_changed_is_not_read(third: Path, read: list[str], calista_lint: Run) -> None:
    assert calista_lint() == (0, CLEAN, "")
    assert len(read) == 3
    assert calista_lint() == (0, CLEAN, "")
    assert calista_lint("--select", "CAL1") == (0, CLEAN, "")
    assert len(read) == 3
    third.write_text(THIRD + "# a comment\n")
    assert calista_lint() == (0, CLEAN, "")
    assert read[3:] == [third.name]


def test_nothing_is_written_beside_the_project(
    project: Path, cache: Path, calista_lint: Run
) -> None:
    before = sorted(project.rglob("*"))
    calista_lint("--no-cache")
    assert not list(cache.iterdir())
    calista_lint()
    assert list(cache.glob("lint/*/lint-*"))
    assert sorted(project.rglob("*")) == before


def test_a_change_of_the_same_size_within_the_same_tick(third: Path, calista_lint: Run) -> None:
    stat = third.stat()
    calista_lint()
    third.write_text(THIRD.replace("ix_label_label_name", "ix_label_name_label"))
    os.utime(third, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert same_as_fresh(calista_lint)[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda third: third.write_text(THIRD.replace("ix_label_label_name", "by_name")),
        lambda third: third.write_text("def ("),
        lambda third: third.unlink(),
        lambda third: third.rename(third.with_name("third.py")),
        lambda third: third.with_name("20250826_1032_other.py").write_text(THIRD),
        lambda third: third.with_name("20250826_1033_next.py").write_text(
            THIRD.replace('"b2"', '"c3"').replace('revision = "c3"', 'revision = "d4"', 1)
        ),
        lambda third: third.with_name("20250826_1031_create_tag.py").unlink(),
        lambda third: Path("pyproject.toml").write_text('[tool.calista.names]\nix = "i_x"\n'),
        lambda third: Path("pyproject.toml").write_text(
            '[tool.calista]\napplication-packages = ["sqlalchemy"]\n'
        ),
        lambda third: Path("migrations/env.py").write_text(
            "target_metadata = MetaData(naming_convention={'ix': 'x_%(column_0_label)s'})\n"
        ),
        lambda third: Path("migrations/history.lock").write_text("nonsense\n"),
    ],
)
def test_every_change_is_seen(change, third: Path, calista_lint: Run) -> None:  # type: ignore[no-untyped-def]
    assert calista_lint() == (0, CLEAN, "")
    change(third)
    same_as_fresh(calista_lint)
    same_as_fresh(calista_lint)
    for path in list(third.parent.glob("*.py")):
        path.touch()
    same_as_fresh(calista_lint)


def test_a_changed_ancestor_changes_what_follows(third: Path, calista_lint: Run) -> None:
    calista_lint()
    second = third.with_name("20250826_1031_create_tag.py")
    second.write_text(second.read_text().replace('"tag"', '"label"'))
    same_as_fresh(calista_lint)
    second.write_text(second.read_text().replace('"label"', '"tag"'))
    assert same_as_fresh(calista_lint)[0] == 0


@pytest.mark.usefixtures("third")
def test_comments_and_fixes_survive(project: Path, calista_lint: Run) -> None:
    path = project / "migrations" / "versions" / "20250826_1040_x.py"
    path.write_text(
        '"""x\n\nRevises: a1\n"""\nrevision = "d4"\ndown_revision = "c3"\n\n\n'
        "def upgrade():  # noqa: CAL305, CAL001 - the data is gone\n    print()\n"
    )
    for output_format in ("json", "full", "sarif"):
        first = calista_lint("--output-format", output_format)
        assert first == calista_lint("--output-format", output_format)
    found = json.loads(calista_lint("--output-format", "json")[1])
    assert [item["code"] for item in found] == ["CAL003", "CAL007"]
    assert all(item["fix"] for item in found)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x80\x04.", b'{"key": 1}', b"\xff" * 99])
def test_a_damaged_cache_is_no_cache(
    content: bytes, third: Path, cache: Path, calista_lint: Run
) -> None:
    calista_lint()
    for path in cache.glob("lint/*/lint-*"):
        path.write_bytes(content)
    assert same_as_fresh(calista_lint) == (0, CLEAN, "")
    third.write_text(THIRD + "# changed\n")
    for path in cache.glob("lint/*/lint-*.facts"):
        path.write_bytes(content)
    assert same_as_fresh(calista_lint) == (0, CLEAN, "")


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("pwned",))


def test_a_cache_from_a_stranger_runs_nothing(third: Path, cache: Path, calista_lint: Run) -> None:
    calista_lint()
    [found], [facts] = (list(cache.glob(f"lint/*/*.{end}")) for end in ("json", "facts"))
    from calista_tools.lint.memory.facts import mark

    evil = pickle.dumps(Evil())
    facts.write_bytes(evil)
    content = json.loads(found.read_bytes())
    content["facts"][0][1] = mark(evil)
    found.write_text(json.dumps(content))
    third.write_text(THIRD + "# changed\n")
    assert calista_lint() == (0, CLEAN, "")
    assert not Path("pwned").exists()
