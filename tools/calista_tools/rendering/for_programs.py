"""How is an answer written for programs? As JSON and as XML that any encoding of stdout can hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: What XML 1.0 cannot hold, however it is written.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(value: Any) -> str:
    """Return indented JSON with a newline at its end."""
    import json

    return json.dumps(value, indent=2) + "\n"


def element(tag: str, /, within: Element | None = None, text: str = "", **words: str) -> Element:
    """Return a new element; what XML cannot hold shows as a replacement character.

    Args:
        tag: Its name.
        within: The element that it is appended to.
        text: What it holds.
        words: Its attributes.
    """
    from xml.etree.ElementTree import Element, SubElement

    held = {name: _held(value) for name, value in words.items()}
    made = Element(tag, held) if within is None else SubElement(within, tag, held)
    if text:
        made.text = _held(text)
    return made


def as_xml(root: Element) -> str:
    """Return indented XML with a newline at its end."""
    from xml.etree.ElementTree import indent, tostring

    indent(root)
    # By references: stdout may have any encoding, and a reader believes the declaration.
    text = tostring(root, encoding="us-ascii").decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _held(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
