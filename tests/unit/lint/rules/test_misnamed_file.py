import pytest

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
    ],
)
def test_follows_the_projects_template(template: str, name: str, fits: bool, lint: Lint) -> None:
    found = lint("CAL001", {name: TABLE}, f'file-template = "{template}"')
    assert (found == []) == fits


def test_files_that_are_no_revisions_are_not_named_by_the_policy(lint: Lint) -> None:
    assert lint("CAL001", {"__init__.py": "", "broken.py": "def ("}) == []
