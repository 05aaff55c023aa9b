"""Every rule is shown five ways of breaking it, and five look-alikes that it leaves alone."""

import math
from importlib import import_module

import pytest

from calista_tools.lint.rule import Rule, all_rules


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.code)
@pytest.mark.parametrize("test", ["test_reports", "test_leaves_alone"])
def test_five_cases_of_each_kind(rule: Rule, test: str) -> None:
    module = import_module(f"tests.unit.lint.rules.test_{rule.name.replace('-', '_')}")
    marks = getattr(getattr(module, test), "pytestmark", [])
    cases = [mark.args[1] for mark in marks if mark.name == "parametrize"]
    assert math.prod(map(len, cases)) >= 5
    assert all(len(set(map(repr, case))) == len(case) for case in cases)
