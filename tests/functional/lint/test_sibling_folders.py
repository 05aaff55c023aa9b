"""Folders below the one that is named: one history, or several."""

import json
from pathlib import Path
from typing import Any

import pytest

from calista_tools.lint.cli import main


def write(folder: Path, revision: str, parent: str | None, body: str = "pass") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{revision}.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = {revision!r}\n"
        f"down_revision = {parent!r}\n\n\ndef upgrade():\n    {body}\n"
    )


def codes(capsys: pytest.CaptureFixture[str], *paths: Path) -> list[str]:
    main(["--select", "CAL4", "--no-cache", "--output-format", "json", *map(str, paths)])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return sorted({one["code"] for one in found})


@pytest.mark.parametrize("below", ["", "versions"])
def test_a_folder_for_each_database_is_a_history_for_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    for database in ("sqlite", "postgresql"):
        write(tmp_path / below / database, "a", None)
        write(tmp_path / below / database, "b", "a")

    assert codes(capsys, tmp_path) == []


def test_the_names_of_each_history_are_listed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for database in ("sqlite", "postgresql"):
        write(tmp_path / database, "a", None, f"op.create_index('ix_{database}', 't', ['c'])")
        write(tmp_path / database, "b", "a", f"op.drop_index('ix_{database}', 't')")

    assert main(["--names", "--no-cache", "--output-format", "json", str(tmp_path)]) == 0

    found = [(one["op"], one["name"]) for one in json.loads(capsys.readouterr().out)]
    assert sorted(found) == [
        ("create", "ix_postgresql"),
        ("create", "ix_sqlite"),
        ("drop", "ix_postgresql"),
        ("drop", "ix_sqlite"),
    ]


def test_a_folder_for_each_year_is_one_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "2024", "a", None)
    write(tmp_path / "2025", "b", "a")
    write(tmp_path / "2026", "c", "b")

    assert codes(capsys, tmp_path) == []


def test_two_heads_across_folders_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "2024", "a", None)
    write(tmp_path / "2025", "b", "a")
    write(tmp_path / "2026", "c", "a")

    assert codes(capsys, tmp_path) == ["CAL401"]


def test_a_folder_whose_parent_is_missing_is_no_history_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "2024", "a", None)
    write(tmp_path / "2025", "b", "lost")

    assert "CAL404" in codes(capsys, tmp_path)


def test_two_bases_in_one_folder_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "sqlite", "a", None)
    write(tmp_path / "postgresql", "a", None)
    write(tmp_path / "postgresql", "b", None)

    assert codes(capsys, tmp_path) == ["CAL401", "CAL403"]
