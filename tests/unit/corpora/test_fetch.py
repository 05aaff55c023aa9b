import zipfile
from pathlib import Path

import pytest

from tests.corpora import fetch
from tests.corpora.fetch import FetchError, environment, histories


def test_every_history_is_pinned_by_version_and_digest() -> None:
    for entry in histories().values():
        assert "==" in entry["dist"]
        assert len(entry["sha256"]) == 64
        assert set(entry.get("dialects", ["sqlite"])) <= {"sqlite", "postgresql"}


def test_only_what_is_wanted_is_unpacked_and_nothing_outside(tmp_path: Path) -> None:
    wheel = tmp_path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("x/versions/a.py", "x/versions/b.bin", "x/other.py", "x/versions/../../c.py"):
            archive.writestr(name, "")

    assert fetch._unpack(wheel, ["x/versions"], tmp_path / "out" / "x") == 1

    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [wheel.name, "a.py"]


def test_a_folder_in_a_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(FetchError, match="lies in the repository"):
        fetch.fetch(tmp_path / "below", "optuna")


@pytest.mark.slow
def test_an_environment_that_cannot_be_made_is_made_anew_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"install": [str(tmp_path / "missing-1-py3-none-any.whl")]}
    monkeypatch.setattr(fetch, "histories", lambda: {"x": entry})
    for _ in range(2):
        with pytest.raises(FetchError, match="cannot be installed"):
            environment(tmp_path, "x")
    assert not (tmp_path / "environments" / "x" / ".complete").exists()
