import pytest

from tests.unit.lint.project import Lint

BODY = 'def upgrade():\n    op.drop_column("note", "body")\n\n\ndef downgrade():{0}\n    pass\n'
CODES = "  # noqa: CAL305{0}"


def found(lint: Lint, comment: str) -> list[str]:
    source = BODY.format(comment).replace('"body")', '"body")  # noqa: CAL301 - read from nowhere')
    return [one.finding.message for one in lint("CAL", source) if one.code == "CAL008"]


@pytest.mark.parametrize(
    "reason",
    [
        "",
        " -",
        " - TODO",
        " - n/a",
        " - see above",
        " - ...",
        " - <why>",
        " -- x",
        " - 42",
        " - CAL305",
        " - missing-downgrade",
    ],
)
def test_reports(reason: str, lint: Lint) -> None:
    [message] = found(lint, CODES.format(reason))
    assert message == "`noqa` of CAL305 needs a reason: `# noqa: CAL305 - <why>`"


@pytest.mark.parametrize(
    "comment",
    [
        CODES.format(" - the texts are gone; restore the backup"),
        CODES.format(" -- the texts are gone; restore the backup"),
        CODES.format(" \N{EM DASH} texte sind fort"),
        "  # noqa: CAL305, E501 - the texts are gone",
        "  # noqa: E501",
    ],
)
def test_leaves_alone(comment: str, lint: Lint) -> None:
    assert found(lint, comment) == []


def test_rules_that_are_no_policy_need_no_reason(lint: Lint) -> None:
    source = 'op.create_index("wrong", "note", ["body"])  # noqa: CAL103'
    assert [one for one in lint("CAL", source) if one.code == "CAL008"] == []
