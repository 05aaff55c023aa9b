"""`calista config`: the settings; never opens a connection."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from calista.settings import Settings


def show(_args: argparse.Namespace, settings: Settings) -> int:
    """Print each setting with its value and its source."""
    for item in fields(settings):
        if item.name == "sources":
            continue
        value = getattr(settings, item.name)
        if item.name == "url" and value is not None:
            from calista.db.engine import parse_url, shown

            value = shown(parse_url(value))
        print(f"{item.name:13} {value}  ({settings.sources.get(item.name, 'default')})")
    return 0
