import pytest

from tests.unit.lint.project import Lint


def revision(name: str, parents: object) -> str:
    return f"revision = {name!r}\ndown_revision = {parents!r}\n"


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("20250826_1030_a.py", "20250826_1030_b.py"),
        ("20250826_1030_a.py", "20250826_1029_b.py"),
        ("20250826_1030_a.py", "20250825_2359_b.py"),
        ("20250826_1030_a.py", "20241231_2359_b.py"),
        ("20250826_0000_a.py", "20250825_2359_b.py"),
    ],
)
def test_reports(parent: str, child: str, lint: Lint) -> None:
    [found] = lint("CAL002", {parent: revision("a1", None), child: revision("b2", "a1")})
    assert found.path.name == child
    assert parent in found.finding.message


def test_a_merge_is_younger_than_all_its_parents(lint: Lint) -> None:
    files = {
        "20250826_1030_base.py": revision("a1", None),
        "20250826_1031_left.py": revision("b2", "a1"),
        "20250826_1040_right.py": revision("c3", "a1"),
        "20250826_1035_merge.py": revision("d4", ("b2", "c3")),
    }
    [found] = lint("CAL002", files)
    assert found.path.name == "20250826_1035_merge.py"
    assert "20250826_1040_right.py" in found.finding.message


@pytest.mark.parametrize(
    "files",
    [
        {"20250826_1030_a.py": revision("a1", None), "20250826_1031_b.py": revision("b2", "a1")},
        {"20250826_2359_a.py": revision("a1", None), "20250827_0000_b.py": revision("b2", "a1")},
        {"a1_first.py": revision("a1", None), "20250826_1031_b.py": revision("b2", "a1")},
        {"20250826_1030_a.py": revision("a1", None), "b2_second.py": revision("b2", "a1")},
        {"20250826_1030_b.py": revision("b2", "gone")},
        {"20250826_1030_a.py": revision("a1", "a1")},
        # Siblings may share a minute: neither runs before the other.
        {
            "20250826_1030_a.py": revision("a1", None),
            "20250826_1031_b.py": revision("b2", "a1"),
            "20250826_1031_c.py": revision("c3", "a1"),
        },
    ],
)
def test_leaves_alone(files: dict[str, str], lint: Lint) -> None:
    assert lint("CAL002", files) == []
