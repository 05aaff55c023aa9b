"""What this repository hands out: two distributions that need nothing of each other, and one address."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import Metadata

import build_backend
import calista
import calista_tools
from calista_tools.extras import NEEDED

ROOT = Path(__file__).parents[3]
TOOLKIT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
APPLICATION = tomllib.loads((ROOT / "src" / "pyproject.toml").read_text("utf-8"))
EXTRAS = TOOLKIT["project"]["optional-dependencies"]


def test_the_names_are_ours_and_who_lints_installs_nothing_else() -> None:
    assert (TOOLKIT["project"]["name"], TOOLKIT["project"]["dependencies"]) == (
        "calista-migrations",
        [],
    )
    assert TOOLKIT["build-system"]["requires"] == []  # pre-commit builds it on every machine
    assert APPLICATION["project"]["name"] == "calista-eventstore"
    assert APPLICATION["project"]["scripts"].keys() == {"calista"}
    assert "calista" not in TOOLKIT["project"]["scripts"]


def test_every_version_is_the_same() -> None:
    found = {
        TOOLKIT["project"]["version"],
        APPLICATION["project"]["version"],
        calista.__version__,
        calista_tools.__version__,
    }
    assert len(found) == 1, found


def test_a_checkout_installs_what_the_application_needs() -> None:
    assert set(APPLICATION["project"]["dependencies"]) <= set(EXTRAS["dev"])


@pytest.mark.parametrize("extra", NEEDED)
def test_an_extra_has_what_its_programs_ask_for(extra: str) -> None:
    assert set(NEEDED[extra]) <= _names_of(extra)


def test_the_hooks_install_nothing_else() -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "additional_dependencies" not in hooks
    for program in re.findall(r"entry: (\S+)", hooks):
        assert TOOLKIT["project"]["scripts"][program].startswith("calista_tools.lint.")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the toolkit's wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    return unpacked(folder / build_backend.build_wheel(str(folder)))


def test_the_toolkits_wheel_holds_the_toolkit_alone(wheel: dict[str, bytes]) -> None:
    assert {name.partition("/")[0] for name in wheel} == {
        "calista_tools",
        "calista_migrations-0.1.0.dist-info",
    }
    sources = (ROOT / "tools").rglob("*.py")
    assert {path.relative_to(ROOT / "tools").as_posix() for path in sources} <= wheel.keys()
    assert "calista_tools/templates/script.py.j2" in wheel
    assert not any(str(ROOT).encode() in data for data in wheel.values())


def test_its_metadata_is_valid(wheel: dict[str, bytes]) -> None:
    said = Metadata.from_email(wheel["calista_migrations-0.1.0.dist-info/METADATA"])
    assert said.name == "calista-migrations"
    assert said.license_files == ["LICENSE"]
    assert said.provides_extra is not None
    assert {str(name) for name in said.provides_extra} == set(EXTRAS)
    needed = said.requires_dist or []
    assert len(needed) == sum(map(len, EXTRAS.values()))
    assert all(item.url is None and item.marker is not None for item in needed)


def test_two_builds_are_equal(tmp_path: Path) -> None:
    for build in (build_backend.build_wheel, build_backend.build_sdist):
        once, again = tmp_path / f"1-{build.__name__}", tmp_path / f"2-{build.__name__}"
        once.mkdir()
        again.mkdir()
        assert (once / build(str(once))).read_bytes() == (again / build(str(again))).read_bytes()


def test_an_editable_install_has_the_application_too(tmp_path: Path) -> None:
    made = unpacked(tmp_path / build_backend.build_editable(str(tmp_path)))
    assert (
        b"\ncalista = calista.cli:main\n"
        in made["calista_migrations-0.1.0.dist-info/entry_points.txt"]
    )
    lines = made["_calista_migrations.pth"].decode().splitlines()
    assert lines == [str(ROOT / "src"), str(ROOT / "tools")]


def test_what_is_prepared_is_what_is_built(tmp_path: Path) -> None:
    for kind in ("wheel", "editable"):
        folder = tmp_path / kind
        name = getattr(build_backend, f"prepare_metadata_for_build_{kind}")(str(folder))
        built = unpacked(folder / getattr(build_backend, f"build_{kind}")(str(folder)))
        for path in (folder / name).rglob("*.*"):
            assert built[path.relative_to(folder).as_posix()] == path.read_bytes()


def test_a_wheel_of_the_sdist_is_the_same(tmp_path: Path, wheel: dict[str, bytes]) -> None:
    with tarfile.open(tmp_path / build_backend.build_sdist(str(tmp_path))) as archive:
        archive.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.glob("calista_migrations-*/")
    code = "import sys, build_backend; print(build_backend.build_wheel(sys.argv[1]))"
    done = subprocess.run(
        ["python3", "-c", code, tmp_path], cwd=folder, capture_output=True, text=True, check=True
    )
    assert unpacked(tmp_path / done.stdout.strip()) == wheel


#: What somebody could register, and have our users: a web address or an account of the name.
ADDRESS = re.compile(
    r"(?:https?://|git@|www\.)[^\s\"'`<>)]*calista[^\s\"'`<>)]*|[\w.+-]+@[\w.-]*calista[\w.-]*",
    re.IGNORECASE,
)
#: An installation of another project, which has the name on the package index.
FOREIGN = re.compile(r"pip install[^\n`]*?[\s'\"](?:calista(?=\[|['\"\s`]|$))", re.MULTILINE)


def test_no_address_of_ours_stands_anywhere_but_in_the_one_place() -> None:
    ours = calista_tools.PROJECT_URL
    for name, text in _tree():
        for found in ADDRESS.findall(text):
            assert bool(ours) & found.startswith(ours), f"{name}: {found}"
        assert not FOREIGN.search(text), f"{name} installs the project that is named `calista`"
    for project in (TOOLKIT["project"], APPLICATION["project"]):
        assert project.get("urls", {}) == ({"Repository": ours} if ours else {})


@pytest.mark.parametrize(
    "text",
    [
        "see https://github.com/calista-project/calista/blob/main/docs",
        "repo: git@example.org:calista",
        "mail security@calista.example",
        "https://CALISTA.readthedocs.io",
    ],
)
def test_an_address_is_recognised(text: str) -> None:
    assert ADDRESS.search(text)


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        ("pip install 'calista[tools]'", True),
        ("pip install -U calista", True),
        ("`pip install calista` brings", True),
        ("pip install 'calista-migrations[tasks]'", False),
        ("pip install ./calista", False),
        ("pip install '../calista[tasks]'", False),
    ],
)
def test_the_foreign_name_is_recognised(command: str, foreign: bool) -> None:
    assert bool(FOREIGN.search(command)) == foreign


def unpacked(path: Path) -> dict[str, bytes]:
    """Return the files of a wheel by name."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _tree() -> list[tuple[str, str]]:
    """Return the text files of the repository, but for this one."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    own = Path(__file__).relative_to(ROOT).as_posix()
    names = [name for name in done.stdout.decode().split("\0") if name and name != own]
    found = [(name, (ROOT / name).read_bytes()) for name in names if (ROOT / name).is_file()]
    return [(name, data.decode("utf-8", "replace")) for name, data in found]


def _names_of(extra: str) -> set[str]:
    """Return what an extra brings, by name, with the extras in it."""
    names: set[str] = set()
    for wanted in EXTRAS[extra]:
        own: Any = re.fullmatch(r"calista-migrations\[(\w+)\]", wanted)
        names |= _names_of(own[1]) if own else {re.split(r"[\[<>=~ ]", wanted)[0]}
    return names
