"""Raw SQL of any kind is read without an exception, in bounded time, and means what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calista_tools.effects.sql import effects, foreign
from calista_tools.effects.sql.tokens import statements

DIALECTS = st.sampled_from(["sqlite", "postgresql"])
SEEDS = [
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x' CHECK (a <> ''), UNIQUE (a))",
    "CREATE TRIGGER g BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'x'); END",
    "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'x'; END $$ LANGUAGE plpgsql",
    "DO $$ BEGIN IF TRUE THEN EXECUTE 'DROP TABLE t'; END IF; END $$",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (b), RENAME TO v",
    "WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d ON CONFLICT DO NOTHING",
    "CREATE UNIQUE INDEX CONCURRENTLY i ON t USING gin (a, lower(b)) WHERE c /* x */ -- y",
    "ALTER TYPE e ADD VALUE 'x'; UPDATE t SET (a, b) = (1, 2) FROM u WHERE t.a = :a",
    "PRAGMA foreign_keys = OFF; INSERT OR REPLACE INTO [t u] VALUES (E'\\'', U&'x', `q`)",
]
WORDS = sorted({word for seed in SEEDS for word in seed.split()} | set("();,.'\"$[]`*/-:%\\\0"))


@given(st.text(), DIALECTS)
def test_any_text(text: str, dialect: str) -> None:
    effects(text, dialect)
    foreign(text, dialect)


@given(st.lists(st.sampled_from(WORDS), max_size=40), DIALECTS)
def test_any_words(words: list[str], dialect: str) -> None:
    effects(" ".join(words), dialect)
    foreign("".join(words), dialect)


@given(
    st.sampled_from(SEEDS), st.integers(0, 200), st.integers(0, 20), st.text(max_size=5), DIALECTS
)
def test_damaged_statements(seed: str, at: int, cut: int, put: str, dialect: str) -> None:
    text = seed[:at] + put + seed[at + cut :]
    effects(text, dialect)
    foreign(text, dialect)


@given(st.lists(st.sampled_from(SEEDS), max_size=4), DIALECTS)
def test_statements_do_the_same_alone_and_in_a_row(texts: list[str], dialect: str) -> None:
    together = effects("\n;\n".join(texts), dialect)
    alone = [effects(text, dialect) for text in texts]
    assert together.objects == tuple(item for found in alone for item in found.objects)


@given(st.sampled_from(SEEDS), DIALECTS)
def test_comments_and_white_space_say_nothing(seed: str, dialect: str) -> None:
    # A comment within a quoted body belongs to the body.
    if "$" in seed or "BEGIN" in seed or "--" in seed:
        return
    spaced = seed.replace(" ", " /* ; ' */\n-- \"\n\t")
    if "'" not in seed:
        plain, other = effects(seed, dialect), effects(spaced, dialect)
        assert [o[:5] for o in plain.objects] == [o[:5] for o in other.objects]


@given(
    st.text(
        alphabet=st.characters(exclude_characters='\0"', exclude_categories=["Cs"]), min_size=1
    ),
    DIALECTS,
)
def test_quoted_names_are_kept(name: str, dialect: str) -> None:
    (index,) = effects(f'CREATE INDEX "{name}" ON "{name}" (a)', dialect).objects
    assert index.name is not None
    assert (index.name.text, index.table) == (name, name)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    "piece",
    ["(", "'", '"', "/*", "$a$ ", "$a$b$", "[", "e'\\'", "--", "%(", "((a", "x.", "WITH a AS (b) ",
     "CREATE TRIGGER x BEGIN ;", "SELECT 1;", "(1,'a'),", "a,", "''", "\\", "DO $$ DO "],
)  # fmt: skip
def test_long_texts_end(piece: str, dialect: str) -> None:
    """Quadratic time would take hours here; nothing measures it but the patience of the runner."""
    text = piece * (100_000 // len(piece))
    effects(f"INSERT INTO t VALUES {text}", dialect)
    effects(text, dialect)
    foreign(text, dialect)


def test_statements_after_a_long_one_are_seen() -> None:
    rows = ",".join(["(1, 'it''s; not', \"x\", E'\\'')"] * 30_000)
    found = effects(f"INSERT INTO t VALUES {rows}; DROP TABLE u", "postgresql")
    assert [statement.verb for statement in found.statements] == ["insert", "drop table"]
    assert not found.troubles


def test_positions_point_at_the_statements() -> None:
    text = " -- one\nSELECT 1 ;\n  DROP TABLE t"
    assert [text[raw.start : raw.end] for raw in statements(text, "sqlite")] == [
        "SELECT 1 ;",
        "DROP TABLE t",
    ]
