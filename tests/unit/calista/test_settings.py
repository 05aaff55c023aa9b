"""A flag, else the environment, else calista.toml, else the default."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista.settings import Settings, SettingsError


def read(tmp_path: Path, toml: str = "", **environ: str) -> Settings:
    if toml:
        (tmp_path / "calista.toml").write_text(toml, encoding="utf-8")
    return Settings.read(environ, folder=tmp_path)


def test_defaults(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings == Settings()
    assert (settings.auto_upgrade, settings.backup_keep, settings.lock_timeout) == (False, 5, 60.0)


def test_each_level_hides_the_next(tmp_path: Path) -> None:
    toml = "[db]\nbackup_keep = 3\nlock-timeout = 1.5\nauto_upgrade = true\n"
    settings = Settings.read(
        {"CALISTA_BACKUP_KEEP": "4", "CALISTA_AUTO_UPGRADE": "no"},
        flags={"auto_upgrade": True, "backup_dir": None},
        folder=tmp_path,
        config=_write(tmp_path, toml),
    )
    assert (settings.backup_keep, settings.lock_timeout, settings.auto_upgrade) == (4, 1.5, True)
    assert settings.sources["backup_keep"] == "CALISTA_BACKUP_KEEP"
    assert settings.sources["auto_upgrade"] == "flag"


def _write(tmp_path: Path, toml: str) -> Path:
    path = tmp_path / "other.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_folders_of_the_file_are_beside_it(tmp_path: Path) -> None:
    assert read(tmp_path, '[db]\nbackup_dir = "b"\n').backup_dir == tmp_path / "b"


@pytest.mark.parametrize(
    ("toml", "words", "hint"),
    [
        (
            "[db]\nauto_upgrad = true",
            "unknown key `db.auto_upgrad`",
            "did you mean `auto_upgrade`?",
        ),
        ("[dp]", "unknown key `dp`", "did you mean `db`?"),
        ("[db]\nauto_upgrade = 'perhaps'", "db.auto_upgrade is 'perhaps'", "accepted: true or"),
        ("[db]\nauto_upgrade = 2", "db.auto_upgrade is 2", "1 or 0"),
        ("[db]\nauto_upgrade = 1.0", "db.auto_upgrade is 1.0", "1 or 0"),
        ("[db]\nlock_timeout = nan", "db.lock_timeout is nan", "seconds"),
        ("[db]\nbackup_keep = 0", "db.backup_keep is 0", "a whole number from 1"),
        ("[db]\nbackup_keep = true", "db.backup_keep is True", "a whole number from 1"),
        ("[db]\nlock_timeout = -1", "db.lock_timeout is -1", "seconds"),
        ("[db]\nbackup_dir = 5", "db.backup_dir is 5", "the path of a folder"),
        ("[db]\nurl = 'x'", "does not belong into a file", "CALISTA_DB_URL"),
        ("db = 1", "`db` must be a table", "[db]"),
        ("[db", "cannot be read as TOML", ""),
    ],
)
def test_errors_of_the_file_name_file_and_key(
    tmp_path: Path, toml: str, words: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, toml)
    assert "calista.toml" in raised.value.message
    assert words in raised.value.message
    assert hint in raised.value.hint
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALISTA_AUTO_UPGRADE", "maybe"),
        ("CALISTA_BACKUP_KEEP", "many"),
        ("CALISTA_LOCK_TIMEOUT", "nan"),
    ],
)
def test_errors_of_the_environment_name_the_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '{value}'"):
        read(tmp_path, **{name: value})


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.read({"CALISTA_CONFIG": "nowhere.toml"}, folder=tmp_path)


def test_the_password_is_not_in_the_repr(tmp_path: Path) -> None:
    settings = read(tmp_path, CALISTA_DB_URL="postgresql://me:s3cret@host/db")
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("1", True), ("0", False), ("'1'", True), ("'yes'", True), ("'off'", False), ("false", False)],
)
def test_the_file_says_yes_and_no_in_every_spelling(
    tmp_path: Path, value: str, wanted: bool
) -> None:
    assert read(tmp_path, f"[db]\nauto_upgrade = {value}").auto_upgrade is wanted


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "calista.toml").mkdir()
    with pytest.raises(SettingsError, match=r"calista.toml: cannot be read"):
        Settings.read({}, folder=tmp_path)


def test_a_file_that_is_not_there_is_not_called_bad_toml(tmp_path: Path) -> None:
    for name, why in (("nothing.toml", "No such file or directory"), (".", "Is a directory")):
        with pytest.raises(SettingsError) as raised:
            Settings.read({}, folder=tmp_path, config=Path(name))
        assert raised.value.message == f"{tmp_path / name}: cannot be read: {why}"


def test_a_file_that_was_found_names_no_programs(tmp_path: Path) -> None:
    """It may have come with somebody else's folder; who names it has looked at it."""
    path = tmp_path / "calista.toml"
    for key in ("pg_bin", "pg-bin"):
        with pytest.raises(SettingsError) as raised:
            read(tmp_path, f'[db]\n{key} = "bin"\n')
        assert raised.value.exit_code == 2
        assert raised.value.message.startswith(f"{path}: db.{key} names programs to run")
        assert raised.value.hint == f"set CALISTA_PG_BIN instead, or name the file: --config {path}"
    # An answer from somewhere nearer does not make it harmless.
    with pytest.raises(SettingsError):
        read(tmp_path, CALISTA_PG_BIN="/usr/bin")
    assert Settings.read({}, folder=tmp_path, config=path).pg_bin == tmp_path / "bin"
    named = Settings.read({"CALISTA_CONFIG": "calista.toml"}, folder=tmp_path)
    assert named.pg_bin == tmp_path / "bin"
    assert read(tmp_path, "[db]\nauto_upgrade = true\n").auto_upgrade
