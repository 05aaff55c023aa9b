"""What a database says of a dropped table comes back on it, and on the other one as well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.pool import NullPool

from calista_tools import config as configuration
from calista_tools.authoring.write_revision import write_revisions
from calista_tools.environment.alembic_run import alembic_config
from tests.integration.conftest import write_project

POSTGRESQL = """
    CREATE TABLE old (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_old PRIMARY KEY,
        v varchar(20) NOT NULL DEFAULT 'new',
        t text DEFAULT 'it''s "so": a :name, 100%',
        back text DEFAULT E'a\\\\b',
        c char(3) DEFAULT 'abc',
        e kind DEFAULT 'x y',
        d double precision DEFAULT 0.5,
        r real,
        i integer DEFAULT -1,
        s smallint DEFAULT 7,
        n numeric(10, 2) DEFAULT '-0.50',
        w numeric DEFAULT 1,
        b boolean NOT NULL DEFAULT true,
        f boolean DEFAULT false,
        z timestamptz NOT NULL DEFAULT now(),
        y timestamp DEFAULT CURRENT_TIMESTAMP,
        x timestamp(3),
        da date DEFAULT '2020-01-02',
        ti time DEFAULT '10:00',
        iv interval DEFAULT '5 days',
        u uuid,
        j json DEFAULT '{}',
        bl bytea,
        nu text DEFAULT NULL::text,
        co varchar(9)
    );
    COMMENT ON COLUMN old.co IS 'it''s "so"';
"""
#: What SQLite cannot take back: it is PostgreSQL's alone, and stays so.
PECULIAR = """
    CREATE SEQUENCE counter;
    CREATE TABLE odd (
        id integer CONSTRAINT pk_odd PRIMARY KEY,
        own integer DEFAULT nextval('counter'),
        jb jsonb DEFAULT '{"a": [1]}',
        a text[] DEFAULT '{a,b}',
        ar integer[] DEFAULT ARRAY[1, 2],
        cal text DEFAULT lower('ABC'),
        ad inet DEFAULT '::1',
        dt date DEFAULT CURRENT_DATE
    );
"""
SQLITE = """
    CREATE TABLE old (
        id INTEGER NOT NULL CONSTRAINT pk_old PRIMARY KEY,
        v VARCHAR(20) DEFAULT 'new' NOT NULL,
        n VARCHAR(20) DEFAULT "quoted",
        t TEXT DEFAULT 'it''s :so',
        b BOOLEAN DEFAULT 1 NOT NULL,
        f BOOLEAN DEFAULT '0',
        d DATETIME DEFAULT CURRENT_TIMESTAMP,
        x FLOAT DEFAULT 0.5,
        i INTEGER DEFAULT '-1',
        w NUMERIC(10, 2) DEFAULT 1,
        bl BLOB,
        j JSON
    )
"""


def spelt(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class Site:
    """A project whose metadata has none of the tables that its only revision makes."""

    def __init__(self, folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
        steps = "\n".join(
            f"op.execute(sa.text({part.strip()!r}.replace(':', chr(92) + ':')))"
            for part in script.split(";")
            if part.strip()
        )
        write_project(folder, {"one": (steps, "")})
        with (folder / "pyproject.toml").open("w") as file:
            file.write('[tool.calista]\nscript_location = "migrations"\n')
        monkeypatch.chdir(folder)
        self.config = configuration.load()

    def command(self, way: str, revision: str, url: URL) -> None:
        from alembic import command

        getattr(command, way)(
            alembic_config(self.config, spelt(url), words=[way, revision]), revision
        )

    def drop(self, url: URL) -> str:
        """Return the source of the revision that drops what the metadata does not have."""
        self.command("upgrade", "head", url)
        (path,) = write_revisions(self.config, "drop it", autogenerate=True, url=spelt(url))
        return path.read_text()


def flattened(source: str) -> str:
    """Return the source with each call on one line."""
    return re.sub(r",? \)", ")", re.sub(r"\( ", "(", " ".join(source.split())))


def columns(url: URL, table: str) -> list[dict[str, Any]]:
    engine = sa.create_engine(url, poolclass=NullPool)
    found = sa.inspect(engine).get_columns(table)
    return [{**column, "type": repr(column["type"])} for column in found]


def test_from_postgresql(
    tmp_path: Path, postgresql_url: URL, sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = "CREATE TYPE kind AS ENUM ('x y', 'z');" + POSTGRESQL
    site = Site(tmp_path, script, monkeypatch)
    source = site.drop(postgresql_url)
    assert "::" not in source
    assert "postgresql." not in source.replace("postgresql.TIMESTAMP", "")
    flat = flattened(source)
    for line in (
        'sa.Column("v", sa.String(length=20), server_default="new"',
        "server_default='it\\'s \"so\": a :name, 100%'",
        'server_default="a\\\\b"',
        'sa.Column("e", sa.Enum("x y", "z", name="kind"), server_default="x y"',
        'sa.Column("d", sa.Double(), server_default=sa.text("0.5")',
        'sa.Column("i", sa.Integer(), server_default=sa.text("-1")',
        'sa.Column("n", sa.Numeric(precision=10, scale=2), server_default=sa.text("-0.50")',
        'sa.Column("b", sa.Boolean(), server_default=sa.true(), ',
        'sa.Column("f", sa.Boolean(), server_default=sa.false(), ',
        'sa.Column("z", sa.DateTime(timezone=True), server_default=sa.func.now(), ',
        'sa.Column("y", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")',
        'sa.Column("iv", sa.Interval(), server_default="5 days"',
        'sa.Column("u", sa.Uuid()',
        'sa.Column("j", sa.JSON(), server_default="{}"',
        'sa.Column("bl", sa.LargeBinary()',
        "comment='it\\'s \"so\"'",
    ):
        assert line in flat, source
    before = columns(postgresql_url, "old")
    site.command("upgrade", "head", postgresql_url)
    with sa.create_engine(postgresql_url, poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("DROP TYPE kind")  # which `op.drop_table` leaves: CAL314
    site.command("downgrade", "-1", postgresql_url)
    assert columns(postgresql_url, "old") == before
    # The other database takes it, too.
    site.command("stamp", "head", sqlite_url)
    site.command("downgrade", "-1", sqlite_url)
    assert [column["name"] for column in columns(sqlite_url, "old")] == [
        column["name"] for column in before
    ]
    engine = sa.create_engine(sqlite_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO old (id) VALUES (1)")
        row = connection.exec_driver_sql("SELECT v, t, back, i, n, b, f FROM old").one()
    assert row == ("new", 'it\'s "so": a :name, 100%', "a\\b", -1, -0.5, 1, 0)


def test_what_is_postgresqls_alone_stays(
    tmp_path: Path, postgresql_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path, PECULIAR, monkeypatch)
    source = site.drop(postgresql_url)
    assert "from sqlalchemy.dialects import postgresql\n" in source
    flat = flattened(source)
    for line in (
        "nextval('counter'::regclass)",
        "postgresql.JSONB(astext_type=sa.Text()), server_default='{\"a\": [1]}'",
        'postgresql.ARRAY(sa.TEXT()), server_default="{a,b}"',
        "lower('ABC'::text)",
        'postgresql.INET(), server_default="::1"',
        'sa.text("CURRENT_DATE")',
    ):
        assert line in flat, source
    before = columns(postgresql_url, "odd")
    site.command("upgrade", "head", postgresql_url)
    site.command("downgrade", "-1", postgresql_url)
    assert columns(postgresql_url, "odd") == before


def test_from_sqlite(
    tmp_path: Path, postgresql_url: URL, sqlite_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path, SQLITE, monkeypatch)
    source = site.drop(sqlite_url)
    flat = flattened(source)
    for line in (
        'sa.Column("v", sa.String(length=20), server_default="new"',
        'server_default="quoted"',
        'server_default="it\'s :so"',
        'sa.Column("b", sa.Boolean(), server_default=sa.true()',
        'sa.Column("i", sa.Integer(), server_default=sa.text("-1")',
        'sa.Column("t", sa.Text()',
        'sa.Column("d", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")',
    ):
        assert line in flat, source
    assert not re.search(r"sqlite\.|sa\.(TEXT|VARCHAR|BOOLEAN|BLOB|FLOAT)\(", source)
    before = columns(sqlite_url, "old")
    site.command("upgrade", "head", sqlite_url)
    site.command("downgrade", "-1", sqlite_url)
    after = columns(sqlite_url, "old")
    assert [(c["name"], c["type"], c["nullable"]) for c in after] == [
        (c["name"], c["type"], c["nullable"]) for c in before
    ]
    site.command("stamp", "head", postgresql_url)
    site.command("downgrade", "-1", postgresql_url)
    engine = sa.create_engine(postgresql_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO old (id) VALUES (1)")
        row = connection.exec_driver_sql("SELECT v, n, t, b, f, i FROM old").one()
    assert row == ("new", "quoted", "it's :so", True, False, -1)


def test_models_in_a_databases_own_words_stay(
    tmp_path: Path, postgresql_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what was reflected is put in other words: the author's are the author's."""
    site = Site(tmp_path, "SELECT 1", monkeypatch)
    env = tmp_path / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            "target_metadata = MetaData()\n",
            "import sqlalchemy as sa\ntarget_metadata = MetaData()\n"
            'sa.Table("mine", target_metadata, sa.Column("a", sa.VARCHAR(3), '
            "server_default=sa.text(\"'x'::character varying\")))\n",
        )
    )
    source = site.drop(postgresql_url)
    assert "sa.VARCHAR(length=3)" in source
    assert "'x'::character varying" in source
