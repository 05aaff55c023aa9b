"""A Flask application works on our database meanwhile, and afterwards as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from calista_tools.environment.application import application_context

ENV = "from flask import current_app\n"
APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update({config})
db = SQLAlchemy(app)
"""
OWN = {"SQLALCHEMY_DATABASE_URI": "sqlite:///:memory:"}
BINDS = {"SQLALCHEMY_BINDS": {"other": "sqlite:///:memory:"}}


@pytest.fixture
def named(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write an application with this configuration, as FLASK_APP names it."""
    name = f"calista_test_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(APP.format(config=request.param), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("FLASK_APP", name)
    return name


@pytest.mark.parametrize("named", [OWN, BINDS], indirect=True, ids=["own", "binds"])
@pytest.mark.parametrize("fails", [False, True], ids=["passes", "fails"])
def test_it_is_given_back_as_it_was(named: str, fails: bool, sqlite_url: sa.URL) -> None:
    with application_context(ENV):
        from flask import current_app

        app = current_app._get_current_object()  # type: ignore[attr-defined]
        engines = app.extensions["sqlalchemy"].engines
        before = dict(engines), app.config.get("SQLALCHEMY_DATABASE_URI"), set(app.config)
    assert app.name == named
    for _ in range(2):
        try:
            with application_context(ENV, sqlite_url):
                assert engines[None].url.database == sqlite_url.database
                assert app.config["SQLALCHEMY_DATABASE_URI"] == str(sqlite_url)
                if fails:
                    raise LookupError
        except LookupError:
            assert fails
        assert (dict(engines), app.config.get("SQLALCHEMY_DATABASE_URI"), set(app.config)) == before


@pytest.mark.parametrize("named", [OWN], indirect=True)
def test_another_project_in_the_same_process_has_an_application_of_its_own(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{named}_other"
    (tmp_path / f"{other}.py").write_text(APP.format(config=OWN), encoding="utf-8")
    names = []
    for name in (named, other, named):
        monkeypatch.setenv("FLASK_APP", name)
        with application_context(ENV):
            from flask import current_app

            names.append(current_app.name)
    assert names == [named, other, named]
