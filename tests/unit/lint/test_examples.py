import pytest

from calista_tools.lint.rule import Rule, all_rules, examples
from tests.unit.lint.project import Lint

RULES = list(all_rules().values())
# No policy but the one that an example takes itself.
CONFIGURATION = """#policy\napplication-packages = ["app"]\nappend-only = ["ledger"]"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_documented_examples(rule: Rule, lint: Lint) -> None:
    shown = list(examples(rule.doc))
    assert {example.bad for example in shown} == {True, False}, "needs a Bad:: and a Good:: example"
    for example in shown:
        # A comment can only be unused, or lack its reason, beside the rule that it is about.
        selected = "CAL" if rule.scope == "noqa" else rule.code
        found = [
            item for item in lint(selected, example.source, CONFIGURATION) if item.code == rule.code
        ]
        assert bool(found) == example.bad, f"{example.source}\n{found}"


def test_codes_follow_their_families() -> None:
    assert all(rule.code[:3] == "CAL" and rule.code[3:].isdigit() for rule in RULES)
    assert [rule.code for rule in RULES] == sorted({rule.code for rule in RULES})
