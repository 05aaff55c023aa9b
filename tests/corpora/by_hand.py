"""Run Alembic's commands as they stand in a report; started with the project's own Python.

    python by_hand.py --config INI --url URL

Reads ``upgrade REVISION`` and ``downgrade REVISION`` from its input, a line each, and answers with a
line of JSON: the error's type and words, or null. Nothing but Alembic is imported; where FLASK_APP
names an application, commands run in its context as those of ``flask db`` do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    """Answer line by line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--url", required=True)
    arguments = parser.parse_args()
    # What env.py and revisions print goes elsewhere: answers alone are read.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with application(arguments.url) if "FLASK_APP" in os.environ else nullcontext():
        _answer(arguments, answers)


def _answer(arguments: argparse.Namespace, answers: TextIO) -> None:
    from alembic import command

    for line in sys.stdin:
        verb, target = line.split()
        error = None
        try:
            getattr(command, verb)(config(arguments.config, arguments.url), target)
        except (Exception, SystemExit) as raised:
            error = [type(raised).__name__, " ".join(str(raised).split())]
        print(json.dumps(error), file=answers, flush=True)


@contextmanager
def application(url: str) -> Iterator[None]:
    """Stand in the Flask application, as it is when its settings name this database."""
    from flask.cli import ScriptInfo
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    app = ScriptInfo(app_import_path=os.environ["FLASK_APP"]).load_app()
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    with app.app_context():
        app.extensions["migrate"].db.engines[None] = create_engine(url, poolclass=NullPool)
        yield


def config(ini: Path, url: str):  # type: ignore[no-untyped-def]  # Alembic is the project's
    """Return a new configuration, as each start of Alembic reads it."""
    from alembic.config import Config

    found = Config(str(ini), cmd_opts=argparse.Namespace(x=[f"url={url}"]), stdout=sys.stderr)
    location = found.get_main_option("script_location") or "."
    if ":" not in location:
        # It is written for somebody who stands beside alembic.ini; we stand in a scratch folder.
        location = str(ini.parent / location)
        found.set_main_option("script_location", location.replace("%", "%%"))
    found.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return found


if __name__ == "__main__":
    main()
