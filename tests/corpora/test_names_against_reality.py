"""The names that ``calista-lint`` predicts for real histories are those that databases have."""

import os
from pathlib import Path

import pytest

from tests.corpora.compare_names import compare, from_manifest, listed, live_of, report
from tests.corpora.fetch import histories

RUNNABLE = [name for name, entry in histories().items() if entry["install"] is not None]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where wheels and environments are kept: set ``CALISTA_CORPORA`` to keep them for good."""
    kept = os.environ.get("CALISTA_CORPORA")
    return Path(kept) if kept else tmp_path_factory.mktemp("corpora")


@pytest.mark.corpora
@pytest.mark.parametrize("name", RUNNABLE)
def test_names_against_reality(folder: Path, name: str) -> None:
    history = from_manifest(folder, name)
    entries = listed(history.versions)
    for dialect in history.dialects:
        found = compare(history, dialect, entries, live_of(history, dialect))
        assert found.passes, report(found, details=True)
