"""``[tool.calista]`` is read whole or refused with the nearest known key."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista_tools import config
from calista_tools.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_without_any_file(tmp_path: Path) -> None:
    loaded = config.load(tmp_path)
    assert loaded.versions == tmp_path / "migrations" / "versions"
    assert loaded.names == {}
    assert loaded.file_template == config.ALEMBIC_TEMPLATE
    assert not loaded.judges_file_names
    assert loaded.lock_file == tmp_path / "migrations" / "history.lock"


def test_names_are_merged_over_the_policy(tmp_path: Path) -> None:
    write(tmp_path, '[tool.calista.names]\npk = "%(table_name)s_pk"\n')
    assert config.load(tmp_path).names == {"pk": "%(table_name)s_pk"}
    text = '[tool.calista]\npolicy = "calista"\nnames.pk = "%(table_name)s_pk"\n'
    write(tmp_path, text)
    loaded = config.load(tmp_path)
    assert loaded.names["pk"] == "%(table_name)s_pk"
    assert loaded.names["uq"] == config.DEFAULT_NAMES["uq"]


def test_found_from_a_folder_below(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.calista]\nappend_only = ['event']\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    loaded = config.load(tmp_path / "a" / "b")
    assert (loaded.path, loaded.append_only) == (path, ("event",))


def test_script_location_of_alembic_ini(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\n")
    assert config.load(tmp_path).script_location == tmp_path / "db"


def test_script_location_of_pyproject(tmp_path: Path) -> None:
    text = '[tool.alembic]\nscript_location = "%(here)s/db"\n'
    path = write(tmp_path, text)
    (tmp_path / "a" / "b").mkdir(parents=True)
    loaded = config.load(tmp_path / "a" / "b")
    assert (loaded.path, loaded.script_location) == (path, tmp_path / "db")
    assert loaded.alembic_ini == tmp_path / "alembic.ini"
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = ini\n")
    assert config.load(tmp_path).script_location == tmp_path / "ini"
    write(tmp_path, f'{text}[tool.calista]\nscript_location = "own"\n')
    assert config.load(tmp_path).script_location == tmp_path / "own"


def test_our_table_above_goes_before_alembics(tmp_path: Path) -> None:
    path = write(tmp_path, "[tool.calista]\n")
    (tmp_path / "a").mkdir()
    write(tmp_path / "a", "[tool.alembic]\nscript_location = 'db'\n")
    assert config.load(tmp_path / "a").path == path


@pytest.mark.parametrize("table", ["alembic = 3", "alembic.script_location = 3", "alembic = {}"])
def test_a_table_of_alembics_that_says_nothing(tmp_path: Path, table: str) -> None:
    write(tmp_path, f"[tool]\n{table}\n")
    assert config.load(tmp_path).script_location == tmp_path / "migrations"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[tool.calista]\nselekt = []\n", "unknown key `tool.calista.selekt`", "`select`"),
        ("[tool.calista.names]\nfkk = 'x'\n", "unknown key `tool.calista.names.fkk`", "`fk`"),
        ("[tool.calista]\nselect = 'CAL'\n", "`tool.calista.select` must be a list", ""),
        ("[tool.calista]\ndialects = ['mysql']\n", "`tool.calista.dialects` is 'mysql'", "sqlite"),
        ("[tool.calista]\ndialects = []\n", "must not be empty", ""),
        ("[tool.calista\n", "cannot be read as TOML", ""),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str, hint: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        config.load(path=path)
    assert message in caught.value.message
    assert str(path) in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_is_not_called_bad_toml(tmp_path: Path) -> None:
    path = tmp_path / "nothing.toml"
    with pytest.raises(ConfigError) as caught:
        config.load(path=path)
    assert caught.value.message == f"{path}: cannot be read: No such file or directory"
