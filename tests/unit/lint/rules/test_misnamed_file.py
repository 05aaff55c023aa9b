from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from tests.unit.lint.project import Lint, as_file

TABLE = as_file('op.create_table("note", sa.Column("id", sa.Integer()))')


@pytest.mark.parametrize(
    "name",
    [
        "create_event_store.py",
        "3f2ab7_create_event_store.py",
        "20250826_create_event_store.py",
        "2025_08_26_1030_create_event_store.py",
        "20250826_103000_create_event_store.py",
        "20251301_1030_month_thirteen.py",
        "20250229_1030_no_leap_year.py",
        "20250826_2460_no_such_minute.py",
        "20250826_1030_.py",
        "20250826_1030.py",
        "20250826_1030_Create_Event.py",
        "20250826_1030_create-event.py",
        "20250826_1030_create__event.py",
    ],
)
def test_reports(name: str, lint: Lint) -> None:
    [found] = lint("CAL001", {name: TABLE})
    assert found.path.name == name
    assert name in found.finding.message


@pytest.mark.parametrize(
    "name",
    [
        "20250826_1030_create_event_store.py",
        "20240229_0000_leap_day.py",
        "20250826_2359_x.py",
        "20250826_1030_add_2nd_index.py",
        "20250826_1030_größe.py",
    ],
)
def test_leaves_alone(name: str, lint: Lint) -> None:
    assert lint("CAL001", {name: TABLE}) == []


@pytest.mark.parametrize(
    ("template", "name", "fits"),
    [
        ("%(rev)s_%(slug)s", "3f2ab7_create_note.py", True),
        ("%(rev)s_%(slug)s", "create.py", False),
        ("%%(year)d_%%(month).2d_%%(day).2d-%%(slug)s", "2025_08_26-create_note.py", True),
        ("%%(year)d_%%(month).2d_%%(day).2d-%%(slug)s", "2025_13_26-create_note.py", False),
        ("%(epoch)s_%(rev)s", "1756200000_3f2a.py", True),
        ("%(month).2d_%(slug)s", "08_create.py", True),
        ("%(month).2d_%(slug)s", "8_create.py", False),
        ("%(month)d_%(slug)s", "8_create.py", True),
        ("%(month)d_%(slug)s", "08_create.py", False),
        ("%(hour)02d%(minute)02d_%(slug)s", "0960_create.py", False),
    ],
)
def test_follows_the_projects_template(template: str, name: str, fits: bool, lint: Lint) -> None:
    found = lint("CAL001", {name: TABLE}, f'file-template = "{template}"')
    assert (found == []) == fits


def test_files_that_are_no_revisions_are_not_named_by_the_policy(lint: Lint) -> None:
    assert lint("CAL001", {"__init__.py": "", "broken.py": "def ("}) == []


DATED = "%(year)d/%(month).2d/%(day).2d_%(hour).2d%(minute).2d_%(second).2d_%(slug)s"


@pytest.mark.parametrize(
    ("template", "name", "fits"),
    [
        (DATED, "2026/01/28_1459_03_add_note.py", True),
        (DATED.replace("%(", "%%("), "2026/01/28_1459_03_add_note.py", True),
        (DATED, "2026/12/31_0000_00_add_note.py", True),
        (DATED, "28_1459_03_add_note.py", False),
        (DATED, "01/28_1459_03_add_note.py", False),
        (DATED, "2026/28_1459_03_add_note.py", False),
        (DATED, "2026/13/28_1459_03_add_note.py", False),
        (DATED, "2026/1/28_1459_03_add_note.py", False),
        (DATED, "26/01/28_1459_03_add_note.py", False),
        (DATED, "2026/01/add_note.py", False),
        (DATED, "2026/01/32_1459_03_add_note.py", False),
        (DATED, "old/2026/01/28_1459_03_add_note.py", False),
        ("%(year)d/%(rev)s/%(slug)s", "2026/3f2a/add_note.py", True),
        ("v%(year)d_%(month).2d/%(rev)s", "v2026_01/3f2a.py", True),
        ("v%(year)d_%(month).2d/%(rev)s", "v2026-01/3f2a.py", False),
        # A pattern without folders says nothing of them: whoever sorts files by hand may.
        ("%(rev)s_%(slug)s", "2026/3f2a_add_note.py", True),
        ("%(rev)s_%(slug)s", "2026/add.py", False),
    ],
)
@pytest.mark.parametrize("place", ["alembic.ini", "pyproject.toml"])
def test_the_folders_of_a_template_are_part_of_the_name(
    template: str, name: str, fits: bool, place: str, tmp_path: Path, lint: Lint
) -> None:
    settings = f'file-template = "{template}"'
    if place == "pyproject.toml":
        settings += "\n[tool.alembic]\nrecursive_version_locations = true"
    files = {name: TABLE}
    if place == "alembic.ini":
        files["../../alembic.ini"] = "[alembic]\nrecursive_version_locations = true\n"
    found = lint("CAL001", files, settings)
    assert (found == []) == fits
    shown = name if "/" in template else name.rpartition("/")[2]
    assert all(f"`{shown}` does not follow" in one.finding.message for one in found)


@pytest.mark.parametrize("place", ["alembic.ini", "pyproject.toml"])
def test_every_version_location_is_a_place_to_begin(place: str, tmp_path: Path, lint: Lint) -> None:
    settings = f'file-template = "{DATED}"'
    files = {
        "core/2026/01/28_1459_03_add_note.py": TABLE,
        "../plugin/2026/02/28_1459_03_add_tag.py": TABLE.replace("3f2a", "4f2a"),
        "core/2026/28_1459_04_misplaced.py": TABLE.replace("3f2a", "5f2a"),
    }
    if place == "alembic.ini":
        files["../../alembic.ini"] = (
            "[alembic]\nrecursive_version_locations = true\npath_separator = newline\n"
            "version_locations = %(here)s/migrations/versions/core\n"
            "    %(here)s/migrations/plugin\n"
        )
    else:
        settings += (
            "\n[tool.alembic]\nrecursive_version_locations = true\n"
            'version_locations = ["%(here)s/migrations/versions/core", "migrations/plugin"]'
        )
    [found] = lint("CAL001", files, settings)
    assert found.path.name == "28_1459_04_misplaced.py"


def test_a_folder_of_another_name_is_a_place_to_begin(tmp_path: Path, lint: Lint) -> None:
    settings = f'script_location = "elsewhere"\nfile-template = "{DATED}"'
    files = {"2026/01/28_1459_03_add_note.py": TABLE, "2026/03_add_tag.py": TABLE}
    [found] = lint("CAL001", files, settings)
    assert found.path.name == "03_add_tag.py"


@pytest.mark.parametrize("message", ["Add note", "Größe: ändern!", "a" * 60, ""])
def test_what_alembic_names_follows(message: str, tmp_path: Path, lint: Lint) -> None:
    script = ScriptDirectory(str(tmp_path), file_template=DATED, recursive_version_locations=True)
    stamp = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    path = script._rev_path("", "3f2a", message, stamp)
    name = path.as_posix()
    recursive = "\n[tool.alembic]\nrecursive_version_locations = true"
    found = lint("CAL001", {name: TABLE}, f'file-template = "{DATED}"{recursive}')
    assert (found == []) == bool(message)


@pytest.mark.parametrize("template", ["%%(month)q_%%(slug)s", "%%(message)s_%%(slug)s", "%%(day)"])
def test_a_template_in_alembic_ini_that_cannot_be_filled_in_is_no_crash(
    template: str, lint: Lint
) -> None:
    ini = f"[alembic]\nscript_location = migrations\nfile_template = {template}\n"
    found = lint("CAL001", {"any_name.py": TABLE, "../../alembic.ini": ini})
    assert len(found) <= 1
