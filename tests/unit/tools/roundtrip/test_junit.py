"""The report for CI is what the schema of JUnit's reports allows, whatever a database has said.

Source: the schema that Jenkins' xUnit plugin checks against, which GitLab, GitHub's actions and Azure
read a part of: https://github.com/jenkinsci/xunit-plugin (junit-10.xsd), plus ``file``, which GitLab
links to.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from calista_tools.roundtrip.outputs.junit_output import render
from calista_tools.roundtrip.proof.result import ERROR, SKIPPED, Run, Step

#: Of each element: its attributes, with those that must be there, and its children in their order.
SCHEMA: dict[str, tuple[set[str], set[str], list[str]]] = {
    "testsuites": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"tests", "failures", "errors"},
        ["testsuite"],
    ),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"name", "tests", "failures", "errors", "skipped", "time"},
        ["testcase"],
    ),
    "testcase": (
        {"name", "classname", "time", "file"},
        {"name", "classname", "time"},
        ["skipped", "error", "failure", "system-out"],
    ),
    "skipped": ({"message"}, {"message"}, []),
    "failure": ({"message", "type"}, {"message", "type"}, []),
    "system-out": (set(), set(), []),
}
NUMBER = re.compile(r"\d+")
SECONDS = re.compile(r"\d+\.\d{3}")
#: A driver's message may hold anything; XML 1.0 can hold none of these.
ILLEGAL = "\x00\x01\x08\x0b\x0c\x1b\x1f\ud800\udfff\ufffe\uffff"
MARKUP = "<a href=\"x\">&amp;</a> ]]> 'é' \N{GRINNING FACE} \t"


def assert_fits(element: ElementTree.Element) -> None:
    """Compare an element and all in it with the schema."""
    allowed, required, children = SCHEMA[element.tag]
    assert required <= element.attrib.keys() <= allowed, element.attrib
    assert [child.tag for child in element] == sorted(
        (child.tag for child in element), key=children.index
    )
    for name in element.attrib.keys() & {"tests", "failures", "errors", "skipped"}:
        assert NUMBER.fullmatch(element.attrib[name])
    if "time" in element.attrib:
        assert SECONDS.fullmatch(element.attrib["time"])
    for child in element:
        assert_fits(child)


def assert_counted(root: ElementTree.Element) -> None:
    """Compare the numbers with what there is."""
    for node in (root, *root):
        cases = list(node.iter("testcase"))
        found = {
            "tests": len(cases),
            "failures": sum(case.find("failure") is not None for case in cases),
            "errors": sum(case.find("error") is not None for case in cases),
            "skipped": sum(case.find("skipped") is not None for case in cases),
        }
        assert {name: int(node.attrib[name]) for name in found} == found
        for case in cases:
            verdicts = [child for child in case if child.tag in ("failure", "error", "skipped")]
            assert len(verdicts) < 2


def runs(words: str = "") -> list[Run]:
    lost = Step("b", "b.py", f"lose {words}", differences=[f"-table note {words}", "second"])
    failed = Step("c", f"{words}.py", upgrade=ERROR)
    failed.fail(f"upgrade: Error: {words}\nDETAIL: two lines", f"SELECT '{words}'")
    failed.reproduce = [f"alembic upgrade {words}"]
    skipped = Step("d", "d.py", upgrade=SKIPPED)
    skipped.fail(f"not reached: {words}")
    steps = [Step("a", "a.py", seconds=1.23456), lost, failed, skipped]
    drift = Run("sqlite", "SQLite", steps, drift=[f"+table {words}"], seconds=2)
    return [drift, Run("postgresql", "PostgreSQL", steps, parity=["~a"], drift=["+b"])]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("words", ["", ILLEGAL, MARKUP, "x" * 100_000], ids=range(4))
def test_it_fits_the_schema(words: str, strict: bool) -> None:
    text = render(runs(words), strict=strict)
    assert text.startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    assert_fits(root)
    assert_counted(root)
    assert [suite.attrib["failures"] for suite in root] == (["3", "4"] if strict else ["2", "2"])
    assert root.attrib["tests"] == "11"
    assert [suite.attrib["skipped"] for suite in root] == ["1", "1"]


def test_what_is_said_comes_through_as_it_is() -> None:
    root = ElementTree.fromstring(render(runs(MARKUP)))
    failure = root.find("testsuite/testcase[@name='c']/failure")
    assert failure is not None
    assert failure.attrib["message"] == f"upgrade: Error: {MARKUP}\nDETAIL: two lines"
    assert f"SELECT '{MARKUP}'" in (failure.text or "")


def test_what_xml_cannot_hold_is_seen_to_be_missing() -> None:
    root = ElementTree.fromstring(render(runs(f"[{ILLEGAL}]")))
    skipped = root.find("testsuite/testcase[@name='d']/skipped")
    assert skipped is not None
    instead = "\N{REPLACEMENT CHARACTER}" * len(ILLEGAL)
    assert skipped.attrib["message"] == f"not reached: [{instead}]"


def test_it_is_the_same_in_every_encoding_of_a_terminal() -> None:
    assert render(runs(MARKUP)).isascii()


def test_nothing_at_all_is_a_report_too() -> None:
    for empty in ([], [Run("sqlite", "SQLite")]):
        root = ElementTree.fromstring(render(empty))
        assert_fits(root)
        assert_counted(root)
