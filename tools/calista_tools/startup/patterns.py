"""When is a regular expression compiled? Where it is first used: most runs use few of them.

To compile one takes longer than to import the module that it stands in.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, Generic, cast


def later(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what ``re.compile`` would, which is asked when the first method is used."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))


class _Later(Generic[AnyStr]):
    def __init__(self, pattern: AnyStr, flags: int) -> None:
        self._pattern: AnyStr = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        # From now on it is an attribute, and nobody comes here.
        found = self.__dict__[name] = getattr(re.compile(self._pattern, self._flags), name)
        return found
