"""The round-trip's env.py finds what ``alembic upgrade heads`` would have put into ``cmd_opts``."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista_tools.roundtrip.roundtrip_cli import main
from tests.integration.conftest import ENV, write_project

#: As projects ask which command it is, and how much is to be said.
ASKING = """
from alembic import context
options = context.config.cmd_opts
assert options.cmd[0].__name__ == "upgrade"
assert not options.sql and not options.quiet and options.tag is None and options.name == "alembic"
assert options.x[0] == "mine=1" and len(options.x) == 2
"""


def test_what_env_py_finds_in_its_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = ('op.execute("CREATE TABLE a (x int)")', 'op.drop_table("a")')
    ini = write_project(tmp_path, {"one": steps}, env=ASKING + ENV)
    code = main(["--config", str(ini), "-x", "mine=1", "--backend", "sqlite", "--no-cache"])
    assert code == 0, capsys.readouterr()
