"""Where a person puts ``# noqa``, and how: what is set aside, what is unused, what lacks a reason."""

import pytest

from tests.unit.lint.project import Lint

WHY = "the texts are gone; restore the backup"
UPGRADE = 'def upgrade():\n    op.add_column("note", sa.Column("body", sa.Text()))\n\n\n'


def codes(lint: Lint, source: str) -> list[str]:
    """Return what is found, less the rules that these examples are not about."""
    wanted = ["CAL007", "CAL008", "CAL103", "CAL107", "CAL202", "CAL301"]
    wanted += ["CAL305"] if "def downgrade" in source else []
    return [one.code for one in lint("CAL", source) if one.code in wanted]


@pytest.mark.parametrize(
    "comment",
    [
        f"# noqa: CAL305 - {WHY}",
        f"# noqa: CAL305 -- {WHY}",
        f"# noqa: CAL305 \N{EM DASH} {WHY}",
        f"# noqa: CAL305 \N{EN DASH} {WHY}",
        f"# noqa: CAL305: {WHY}",
        f"# noqa: CAL305 : {WHY}",
        f"# noqa: CAL305 # {WHY}",
        f"# noqa: CAL305  # {WHY}",
        f"# noqa: CAL305 {WHY}",
        f"# noqa: CAL305 ({WHY})",
        f"# noqa: CAL305, {WHY}",
        f"# noqa: CAL305; {WHY}",
        f"# noqa: CAL305. {WHY}",
        f"# noqa:CAL305 - {WHY}",
        f"#noqa:CAL305 - {WHY}",
        f"# NOQA: cal305 - {WHY}",
        f"# noqa: CAL305,E501 - {WHY}",
        f"# noqa: CAL305 E501 - {WHY}",
        f"# noqa: CAL3 - {WHY}",
        f"# noqa: CAL30 - {WHY}",
        f"# noqa: CAL - {WHY}",
        f"# noqa - {WHY}",
        f"# noqa ({WHY})",
        f"# calista: noqa: CAL305 - {WHY}",
        f"# type: ignore  # noqa: CAL305 - {WHY}",
        f"# noqa: CAL305 - {WHY}  # type: ignore",
        f"# noqa: CAL305 - {WHY}  # pylint: disable=all",
        "# noqa: CAL305 - gone, see issue #12 for the backup",
        "# noqa: CAL305 - https://example.org/notes/12",
        "# noqa: CAL305 - \u6570\u636e\u5df2\u88ab\u5220\u9664",
    ],
)
def test_a_reason_may_follow_in_any_of_the_usual_ways(comment: str, lint: Lint) -> None:
    assert codes(lint, f"{UPGRADE}def downgrade():  {comment}\n    pass\n") == []


@pytest.mark.parametrize(
    "downgrade",
    [
        "def downgrade():\n    pass  {0}\n",
        "def downgrade():\n    raise NotImplementedError  {0}\n",
        "def downgrade():\n    {0}\n    pass\n",
        "def downgrade():\n    pass\n    {0}\n",
        "{0}\ndef downgrade():\n    pass\n",
        "{0}\n# More about it.\ndef downgrade():\n    pass\n",
        "{0}\n@quietly\ndef downgrade():\n    pass\n",
        "def downgrade():\n    return  {0}\n",
        "def downgrade():\n    ...  {0}\n",
        'def downgrade():\n    """Undo."""  {0}\n',
        'def downgrade():\n    """Undo."""\n    pass  {0}\n',
        'def downgrade():\n    print("no")  {0}\n',
        'def downgrade():\n    message = "no"\n    raise ValueError(message)  {0}\n',
        "def downgrade(): pass  {0}\n",
        "def downgrade(\n    *,  {0}\n    quiet=False,\n):\n    pass\n",
        "async def downgrade():\n    pass  {0}\n",
    ],
)
def test_an_empty_function_is_spoken_for_on_any_of_its_lines(downgrade: str, lint: Lint) -> None:
    comment = f"# noqa: CAL305 - {WHY}"
    assert codes(lint, UPGRADE + downgrade.format(comment)) == []


CALL = 'op.create_index({0}\n    "wrong",{1}\n    "note",{2}\n    ["body"],{3}\n){4}\n'


@pytest.mark.parametrize("line", range(5))
def test_any_line_of_a_statement_will_do(line: int, lint: Lint) -> None:
    comments = ["  # noqa: CAL103" if number == line else "" for number in range(5)]
    assert codes(lint, CALL.format(*comments)) == []


TABLE = (
    'op.create_table(\n    "note",\n    sa.Column("a", sa.Text(), sa.CheckConstraint("a > 0")),{0}\n'
    '    sa.Column("b", sa.Text(), sa.CheckConstraint("b > 0")),{1}\n)\n'
)


def test_within_a_statement_the_line_itself_comes_first(lint: Lint) -> None:
    assert codes(lint, TABLE.format("", "")) == ["CAL107", "CAL107"]
    assert codes(lint, TABLE.format("  # noqa: CAL107", "")) == ["CAL107"]
    both = TABLE.format("", "").replace(")\n", ")  # noqa: CAL107\n")
    assert codes(lint, both) == []


GUARD = 'if op.get_bind().dialect.name == "postgresql":\n    op.execute("CREATE INDEX ix_note_note_body ON note USING gin (body)")\n'
BATCH = 'with op.batch_alter_table("note") as batch_op:\n    batch_op.create_index("a", ["b"])\n    batch_op.create_index("c", ["d"])\n'


def test_a_comment_above_a_block_speaks_for_it(lint: Lint) -> None:
    assert codes(lint, f"# noqa: CAL202 - SQLite has no GIN indexes\n{GUARD}") == []
    assert codes(lint, BATCH) == ["CAL103", "CAL103"]
    assert codes(lint, f"# noqa: CAL103 - names of the old days\n{BATCH}") == []


def test_a_comment_above_a_block_is_about_its_head_first(lint: Lint) -> None:
    inner = GUARD.replace("if", "    if", 1).replace("    op", "        op")
    source = f"# noqa: CAL202 - SQLite has no GIN indexes\n{GUARD}for _ in range(2):\n{inner}"
    assert codes(lint, source) == ["CAL202"]


@pytest.mark.parametrize(
    "source",
    [
        f'# noqa: CAL103 - an old name\nop.create_index("wrong", "note", ["body"])\n{BATCH}',
        f"# noqa: CAL103 - an old name\n\n{BATCH}",
        f"x = 1  # noqa: CAL103\n{BATCH}",
    ],
)
def test_elsewhere_it_is_unused(source: str, lint: Lint) -> None:
    found = codes(lint, source)
    assert found.count("CAL007") == 1
    assert found.count("CAL103") >= 2


@pytest.mark.parametrize(
    ("mark", "left"),
    [
        ("# calista: noqa", ["CAL008"]),
        ("# calista: noqa - names of the old days", []),
        ("# calista: noqa: CAL1", []),
        ("#calista:noqa:CAL103", []),
        ("# CALISTA: NOQA: CAL103, CAL107", ["CAL007"]),
        ("# ruff: noqa: CAL103", []),
        ("# flake8: noqa: CAL103", []),
        ("# ruff: noqa", ["CAL103", "CAL103"]),
        ("# ruff: noqa: F401", ["CAL103", "CAL103"]),
        ("# calista: noqa: CAL107", ["CAL007", "CAL103", "CAL103"]),
    ],
)
def test_a_file_may_be_marked(mark: str, left: list[str], lint: Lint) -> None:
    source = f"def upgrade():\n{BATCH}\n".replace("\n", "\n    ").rstrip() + "\n"
    source += 'def downgrade():\n    op.drop_index("a")\n'
    assert codes(lint, f"{mark}\n{source}") == left


def test_the_mark_of_a_file_says_why_for_policy_rules(lint: Lint) -> None:
    source = UPGRADE + "def downgrade():\n    pass\n"
    assert codes(lint, f"# calista: noqa: CAL305\n{source}") == ["CAL008"]
    assert codes(lint, f"# calista: noqa: CAL3 - kept as it was released\n{source}") == []


@pytest.mark.parametrize("unused", ["CAL2", "CAL103", "CAL9"])
def test_a_family_that_finds_nothing_is_unused(unused: str, lint: Lint) -> None:
    assert codes(lint, f'op.drop_index("i", "note")  # noqa: {unused}') == ["CAL007"]


@pytest.mark.parametrize(
    "reason",
    ["no", "legacy", "irreversible", "intended", "<why>", "(no)", ": todo", "# TODO", "n/a", "-"],
)
def test_a_word_is_no_reason(reason: str, lint: Lint) -> None:
    comment = f"# noqa: CAL305 - {reason}" if reason[0].isalpha() else f"# noqa: CAL305 {reason}"
    assert codes(lint, f"{UPGRADE}def downgrade():  {comment}\n    pass\n") == ["CAL008"]


@pytest.mark.parametrize("mark", ["# type: ignore", "# pragma: no cover", "# pylint: disable=all"])
def test_the_mark_of_another_tool_is_no_reason(mark: str, lint: Lint) -> None:
    source = f"{UPGRADE}def downgrade():  # noqa: CAL305  {mark}\n    pass\n"
    assert codes(lint, source) == ["CAL008"]


@pytest.mark.parametrize(
    "downgrade",
    [
        'def downgrade():\n    raise NotImplementedError("the texts are gone")\n',
        'def downgrade():\n    raise NotImplementedError(f"{x}: the texts are gone")\n',
        'def downgrade():\n    raise RuntimeError("the texts are gone") from None\n',
        'def downgrade():\n    message = "the texts are gone"\n    raise NotImplementedError(message)\n',
        'GONE = "the texts are gone"\n\ndef downgrade():\n    raise NotImplementedError(GONE)\n',
        'def refuse():\n    raise ValueError("the texts are gone")\n\ndef downgrade():\n    refuse()\n',
        'def downgrade():\n    assert False, "the texts are gone"\n',
        'def downgrade():\n    """Nothing to undo: the texts were copies."""\n',
        'def downgrade():\n    """The column stays, older versions do not mind it."""\n    pass\n',
        'def downgrade():\n    """The texts are gone; restore the backup."""\n    raise NotImplementedError\n',
        'def downgrade():\n    print("x")\n    raise NotImplementedError("the texts are gone")\n',
    ],
)
def test_a_reason_may_stand_in_the_code(downgrade: str, lint: Lint) -> None:
    assert codes(lint, UPGRADE + downgrade) == []
    # Who wrote both said it twice, and not in vain.
    twice = downgrade.replace("downgrade():", f"downgrade():  # noqa: CAL305 - {WHY}")
    assert codes(lint, UPGRADE + twice) == []
    bare = downgrade.replace("downgrade():", "downgrade():  # noqa: CAL305")
    assert codes(lint, UPGRADE + bare) == []


@pytest.mark.parametrize(
    "downgrade",
    [
        'def downgrade():\n    raise NotImplementedError("no")\n',
        'def downgrade():\n    raise NotImplementedError("irreversible")\n',
        'def downgrade():\n    raise NotImplementedError("downgrade is not supported")\n',
        'def downgrade():\n    raise NotImplementedError("This migration cannot be reversed.")\n',
        'def downgrade():\n    raise NotImplementedError("not implemented yet")\n',
        'def downgrade():\n    raise ValueError(f"cannot downgrade past {revision!r}")\n',
        'def downgrade():\n    """Downgrade schema."""\n',
        'def downgrade():\n    """Drop the column body from note."""\n    pass\n',
        'def downgrade():\n    """Todo."""\n    raise NotImplementedError("why")\n',
        'def downgrade():\n    """<why it cannot be undone>"""\n',
        "def downgrade():\n    # the texts are gone; restore the backup\n    pass\n",
    ],
)
def test_what_only_repeats_that_there_is_no_way_back_is_no_reason(
    downgrade: str, lint: Lint
) -> None:
    assert codes(lint, UPGRADE + downgrade) == ["CAL305"]


def test_a_reason_copied_from_another_revision_is_none(lint: Lint) -> None:
    down = 'def downgrade():\n    raise ValueError("Order 227: not a step back")\n'
    header = (
        'from alembic import op\nimport sqlalchemy as sa\nrevision = "{0}"\ndown_revision = {1}\n'
    )
    files = {
        "20250826_1030_a.py": header.format("a", None) + UPGRADE + down,
        "20250826_1031_b.py": header.format("b", "'a'") + UPGRADE.replace("body", "c") + down,
    }
    [found] = lint("CAL305", files)
    assert found.path.name == "20250826_1031_b.py"
    assert found.finding.message.endswith("its reason is copied from 20250826_1030_a.py")
