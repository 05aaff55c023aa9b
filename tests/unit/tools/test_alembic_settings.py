from pathlib import Path

import pytest

from calista_tools import config
from calista_tools.errors import ConfigError


def ini(path: Path, location: str | None = "migrations", more: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = "" if location is None else f"script_location = {location}\n"
    path.write_text(f"[alembic]\n{said}{more}")


def revisions(folder: Path) -> Path:
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").touch()
    return folder


@pytest.mark.parametrize(
    ("file", "location", "folder"),
    [
        ("alembic.ini", "migrations", "migrations"),
        ("migrations/alembic.ini", None, "migrations"),
        ("backend/alembic.ini", "%(here)s/alembic", "backend/alembic"),
        ("backend/alembic.ini", "alembic", "backend/alembic"),
        ("backend/app/db/alembic.ini", "migrations", "backend/app/db/migrations"),
        ("alembic.ini", "app:migrations", "src/app/migrations"),
        ("alembic.ini", "app.db:alembic", "app/db/alembic"),
        ("backend/alembic.ini", "app:alembic", "backend/app/alembic"),
    ],
)
@pytest.mark.parametrize("configured", [False, True])
def test_found(
    file: str, location: str | None, folder: str, configured: bool, tmp_path: Path
) -> None:
    if configured:
        (tmp_path / "pyproject.toml").write_text("[tool.calista]\n")
    ini(tmp_path / file, location)
    home = revisions(tmp_path / folder)
    found = config.load(tmp_path)
    assert (found.script_location, found.alembic_ini) == (home, tmp_path / file)
    # And from where the revisions lie.
    assert config.load(home / "versions").script_location == home


def test_a_package_on_the_path_of_the_settings(tmp_path: Path) -> None:
    ini(tmp_path / "alembic.ini", "app:db", "prepend_sys_path = .:lib\n")
    home = revisions(tmp_path / "lib" / "app" / "db")
    assert config.load(tmp_path).script_location == home


def test_several_are_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ini(tmp_path / name / "alembic.ini")
        revisions(tmp_path / name / "migrations")
    with pytest.raises(ConfigError) as raised:
        config.load(tmp_path)
    assert "one/alembic.ini, two/alembic.ini" in raised.value.message
    assert 'alembic-ini = "one/alembic.ini"' in str(raised.value.hint)
    assert config.load(tmp_path / "two").script_location == tmp_path / "two" / "migrations"
    (tmp_path / "pyproject.toml").write_text('[tool.calista]\nalembic-ini = "two/alembic.ini"\n')
    assert config.load(tmp_path).script_location == tmp_path / "two" / "migrations"


def test_a_settings_file_of_something_else_is_not_ours(tmp_path: Path) -> None:
    ini(tmp_path / "alembic.ini", "elsewhere")
    (tmp_path / "work").mkdir()
    assert config.load(tmp_path / "work").root == tmp_path / "work"


def test_revisions_without_settings(tmp_path: Path) -> None:
    home = revisions(tmp_path / "warehouse" / "migrations")
    assert config.load(tmp_path).script_location == home
