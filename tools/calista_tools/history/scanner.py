"""What does a plainly written header say? The reader's fast lane, which gives up at any doubt.

Reading 1,000 headers must cost less than starting the interpreter, and ``ast.parse`` takes ten
times longer than reading the file. Nearly all revision files are written from a template, so they
are plain: a docstring, comments, one-line imports, one-line assignments of literals, then nothing
but functions. This module reads exactly those, and returns None for everything else.

Why it is safe: until the first ``def`` every line is a complete statement of a known form, so none
can be inside a string. After it, a statement of the module can only begin at the start of a line,
every such line is looked at, and only a ``def`` without defaults, decorators and calls may begin
there: what stands inside functions does not run when the module is loaded. A property test holds
all this against the evaluation of the syntax tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.history.revision_record import Revision
from calista_tools.startup.patterns import later
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("revision", "down_revision", "branch_labels", "depends_on")

#: Characters that Alembic refuses in a revision id (``alembic/script/revision.py``).
ILLEGAL = frozenset("@-+:")

# ASCII only: Python compares identifiers after NFKC, where a full-width "r" is an "r".
_NAME = r"[A-Za-z_][A-Za-z_0-9]*"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_ITEM = rf"{_NAME}(?: as {_NAME})?"
_IMPORT = later(
    rf"(?:import {_DOTTED}(?: as {_NAME})?(?:, {_DOTTED}(?: as {_NAME})?)*"
    rf"|from \.*{_DOTTED} import {_ITEM}(?:, {_ITEM})*)(?:[ \t]*#.*)?"
)
_TARGET = later(rf"({'|'.join(NAMES)})(?: ?: ?[A-Za-z0-9_., |\[\]]+)?")
_STRING = r"""(?:"[^"\\]*"|'[^'\\]*')"""
_VALUE = later(
    rf"(?:(?P<one>{_STRING})|None|[(\[] *(?P<many>(?:{_STRING} *, *)*(?:{_STRING})?) *[)\]])"
    r"[ \t]*(?:#.*)?"
)
_STRINGS = later(_STRING)
_FUNCTION = later(
    rf"(?:async )?def ({_NAME})\([A-Za-z0-9_., |\[\]:*]*\)(?: -> [A-Za-z0-9_., |\[\]]+)?:"
    r"[ \t]*(?:#.*)?"
)
_AT_MARGIN = re.compile(r"\n([^ \t\n].*)")
_INSIDE = later(r"#.*|[)\]}][^;]*")
# Most headers of a project differ in nothing but their strings, most lines at the margin in nothing
# at all: what was recognized once is not parsed again.
_slots: dict[str, tuple[tuple[int, ...], ...]] = {}
_outer = {"def upgrade() -> None:", "def downgrade() -> None:"}
_REMEMBERED = 1000
# As Alembic's and our template write them, now and then: no pattern is needed to know these.
_IMPORTS = frozenset(
    (
        "import sqlalchemy as sa", "from alembic import op", "from alembic import context, op",
        "from collections.abc import Sequence", "from typing import Sequence, Union",
        "from typing import Sequence", "from __future__ import annotations",
    )
)  # fmt: skip
_TARGETS = {
    f"{name}{annotation}": name
    for name in NAMES
    for annotation in ("", ": str", ": str | None", ": str | Sequence[str] | None")
} | {
    f"{name}: Union[str, {other}None]": name for name in NAMES for other in ("", "Sequence[str], ")
}


class Plain(NamedTuple):
    """A plainly written revision file.

    Attributes:
        text: The file, its lines ended as Python ends them.
        start: Where the header's statements begin: behind the docstring.
        end: Where they end, before the line of the first ``def``; the text's length if it has none.
        form: The header's statements without what stands between quotes: headers of one form
            differ in nothing else. "" where that was not found out.
    """

    revision: Revision
    text: str
    start: int
    end: int
    form: str


def scan(source: bytes, filename: str) -> Revision | None:
    """Read a plainly written revision file from its bytes; None where it is not plain."""
    found = scan_plain(source, filename)
    return None if found is None else found.revision


def scan_plain(source: bytes, filename: str) -> Plain | None:
    """Do the same, and return where the header's parts stand."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    # A form feed starts a line's indentation anew.
    if "\f" in text or "\0" in text:
        return None
    doc, start = "", 0
    if text.startswith('"""'):
        end = text.find('"""', 3)
        if end < 0 or text[end + 3 : end + 4] != "\n":
            return None
        doc, start = text[3:end], end + 4
        if "\\" in doc:
            return None
    # A coding cookie counts in the first two lines only.
    if "coding" in text and "coding" in text[: text.find("\n", text.find("\n") + 1)]:
        return None
    end = text.find("\ndef ", start)
    if end < 0:
        end = len(text)
    values, form = _values(text[start:end])
    if values is None or not _only_functions(text, end):
        return None
    revisions, down_revisions, branch_labels, depends_on = values
    if len(revisions) != 1:
        return None
    revision = revisions[0]
    if not (revision.isalnum() or ILLEGAL.isdisjoint(revision)):
        return None
    found = Revision(filename, revision, down_revisions, branch_labels, depends_on, doc)
    return Plain(found, text, start, end, form)


def _values(text: str) -> tuple[Sequence[tuple[str, ...]] | None, str]:
    """Read the values of ``NAMES``, in that order, and the form; None if the header is not plain.

    What stands between quotes is taken out and the rest looked up. Whether that is plain does not
    depend on the strings, as long as none of them reaches into another line or holds an escape.
    """
    quote = '"' if '"' in text else "'"
    parts = text.split(quote)
    strings = parts[1::2]
    if "\\" in text or len(parts) % 2 == 0 or "\n" in quote.join(strings):
        return _assignments(text), ""
    skeleton = quote.join(parts[::2])
    slots = _slots.get(skeleton) or _recognized(skeleton, quote, len(strings))
    if slots is None:
        return _assignments(text), ""
    return [tuple([strings[n] for n in places]) if places else () for places in slots], skeleton


def _recognized(skeleton: str, quote: str, strings: int) -> tuple[tuple[int, ...], ...] | None:
    """Tell which of a header's strings are the values of which name, and remember it.

    None where there is nothing to remember: it is not plain, or has values in other quotes, too.
    """
    # No string of a file holds a null character: `scan` sees to that.
    marked = {f"\0{number}": number for number in range(strings)}
    parts = skeleton.split(quote)
    words = [word for pair in zip(parts, (*marked, ""), strict=True) for word in pair]
    found = _assignments(quote.join(words[:-1])) or ()
    if not found or not marked.keys() >= {string for value in found for string in value}:
        return None
    slots = tuple([tuple([marked[string] for string in value]) for value in found])
    if len(_slots) < _REMEMBERED:
        _slots[skeleton] = slots
    return slots


def _assignments(text: str) -> tuple[tuple[str, ...], ...] | None:
    """Read line by line; None if a line is anything but an assignment, an import or a comment."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n"):
        if not line or line[0] == "#":
            continue
        if line in _IMPORTS:
            continue
        target, equals, rest = line.partition(" = ")
        if equals and (name := _name(target)):
            value = _value(rest)
            if value is None:
                return None
            found[name] = value
        elif _IMPORT.fullmatch(line) is None or any(name in line for name in NAMES):
            return None
    if "revision" not in found or "down_revision" not in found:
        return None
    return tuple(found.get(name, ()) for name in NAMES)


def _name(target: str) -> str | None:
    """Return the name that an assignment is to, None where it is to none of ``NAMES``."""
    known = _TARGETS.get(target)
    if known is not None:
        return known
    match = _TARGET.fullmatch(target)
    return None if match is None else match.group(1)


def _value(text: str) -> tuple[str, ...] | None:
    if text == "None":
        return ()
    if text[:1] == '"' and text[-1] == '"' and text.count('"') == 2 and "\\" not in text:
        return (text[1:-1],)
    match = _VALUE.fullmatch(text)
    if match is None:
        return None
    one, many = match.group("one", "many")
    if one is not None:
        return (one[1:-1],)
    return tuple(string[1:-1] for string in _STRINGS.findall(many or ""))


def _only_functions(text: str, start: int) -> bool:
    """Whether no statement of the module but plain functions stands from here on."""
    lines = _AT_MARGIN.findall(text, start)
    if _outer.issuperset(lines):
        return True
    for line in lines:
        if line not in _outer:
            match = _FUNCTION.fullmatch(line)
            if match is None:
                # The rest of something that began in a function; a `;` would end it.
                if _INSIDE.fullmatch(line) is None:
                    return False
            elif match.group(1) in NAMES:
                return False
            elif len(_outer) < _REMEMBERED:
                _outer.add(line)
    return True
