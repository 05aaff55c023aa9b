import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.functional.lint.conftest import Run

MESSAGE = "file name `third%, a:b.py` is not `YYYYMMDD_HHMM_<summary>.py`"


@pytest.fixture
def misnamed(project: Path) -> Path:
    """A revision whose name needs quoting in every format, in a file that needs decoding."""
    path = project / "migrations" / "versions" / "third%, a:b.py"
    path.write_text('"""Größe"""\nrevision = "c3"\ndown_revision = "b2"\n', encoding="utf-8")
    return path


@pytest.mark.usefixtures("misnamed")
def test_full(calista_lint: Run) -> None:
    assert calista_lint()[1] == (
        f"migrations/versions/third%, a:b.py:1:1: CAL001 {MESSAGE}\n"
        '  |\n1 | """Größe"""\n  | ^ CAL001\n  |\n\nFound 1 error.\n'
    )


@pytest.mark.usefixtures("misnamed")
def test_concise(calista_lint: Run) -> None:
    assert calista_lint("--output-format", "concise")[1] == (
        f"migrations/versions/third%, a:b.py:1:1: CAL001 {MESSAGE}\nFound 1 error.\n"
    )


def test_json(misnamed: Path, calista_lint: Run) -> None:
    [found] = json.loads(calista_lint("--output-format", "json")[1])
    assert found == {
        "url": None,
        "code": "CAL001",
        "message": MESSAGE,
        "filename": str(misnamed),
        "location": {"row": 1, "column": 1},
        "end_location": {"row": 1, "column": 1},
        "fix": None,
    }


def test_json_shows_what_would_be_fixed(misnamed: Path, calista_lint: Run) -> None:
    misnamed.rename(misnamed.with_name("20250826_1032_third.py"))
    path = misnamed.with_name("20250826_1032_third.py")
    path.write_text('"""Größe\n\nRevises: a1\n"""\nrevision = "c3"\ndown_revision = "b2"\n')
    [found] = json.loads(calista_lint("--output-format", "json")[1])
    assert found["fix"] == {
        "applicability": "safe",
        "message": "Write `Revises: b2`",
        "edits": [
            {
                "content": "Revises: b2",
                "location": {"row": 3, "column": 1},
                "end_location": {"row": 3, "column": 12},
            }
        ],
    }


@pytest.mark.usefixtures("misnamed")
def test_github(calista_lint: Run) -> None:
    properties = (
        "title=calista-lint (CAL001),file=migrations/versions/third%25%2C a%3Ab.py,"
        "line=1,col=1,endLine=1,endColumn=1"
    )
    message = f"migrations/versions/third%25, a:b.py:1:1: CAL001 {MESSAGE.replace('%', '%25')}"
    assert calista_lint("--output-format", "github")[1] == f"::error {properties}::{message}\n"


@pytest.mark.usefixtures("misnamed")
def test_gitlab(calista_lint: Run) -> None:
    [found] = json.loads(calista_lint("--output-format", "gitlab")[1])
    assert len(found.pop("fingerprint")) == 64
    assert found == {
        "check_name": "CAL001",
        "description": f"CAL001: {MESSAGE}",
        "severity": "major",
        "location": {
            "path": "migrations/versions/third%, a:b.py",
            "positions": {"begin": {"line": 1, "column": 1}, "end": {"line": 1, "column": 1}},
        },
    }


@pytest.mark.usefixtures("misnamed")
def test_sarif(calista_lint: Run) -> None:
    report = json.loads(calista_lint("--output-format", "sarif")[1])
    assert report["version"] == "2.1.0"
    [run] = report["runs"]
    [rule] = run["tool"]["driver"]["rules"]
    assert rule["id"] == "CAL001"
    assert "helpUri" not in rule
    assert rule["help"]["markdown"].startswith("# CAL001 misnamed-file\n")
    [result] = run["results"]
    assert result["message"]["text"] == MESSAGE
    [location] = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "migrations/versions/third%25%2C%20a%3Ab.py"},
        "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
    }


@pytest.mark.usefixtures("misnamed")
def test_a_published_project_links_to_its_pages(
    calista_lint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calista_tools.lint.rule.PROJECT_URL", "https://example.org/us")
    page = "https://example.org/us/blob/main/docs/rules/CAL001-misnamed-file.md"
    [found] = json.loads(calista_lint("--output-format", "json")[1])
    assert found["url"] == page
    [run] = json.loads(calista_lint("--output-format", "sarif")[1])["runs"]
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == page


@pytest.mark.usefixtures("misnamed")
def test_junit(calista_lint: Run) -> None:
    suites = ElementTree.fromstring(calista_lint("--output-format", "junit")[1])
    assert suites.attrib == {"name": "calista-lint", "tests": "1", "failures": "1"}
    [case] = suites.iter("testcase")
    assert case.attrib["file"] == "migrations/versions/third%, a:b.py"
    [failure] = case
    assert failure.attrib["message"] == MESSAGE


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("output_format", "expected"), [("json", "[]\n"), ("gitlab", "[]\n"), ("github", "")]
)
def test_clean_reports_hold_nothing(output_format: str, expected: str, calista_lint: Run) -> None:
    assert calista_lint("--output-format", output_format) == (0, expected, "")


@pytest.mark.usefixtures("project")
def test_a_clean_report_is_a_passed_case_to_junit(calista_lint: Run) -> None:
    suites = ElementTree.fromstring(calista_lint("--output-format", "junit")[1])
    assert suites.attrib["failures"] == "0"
    assert len(list(suites.iter("testcase"))) == 1


@pytest.mark.usefixtures("misnamed")
def test_statistics(calista_lint: Run) -> None:
    assert calista_lint("--statistics")[1] == "1\tCAL001\t[ ] misnamed-file\nFound 1 error.\n"
    out = calista_lint("--statistics", "--output-format", "json")[1]
    assert json.loads(out) == [
        {"code": "CAL001", "name": "misnamed-file", "count": 1, "fixable": False}
    ]
