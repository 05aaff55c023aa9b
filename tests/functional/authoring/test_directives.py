"""``--autogenerate`` does what ``alembic revision`` does with env.py's hooks, and nothing for nothing."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from calista_tools.history import Revision, read_history
from tests.functional.authoring.conftest import Run, Said
from tests.libraries import since_alembic

#: As Alembic's cookbook writes them, or as projects do that number their revisions.
COOKBOOK = """
    if config.cmd_opts.autogenerate:
        script = directives[0]
        if script.upgrade_ops.is_empty():
            directives[:] = []
"""
FLASK = """
    if getattr(config.cmd_opts, "autogenerate", False):
        script = directives[0]
        if script.upgrade_ops.is_empty():
            directives[:] = []
            print("No changes in schema detected.", file=sys.stderr)
"""
SEQUENTIAL = """
    script = directives[0]
    head = ScriptDirectory.from_config(config).get_current_head()
    script.rev_id = f"{int(head) + 1 if head and head.isdecimal() and len(head) == 4 else 1:04}"
"""
EVERYTHING = """
    script = directives[0]
    script.rev_id = "chosen"
    script.message = "what the hook says"
    script.head = "HEAD"
    script.splice = True
    script.branch_label = "side"
    script.depends_on = "TIP"
"""
SPLIT = """
    script = directives[0]
    directives[:] = [
        MigrationScript(
            "aa1", ops.UpgradeOps(script.upgrade_ops.ops), ops.DowngradeOps([]), message="expand it",
            head=script.head,
        ),
        MigrationScript(
            "aa2", ops.UpgradeOps([ops.ExecuteSQLOp("SELECT 1")]), ops.DowngradeOps([]),
            message="contract it", head="aa1",
        ),
    ]
"""
EXTRA = '\nsa.Table("extra", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'


@pytest.fixture
def url(project: Path, tasks: Run) -> str:
    """Return a database at the head."""
    found = f"sqlite:///{project / 'dev.db'}"
    assert tasks("upgrade", "--url", found).code == 0
    return found


@pytest.fixture
def versions(project: Path) -> Path:
    return project / "migrations" / "versions"


def hook(project: Path, body: str) -> None:
    env = project / "migrations" / "env.py"
    text = env.read_text()
    before, imports, after = text.partition("from alembic import context\n")
    assert imports
    made = (
        "import sys\n"
        "from alembic.operations import ops\n"
        "from alembic.operations.ops import MigrationScript\n"
        "from alembic.script import ScriptDirectory\n"
        f"def process(context, revision, directives):{body.rstrip()}\n"
    )
    after = after.replace(
        "        compare_type=True,",
        "        process_revision_directives=process, compare_type=True,",
    )
    env.write_text(f"{before}{imports}{made}{after}")


def differ(project: Path) -> None:
    with (project / "migrations" / "tables.py").open("a") as models:
        models.write(EXTRA)


def files(versions: Path) -> set[str]:
    return {path.name for path in versions.glob("*.py")}


def newest(versions: Path) -> Revision:
    history = read_history(versions)
    (head,) = history.heads
    return history.revisions[head]


def generate(tasks: Run, url: str, *more: str) -> Said:
    return tasks("revision", "-m", "a step", "--autogenerate", "--url", url, *more)


@pytest.mark.parametrize("body", [None, COOKBOOK, FLASK, "\n    directives[:] = []"])
def test_nothing_differs_and_nothing_is_written(
    project: Path, versions: Path, url: str, tasks: Run, body: str | None
) -> None:
    if body is not None:
        hook(project, body)
    before = files(versions)
    code, out, err = generate(tasks, url)
    assert (code, out) == (0, "")
    assert err.splitlines()[-1].startswith("nothing to do: ")
    assert files(versions) == before


def test_an_empty_file_on_purpose(project: Path, versions: Path, url: str, tasks: Run) -> None:
    code, out, _ = generate(tasks, url, "--allow-empty")
    assert code == 0
    text = Path(out.removesuffix("\n")).read_text()
    assert "def upgrade" in text
    assert "def downgrade" in text
    assert generate(tasks, url).code == 1  # now the database is behind
    assert tasks("upgrade", "--url", url).code == 0
    assert generate(tasks, url).out == ""


@pytest.mark.parametrize("body", [COOKBOOK, FLASK])
def test_what_differs_is_written_with_such_a_hook(
    project: Path, versions: Path, url: str, tasks: Run, body: str
) -> None:
    hook(project, body)
    differ(project)
    code, out, err = generate(tasks, url)
    assert code == 0, err
    assert '"extra"' in Path(out.strip()).read_text()


def test_emptied_by_the_hook_though_something_differs(
    project: Path, versions: Path, url: str, tasks: Run
) -> None:
    hook(project, "\n    directives[:] = []")
    differ(project)
    before = files(versions)
    code, out, err = generate(tasks, url, "--allow-empty")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == (
        "nothing to do: env.py's process_revision_directives leaves nothing to write"
    )
    assert files(versions) == before


def test_ids_that_count(project: Path, versions: Path, url: str, tasks: Run) -> None:
    hook(project, SEQUENTIAL)
    for number in (1, 2, 3):
        with (project / "migrations" / "tables.py").open("a") as models:
            models.write(EXTRA.replace("extra", f"extra_{number}"))
        code, out, err = generate(tasks, url)
        assert code == 0, err
        found = newest(versions)
        assert found.revision == f"{number:04}"
        assert found.path == Path(out.strip())
        assert f"Revision ID: {number:04}\n" in out or f"Revision ID: {number:04}" in found.doc
        assert tasks("upgrade", "--url", url).code == 0


def test_whatever_else_a_hook_sets(project: Path, versions: Path, url: str, tasks: Run) -> None:
    history = read_history(versions)
    (tip,) = history.heads
    (below,) = history.revisions[tip].down_revisions
    hook(project, EVERYTHING.replace("HEAD", below).replace("TIP", tip))
    differ(project)
    code, out, err = generate(tasks, url)
    assert code == 0, err
    found = read_history(versions).revisions["chosen"]
    assert found.path.name.endswith("_what_the_hook_says.py")
    assert found.summary == "what the hook says"
    assert found.down_revisions == (below,)
    assert found.branch_labels == ("side",)
    assert found.depends_on == (tip,)
    assert out.strip() == str(found.path)


def test_operations_that_a_hook_adds(project: Path, url: str, tasks: Run) -> None:
    hook(project, "\n    directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp('SELECT 42'))")
    code, out, err = generate(tasks, url)
    assert code == 0, err
    assert 'op.execute("SELECT 42")' in Path(out.strip()).read_text()


def test_two_revisions_of_one_call(project: Path, versions: Path, url: str, tasks: Run) -> None:
    hook(project, SPLIT)
    differ(project)
    code, out, err = generate(tasks, url)
    assert code == 0, err
    first, second = map(Path, out.splitlines())
    assert '"extra"' in first.read_text()
    assert "SELECT 1" in second.read_text()
    history = read_history(versions)
    assert history.heads == ("aa2",)
    assert history.revisions["aa2"].down_revisions == ("aa1",)
    assert first.name < second.name


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (SPLIT.replace('head="aa1"', 'head="nowhere"'), "Can't locate revision .* 'nowhere'"),
        (SPLIT.replace('"aa2"', '"aa1"'), "names the new revision 'aa1', which is"),
        (SPLIT.replace('"aa2"', '"a-2"'), r"a-2|[Cc]haracter"),
        (SPLIT.replace('"contract it"', '"..."'), "no letter or digit"),
        ("\n    directives[0].rev_id = 'TIP'", "names the new revision"),
        ("\n    directives[0].version_path = '/nowhere'", "/nowhere is not represented"),
        ("\n    directives[0].depends_on = 'nowhere'", "Can't locate revision"),
        ("\n    directives[0].head = 'BELOW'", "is not a head revision"),
        ("\n    raise RuntimeError('the hook is broken')", "RuntimeError: the hook is broken"),
        ("\n    context.nothing", "AttributeError"),
    ],
)
def test_what_alembic_refuses_is_one_line_and_no_file(
    project: Path, versions: Path, url: str, tasks: Run, body: str, said: str
) -> None:
    (tip,) = read_history(versions).heads
    (below,) = read_history(versions).revisions[tip].down_revisions
    hook(project, body.replace("TIP", tip).replace("BELOW", below))
    differ(project)
    before = files(versions)
    code, out, err = generate(tasks, url)
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert re.search(f"^error: .*(?:{said}).*$", err, re.MULTILINE), err
    assert files(versions) == before


def test_several_heads_are_told_as_without_autogenerate(
    project: Path, versions: Path, url: str, tasks: Run, alembic_: Run
) -> None:
    (tip,) = read_history(versions).heads
    (below,) = read_history(versions).revisions[tip].down_revisions
    assert alembic_("revision", "-m", "aside", "--splice", "--head", below).code == 0
    assert tasks("upgrade", "heads", "--url", url).code == 0
    differ(project)
    code, out, err = generate(tasks, url)
    assert (code, out) == (1, "")
    assert "error: the history has 2 heads: " in err
    code, out, err = generate(tasks, url, "--head", tip)
    assert code == 0, err
    assert tip in Path(out.strip()).read_text()
    # A hook may choose where nobody has.
    assert tasks("upgrade", "heads", "--url", url).code == 0
    hook(project, f"\n    directives[0].head = {newest_of(versions, tip)!r}")
    with (project / "migrations" / "tables.py").open("a") as models:
        models.write(EXTRA.replace("extra", "more"))
    code, out, err = generate(tasks, url)
    assert code == 0, err


def newest_of(versions: Path, below: str) -> str:
    history = read_history(versions)
    (child,) = history.children[below]
    return child


def test_the_options_are_those_of_the_alembic_program(
    project: Path, url: str, tasks: Run, alembic_: Run
) -> None:
    seen = project / "seen"
    env = project / "migrations" / "env.py"
    note = (
        "\nwith open(SEEN, 'a') as file:\n"
        "    options = {k: v for k, v in vars(config.cmd_opts).items() if k != 'config'}\n"
        "    options['cmd'] = options['cmd'][0].__name__\n"
        "    print(sorted(options.items()), file=file)\n"
    )
    env.write_text(env.read_text() + note.replace("SEEN", repr(str(seen))))
    head = read_history(project / "migrations" / "versions").heads[0]
    message = "-m is --it"
    assert tasks("revision", f"--message={message}", "-a", "--head", head, "--url", url).code == 0
    assert tasks("current", "--url", url).code == 0
    assert tasks("upgrade", "head", "--url", url).code == 0
    assert tasks("sql", "--dialect", "sqlite").code == 0
    arguments = ["revision", f"--message={message}", "--autogenerate", "--head", head]
    assert alembic_("-x", f"url={url}", *arguments).code == 0
    assert alembic_("-x", f"url={url}", "upgrade", "head").code == 0
    assert alembic_("-x", f"url={url}", "current").code == 0
    lines = seen.read_text().splitlines()
    ours = {re.search(r"'cmd', '(\w+)'", line)[1]: line for line in lines[:3]}  # type: ignore[index]
    theirs = {re.search(r"'cmd', '(\w+)'", line)[1]: line for line in lines[4:]}  # type: ignore[index]
    assert ours == theirs
    assert "'sql', True" in lines[3]


@pytest.mark.parametrize(
    "where",
    [
        "alembic.ini",
        pytest.param("tool.alembic", marks=since_alembic(1, 16, "reads pyproject.toml")),
    ],
)
def test_revision_environment_runs_the_hook_always(
    project: Path, versions: Path, url: str, tasks: Run, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALISTA_DB_URL", url)
    hook(project, SEQUENTIAL)
    if where == "alembic.ini":
        ini = project / "alembic.ini"
        ini.write_text(
            ini.read_text().replace("[alembic]\n", "[alembic]\nrevision_environment = true\n")
        )
    else:
        with (project / "pyproject.toml").open("a") as file:
            file.write("\n[tool.alembic]\nrevision_environment = true\n")
    code, out, err = tasks("revision", "-m", "one", "-k", "data")
    assert code == 0, err
    assert newest(versions).revision == "0001"
    assert "BATCH = 1000" in Path(out.strip()).read_text()
    assert tasks("revision", "-m", "two").code == 0
    assert newest(versions).revision == "0002"


def test_a_folder_of_the_hooks_choice(project: Path, versions: Path, url: str, tasks: Run) -> None:
    ini = project / "alembic.ini"
    (project / "later").mkdir()
    ini.write_text(
        ini.read_text().replace(
            "[alembic]\n",
            # Its name below Alembic 1.16, which does not read the other.
            "[alembic]\nversion_path_separator = :\nversion_locations = %(here)s/migrations/versions:%(here)s/later\n",
        )
    )
    hook(project, f"\n    directives[0].version_path = {str(project / 'later')!r}")
    differ(project)
    code, out, err = generate(tasks, url)
    assert code == 0, err
    assert Path(out.strip()).parent == project / "later"


def test_several_databases_are_refused_in_one_line(
    project: Path, versions: Path, tasks: Run
) -> None:
    package = find_spec("alembic")
    assert package is not None
    assert package.origin is not None
    multidb = Path(package.origin).parent / "templates" / "multidb" / "env.py"
    (project / "migrations" / "env.py").write_text(multidb.read_text())
    before = files(versions)
    for more in ([], ["--url", "sqlite:///dev.db"]):
        code, out, err = tasks("revision", "-m", "x", "-a", *more)
        assert (code, out) == (1, "")
        assert "is written for several databases" in err.splitlines()[0]
    assert files(versions) == before


def test_a_renamed_template_argument_is_for_several_databases(
    project: Path, versions: Path, url: str, tasks: Run
) -> None:
    env = project / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            "compare_type=True,", 'compare_type=True, upgrade_token="engine1_upgrades",'
        )
    )
    before = files(versions)
    code, out, err = generate(tasks, url)
    assert (code, out) == (1, "")
    assert "is written for several databases" in err
    assert files(versions) == before


def test_plain_alembic_goes_the_same_ways(
    project: Path, versions: Path, url: str, alembic_: Run
) -> None:
    hook(project, SEQUENTIAL)
    differ(project)
    done = alembic_("-x", f"url={url}", "revision", "-m", "a step", "--autogenerate")
    assert done.code == 0, done.err
    assert newest(versions).revision == "0001"
