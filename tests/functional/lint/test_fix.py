import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from calista_tools.history import read_history
from calista_tools.history.lock import lock
from tests.functional.lint.conftest import Run

BAD = '''\
"""add title

Revision ID: c9
Revises: a1
Create Date: 2025-08-26 10:32:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    with op.batch_alter_table("tag") as batch:
        batch.add_column(sa.Column("title", sa.Text(), nullable=True))
        batch.create_unique_constraint("tag_title_is_unique", ["title"])
    op.create_index("by_title", "tag", ["title"])


def downgrade():
    op.drop_index('by_title', "tag")
    with op.batch_alter_table("tag") as batch:
        batch.drop_constraint("tag_title_is_unique", type_="unique")
        batch.drop_column("title")
'''
FIXED = (
    BAD.replace("c9", "c3")
    .replace("Revises: a1", "Revises: b2")
    .replace("tag_title_is_unique", "uq_tag_title")
    .replace("by_title", "ix_tag_tag_title")
)


pytestmark = pytest.mark.usefixtures("unpublished")


@pytest.fixture
def bad(project: Path) -> Path:
    path = project / "migrations" / "versions" / "c3_add_title.py"
    path.write_text(BAD)
    return path


def test_names_headers_and_file_names(bad: Path, calista_lint: Run) -> None:
    code, out, err = calista_lint("--fix", "--ignore", "CAL3")
    assert (code, out, err) == (0, "Found 5 errors (5 fixed, 0 remaining).\n", "")
    assert not bad.exists()
    assert bad.with_name("20250826_1032_add_title.py").read_text() == FIXED
    assert calista_lint("--ignore", "CAL3") == (0, "All checks passed!\n", "")


#: Formatted for 74 columns: one name gets longer, one shorter.
FORMATTED = '''\
"""add places"""

import sqlalchemy as sa
from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade() -> None:
    op.add_column("tag", sa.Column("place_id", sa.Text(), nullable=True))
    op.create_index("by_place_id", "tag", ["place_id"], unique=False)
    op.create_index(
        "the_names_that_tags_are_found_by", "tag", ["name"], unique=False
    )


def downgrade() -> None:
    op.drop_index("the_names_that_tags_are_found_by", table_name="tag")
    op.drop_index("by_place_id", table_name="tag")
    op.drop_column("tag", "place_id")
'''
RENAMED = FORMATTED.replace("by_place_id", "ix_tag_tag_place_id").replace(
    "the_names_that_tags_are_found_by", "ix_tag_tag_name"
)
FORMATTED_AGAIN = RENAMED.replace(
    """\
    op.create_index(
        "ix_tag_tag_name", "tag", ["name"], unique=False
    )
""",
    """\
    op.create_index("ix_tag_tag_name", "tag", ["name"], unique=False)
""",
).replace(
    """\
    op.create_index("ix_tag_tag_place_id", "tag", ["place_id"], unique=False)
""",
    """\
    op.create_index(
        "ix_tag_tag_place_id", "tag", ["place_id"], unique=False
    )
""",
)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("line-length = 74", FORMATTED_AGAIN),
        ("line-length = 100", RENAMED),
        ('line-length = 74\nextend-exclude = ["migrations"]', RENAMED),
        ('line-length = 74\nformat.quote-style = "single"', RENAMED),
        ("line-length = 0", RENAMED),
    ],
    ids=[
        "formatted",
        "for other columns",
        "excluded",
        "other quotes",
        "settings that ruff refuses",
    ],
)
def test_what_was_formatted_is_formatted_again(
    project: Path, calista_lint: Run, settings: str, expected: str
) -> None:
    path = project / "migrations" / "versions" / "20250826_1032_add_places.py"
    with (project / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.ruff]\n{settings}\n")
    path.write_text(FORMATTED)
    _, shown, _ = calista_lint("--diff", "--select", "CAL103")
    wrapped = '+        "ix_tag_tag_place_id", "tag", ["place_id"], unique=False\n'
    assert (wrapped in shown) == (expected == FORMATTED_AGAIN)
    assert calista_lint("--fix", "--select", "CAL103")[0] == 0
    assert path.read_text() == expected


def test_a_file_that_was_named_may_get_another_name(bad: Path, calista_lint: Run) -> None:
    assert calista_lint("--fix", "--ignore", "CAL3", bad)[0] == 0
    assert bad.with_name("20250826_1032_add_title.py").is_file()


def test_diff_shows_and_writes_nothing(bad: Path, calista_lint: Run) -> None:
    code, out, err = calista_lint("--diff")
    assert code == 1
    assert err == "Would fix 5 errors.\n"
    assert out.startswith(
        "rename from migrations/versions/c3_add_title.py\n"
        "rename to migrations/versions/20250826_1032_add_title.py\n"
    )
    assert '-        batch.create_unique_constraint("tag_title_is_unique", ["title"])\n' in out
    assert '+        batch.create_unique_constraint("uq_tag_title", ["title"])\n' in out
    assert bad.read_text() == BAD


def test_nothing_to_repair(project: Path, calista_lint: Run) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*.py")}
    assert calista_lint("--diff") == (0, "", "No errors would be fixed.\n")
    assert calista_lint("--fix", "--ignore", "CAL3") == (0, "All checks passed!\n", "")
    assert {path: path.read_bytes() for path in project.rglob("*.py")} == before


def test_a_published_revision_stays_as_it_is(bad: Path, calista_lint: Run) -> None:
    lock(read_history(bad.parent), bad.parents[1] / "history.lock")
    code, _, _ = calista_lint("--fix", "--ignore", "CAL3")
    assert code == 1
    assert bad.read_text() == BAD


def test_a_name_that_another_revision_uses_stays(bad: Path, calista_lint: Run) -> None:
    later = bad.with_name("20250826_1033_later.py")
    later.write_text(
        'from alembic import op\n\nrevision = "d4"\ndown_revision = "c3"\n\n\ndef upgrade():\n'
        '    op.drop_index("by_title", "tag")\n\n\ndef downgrade():\n'
        '    op.create_index("ix_tag_tag_title", "tag", ["title"])\n'
    )
    calista_lint("--fix", "--ignore", "CAL3")
    text = bad.with_name("20250826_1032_add_title.py").read_text()
    assert "by_title" in text
    assert "tag_title_is_unique" not in text


@pytest.mark.parametrize(
    "line",
    [
        '    op.execute("ALTER INDEX by_title RENAME TO other")\n',
        '    name = "by_title"\n    op.create_index(name, "tag", ["name"])\n',
        '    op.create_index(f"by_{1}title", "tag", ["name"])  # as by_title\n',
    ],
)
def test_a_name_that_is_not_only_a_string_stays(line: str, bad: Path, calista_lint: Run) -> None:
    bad.write_text(BAD.replace("\n\ndef downgrade", f"{line}\n\ndef downgrade"))
    calista_lint("--fix", "--ignore", "CAL3")
    assert 'op.create_index("by_title", "tag", ["title"])' in "".join(
        path.read_text() for path in bad.parent.glob("*.py")
    )


def test_what_is_not_repaired_stays_byte_for_byte(bad: Path, calista_lint: Run) -> None:
    text = b"\xef\xbb\xbf" + BAD.replace("add title", "füge Titel hinzu").encode()
    bad.write_bytes(text.replace(b"\n", b"\r\n"))
    calista_lint("--fix", "--ignore", "CAL3")
    fixed = FIXED.replace("add title", "füge Titel hinzu").encode().replace(b"\n", b"\r\n")
    assert bad.with_name("20250826_1032_add_title.py").read_bytes() == b"\xef\xbb\xbf" + fixed


def test_unused_noqa_goes_with_the_blanks_before_it(project: Path, calista_lint: Run) -> None:
    path = project / "migrations" / "versions" / "20250826_1031_create_tag.py"
    text = path.read_text()
    path.write_text(text.replace('op.drop_table("tag")', 'op.drop_table("tag")  # noqa: CAL001'))
    assert calista_lint("--fix", "--ignore", "CAL3")[0] == 0
    assert path.read_text() == text


def test_a_fixed_file_runs_up_and_down(bad: Path, calista_lint: Run) -> None:
    root = bad.parents[2]
    (root / "migrations" / "env.py").write_text(
        "from alembic import context\nfrom sqlalchemy import create_engine\n\n"
        "engine = create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "with engine.begin() as connection:\n"
        "    context.configure(connection, render_as_batch=True)\n"
        "    context.run_migrations()\n"
    )
    assert calista_lint("--fix", "--unsafe-fixes", "--ignore", "CAL3")[0] == 0
    config = Config()
    config.set_main_option("script_location", str(root / "migrations"))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{root / 'test.db'}")
    command.upgrade(config, "head")
    command.downgrade(config, "b2")
    command.upgrade(config, "head")
    with sqlite3.connect(root / "test.db") as database:
        (sql,) = database.execute("SELECT sql FROM sqlite_master WHERE name = 'tag'").fetchone()
        indexes = database.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%INDEX%'")
        assert "uq_tag_title" in sql
        assert ("ix_tag_tag_title",) in indexes.fetchall()


def test_a_name_that_another_folder_mentions_stays(project: Path, calista_lint: Run) -> None:
    versions = project / "migrations" / "versions"
    first = versions / "20250826_1032_add_title.py"
    first.write_text(BAD.replace("c9", "c3").replace("Revises: a1", "Revises: b2"))
    (versions / "later").mkdir()
    ini = "[alembic]\nscript_location = migrations\nrecursive_version_locations = true\n"
    (project / "alembic.ini").write_text(ini)
    drop = BAD.partition("def upgrade")[0] + (
        'def upgrade():\n    op.drop_index("by_title", "tag")\n\n\n'
        'def downgrade():\n    op.create_index(op.f("ix_tag_tag_title"), "tag", ["title"])\n'
    )
    drop = drop.replace('"c3"', '"d4"').replace('"b2"', '"c3"').replace("a1", "c3")
    (versions / "later" / "20250826_1033_drop_title.py").write_text(drop.replace("c9", "d4"))
    calista_lint("--fix", "--select", "CAL1")
    text = first.read_text()
    assert "by_title" in text
    assert "tag_title_is_unique" not in text


@pytest.mark.parametrize("table", ["it's", 'say \\"so\\"', "back\\\\slash", "new\\nline"])
def test_a_name_that_cannot_stand_in_quotes_stays(
    table: str, project: Path, calista_lint: Run
) -> None:
    path = project / "migrations" / "versions" / "20250826_1032_add_title.py"
    text = BAD.replace("c9", "c3").replace("Revises: a1", "Revises: b2")
    path.write_text(text.replace('"tag"', f'"{table}"'))
    calista_lint("--fix", "--select", "CAL1")
    compile(path.read_text(), path, "exec")
    assert "by_title" in path.read_text()


def test_no_name_puts_a_file_before_its_parent(project: Path, calista_lint: Run) -> None:
    versions = project / "migrations" / "versions"
    for number, (revision, parent) in enumerate([("c3", "b2"), ("d4", "c3"), ("e5", "d4")]):
        date = f"2025-08-26 10:3{(5, 4, 6)[number]}:00"
        (versions / f"{revision}_step.py").write_text(
            f'"""step\n\nRevision ID: {revision}\nRevises: {parent}\nCreate Date: {date}\n"""\n'
            f'revision = "{revision}"\ndown_revision = "{parent}"\n\n\ndef upgrade():\n    pass\n'
        )
    calista_lint("--fix", "--select", "CAL0")
    names = sorted(path.name for path in versions.glob("*_step.py"))
    assert names == ["20250826_1035_step.py", "20250826_1036_step.py", "d4_step.py"]
    assert "CAL002" not in calista_lint("--select", "CAL0")[1]
