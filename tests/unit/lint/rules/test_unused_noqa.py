import pytest

from tests.unit.lint.project import Lint

BAD_INDEX = 'op.create_index("wrong", "note", ["body"])'


@pytest.mark.parametrize(
    ("source", "unused"),
    [
        ('op.drop_index("i", "note")  # noqa: CAL201', "`CAL201`"),
        (f"{BAD_INDEX}  # noqa: CAL103, CAL201 - why not", "`CAL201`"),
        ("pass  # noqa: CAL301 - nothing is lost here", "`CAL301`"),
        (f"# noqa: CAL103\n{BAD_INDEX}", "`CAL103`"),
        (f"{BAD_INDEX}  # NOQA: CAL101, CAL102", "`CAL101`, `CAL102`"),
        ("op.execute(\n    'SELECT 1'\n)  # noqa: CAL103", "`CAL103`"),
    ],
)
def test_reports(source: str, unused: str, lint: Lint) -> None:
    found = [one for one in lint("CAL", source) if one.code == "CAL007"]
    assert [one.finding.message for one in found] == [
        f"Unused `noqa` (it sets nothing aside: {unused})"
    ]


@pytest.mark.parametrize(
    "source",
    [
        f"{BAD_INDEX}  # noqa: CAL103",
        f"{BAD_INDEX}  # noqa:CAL103",
        'op.create_index(\n    "wrong", "note", ["body"]\n)  # noqa: CAL103',
        "pass  # noqa",
        "pass  # noqa: E501, F401",
        "x = '# noqa: CAL103'",
        "pass  # noqa: because",
        f"{BAD_INDEX}  # noqa: CAL103\nthis is no Python",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert [one for one in lint("CAL", source) if one.code == "CAL007"] == []
