"""What ``--autogenerate`` writes runs when it is read again, or it is refused and the type named."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.functional.authoring.conftest import Run, Said

#: Modules of types: the project's, and laid out as those that people install.
MODULE = """
import enum
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


class GUID(sa.types.TypeDecorator):
    impl = sa.String
    cache_ok = True


class Text(sa.types.TypeDecorator):
    '''Not SQLAlchemy's.'''

    impl = sa.Text
    cache_ok = True


class Vector(sa.types.UserDefinedType):
    cache_ok = True

    def __init__(self, dim=None):
        self.dim = dim

    def get_col_spec(self, **_):
        return "TEXT"


class Wrapped(sa.types.UserDefinedType):
    cache_ok = True

    def __init__(self, inner=None):
        self.inner = inner or sa.Text()

    def get_col_spec(self, **_):
        return "TEXT"

    def __repr__(self):
        return f"Wrapped({self.inner!r})"


class Stubborn(sa.types.TypeDecorator):
    impl = sa.String
    cache_ok = True

    def __init__(self):
        super().__init__(length=20)


class Unspeakable(sa.types.UserDefinedType):
    def get_col_spec(self, **_):
        return "TEXT"

    def __repr__(self):
        return "<something>"


class Outer:
    class Inner(sa.types.UserDefinedType):
        def get_col_spec(self, **_):
            return "TEXT"


def local():
    class Local(sa.types.UserDefinedType):
        def get_col_spec(self, **_):
            return "TEXT"

    return Local()


class Kind(enum.Enum):
    A = "a"
    B = "b"
"""
numbers = itertools.count()


class Site:
    """A project whose models take their types from a module."""

    def __init__(self, project: Path, tasks: Run, module: str) -> None:
        self.project, self.tasks, self.module = project, tasks, module
        self.url = f"sqlite:///{project / 'dev.db'}"
        path = project.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MODULE)
        for folder in path.parents:
            if folder == project:
                break
            (folder / "__init__.py").touch()

    def model(self, type_: str) -> None:
        with (self.project / "migrations" / "tables.py").open("a") as models:
            models.write(
                f"\nimport {self.module} as own\nfrom sqlalchemy.dialects import postgresql, sqlite\n"
                'sa.Table("extra", metadata, sa.Column("id", sa.Integer, primary_key=True),'
                f' sa.Column("more", {type_}))\n'
            )

    def configure(self, option: str, before: str = "") -> None:
        env = self.project / "migrations" / "env.py"
        text = env.read_text().replace("compare_type=True,", f"compare_type=True, {option},")
        env.write_text(text.replace("def configure(", f"{before}\n\ndef configure("))

    def generate(self) -> Said:
        return self.tasks("revision", "-m", "add extra", "-a", "--url", self.url)

    def runs(self) -> bool:
        return not any(
            self.tasks(*words, "--url", self.url).code for words in (["upgrade"], ["downgrade"])
        )


@pytest.fixture
def site(project: Path, tasks: Run, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return one with a database at the head, under a name that no other test has imported."""
    monkeypatch.syspath_prepend(project)
    found = Site(project, tasks, f"own{next(numbers)}.deep.kinds")
    assert tasks("upgrade", "--url", found.url).code == 0
    return found


@pytest.mark.parametrize(
    ("type_", "written", "imports"),
    [
        ("own.GUID(length=16)", "OWN.GUID(length=16)", ["import OWN"]),
        ("own.Vector(3)", "OWN.Vector(dim=3)", ["import OWN"]),
        ("own.Wrapped()", "OWN.Wrapped(sa.Text())", ["import OWN"]),
        ("own.Wrapped(own.Text())", "OWN.Wrapped(Text())", ["import OWN", "from OWN import Text"]),
        (
            "own.Wrapped(postgresql.JSONB())",
            "OWN.Wrapped(postgresql.JSONB(astext_type=sa.Text()))",
            ["import OWN", "from sqlalchemy.dialects import postgresql"],
        ),
        (
            'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
            'sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")',
            ["from sqlalchemy.dialects import postgresql"],
        ),
        (
            'sa.JSON().with_variant(postgresql.ARRAY(postgresql.UUID()), "postgresql")',
            None,
            ["from sqlalchemy.dialects import postgresql"],
        ),
        (
            'sa.JSON().with_variant(postgresql.ARRAY(postgresql.JSONB()), "postgresql")',
            "postgresql.ARRAY(postgresql.JSONB(astext_type=sa.Text()))",
            ["from sqlalchemy.dialects import postgresql"],
        ),
        (
            'sa.Text().with_variant(own.GUID(length=16), "postgresql")',
            'sa.Text().with_variant(OWN.GUID(length=16), "postgresql")',
            ["import OWN"],
        ),
        ('sa.Enum(own.Kind, name="kind")', 'sa.Enum("A", "B", name="kind")', []),
        ("sa.LargeBinary(16)", "sa.LargeBinary(length=16)", []),
        ("sqlite.JSON()", "sqlite.JSON()", ["from sqlalchemy.dialects import sqlite"]),
    ],
)
def test_the_import_is_written(
    site: Site, type_: str, written: str | None, imports: list[str]
) -> None:
    site.model(type_)
    code, out, err = site.generate()
    assert code == 0, err
    text = Path(out.strip()).read_text()
    assert "".join((written or "").replace("OWN", site.module).split()) in "".join(text.split())
    for line in imports:
        assert re.search(rf"^{line.replace('OWN', site.module)}$", text, re.MULTILINE), text
    assert len(re.findall("^(?:import|from)", text, re.MULTILINE)) == 3 + len(imports)
    assert site.runs()


@pytest.mark.parametrize("prefix", ["", "OWN.", "kinds."])
def test_a_prefix_of_the_projects_choice(site: Site, prefix: str) -> None:
    """``user_module_prefix``: nothing, what Alembic would take, or what nobody knows."""
    site.configure(f"user_module_prefix={prefix.replace('OWN', site.module)!r}")
    site.model("own.GUID(length=16)")
    code, out, err = site.generate()
    if prefix == "kinds.":
        assert (code, out) == (1, "")
        assert "error: the type `kinds.GUID` comes from nowhere" in err
        return
    assert code == 0, err
    line = f"from {site.module} import GUID" if not prefix else f"import {site.module}"
    assert f"\n{line}\n" in Path(out.strip()).read_text()
    assert site.runs()


def test_what_render_item_imports(site: Site) -> None:
    site.configure(
        "render_item=render",
        "def render(kind, item, autogen_context):\n"
        "    if kind == 'type' and type(item).__name__ == 'GUID':\n"
        f"        autogen_context.imports.add('from {site.module} import GUID as Id')\n"
        "        return 'Id(16)'\n"
        "    return False",
    )
    site.model("own.GUID(length=16)")
    code, out, err = site.generate()
    assert code == 0, err
    text = Path(out.strip()).read_text()
    assert f"from {site.module} import GUID as Id\n" in text
    assert 'sa.Column("more", Id(16)' in text
    assert site.runs()


def test_what_the_template_imports_is_not_imported_twice(site: Site) -> None:
    templates = site.project / "templates"
    templates.mkdir()
    shipped = Path(__file__).parents[3] / "templates" / "script.py.j2"
    (templates / "script.py.j2").write_text(
        shipped.read_text().replace(
            "import sqlalchemy as sa", f"import sqlalchemy as sa\nimport {site.module}"
        )
    )
    with (site.project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('templates = "templates"\n')
    site.model("own.GUID(length=16)")
    code, out, err = site.generate()
    assert code == 0, err
    assert Path(out.strip()).read_text().count(f"import {site.module}") == 1
    assert site.runs()


@pytest.mark.parametrize(
    ("type_", "named"),
    [
        ("own.Stubborn()", "OWN.Stubborn(length=20)` cannot be made again: TypeError"),
        ("own.Unspeakable()", "OWN.Unspeakable is written as `<something>`, which is no Python"),
        ("own.Outer.Inner()", "OWN.Inner()` cannot be made again: AttributeError"),
        ("own.local()", "OWN.Local()` cannot be made again: AttributeError"),
    ],
)
def test_a_type_that_no_revision_can_make_is_named(site: Site, type_: str, named: str) -> None:
    site.model(type_)
    before = set((site.project / "migrations" / "versions").iterdir())
    code, out, err = site.generate()
    assert (code, out) == (1, "")
    assert len([line for line in err.splitlines() if line.startswith("error: ")]) == 1
    assert named.replace("OWN", site.module) in err
    assert set((site.project / "migrations" / "versions").iterdir()) == before


def test_a_type_of_env_py_itself(site: Site) -> None:
    env = site.project / "migrations" / "env.py"
    text = env.read_text().replace(
        "def configure(",
        "class Mine(sa.types.TypeDecorator):\n    impl = sa.Text\n    cache_ok = True\n\n\n"
        'sa.Table("extra", target_metadata, sa.Column("more", Mine()))\n\n\ndef configure(',
        1,
    )
    env.write_text(text)
    code, out, err = site.generate()
    assert (code, out) == (1, "")
    assert "Mine` comes from nowhere that a revision can import" in err


def test_plain_alembic_writes_the_imports_too(site: Site, alembic_: Run) -> None:
    site.model("own.Wrapped(postgresql.JSONB())")
    before = set((site.project / "migrations" / "versions").glob("*.py"))
    done = alembic_("-x", f"url={site.url}", "revision", "-m", "add extra", "--autogenerate")
    assert done.code == 0, done.err
    (path,) = set((site.project / "migrations" / "versions").glob("*.py")) - before
    text = path.read_text()
    assert f"\nimport {site.module}\n" in text
    assert "Wrapped(postgresql.JSONB(astext_type=sa.Text()))" in text
    assert site.runs()


def test_plain_alembic_refuses_what_no_revision_can_make(site: Site, alembic_: Run) -> None:
    site.model("own.Outer.Inner()")
    before = set((site.project / "migrations" / "versions").glob("*.py"))
    done = alembic_("-x", f"url={site.url}", "revision", "-m", "add extra", "--autogenerate")
    assert done.code != 0
    assert f"error: the type `{site.module}.Inner()` cannot be made again" in done.err
    assert set((site.project / "migrations" / "versions").glob("*.py")) == before


def test_a_name_that_only_the_template_uses(site: Site) -> None:
    templates = site.project / "templates"
    templates.mkdir()
    shipped = Path(__file__).parents[3] / "templates" / "script.py.j2"
    (templates / "script.py.j2").write_text(
        shipped.read_text().replace("from collections.abc import Sequence\n", "")
    )
    with (site.project / "pyproject.toml").open("a") as pyproject:
        pyproject.write('templates = "templates"\n')
    site.model("own.GUID(length=16)")
    code, out, err = site.generate()
    assert (code, out) == (1, "")
    assert "error: nothing in the file would define `Sequence`\n" in err
    code, out, err = site.tasks("revision", "-m", "by hand")
    assert (code, out) == (1, "")
    assert "CAL011 undefined name `Sequence`" in err
