"""The tasks that move a development database, and those that show its SQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, inspect

from tests.functional.authoring.conftest import Run


@pytest.fixture
def url(project: Path) -> str:
    return f"sqlite:///{project / 'dev.db'}"


def tables(url: str | URL) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_up_and_down(url: str, tasks: Run) -> None:
    assert tasks("upgrade", "--url", url).code == 0
    at_head = tables(url)
    assert len(at_head) > 1
    assert " (head)" in tasks("current", "--url", url).out
    assert tasks("downgrade", "--url", url).code == 0
    assert " (head)" not in tasks("current", "--url", url).out
    assert tasks("downgrade", "base", "--url", url).code == 0
    assert tables(url) == {"alembic_version"}


def test_further_than_there_is_a_way(url: str, tasks: Run) -> None:
    tasks("upgrade", "+1", "--url", url)
    for arguments, message in (
        (("downgrade", "-2"), "there are no 2 steps to go: less than that comes after the base"),
        (("upgrade", "+9"), "there are no 9 steps to go: less than that is pending"),
    ):
        code, out, err = tasks(arguments[0], "--revision", arguments[1], "--url", url)
        assert (code, out) == (1, "")
        assert err.splitlines()[-2:] == [
            f"error: {message}",
            "hint: `calista-migrations current` shows where the database is",
        ]
    tasks("downgrade", "--url", url)
    code, _, err = tasks("downgrade", "--url", url)
    assert code == 1
    assert err.endswith("error: the database is at base: there is nothing to downgrade\n")


def test_an_unknown_revision_is_told_where_to_look(url: str, tasks: Run) -> None:
    for arguments in (("sql", "zzz"), ("upgrade", "zzz", "--url", url)):
        code, _, err = tasks(*arguments)
        assert code == 1
        assert err.splitlines()[-2:] == [
            "error: Can't locate revision identified by 'zzz'",
            "hint: `calista-migrations history` lists the revisions that there are",
        ]


def test_the_variable_names_the_database_where_no_flag_does(
    url: str, tasks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", url)
    assert tasks("upgrade").code == 0
    assert " (head)" in tasks("current").out
    assert len(tables(url)) > 1


def test_no_url_is_no_word_of_a_database(project: Path, tasks: Run) -> None:
    (project / "migrations" / "env.py").write_text(
        "from sqlalchemy import create_engine\n"
        'create_engine("driver://user:hidden@localhost/dbname")\n'
    )
    code, out, err = tasks("current")
    assert (code, out) == (1, "")
    assert err.startswith("error: the database's URL cannot be used: ")
    assert "\nhint: set CALISTA_DB_URL, give --url, " in err
    assert "hidden" not in err


def test_sql_of_a_revision_for_each_dialect(project: Path, tasks: Run) -> None:
    path = tasks("revision", "-m", "x", "-k", "append-only", "-t", "audit_entry").out.strip()
    assert Path(path).is_file()
    code, out, err = tasks("sql")
    assert code == 0, err
    sqlite, postgresql = out.split("-- postgresql\n")
    assert sqlite.startswith("-- sqlite\n")
    assert "RAISE(ABORT, 'audit_entry is append-only: DELETE is not allowed')" in sqlite
    assert "ENABLE ALWAYS TRIGGER audit_entry_forbid_truncate" in postgresql
    assert out.count("CREATE TABLE") == 2, "one revision, not those before it"
    undo = tasks("sql", "--downgrade", "--dialect", "sqlite").out
    assert "DROP TRIGGER audit_entry_forbid_update" in undo
    assert "CREATE" not in undo


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sql", "nonsense"], "Can't locate revision identified by 'nonsense'"),
        (["sql", "--dialect", "oracle"], "unknown dialect 'oracle'"),
        (["upgrade", "a", "b"], "one revision at a time, not a, b"),
        (["upgrade", "--url", "postgresql://me:hidden@localhost:1/x"], "connection"),
    ],
)
def test_errors_are_one_line_without_a_password(
    project: Path, tasks: Run, arguments: list[str], message: str
) -> None:
    code, out, err = tasks(*arguments)
    assert (code, out.removeprefix("-- sqlite\n")) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err
    assert "hidden" not in err


def test_autogenerate_writes_what_differs(project: Path, url: str, tasks: Run) -> None:
    assert tasks("upgrade", "--url", url).code == 0
    with (project / "migrations" / "tables.py").open("a") as models:
        models.write(
            '\nsa.Table("extra", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
        )
    code, out, err = tasks("revision", "-m", "add extra", "--autogenerate", "--url", url)
    assert code == 0, err
    source = Path(out.strip()).read_text()
    assert 'op.create_table(\n        "extra",' in source
    assert 'op.drop_table("extra")' in source
    assert "please adjust" in source
    assert tasks("upgrade", "--url", url).code == 0
    assert "extra" in tables(url)


def test_autogenerate_says_what_is_there_in_portable_words(
    project: Path, url: str, tasks: Run
) -> None:
    assert tasks("upgrade", "--url", url).code == 0
    models = project / "migrations" / "tables.py"
    old = '"room_task", sa.String(length=80), nullable=False, server_default="new"'
    new = '"room_task", sa.Text(), nullable=False, server_default="old"'
    assert old in models.read_text()
    models.write_text(models.read_text().replace(old, new))
    code, out, err = tasks("revision", "-m", "widen", "--autogenerate", "--url", url)
    assert code == 0, err
    source = "".join(Path(out.strip()).read_text().split())
    assert 'existing_type=sa.String(length=80),server_default="old",type_=sa.Text(),' in source
    assert 'existing_type=sa.Text(),server_default="new",type_=sa.String(length=80),' in source
    assert tasks("upgrade", "--url", url).code == 0
    assert tasks("downgrade", "--url", url).code == 0


def test_autogenerate_needs_a_database_at_head(project: Path, url: str, tasks: Run) -> None:
    before = set((project / "migrations" / "versions").glob("*.py"))
    code, out, err = tasks("revision", "-m", "x", "--autogenerate", "--url", url)
    assert (code, out) == (1, "")
    assert "Target database is not up to date." in err
    assert "upgrade` first" in err
    assert set((project / "migrations" / "versions").glob("*.py")) == before
