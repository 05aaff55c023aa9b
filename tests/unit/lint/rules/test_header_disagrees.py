import pytest

from tests.unit.lint.project import Lint

FILE = "20250826_1030_create_note.py"


def source(header: str, revision: str = "b2", parents: object = "a7") -> str:
    return (
        f'"""create note\n\n{header}\n"""\nrevision = {revision!r}\ndown_revision = {parents!r}\n'
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Revision ID: b3", "Revision ID: b2"),
        ("Revision ID:", "Revision ID: b2"),
        ("Revises: a1", "Revises: a7"),
        ("Revises:", "Revises: a7"),
        ("Revises: None", "Revises: a7"),
        ("Revises: a7, c9", "Revises: a7"),
        ("Create Date: 2025-08-26 10:31:00", "Create Date: 2025-08-26 10:30:00+0000"),
        ("Create Date: 2024-08-26 10:30:00.123456", "Create Date: 2025-08-26 10:30:00+0000"),
        ("Create Date: 2025-08-26 10:30:00+02:00", "Create Date: 2025-08-26 10:30:00+0000"),
    ],
)
def test_reports(header: str, expected: str, lint: Lint) -> None:
    [found] = lint("CAL003", {FILE: source(header)})
    assert found.finding.row == 3
    fix = found.finding.fix
    assert fix is not None
    [edit] = fix.edits
    assert edit.content == expected
    assert (edit.row, edit.column, edit.end_row, edit.end_column) == (3, 1, 3, len(header) + 1)


def test_reports_each_line(lint: Lint) -> None:
    header = "Revision ID: b3\nRevises: a1\nCreate Date: 2025-08-26 11:30:00"
    assert [found.finding.row for found in lint("CAL003", {FILE: source(header)})] == [3, 4, 5]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Nothing of the kind.",
        "Revision ID: b2\nRevises: a7\nCreate Date: 2025-08-26 10:30:00",
        "Create Date: 2025-08-26 10:30:59.999999",
        "Create Date: 2025-08-26 12:30:00+02:00",
        "Create Date: 2025-08-26T10:30:00Z",
        "Create Date: 2025-08-26",
        "Create Date: last Tuesday",
        "This line says what Revision ID: means.",
    ],
)
def test_leaves_alone(header: str, lint: Lint) -> None:
    assert lint("CAL003", {FILE: source(header)}) == []


@pytest.mark.parametrize("revises", ["", "None", "<base>", "-"])
def test_every_spelling_of_no_parent(revises: str, lint: Lint) -> None:
    assert lint("CAL003", {FILE: source(f"Revises: {revises}", parents=None)}) == []


@pytest.mark.parametrize("revises", ["a1, c3", "c3,a1", "a1 c3", "('a1', 'c3')"])
def test_parents_of_a_merge_in_any_order(revises: str, lint: Lint) -> None:
    assert lint("CAL003", {FILE: source(f"Revises: {revises}", parents=("a1", "c3"))}) == []


def test_names_without_a_date_are_not_compared(lint: Lint) -> None:
    assert lint("CAL003", {"b2_create_note.py": source("Create Date: 2020-01-01 00:00:00")}) == []


def test_code_that_looks_like_a_header_is_none(lint: Lint) -> None:
    text = source("Revision ID: b2") + 'NOTE = """\nRevision ID: b9\n"""\n'
    assert lint("CAL003", {FILE: text}) == []
