"""What cannot be run is said in one line and a hint, with exit status 2, and no password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calista_tools.roundtrip.roundtrip_cli import main

Write = Callable[..., Path]
TABLE = ('op.create_table("star", sa.Column("id", sa.Integer))', 'op.drop_table("star")')
FILES = {
    "passwords": "root:x:0:0:root:/root:/bin/sh\n",
    "interpolates.ini": "[alembic]\nscript_location = %(nowhere)s/migrations\n",
    "bytes.ini": "[alembic]\nscript_location = \udcff\n",
    "twice.ini": "[alembic]\nscript_location = a\nscript_location = b\n",
    "empty.ini": "",
    "elsewhere.ini": "[alembic]\nscript_location = nowhere\n",
    "package.ini": "[alembic]\nscript_location = no_such_package:migrations\n",
    "broken/pyproject.toml": "[tool.alembic\n",
    "other/pyproject.toml": "[tool.other]\n",
}
SERVER = "postgresql://ada:secret@127.0.0.1:1/postgres"


@pytest.fixture
def folder(project: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and files beside it that are none."""
    ini = project({"a1": TABLE})
    for name, text in FILES.items():
        path = ini.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    monkeypatch.chdir(ini.parent)
    monkeypatch.setenv("CALISTA_TEST_PG_URL", SERVER)
    return ini.parent


@pytest.mark.parametrize(
    "words",
    [
        "--jobs 0",
        "--jobs -3",
        "--url mysql://ada:secret@host/stars",
        "--url nonsense",
        "--url=",
        f"--url {SERVER}",
        "--url postgresql+nodriver://ada:secret@127.0.0.1/stars",
        "--url postgresql://ada:secret@[bad/stars",
        "--url postgresql://ada:secret@127.0.0.1:port/stars",
        "--backend postgresql",
        "--backend postgresql --backend sqlite",
        "--driver=",
        "--url-env=",
        "--url-env A=B",
        "--prepare nope",
        "--prepare no_such_module:make",
        "--prepare os:no_such_name",
        "--config nowhere.ini",
        "--config .",
        *(f"--config {name}" for name in FILES),
        "--from nope",
        "--to nope",
        "--from a1",
        "--from a1 --to base",
        "--to=",
        "--from=",
        "-x novalue",
        "-x =value",
    ],
)
def test_one_line_and_a_hint(words: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    known = [] if "--url" in words.split("=")[0].split() or "--backend" in words else ["--backend"]
    backend = [*known, *(["sqlite"] if known else [])]
    assert main([*backend, *words.split()]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    error, *hint = err.splitlines()
    assert error.startswith("error: ")
    assert len(error) > len("error: ") + 10
    assert [line.startswith("hint: ") for line in hint] in ([], [True])
    assert "secret" not in err
    assert "Traceback" not in err
