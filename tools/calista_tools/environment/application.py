"""How does an ``env.py`` find its Flask application, where Flask-Migrate expects to start it?

``flask db`` loads the application and enters its context first; an ``env.py`` of Flask-Migrate takes
its engine from there (``current_app``) and from nowhere else.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.drivers import with_driver
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from sqlalchemy import URL

_WANTED = re.compile(
    r"^\s*from flask import .*\bcurrent_app\b|\bflask\.current_app\b", re.MULTILINE
)


@contextmanager
def application_context(env_source: str, url: URL | None = None) -> Iterator[None]:
    """Enter the context of the Flask application if this source of an ``env.py`` needs one.

    Args:
        env_source: The source of ``env.py``.
        url: The database that Flask-SQLAlchemy is to use; None for the application's own.

    Raises:
        ToolError: There is no application to be found.
    """
    if not _WANTED.search(env_source):
        yield
        return
    app = _load(os.environ.get("FLASK_APP"), Path.cwd())
    with app.app_context():
        if url is None:
            yield
            return
        with _on(app, url):
            yield


@cache
def _load(named: str | None, folder: Path) -> Any:
    """Load the application as ``flask`` does: ``FLASK_APP``, else wsgi.py or app.py here.

    Once for each folder that this process has worked in: an application connects for good.
    """
    from click import ClickException
    from flask.cli import ScriptInfo, load_dotenv

    load_dotenv()
    try:
        return ScriptInfo(app_import_path=named or os.environ.get("FLASK_APP")).load_app()
    except ClickException as error:
        raise ToolError(
            f"env.py needs a Flask application: {' '.join(error.format_message().split())}",
            "set FLASK_APP as for `flask db`, and run this in the same folder",
            exit_code=2,
        ) from error


@contextmanager
def _on(app: Any, url: URL) -> Iterator[None]:
    """Let Flask-SQLAlchemy use this database instead of the application's own."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    text = url.render_as_string(hide_password=False)
    ours = create_engine(with_driver(url), poolclass=NullPool)
    # Read at every use up to Flask-SQLAlchemy 2, and by some env.py.
    with (
        _replaced(app.config, "SQLALCHEMY_DATABASE_URI", text),
        # Made with the application since Flask-SQLAlchemy 3.
        _replaced(getattr(app.extensions.get("sqlalchemy"), "engines", {}), None, ours),
    ):
        try:
            yield
        finally:
            ours.dispose()


@contextmanager
def _replaced(values: MutableMapping[Any, Any], key: str | None, value: object) -> Iterator[None]:
    """Have another value meanwhile, and afterwards what was there; also if that was none."""
    before = dict(values)
    values[key] = value
    try:
        yield
    finally:
        if key in before:
            values[key] = before[key]
        else:
            values.pop(key, None)
