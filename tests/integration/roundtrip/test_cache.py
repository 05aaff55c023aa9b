"""What was proven is not proven again, unless something it depends on has changed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from calista_tools.backends import PostgresServer
from calista_tools.backends.account import kept_folder
from calista_tools.environment.roundtrip_settings import Settings
from calista_tools.roundtrip.project.proven_project import Project
from calista_tools.roundtrip.proof.result import Run, Step
from calista_tools.roundtrip.proof.run import Options, prove
from tests.integration.conftest import ENV, write_project
from tests.servers import need_kept_proofs

CREATE = 'op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))'
HISTORY = {
    name: (CREATE.format(name), f'op.drop_table("{name}")') for name in ("one", "two", "three")
}
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{0}"
down_revision = "{1}"


def upgrade():
    op.create_table("{0}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    {2}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def ini(project: Callable[..., Path]) -> Path:
    return project(HISTORY)


def run(ini: Path, backend: str) -> Run:
    return prove(Project(ini), Options(backend=backend))


def cached(found: Run) -> list[bool]:
    return [step.cached for step in found.steps]


def add(ini: Path, name: str, parent: str, downgrade: str) -> None:
    path = ini.parent / "migrations" / "versions" / f"z_{name}.py"
    path.write_text(NEXT.format(name, parent, downgrade), encoding="utf-8")


def test_only_a_new_revision_runs(ini: Path, backend: str) -> None:
    need_kept_proofs(backend)
    assert cached(run(ini, backend)) == [False, False, False]
    add(ini, "four", "three", 'op.drop_table("four")')
    found = run(ini, backend)
    assert cached(found) == [True, True, True, False]
    assert found.proven
    assert cached(run(ini, backend)) == [True, True, True, True]


def test_a_revision_that_failed_is_proven_again_and_those_before_it_are_not(
    ini: Path, backend: str
) -> None:
    need_kept_proofs(backend)
    add(ini, "four", "three", "pass")
    assert cached(run(ini, backend)) == [False, False, False, False]
    found = run(ini, backend)
    assert cached(found) == [True, True, True, False]
    assert found.steps[-1].differences == ["+table four"]


def test_nothing_is_kept_in_a_server_by_url(ini: Path, postgres_scratch: PostgresServer) -> None:
    url = postgres_scratch.url.render_as_string(hide_password=False)
    for _ in range(2):
        found = prove(Project(ini), Options(backend="postgresql", url=url))
        assert found.proven
        assert cached(found) == [False, False, False]


def test_what_another_versions_server_keeps_is_left_to_it(
    ini: Path, postgres_scratch: PostgresServer
) -> None:
    need_kept_proofs("postgresql")
    folder = kept_folder()
    cards = {}
    for home in (postgres_scratch.server_version, "PostgreSQL 12.0"):
        cards[home] = folder / f"{uuid4().hex[:12]}-{uuid4().hex}.json"
        head = {"project": str(ini.parent / "gone.ini"), "home": home}
        cards[home].write_text(f"{json.dumps(head)}\n{{}}", encoding="utf-8")
    assert run(ini, "postgresql").proven
    assert [home for home, card in cards.items() if card.exists()] == ["PostgreSQL 12.0"]
    cards["PostgreSQL 12.0"].unlink()


def test_what_is_edited_during_a_run_was_not_proven_by_it(ini: Path, backend: str) -> None:
    path = ini.parent / "migrations" / "versions" / "one.py"

    def edit(step: Step) -> None:
        if step.revision == "two":
            source = path.read_text(encoding="utf-8")
            path.write_text(source.replace('op.drop_table("one")', "pass"), encoding="utf-8")

    assert prove(Project(ini), Options(backend=backend), edit).proven
    found = run(ini, backend)
    assert [step.revision for step in found.steps if not step.proven] == ["one"]


def test_an_edited_revision_and_those_after_it_are_proven_again(ini: Path, backend: str) -> None:
    run(ini, backend)
    path = ini.parent / "migrations" / "versions" / "two.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert cached(run(ini, backend)) == [False, False, False]


@pytest.mark.parametrize("name", ["migrations/env.py", "alembic.ini"])
def test_what_all_revisions_run_under_is_part_of_the_proof(ini: Path, name: str) -> None:
    run(ini, "sqlite")
    path = ini.parent / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [False, False, False]


def test_no_cache_proves_everything(ini: Path, backend: str) -> None:
    run(ini, backend)
    assert cached(prove(Project(ini), Options(backend=backend, cache=False))) == [False] * 3


DAY = 86_400


def kept(backend: str, url: sa.URL) -> set[str]:
    """Return the names of the databases that are kept, as their cards spell them."""
    if backend == "sqlite":
        return {path.stem for path in kept_folder().glob("*.db")}
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        names = connection.execute(
            sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, 'calista_proven_')")
        ).scalars()
        return {name.removeprefix("calista_proven_").replace("_", "-") for name in names}


def cards(ini: Path) -> set[Path]:
    """Return what says of this project what is kept."""
    return {
        path
        for path in kept_folder().glob("*.json")
        if str(ini) in path.read_text(encoding="utf-8").partition("\n")[0]
    }


@pytest.mark.parametrize("why", ["its project is gone", "nobody came for it"])
def test_what_is_stale_goes_when_another_project_is_proven(
    why: str, backend: str, tmp_path: Path, postgres_server: sa.URL
) -> None:
    need_kept_proofs(backend)
    old, fresh, other = (
        write_project(tmp_path / name, HISTORY) for name in ("old", "fresh", "other")
    )
    for ini in (old, fresh):
        run(ini, backend)
    (card,), (left,) = cards(old), cards(fresh)
    assert {card.stem, left.stem} <= kept(backend, postgres_server)
    if why == "nobody came for it":
        for path, days in ((card, 15), (left, 13)):
            then = time.time() - days * DAY
            os.utime(path, (then, then))
    else:
        old.unlink()
    run(other, backend)
    assert not card.exists()
    assert card.stem not in kept(backend, postgres_server)
    assert left.exists()
    assert left.stem in kept(backend, postgres_server)


def test_three_are_kept_of_a_project(ini: Path, backend: str, postgres_server: sa.URL) -> None:
    need_kept_proofs(backend)
    path = ini.parent / "migrations" / "versions" / "two.py"
    source = path.read_text(encoding="utf-8")
    seen: list[Path] = []
    for number in range(4):
        path.write_text(f"{source}\n# {number}\n", encoding="utf-8")
        assert cached(run(ini, backend)) == [False] * 3
        (new,) = cards(ini) - set(seen)
        seen.append(new)
        # One after the other, whatever the clock of the file system can tell apart.
        os.utime(new, (time.time() - DAY + number, time.time() - DAY + number))
    assert cards(ini) == set(seen[1:])
    there = kept(backend, postgres_server)
    assert [card.stem in there for card in seen] == [False, True, True, True]
    path.write_text(f"{source}\n# 1\n", encoding="utf-8")
    assert cached(run(ini, backend)) == [True] * 3


KIND = 'sa.Column("kind", sa.Enum("a", "b", name="kind"))'
MADE_TWICE = {
    "one": HISTORY["one"],
    "two": (
        f'op.create_table("two", {KIND})',
        'op.drop_table("two")\nop.execute("DROP TYPE kind")',
    ),
    # Passes in one run with the one before it, where the type is remembered.
    "three": (f'op.create_table("three", {KIND})', 'op.drop_table("three")'),
    "four": (CREATE.format("four"), 'op.drop_table("four")'),
}


@pytest.mark.parametrize("prepared", [False, True], ids=["empty", "prepared"])
def test_what_passes_in_one_run_only_does_so_behind_what_was_kept(
    prepared: bool, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    need_kept_proofs("postgresql")
    ini = project(MADE_TWICE)
    (ini.parent / "calista_test_prepared.py").write_text(
        "def make(engine):\n    with engine.begin() as connection:\n"
        "        connection.exec_driver_sql('CREATE TABLE prepared (n INT)')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(ini.parent)
    settings = Settings(prepare="calista_test_prepared:make" if prepared else None)
    found = []
    for _ in range(2):
        run = prove(Project(ini), Options(backend="postgresql", settings=settings))
        found.append([(step.upgrade, step.error, step.notes) for step in run.steps])
    assert cached(run) == [True, True, False, False]
    assert found[0] == found[1]
    assert [upgrade for upgrade, *_ in found[1]] == ["ok", "ok", "error", "ok"]


READER = """
import importlib.util
from pathlib import Path

import sqlalchemy as sa
from alembic import op

FOLDER = Path(__file__).parents[2]
AT_ONCE = (FOLDER / "at_once.sql").read_text()
spec = importlib.util.spec_from_file_location("near", FOLDER / "near.py")
near = importlib.util.module_from_spec(spec)
spec.loader.exec_module(near)

revision = "reader"
down_revision = "one"


def upgrade():
    op.execute(AT_ONCE)
    with open(FOLDER / "later.sql") as file:
        op.execute(file.read())
    if (FOLDER / "maybe.sql").exists() or not near.skip:
        op.execute((FOLDER / "maybe.sql").read_text())
    try:
        op.execute((FOLDER / "missing.sql").read_text())
    except FileNotFoundError:
        pass


def downgrade():
    op.drop_table("at_once")
    op.drop_table("later")
"""
FILES = {
    "at_once.sql": "CREATE TABLE at_once (n INT)",
    "later.sql": "CREATE TABLE later (n INT)",
    "near.py": "import sys\nfrom pathlib import Path\n"
    "sys.path.insert(0, str(Path(__file__).parent))\nimport deep_below_near\nskip = True\n",
    "deep_below_near.py": "word = 1\n",
    "env_reads.txt": "quiet",
}


@pytest.mark.parametrize("name", [*FILES, "missing.sql"])
def test_any_file_that_a_run_has_read_is_part_of_the_proof(
    project: Callable[..., Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "deep_below_near", raising=False)
    reads = "from pathlib import Path\n(Path(__file__).parents[1] / 'env_reads.txt').read_text()\n"
    ini = project({"one": HISTORY["one"]}, env=reads + ENV)
    for file, text in FILES.items():
        (ini.parent / file).write_text(text, encoding="utf-8")
    versions = ini.parent / "migrations" / "versions"
    (versions / "reader.py").write_text(READER, encoding="utf-8")
    ini.write_text(
        "[alembic]\nscript_location = %(here)s/migrations\n"
        "path_separator = space\n"
        "version_locations = %(here)s/migrations/../migrations/versions %(here)s/migrations/more\n",
        encoding="utf-8",
    )
    (ini.parent / "migrations" / "more").mkdir()
    assert cached(run(ini, "sqlite")) == [False, False]
    (ini.parent / "never_read.sql").write_text("", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [True, True]
    # What the prefix has read is remembered by the card of the longer one.
    add(ini, "four", "reader", 'op.drop_table("four")')
    assert cached(run(ini, "sqlite")) == [True, True, False]
    assert cached(run(ini, "sqlite")) == [True, True, True]
    with (ini.parent / name).open("a", encoding="utf-8") as changed:
        changed.write("\n")
    assert cached(run(ini, "sqlite"))[1:] == [False, False]


LISTS = {
    "glob": 'files = Path(__file__).parents[2].glob("sql/*.sql")',
    "recursive glob": 'files = Path(__file__).parents[2].rglob("*.sql")',
    "listdir": 'folder = str(Path(__file__).parents[2] / "sql")\n'
    "files = [Path(folder, name) for name in os.listdir(folder)]",
    "beside it": 'files = Path(__file__).parent.glob("*.sql")',
}


@pytest.mark.parametrize("way", LISTS)
def test_a_file_that_is_added_to_what_a_revision_takes_is_part_of_the_proof(
    way: str, project: Callable[..., Path]
) -> None:
    code = f"import os\nfrom pathlib import Path\n{LISTS[way]}\n"
    run_all = "for file in sorted(files):\n    op.execute(file.read_text())"
    ini = project({"one": (code + run_all, 'op.drop_table("a")'), "two": HISTORY["two"]})
    versions = ini.parent / "migrations" / "versions"
    folder = versions if way == "beside it" else ini.parent / "sql"
    folder.mkdir(exist_ok=True)
    (folder / "a.sql").write_text("CREATE TABLE a (n INT)", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [False, False]
    assert cached(run(ini, "sqlite")) == [True, True]
    # Revisions come and go beside others, which are not proven again for that.
    add(ini, "four", "two", 'op.drop_table("four")')
    assert cached(run(ini, "sqlite")) == [True, True, False]
    assert cached(run(ini, "sqlite")) == [True, True, True]
    (folder / "b.sql").write_text("CREATE TABLE b (n INT)", encoding="utf-8")
    found = run(ini, "sqlite")
    assert cached(found) == [False, False, False]
    assert found.steps[0].differences == ["+table b"]


@pytest.mark.parametrize("file", ["calista_test_extra.py", "calista_test_extra/__init__.py"])
def test_a_module_that_a_revision_did_without_is_part_of_the_proof(
    file: str, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
    try:
        import calista_test_extra
    except ImportError:
        op.create_table("plain", sa.Column("n", sa.Integer))
    """
    ini = project({"one": (code, 'op.execute("DROP TABLE IF EXISTS plain")')})
    monkeypatch.chdir(ini.parent)
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert cached(run(ini, "sqlite")) == [False]
    assert cached(run(ini, "sqlite")) == [True]
    (ini.parent / file).parent.mkdir(exist_ok=True)
    (ini.parent / file).write_text("", encoding="utf-8")
    found = run(ini, "sqlite")
    del sys.modules["calista_test_extra"]
    assert cached(found) == [False]
    assert found.head is not None
    assert "plain" not in found.head


def test_models_that_only_env_imports_do_not_make_proofs_void(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "models_of_env", raising=False)
    ini = project(
        HISTORY,
        env="import sys\nfrom pathlib import Path\n"
        "sys.path.insert(0, str(Path(__file__).parents[1]))\nimport models_of_env\n" + ENV,
    )
    models = ini.parent / "models_of_env.py"
    models.write_text("one = 1\n", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [False] * 3
    models.write_text("one = 1\ntwo = 2\n", encoding="utf-8")
    assert cached(run(ini, "sqlite")) == [True] * 3


def test_a_value_in_the_head_of_the_file_is_kept_with_it(project: Callable[..., Path]) -> None:
    value = 'op.execute("PRAGMA user_version = {}")'
    ini = project({"one": (value.format(5), value.format(0)), "two": HISTORY["two"]})
    assert run(ini, "sqlite").proven
    found = run(ini, "sqlite")
    assert cached(found) == [True, True]
    assert found.head is not None
    assert "pragma user_version" in found.head
