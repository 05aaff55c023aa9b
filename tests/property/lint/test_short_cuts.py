"""What is not parsed, followed or read twice is what it would have been."""

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from hypothesis import given, settings
from hypothesis import strategies as st

from calista_tools.config import Config
from calista_tools.effects.evaluator import evaluate
from calista_tools.effects.schema.changes import changes_of
from calista_tools.effects.sql.tokens import Scanner
from calista_tools.history.scanner import scan_plain
from calista_tools.lint.loading import load
from calista_tools.lint.rule import all_rules, examples
from tests.property.history.test_headers import ODD, PLAIN
from tests.unit.lint.project import as_files

PATH = Path("20250826_1030_create_event_store.py")
CONFIG = Config(Path(), Path("migrations"), Path("alembic.ini"), Path("history.lock"))
IMPORTS = ["import sqlalchemy as sa", "from alembic import op", "from alembic import op as o"]
BODIES = [
    "op.create_index('ix_t_t_a', 't', ['a'])",
    "op.create_index(f'ix_{revision}', 't', ['a'])",
    "op.drop_constraint(str(down_revision), 't', type_='unique')",
    "global revision\nrevision = 'x'\nop.drop_index(revision)",
    "o.add_column('t', sa.Column('é', sa.Text()))",
    "op.drop_table(",
    "'''\ndef upgrade(): pass\n'''",
]
lines = st.lists(st.sampled_from(PLAIN + IMPORTS) | st.sampled_from(PLAIN + ODD), max_size=10)
headers = st.builds(
    lambda doc, middle: "\n".join([*doc, *middle, "revision = 'a1'", "down_revision = 'b2'"]),
    st.sampled_from([[], ['"""créé\n\nRevises: b2\n"""'], ['"""x"""', *IMPORTS]]),
    lines | st.sampled_from([IMPORTS, IMPORTS[:2], [*IMPORTS, 'branch_labels = "it\'s"']]),
)


def sources() -> st.SearchStrategy[str]:
    body = st.sampled_from(BODIES).map(lambda text: indent(text, "    "))
    return st.builds("{}\n\n\ndef upgrade() -> None:\n{}\n\n\ndef downgrade():\n{}\n".format,
                     headers, body, body)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(sources(), st.sampled_from(["\n", "\r\n"]))
def test_file_parsed_in_parts_is_the_file(source: str, end: str) -> None:
    content = source.replace("\n", end).encode()
    migration = load(PATH, CONFIG, None, content)
    try:
        tree = ast.parse(content)
    except SyntaxError:
        assert migration.revision is None
        return

    whole = evaluate(tree, PATH)

    assert ast.dump(migration.tree, include_attributes=True) == ast.dump(
        tree, include_attributes=True
    )
    assert list(map(said, migration.operations)) == list(map(said, whole.operations))
    assert [trouble.message for trouble in migration.evaluation.troubles] == [
        trouble.message for trouble in whole.troubles
    ]


def said(operation: object) -> str:
    return repr([getattr(operation, name) for name in ("what", "row", "column", "end", "table")])


def test_plain_file_is_parsed_in_parts() -> None:
    content = f'"""x"""\n{IMPORTS[0]}\nrevision = "a1"\ndown_revision = None\n\ndef upgrade():\n    pass\n'

    migration = load(PATH, CONFIG, None, content.encode())

    assert scan_plain(content.encode(), str(PATH)) is not None
    assert migration.head is not None
    assert [type(node) for node in migration.body.body] == [ast.FunctionDef]


def documented() -> Iterator[bytes]:
    for rule in all_rules().values():
        for example in examples(rule.doc):
            yield from (
                text.encode() for text in as_files(example.source).values() if isinstance(text, str)
            )


def test_changes_on_postgresql_are_what_following_them_gives() -> None:
    shared = 0
    for source in documented():
        migration = load(PATH, CONFIG, None, source)
        templates = migration.convention.templates
        for direction in ("upgrade", "downgrade"):
            on_sqlite = migration.changes("sqlite", direction)
            found = migration.changes("postgresql", direction)
            assert found == changes_of(migration.operations, "postgresql", templates, direction)
            shared += bool(found) and found is on_sqlite
    assert shared > 20


@settings(deadline=None, max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            [*"';:\"`|<>=().,-?@%", "--", "''", "E'", ":x", " ", "\n", "Ab", "é", "1.5e"]
        )
        | st.text(max_size=3)
    ).map("".join)
)
def test_tokens_of_both_dialects_are_those_of_each(text: str) -> None:
    for dialect in ("sqlite", "postgresql"):
        assert list(Scanner(text, dialect)) == list(Scanner(text, dialect)._tokens())
