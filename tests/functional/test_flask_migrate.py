"""Flask-Migrate's projects work as they are: `env.py` finds its application and our database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

APP = """
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Star(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40))


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{Path(__file__).with_name('own.db')}"
    db.init_app(app)
    Migrate(app, db)
    return app
"""
FIRST = '''"""create star"""
import sqlalchemy as sa
from alembic import op
from flask import current_app

# Some take what they import from an application that has begun.
assert current_app.name == "site_of_stars"
revision = "a1"
down_revision = None


def upgrade():
    op.create_table("star", sa.Column("id", sa.Integer, nullable=False, primary_key=True))


def downgrade():
    op.drop_table("star")
'''
PYPROJECT = """
[tool.calista]
alembic-ini = "migrations/alembic.ini"
dialects = ["sqlite", "postgresql"]
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write an application with Flask-Migrate's own env.py and alembic.ini."""
    package = find_spec("flask_migrate")
    assert package is not None
    assert package.origin is not None
    templates = Path(package.origin).parent / "templates" / "flask"
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for name in ("env.py", "alembic.ini.mako"):
        text = (templates / name).read_text(encoding="utf-8")
        (tmp_path / "migrations" / name.removesuffix(".mako")).write_text(text, encoding="utf-8")
    (versions / "a1.py").write_text(FIRST, encoding="utf-8")
    (tmp_path / "site_of_stars.py").write_text(APP, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(site: Path) -> Run:
    """Run a program in the application's folder, as a process of its own."""

    def run(
        program: str, *words: str, app: str = "site_of_stars"
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).with_name(program), *words],
            cwd=site,
            env=os.environ | {"FLASK_APP": app},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_roundtrip_leaves_the_applications_database_alone(
    site: Path, run: Run, backend: str
) -> None:
    done = run(
        "calista-roundtrip",
        *("--config", "migrations/alembic.ini", "--backend", backend),
        *("--no-cache", "--output-format", "json"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["backend"] == backend
    assert [step["revision"] for step in found["steps"]] == ["a1"]
    assert found["summary"]["proven"] == 1
    # The metadata is the application's: its column is in no revision.
    assert ["name" in str(difference) for difference in found["drift"]] == [True]
    assert not (site / "own.db").exists()


def test_without_an_application_it_says_what_flask_says(run: Run) -> None:
    done = run("calista-roundtrip", "--config", "migrations/alembic.ini", app="nowhere")
    assert done.returncode == 2
    assert "error: env.py needs a Flask application: Could not import 'nowhere'" in done.stderr
    assert "hint: set FLASK_APP" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tasks_work_on_the_applications_database(site: Path, run: Run) -> None:
    program = "calista-migrations"
    assert run(program, "upgrade").returncode == 0
    tables = sa.inspect(sa.create_engine(f"sqlite:///{site / 'own.db'}")).get_table_names()
    assert sorted(tables) == ["alembic_version", "star"]
    made = run(program, "revision", "-m", "name the stars", "--autogenerate")
    assert made.returncode == 0, made.stderr
    assert 'sa.Column("name", sa.String(length=40)' in Path(site, made.stdout.strip()).read_text()
    assert run(program, "upgrade").returncode == 0
    again = run(program, "revision", "-m", "nothing", "--autogenerate")
    assert (again.returncode, again.stdout) == (0, ""), again.stderr
    assert "nothing to do: " in again.stderr
    assert len(list((site / "migrations" / "versions").glob("*.py"))) == 2
    other = f"sqlite:///{site / 'other.db'}"
    assert run(program, "upgrade", "a1", "--url", other).returncode == 0
    assert "star" in sa.inspect(sa.create_engine(other)).get_table_names()


@pytest.mark.parametrize(("dialect", "words"), [("sqlite", "INTEGER"), ("postgresql", "SERIAL")])
def test_the_sql_is_that_of_the_dialect_asked_for(run: Run, dialect: str, words: str) -> None:
    done = run("calista-migrations", "sql", "--dialect", dialect)
    assert done.returncode == 0, done.stderr
    assert f"id {words} NOT NULL" in done.stdout
