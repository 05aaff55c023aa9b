"""No password is shown: not in a message, not in a list of processes, not in the name of a file."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.calista.refusals import (
    assert_refused,
    on_posix,
    on_postgresql,
    pretend,
)
from tests.servers import client_programs


@on_posix
@on_postgresql
def test_no_program_is_told_the_password_on_its_command_line(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = place.folder / "seen"
    real = client_programs()
    programs = {
        name: f'echo "$0 $@" >> "{seen}"; env | grep CALISTA_DB_URL >> "{seen}"\n'
        f'exec "{real / name}" "$@"'
        for name in ("pg_dump", "pg_restore")
    }
    monkeypatch.setenv("CALISTA_PG_BIN", str(pretend(place.folder / "bin", **programs)))
    assert calista("db", "upgrade", "--yes").code == 0
    backup = calista("db", "backup").out.strip()
    assert calista("db", "restore", backup).code == 0
    words = seen.read_text()
    assert "pg_dump --format" in words
    assert "pg_restore --file" in words
    assert str(place.url.password) not in words
    assert "CALISTA_DB_URL" not in words
    assert str(place.url.password) not in "".join(path.name for path in place.backups())


@on_posix
@on_postgresql
def test_a_password_in_the_query_is_used_and_not_shown(
    calista: Any, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = place.url.set(password=None).update_query_dict({"password": place.url.password})
    monkeypatch.setenv("CALISTA_DB_URL", url.render_as_string(hide_password=False))
    backup = calista("db", "backup").out.strip()
    assert calista("db", "restore", backup).code == 0
    real = client_programs() / "pg_dump"
    script = f'[ "$1" = --version ] && exec {real} "$@"; echo "error: <$PGPASSWORD>" >&2; exit 1'
    folder = pretend(place.folder / "bin", pg_dump=script)
    monkeypatch.setenv("CALISTA_PG_BIN", str(folder))
    result = calista("db", "backup")
    assert_refused(result, "<***>")
    assert str(place.url.password) not in result.err


def test_bad_urls_do_not_show_their_password(calista: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = ["mysql://me:s3cret@host/db", "postgresql://me:s3cret@host:port/db", "s3cret"]
    # An @ that should be %40: what follows it would be taken for a host, and told.
    urls += ["postgresql://me:very@s3cret@127.0.0.1:1/db", "postgresql+pg8000://me:s3cret@h/db"]
    urls += ["postgresql://127.0.0.1:1/db?user=me&password=s3cret"]
    urls += ["postgresql://me:s3cret@127.0.0.1:1/db?nonsense=1", "postgresql://me:s3cret@%00/db"]
    for url in urls:
        monkeypatch.setenv("CALISTA_DB_URL", url)
        for command_line in (("db", "status"), ("db", "upgrade", "--yes"), ("config",)):
            result = calista(*command_line)
            assert result.code == (0 if result.out.startswith("url ") else 1)
            assert "s3cret" not in result.err + result.out
            assert "Traceback" not in result.err
