"""An ``env.py`` that takes another database than the one asked for is refused, not believed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from tests.functional.authoring.conftest import Run

RUN = """
with context.begin_transaction():
    context.run_migrations()
"""
OFFLINE = f"from alembic import context\nfrom sqlalchemy import create_engine\n{{}}\n{RUN}"
OWN_URL = {
    "written out": 'context.configure(url="{own}://me:hidden@db.example/app")',
    "from its settings": 'context.config.set_main_option("sqlalchemy.url", "{own}://")\n'
    'context.configure(url=context.config.get_main_option("sqlalchemy.url"))',
    "a dialect's name": 'context.configure(dialect_name="{own}")',
    "its own -x": "x = context.get_x_argument(as_dictionary=True)\n"
    'context.configure(url=x.get("database", "{own}://db.example/app"))',
}


def set_env(project: Path, source: str) -> None:
    (project / "migrations" / "env.py").write_text(OFFLINE.format(source))


@pytest.mark.parametrize("way", OWN_URL)
@pytest.mark.parametrize(("asked", "own"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_sql_of_another_dialect(project: Path, tasks: Run, way: str, asked: str, own: str) -> None:
    set_env(project, OWN_URL[way].format(own=own))

    code, out, err = tasks("sql", "--dialect", asked)

    assert (code, out) == (1, "")
    error, hint = err.splitlines()
    assert error == (
        f"error: env.py writes the SQL of {own}, not of {asked}: it does not use the database"
        " that it was given"
    )
    assert hint.startswith('hint: let it use `config.get_main_option("sqlalchemy.url")`, or ')
    assert "hidden" not in err
    assert tasks("sql", "--dialect", own).code == 0, "what it does write is there to be had"


def test_sql_of_each_dialect_is_all_or_nothing(project: Path, tasks: Run) -> None:
    set_env(project, OWN_URL["written out"].format(own="sqlite"))

    code, out, err = tasks("sql")

    assert (code, out) == (1, "")
    assert "writes the SQL of sqlite, not of postgresql" in err


def test_a_project_of_one_dialect_may_be_set_to_it(project: Path, tasks: Run) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace('"sqlite", ', ""))
    set_env(project, OWN_URL["a dialect's name"].format(own="postgresql"))

    code, out, err = tasks("sql")

    assert (code, err) == (0, "")
    assert out.startswith("-- postgresql\n")


def test_a_variable_that_is_named_gets_the_url(
    project: Path, tasks: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_DATABASE", "postgresql://db.example/app")
    set_env(project, 'import os\ncontext.configure(url=os.environ["OUR_DATABASE"])')
    refused = tasks("sql", "--dialect", "sqlite")
    assert (refused.code, refused.out) == (1, "")
    assert 'url-env = ["OUR_DATABASE"]` in [tool.calista.roundtrip]' in refused.err

    with (project / "pyproject.toml").open("a") as file:
        file.write('\n[tool.calista.roundtrip]\nurl-env = ["OUR_DATABASE"]\n')

    code, out, err = tasks("sql")
    assert (code, err) == (0, "")
    assert re.findall("^-- (sqlite|postgresql)$", out, re.MULTILINE) == ["sqlite", "postgresql"]


def test_an_env_that_runs_nothing_writes_no_sql(project: Path, tasks: Run) -> None:
    (project / "migrations" / "env.py").write_text(
        "from alembic import context\nif not context.is_offline_mode():\n    context.configure()\n"
    )

    code, out, err = tasks("sql", "--dialect", "sqlite")

    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "error: env.py does not run migrations with --sql"


def test_an_env_that_connects_all_the_same(project: Path, tasks: Run) -> None:
    set_env(
        project,
        'connection = create_engine("sqlite://").connect()\n'
        "context.configure(connection=connection)",
    )

    code, out, err = tasks("sql", "--dialect", "postgresql")

    assert (code, out) == (1, "")
    assert "writes the SQL of sqlite, not of postgresql" in err


def test_the_report_shows_no_sql_of_another_dialect(project: Path, tasks: Run) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace(', "postgresql"', ""))
    env = project / "migrations" / "env.py"
    env.write_text(env.read_text().replace("        url=url,", '        url="postgresql://",'))

    said = tasks("report", "--output", "page.html")

    page = (project / "page.html").read_text()
    assert "not written: env.py writes the SQL of postgresql, not of sqlite" in page, said


ONLINE = """
from alembic import context
from sqlalchemy import create_engine

with create_engine("sqlite:///own.db").connect() as connection:
    context.configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize(
    "words", [["upgrade"], ["downgrade", "base"], ["current"]], ids=lambda words: words[0]
)
@pytest.mark.parametrize("asked", ["sqlite:///asked.db", "postgresql://me:hidden@h/app"])
def test_another_database_is_not_moved(
    project: Path, tasks: Run, words: list[str], asked: str
) -> None:
    (project / "migrations" / "env.py").write_text(ONLINE)
    assert tasks("upgrade", "--url", "sqlite:///own.db").code == 0
    tables = inspect(create_engine("sqlite:///own.db")).get_table_names()

    code, out, err = tasks(*words, "--url", asked)

    assert (code, out) == (1, "")
    error, _ = err.splitlines()[-2:]
    assert error == (
        "error: env.py connects to sqlite:///own.db and not to the database that it was given"
    )
    assert "hidden" not in err
    assert inspect(create_engine("sqlite:///own.db")).get_table_names() == tables
    assert not Path("asked.db").exists()
    assert tasks(*words).code == 0, "without --url it is env.py's own database"
