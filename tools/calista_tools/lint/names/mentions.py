"""Where does a file mention a name? Every word is found once, whatever is asked for afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = later(r"\w+")


class Mentions:
    """The words of a text, with the places where they begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: dict[str, list[int]] = {}
        for found in _WORD.finditer(text):
            self._places.setdefault(found[0], []).append(found.start())

    def of(self, name: str) -> Sequence[int]:
        """Return where a name stands, not as a part of a longer word; as a pattern with word boundaries finds it."""
        known = self._places.get(name)
        if known is not None:
            return known
        words = [(len(self._places.get(one[0], ())), one) for one in _WORD.finditer(name)]
        if not words:
            return ()
        # Looked for where its rarest word stands.
        _, rarest = min(words, key=lambda pair: pair[0])
        found: list[int] = []
        for place in self._places.get(rarest[0], ()):
            start = place - rarest.start()
            end = start + len(name)
            if start < (found[-1] + len(name) if found else 0):
                continue
            if self._text.startswith(name, start) and self._ends(start) and self._ends(end):
                found.append(start)
        return found

    def _ends(self, place: int) -> bool:
        """Whether a word begins or ends at a place."""
        before = place > 0 and _is_letter(self._text[place - 1])
        after = place < len(self._text) and _is_letter(self._text[place])
        return before != after


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
