"""A name that cannot be made is a wrong configuration, not a rule that is silently off."""

from __future__ import annotations

from pathlib import Path

import pytest

from calista_tools import config
from calista_tools.errors import ConfigError


def refused(folder: Path, text: str) -> ConfigError:
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.calista]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(folder)
    error = caught.value
    assert error.exit_code == 2
    assert str(path) in error.message
    assert "\n" not in error.message + error.hint
    return error


def accepted(folder: Path, text: str) -> config.Config:
    (folder / "pyproject.toml").write_text(f"[tool.calista]\n{text}\n", encoding="utf-8")
    return config.load(folder)


@pytest.mark.parametrize(
    ("kind", "template", "nearest"),
    [
        ("ix", "ix_%(colunm_0_name)s", "%(column_0_name)s"),
        ("ix", "ix_%(table_name)", "%(table_name)s"),
        ("ix", "ix_%(table_name)d", "%(table_name)s"),
        ("ix", "ix_%(table_name).10s", "%(table_name)s"),
        ("ix", "ix_%(tablename)s", "%(table_name)s"),
        ("ix", "ix_%( table_name )s", "%(table_name)s"),
        ("ix", "ix_%(table_name", "%(table_name)s"),
        ("ix", "ix_%table_name", "%(table_name)s"),
        ("ix", "ix_(table_name)s", "%(table_name)s"),
        ("ix", "ix_%%(table_name)s", "%(table_name)s"),
        ("ix", "ix_{table_name}", "%(table_name)s"),
        ("ix", "ix_%(table_name)s_{column_0_name}", "%(column_0_name)s"),
        ("ix", "ix_%()s", "%(table_name)s"),
        ("ix", "ix_%s", "%(table_name)s"),
        ("ix", "100%", "%(table_name)s"),
        ("pk", "pk_%(referred_table_name)s", "%(table_name)s"),
        ("uq", "uq_%(column_0_names)s", "%(column_0_name)s"),
        ("uq", "uq_%(column_1_N_name)s", "%(column_1_name)s"),
        ("uq", "uq_%(referred_column_0_name)s", "%(column_0_name)s"),
        ("fk", "fk_%(refered_table_name)s", "%(referred_table_name)s"),
        ("fk", "fk_%(referred_column_0_label)s", "%(referred_column_0_name)s"),
        ("ck", "ck_%(constraintname)s", "%(constraint_name)s"),
        ("ex", "ex_%(table_nam)s", "%(table_name)s"),
        ("trigger", "%(table_name)s_%(actoin)s", "%(action)s"),
    ],
)
def test_a_token_that_is_none_is_refused_with_the_nearest(
    tmp_path: Path, kind: str, template: str, nearest: str
) -> None:
    error = refused(tmp_path, f"names.{kind} = '{template}'")
    assert f"`tool.calista.names.{kind}` is {template!r}" in error.message
    assert f"did you mean `{nearest}`?" in error.message


@pytest.mark.parametrize("kind", ["pk", "uq", "ix", "fk", "ck", "ex", "trigger"])
@pytest.mark.parametrize(
    "template", ["", "  ", r"ix_\n%(table_name)s", r"\u001b[31m%(table_name)s"]
)
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, kind: str, template: str) -> None:
    error = refused(tmp_path, f'names.{kind} = "{template}"')
    assert f"`tool.calista.names.{kind}` is" in error.message


@pytest.mark.parametrize("key", ["names", "naming-convention"])
def test_a_name_of_another_type_or_kind_is_refused(tmp_path: Path, key: str) -> None:
    assert "must be a table" in refused(tmp_path, f"{key} = 'ix'").message
    assert "must be a string" in refused(tmp_path, f"{key}.ix = 3").message
    assert "must be a string" in refused(tmp_path, f"{key}.ix = ['%(table_name)s']").message
    error = refused(tmp_path, f"{key}.idx = 'ix_%(table_name)s'")
    assert f"unknown key `tool.calista.{key}.idx`" in error.message
    assert error.hint == "did you mean `ix`?"


@pytest.mark.parametrize(
    ("kind", "template"),
    [
        ("pk", "%(table_name)s_pkey"),
        ("uq", "uq_%(table_name)s_%(column_0_N_name)s"),
        ("uq", "uq_%(column_0N_key)s_%(column_12_label)s"),
        ("ix", "ix_%(column_0_label)s"),
        ("ix", "100%%_%(table_name)s"),
        ("fk", "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"),
        ("fk", "%(referred_column_0_name)s_%(referred_column_0_N_name)s"),
        ("ck", "ck_%(table_name)s_%(constraint_name)s"),
        ("ex", "%(table_name)s_%(column_0_N_name)s_excl"),
        ("trigger", "tr_%(table_name)s_%(action)s"),
    ],
)
def test_every_token_of_sqlalchemy_is_taken(tmp_path: Path, kind: str, template: str) -> None:
    assert accepted(tmp_path, f"names.{kind} = '{template}'").names[kind] == template


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("ix = 'ix_%(colunm_0_name)s'", "%(column_0_name)s"),
        ("ix = 'ix_%(table_name)'", "%(table_name)s"),
        ("fk = 'fk_%(referred_tablename)s'", "%(referred_table_name)s"),
    ],
)
def test_the_naming_convention_of_env_py_is_read_as_closely(
    tmp_path: Path, text: str, nearest: str
) -> None:
    error = refused(tmp_path, f"naming-convention.{text}")
    assert f"did you mean `{nearest}`?" in error.message


def test_a_token_that_env_py_computes_is_its_own(tmp_path: Path) -> None:
    loaded = accepted(
        tmp_path,
        "naming-convention = {uq = 'uq__%(table_name)s__%(all_column_names)s',"
        " fk = 'fk_%(fk_guid)s'}",
    )
    assert loaded.naming_convention is not None
    assert loaded.naming_convention["fk"] == "fk_%(fk_guid)s"
    assert accepted(tmp_path, "naming-convention = {}").naming_convention == {}


@pytest.mark.parametrize(
    ("template", "nearest"),
    [
        ("%(rev)s_%(slig)s", "%(slug)s"),
        ("%(rev)s_%(message)s", None),
        ("%%(yaer)d_%%(slug)s", "%(year)d"),
        ("%(rev)", "%(rev)s"),
        ("%(rev)s_%(slug)d", "%(slug)s"),
        ("%(month).2_%(slug)s", "%(month).2d"),
        ("%(rev)s_{slug}", "%(slug)s"),
        ("%(rev)s_(slug)s", "%(slug)s"),
        ("%(Rev)s", "%(rev)s"),
        ("%(years)d/%(slug)s", "%(year)d"),
        ("%s_%(slug)s", None),
        ("100%", None),
    ],
)
def test_a_file_template_with_a_wrong_token_is_refused(
    tmp_path: Path, template: str, nearest: str | None
) -> None:
    error = refused(tmp_path, f"file-template = '{template}'")
    assert f"`tool.calista.file-template` is {template!r}" in error.message
    if nearest is None:
        assert "did you mean `%(" in error.message
    else:
        assert f"did you mean `{nearest}`?" in error.message


@pytest.mark.parametrize(
    "template",
    ["", " ", "migration", "/tmp/%(slug)s", "../%(slug)s", "a/../../%(slug)s", r"%(slug)s\n"],
)
def test_a_file_template_that_names_no_file_of_the_history_is_refused(
    tmp_path: Path, template: str
) -> None:
    assert (
        "`tool.calista.file-template` is"
        in refused(tmp_path, f'file-template = "{template}"').message
    )


@pytest.mark.parametrize(
    "template",
    [
        "%(rev)s_%(slug)s",
        "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d-%%(rev)s_%%(slug)s",
        "%(year)d/%(month)02d/%(day).2d_%(second)s_%(slug).20s",
        "%(epoch)s_%(rev)s",
        "v(%(epoch)i)_%(slug)s",
    ],
)
def test_alembics_file_templates_are_taken(tmp_path: Path, template: str) -> None:
    assert accepted(tmp_path, f"file-template = '{template}'").file_template == template


def test_a_file_named_by_config_is_read_as_closely(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text("[tool.calista.names]\nix = 'ix_%(tabel_name)s'\n")
    with pytest.raises(ConfigError, match="did you mean `%\\(table_name\\)s`"):
        config.load(path=path)
