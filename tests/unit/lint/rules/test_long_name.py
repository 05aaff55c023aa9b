import pytest

from tests.unit.lint.project import Lint


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index(op.f("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title"), "note", ["title"])',
        'op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note", ["title"])',
        'op.create_table("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_note", sa.Column("id", sa.Integer()))',
        'op.execute("CREATE INDEX ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title ON note (title)")',
        'with op.batch_alter_table("note") as b:\n    b.create_unique_constraint("uq_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", ["title"])',
        'op.create_index("ix_" + "é" * 31, "note", ["title"])',
    ],
)
def test_reports(source: str, lint: Lint) -> None:
    [found] = lint("CAL108", source)
    assert "bytes" in found.finding.message


@pytest.mark.parametrize(
    "source",
    [
        'op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "note", ["title"])',
        'op.create_index("é" * 31, "note", ["title"])',
        'op.drop_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note")',
        'if op.get_bind().dialect.name == "sqlite":\n    op.create_index("ix_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_title", "note", ["title"])',
        'op.add_column("note", sa.Column("t", sa.Text(), comment="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))',
        "op.execute(\"INSERT INTO note VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')\")",
    ],
)
def test_leaves_alone(source: str, lint: Lint) -> None:
    assert lint("CAL108", source) == []


LONG = "note_" + "a" * 60


@pytest.mark.parametrize(
    ("step", "what"),
    [
        (f'op.rename_table("note", "{LONG}")', "table"),
        (f'op.execute("ALTER TABLE note RENAME TO {LONG}")', "table"),
        (f'op.execute("ALTER TABLE note RENAME CONSTRAINT pk_note TO {LONG}")', "constraint"),
        (f'op.execute("ALTER INDEX ix_note RENAME TO {LONG}")', "index"),
        (f'op.execute("ALTER TRIGGER note_a ON note RENAME TO {LONG}")', "trigger"),
        (f'op.execute("ALTER FUNCTION note_a() RENAME TO {LONG}")', "function"),
    ],
)
def test_reports_what_is_renamed(step: str, what: str, lint: Lint) -> None:
    [found] = lint("CAL108", step)
    kept = LONG[:63]
    assert found.finding.message == (
        f"{what} name `{LONG}` has 65 bytes: PostgreSQL keeps `{kept}`, SQLite all of it"
    )


@pytest.mark.parametrize(
    "step",
    [
        f'op.rename_table("note", "{LONG[:63]}")',
        f'op.execute("ALTER INDEX {LONG} RENAME TO note_a")',
        f'if op.get_bind().dialect.name == "sqlite":\n    op.rename_table("note", "{LONG}")',
        f"op.execute(\"COMMENT ON TABLE note IS 'ALTER TABLE note RENAME TO {LONG}'\")",
        f'op.rename_table("{LONG}", "note")',
        f"def upgrade():\n    pass\n\n\ndef downgrade():\n    op.rename_table('a', '{LONG}')\n",
    ],
)
def test_leaves_what_is_renamed_to_a_short_name_alone(step: str, lint: Lint) -> None:
    assert lint("CAL108", step) == []
