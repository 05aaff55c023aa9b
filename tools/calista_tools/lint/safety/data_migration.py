"""Which data migration does a revision's docstring name, so that nothing is lost?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED = later(r"^[ \t]*data[ -]migration:[ \t]*(\S.*)", re.IGNORECASE | re.MULTILINE)
_NONE = later(r"(?:none|no|not|nothing|n/?a|tbd|todo|later|unknown|[^\w]+)\b", re.IGNORECASE)


def named(doc: str) -> Iterator[str]:
    """Yield what stands behind each ``Data migration:`` of a docstring; ``none`` names nothing."""
    for found in _NAMED.finditer(doc):
        if not _NONE.match(found[1]):
            yield found[1]
