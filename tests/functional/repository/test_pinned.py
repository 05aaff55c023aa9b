"""The tools of CI and of releases are known by the hashes of their archives."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WANTED = {
    "dev": [
        item
        for name in ("roundtrip", "tasks", "dev")
        for item in PROJECT["project"]["optional-dependencies"][name]
        if not item.startswith(PROJECT["project"]["name"])
    ],
    "release": PROJECT["dependency-groups"]["release"],
}


@pytest.mark.parametrize("what", WANTED)
def test_every_wish_is_met_by_what_is_pinned(what: str) -> None:
    text = (ROOT / f"requirements-{what}.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9._-]+)(?:\[.*?\])?==([^ ;]+)", text, re.MULTILINE))
    for item in WANTED[what]:
        wish = Requirement(item)
        # Else pip would fetch a newer one, whose archive nobody knows.
        version = pinned.get(canonicalize_name(wish.name))
        assert version is not None, f"{wish} is not pinned: nox -s pin"
        assert version in wish.specifier, f"{wish} is pinned to {version}: nox -s pin"


@pytest.mark.parametrize("what", WANTED)
def test_every_pin_has_its_hashes_and_no_address(what: str) -> None:
    text = (ROOT / f"requirements-{what}.txt").read_text(encoding="utf-8")
    pins = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert len(pins) > 10
    for pin in pins:
        assert "==" in pin.splitlines()[0]
        assert "--hash=sha256:" in pin
    assert "://" not in text
    assert "index" not in re.sub(r"#.*", "", text)


def test_ci_installs_what_is_pinned() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "--require-hashes -r requirements-dev.txt" in lines[-2]
