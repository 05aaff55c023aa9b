"""A round trip that is interrupted leaves nothing: no database, no file, no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.integration.conftest import write_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

CREATE = ('op.create_table("star", sa.Column("id", sa.Integer))', 'op.drop_table("star")')
ADD = ('op.add_column("star", sa.Column("n", sa.Integer))', 'op.drop_column("star", "n")')
#: Says where it is and waits for the signal; the file's name is the process's id.
WAIT = """
import os, pathlib, signal
folder = pathlib.Path(os.environ["WAITING"])
(folder / str(os.getpid())).touch()
signal.pause()
"""
ONE = ["--backend", "postgresql"]
BOTH = ["--backend", "sqlite", "--backend", "postgresql"]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    for name in ("waiting", "temporary"):
        (tmp_path / name).mkdir()
    return write_project(tmp_path / "project", {"r1": CREATE, "r2": ADD})


@pytest.fixture
def start(ini: Path, tmp_path: Path, postgres_server: sa.URL) -> Iterator[Start]:
    """Start the command in a process group of its own, on the tests' server."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, own_server: bool = False) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-m",
            "calista_tools.roundtrip.roundtrip_cli",
            "--config",
            str(ini),
        ]
        folders = {"WAITING": tmp_path / "waiting", "TMPDIR": tmp_path / "temporary"}
        server = (
            {}
            if own_server
            else {
                "CALISTA_TEST_PG_URL": named(postgres_server, tmp_path),
                "CALISTA_PG_FOLDER": str(tmp_path / "kept" / "pg"),
            }
        )
        process = subprocess.Popen(
            [*command, "--output-format", "json", *words],
            cwd=ini.parent,
            env=os.environ | {name: str(path) for name, path in folders.items()} | server,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def named(url: sa.URL, folder: Path) -> str:
    """Return the server's URL, in which sessions are known by the test's folder."""
    mine = url.update_query_dict({"application_name": str(folder)[-60:]})
    return mine.render_as_string(hide_password=False)


@contextmanager
def connected(url: sa.URL) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


OURS = "SELECT datname FROM pg_stat_activity WHERE application_name = :mine"
LIKE = "SELECT datname FROM pg_database WHERE datname LIKE :pattern"


def databases(connection: sa.Connection, folder: Path) -> set[str]:
    """Return the beginnings of the names of databases that the test's command is connected to."""
    found = connection.execute(sa.text(OURS), {"mine": str(folder)[-60:]}).scalars()
    return {name.rpartition("_")[0] for name in found if name.startswith("calista_scratch_")}


def left(connection: sa.Connection, begins: set[str]) -> list[str]:
    """Return which databases are still there."""
    return [
        name
        for begin in begins
        for name in connection.execute(sa.text(LIKE), {"pattern": f"{begin}%"}).scalars()
    ]


def write(ini: Path, revision: str, upgrade: str) -> None:
    """Give a revision another upgrade."""
    path = ini.parent / "migrations" / "versions" / f"{revision}.py"
    head, _, tail = path.read_text(encoding="utf-8").partition("def upgrade():")
    body = "\n".join(f"    {line}" for line in upgrade.strip().splitlines())
    down = tail[tail.index("def downgrade") :]
    path.write_text(f"{head}def upgrade():\n{body}\n\n\n{down}", encoding="utf-8")


def wait_for(folder: Path, count: int, process: subprocess.Popen[str]) -> list[int]:
    """Return the ids of so many processes that wait."""
    while len(list(folder.iterdir())) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    return [int(path.name) for path in folder.iterdir()]


def gone(pid: int) -> bool:
    """Tell whether a process ended; one that nobody has asked about yet has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("words", [ONE, BOTH], ids=["one", "both"])
@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["ctrl-c", "sigterm", "hangup"]
)
def test_nothing_is_left(
    words: list[str],
    number: signal.Signals,
    ini: Path,
    start: Start,
    tmp_path: Path,
    postgres_server: sa.URL,
) -> None:
    with connected(postgres_server) as connection:
        write(ini, "r2", WAIT)
        process = start("--no-cache", *words)
        waiting = wait_for(tmp_path / "waiting", len(words) // 2, process)
        made = databases(connection, tmp_path)
        assert left(connection, made)
        if number == signal.SIGTERM:
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)  # as a terminal does
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert err == "error: interrupted; scratch databases are removed\n"
        assert left(connection, made) == []
        assert databases(connection, tmp_path) == set()
    assert list((tmp_path / "temporary").iterdir()) == []
    assert all(gone(pid) for pid in waiting)


def test_what_was_proven_before_stays_proven(ini: Path, start: Start, tmp_path: Path) -> None:
    # On SQLite: in a server that is not ours nothing is kept.
    words = ["--backend", "sqlite"]
    out, err = start(*words, "--to", "r1").communicate()
    assert json.loads(out)["summary"]["proven"] == 1, err
    good = (ini.parent / "migrations" / "versions" / "r2.py").read_text(encoding="utf-8")
    write(ini, "r2", WAIT)
    process = start(*words)
    wait_for(tmp_path / "waiting", 1, process)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    (ini.parent / "migrations" / "versions" / "r2.py").write_text(good, encoding="utf-8")
    out, err = start(*words).communicate()
    assert [step["cached"] for step in json.loads(out)["steps"]] == [True, False], err


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_what_an_interrupted_run_has_proven_is_not_proven_again(
    number: signal.Signals,
    jobs: str,
    ini: Path,
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # In the server that commands of ours share: in others nothing is kept.
    monkeypatch.delenv("CALISTA_TEST_PG_URL", raising=False)
    words = [*BOTH, "--jobs", jobs]
    good = (ini.parent / "migrations" / "versions" / "r2.py").read_text(encoding="utf-8")
    write(ini, "r2", WAIT)
    process = start(*words, own_server=True)
    # One after the other, the second backend is not begun.
    begun = int(jobs)
    wait_for(tmp_path / "waiting", begun, process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    (ini.parent / "migrations" / "versions" / "r2.py").write_text(good, encoding="utf-8")
    out, err = start(*words, own_server=True).communicate()
    cached = [[step["cached"] for step in run["steps"]] for run in json.loads(out)]
    assert cached == [[True, False], [begun == 2, False]], err


def test_other_databases_of_the_server_are_left_alone(
    start: Start, postgres_server: sa.URL, tmp_path: Path
) -> None:
    name = f"calista_theirs_{os.getpid()}"
    with connected(postgres_server) as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        try:
            with connected(postgres_server.set(database=name)) as theirs:
                theirs.execute(sa.text("CREATE TABLE star (id integer)"))
                url = named(postgres_server.set(database=name), tmp_path)
                process = start("--url", url)
                out, err = process.communicate()
                assert process.returncode == 0, err
                assert json.loads(out)["summary"]["proven"] == 2, err
                tables = theirs.execute(
                    sa.text(
                        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                    )
                )
                assert tables.scalars().all() == ["star"]
        finally:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


SWALLOW = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
except BaseException:
    pass
"""


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_revision_that_catches_everything_does_not_keep_it_to_itself(
    backend: str, ini: Path, start: Start
) -> None:
    write(ini, "r1", SWALLOW)
    out, err = (process := start("--backend", backend, "--no-cache")).communicate(timeout=60)
    assert (process.returncode, out, err) == (
        130,
        "",
        "error: interrupted; scratch databases are removed\n",
    )
