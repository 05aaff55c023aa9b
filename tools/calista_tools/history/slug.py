"""How does a message become the summary of a file name?"""

from __future__ import annotations

import re
import unicodedata

from calista_tools.errors import ToolError

#: Characters kept; also Alembic's ``truncate_slug_length`` in alembic.ini.
LONGEST = 60
#: File systems allow 255 bytes a name; the rest is for the stamp and for other tools' suffixes.
LONGEST_BYTES = 200


def slugify(message: str) -> str:
    """Return the words of a message in lower case, joined by underscores, as Alembic does.

    Long messages are cut between words. The names of a folder sort and compare alike on every
    system, so letters are composed (NFC).

    Raises:
        ToolError: There is not one letter or digit to make a name of.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", message).lower())
    words: list[str] = re.findall(r"[^\W_]+", text)
    if not words:
        raise ToolError(
            "the message has no letter or digit to name the file by",
            'say what the revision does, for example: -m "create event store"',
        )
    slug = words[0]
    for word in words[1:]:
        longer = f"{slug}_{word}"
        if not _fits(longer):
            break
        slug = longer
    while not _fits(slug):  # one word as long as a sentence
        slug = slug[:-1]
    return slug


def _fits(slug: str) -> bool:
    return len(slug) <= LONGEST and len(slug.encode()) <= LONGEST_BYTES
