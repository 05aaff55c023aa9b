"""The application and the toolkit are two programs, and agree on the policy's names."""

from __future__ import annotations

from calista.db.metadata import NAMING_CONVENTION
from calista_tools.config import DEFAULT_NAMES


def test_the_naming_convention_is_the_policys() -> None:
    names = {kind: pattern for kind, pattern in DEFAULT_NAMES.items() if kind != "trigger"}
    assert names == NAMING_CONVENTION
