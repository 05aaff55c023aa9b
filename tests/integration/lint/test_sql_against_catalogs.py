"""What the recogniser says of DDL is what a real database then has in its catalogs."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from calista_tools.effects.sql import effects
from tests.corpora.live_names import live_names

POSTGRESQL = [
    "CREATE TABLE u (id int PRIMARY KEY, k text UNIQUE)",
    """CREATE TABLE "T t" (
        "Id" bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT "PK t" PRIMARY KEY,
        a int NOT NULL CONSTRAINT ck_a CHECK (a > 0) REFERENCES u,
        b numeric(10, 2) DEFAULT 1.5 CHECK (b <> 0),
        c text COLLATE "C" CONSTRAINT uq_c UNIQUE,
        d tsvector GENERATED ALWAYS AS (to_tsvector('simple', c)) STORED,
        e int[] DEFAULT ARRAY[1, 2]::int[],
        CONSTRAINT fk_c FOREIGN KEY (c) REFERENCES u (k) ON DELETE CASCADE DEFERRABLE,
        CHECK (a > 0 AND b > 0),
        UNIQUE (a, b)
    )""",
    'CREATE INDEX ON "T t" (a, b)',
    'CREATE INDEX IX_Folded ON "T t" (lower(c))',
    (
        'CREATE UNIQUE INDEX "Ix Kept" ON "T t" USING btree (a DESC NULLS LAST, (b)) INCLUDE (c)'
        " WHERE a > 0"
    ),
    'CREATE INDEX ix_gin ON "T t" USING gin (d)',
    (
        'ALTER TABLE "T t" ADD COLUMN f int CONSTRAINT ck_f CHECK (f IN (1, 2)) UNIQUE,'
        " ADD CONSTRAINT ck_late CHECK (f <> a) NOT VALID"
    ),
    'ALTER TABLE "T t" VALIDATE CONSTRAINT ck_late',
    'ALTER TABLE "T t" RENAME CONSTRAINT ck_late TO ck_later',
    "ALTER INDEX ix_gin RENAME TO ix_d",
    "CREATE UNIQUE INDEX ix_swap ON u (k, id)",
    "ALTER TABLE u ADD CONSTRAINT uq_swap UNIQUE USING INDEX ix_swap",
    "ALTER TABLE u DROP CONSTRAINT uq_swap",
    "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$",
    'CREATE TRIGGER g BEFORE UPDATE OR DELETE ON "T t" FOR EACH ROW EXECUTE FUNCTION f()',
    "CREATE TRIGGER gone AFTER INSERT ON u EXECUTE FUNCTION f()",
    "DROP TRIGGER gone ON u",
    'ALTER TRIGGER g ON "T t" RENAME TO h',
    "CREATE TABLE gone (a int CONSTRAINT ck_gone CHECK (a > 0)); DROP TABLE IF EXISTS gone CASCADE",
    (
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'ix_do') THEN"
        " CREATE INDEX ix_do ON u (k, id); END IF; END $$"
    ),
    'ALTER TABLE "T t" RENAME TO v',
    "ALTER TABLE ONLY v ADD EXCLUDE USING btree (a WITH =)",
]
SQLITE = [
    "CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT, k TEXT, CONSTRAINT uq_k UNIQUE (k))",
    """CREATE TABLE "T t" (
        Id INTEGER NOT NULL,
        a INT NOT NULL REFERENCES u,
        b NUMERIC(10, 2) DEFAULT 1.5,
        c TEXT COLLATE NOCASE,
        CONSTRAINT pk_t PRIMARY KEY (Id),
        CONSTRAINT fk_c FOREIGN KEY (c) REFERENCES u (k) ON DELETE CASCADE,
        CONSTRAINT ck_ab CHECK (a > 0 AND b > 0),
        CONSTRAINT uq_ab UNIQUE (a, b)
    )""",
    'CREATE INDEX IX_Kept ON "T t" (lower(c))',
    "CREATE UNIQUE INDEX IF NOT EXISTS `Ix q` ON [T t] (a DESC, (b)) WHERE a > 0",
    (
        "CREATE TRIGGER g BEFORE UPDATE OF a ON u WHEN old.k <> new.k BEGIN"
        " SELECT CASE WHEN 1 THEN RAISE(ABORT, 'no; never') END; DELETE FROM u; END"
    ),
    "CREATE TRIGGER gone DELETE ON u BEGIN SELECT 1; END",
    "DROP TRIGGER gone",
    "CREATE TABLE gone (a INT, CONSTRAINT ck_gone CHECK (a > 0)); DROP TABLE gone",
    "CREATE INDEX ix_gone ON u (k); DROP INDEX IF EXISTS main.ix_gone",
    'ALTER TABLE "T t" RENAME TO v',
]
Known = Counter[tuple[str, str, str | None]]


def predicted(script: list[str], dialect: str) -> Known:
    """Table, kind and name of everything that is there in the end; None for an unnamed object."""
    live: list[tuple[str | None, str, str | None]] = []
    for text in script:
        found = effects(text, dialect)
        assert not found.troubles, text
        for item in found.objects:
            name = item.name and item.name.text
            if item.kind == "table" and item.action != "create":
                inside = [one for one in live if one[0] == item.table]
                live = [one for one in live if one[0] != item.table]
                if item.action == "rename":
                    live += [(item.new_name, kind, other) for _, kind, other in inside]
            elif item.action == "create" and item.kind not in ("table", "function"):
                live.append((item.table, item.kind, name))
            elif item.action != "create":
                (old,) = (one for one in live if one[2] == name and item.kind in ("", one[1]))
                live.remove(old)
                if item.action == "rename":
                    live.append((old[0], old[1], item.new_name))
    return Counter((table or "", kind, name) for table, kind, name in live)


def actual(url: URL, names: Known) -> Known:
    """The same from the catalogs; names that nobody wrote are None."""
    known = {name for _, _, name in names}
    return Counter(
        (one.table, one.kind, one.name if one.name in known else None) for one in live_names(url)
    )


def run(url: URL, script: list[str]) -> None:
    """Run a script as it stands, without SQLAlchemy's parameters."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for text in script:
            if connection.dialect.name == "sqlite":
                connection.connection.executescript(text)
            else:
                connection.exec_driver_sql(text)
    engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_form(request: pytest.FixtureRequest, dialect: str) -> None:
    url: URL = request.getfixturevalue(f"{dialect}_url")
    script = SQLITE if dialect == "sqlite" else POSTGRESQL
    run(url, script)
    names = predicted(script, dialect)
    assert actual(url, names) == names


_NAME = st.sampled_from(["a", "b_c", "Mixed", "with space", 'q"uote', "naïve", "select", "x$1"])
_CLAUSES = {
    "ck": "CHECK ({} <> 0)",
    "uq": "UNIQUE ({})",
    "fk": "FOREIGN KEY ({}) REFERENCES {}",
}


@st.composite
def scripts(draw: st.DrawFn) -> list[str]:
    """CREATE TABLE and CREATE INDEX with any mixture of named and unnamed constraints."""

    def quoted(name: str) -> str:
        if name in ("a", "b_c", "Mixed") and draw(st.booleans()):
            return name
        return '"' + name.replace('"', '""') + '"'

    # A column of its own for each: databases make one index of two equal keys.
    columns = [quoted(draw(_NAME).replace('"', "'") + str(number)) for number in range(4)]
    table = quoted(draw(_NAME))
    body = [f"{column} int{' PRIMARY KEY' * (column == columns[0])}" for column in columns]
    for number, column in enumerate(columns):
        kind = draw(st.sampled_from([*sorted(_CLAUSES), ""]))
        named = draw(st.none() | _NAME)
        if named is not None and kind == "ck":
            # SQLAlchemy, by which live names are read, knows no doubled quote in a CHECK's name.
            named = named.replace('"', "_")
        prefix = "" if named is None else f"CONSTRAINT {quoted(f'{named}{number}')} "
        if kind and (kind != "uq" or number):
            body.append(prefix + _CLAUSES[kind].format(column, f"{table} ({columns[0]})"))
    space = draw(st.sampled_from([" ", "\n", " /* ; */ ", " -- ;\n"]))
    script = [f"CREATE TABLE {table}{space}({f',{space}'.join(body)})"]
    for number, column in enumerate(columns[: draw(st.integers(0, 4))]):
        key = draw(st.sampled_from([column, f"({column} + 1)", f"{column} DESC"]))
        name = quoted(f"ix{draw(_NAME)}{number}")
        script.append(f"CREATE{space}INDEX {name} ON {table} ({key})")
    return script


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_any_mixture(
    request: pytest.FixtureRequest, dialect: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    @given(scripts())
    def check(script: list[str]) -> None:
        if dialect == "sqlite":
            url = URL.create("sqlite", database=str(tmp_path_factory.mktemp("any") / "test.db"))
            run(url, script)
        else:
            url = request.getfixturevalue("postgresql_url")
            run(url, ["DROP SCHEMA public CASCADE; CREATE SCHEMA public", *script])
        names = predicted(script, dialect)
        assert actual(url, names) == names

    check()
