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
from typing import NamedTuple


class Header(NamedTuple):
    """The values of a header, normalized to tuples."""

    revision: str
    down_revisions: tuple[str, ...]
    branch_labels: tuple[str, ...]
    depends_on: tuple[str, ...]
    doc: str


NAMES = ("revision", "down_revision", "branch_labels", "depends_on")

#: Characters that Alembic refuses in a revision id (``alembic/script/revision.py``).
ILLEGAL = frozenset("@-+:")

# ASCII only: Python compares identifiers after NFKC, where a full-width "r" is an "r".
_NAME = r"[A-Za-z_][A-Za-z_0-9]*"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_ITEM = rf"{_NAME}(?: as {_NAME})?"
_IMPORT_OR_COMMENT = re.compile(
    rf"(?:import {_DOTTED}(?: as {_NAME})?(?:, {_DOTTED}(?: as {_NAME})?)*"
    rf"|from \.*{_DOTTED} import {_ITEM}(?:, {_ITEM})*)?(?:[ \t]*#.*)?"
)
_TARGET = re.compile(rf"({'|'.join(NAMES)})(?: ?: ?[A-Za-z0-9_., |\[\]]+)?")
_STRING = r"""(?:"[^"\\]*"|'[^'\\]*')"""
_VALUE = re.compile(
    rf"(?:(?P<one>{_STRING})|None|[(\[] *(?P<many>(?:{_STRING} *, *)*(?:{_STRING})?) *[)\]])"
    r"[ \t]*(?:#.*)?"
)
_STRINGS = re.compile(_STRING)
_FUNCTION = re.compile(
    rf"(?:async )?def ({_NAME})\([A-Za-z0-9_., |\[\]:*]*\)(?: -> [A-Za-z0-9_., |\[\]]+)?:"
    r"[ \t]*(?:#.*)?"
)
_AT_MARGIN = re.compile(r"\n([^ \t\n].*)")
_INSIDE = re.compile(r"#.*|[)\]}][^;]*")
# Most lines are the same in all files of a project: what was recognized once is not parsed again.
_passed_over = {""}
_targets: dict[str, str] = {}
_outer = {"def upgrade() -> None:", "def downgrade() -> None:"}
_REMEMBERED = 1000


def scan(source: bytes) -> Header | None:
    """Read the header of a plainly written file; None where it is not plain."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    # A form feed starts a line's indentation anew.
    if "\0" in text or "\f" in text:
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
    if "coding" in text[: text.find("\n", text.find("\n") + 1)]:
        return None
    end = text.find("\ndef ", start)
    if end < 0:
        end = len(text)
    found = _assignments(text[start:end].split("\n"))
    if found is None or "revision" not in found or "down_revision" not in found:
        return None
    revision = found["revision"]
    if len(revision) != 1 or not (revision[0].isalnum() or ILLEGAL.isdisjoint(revision[0])):
        return None
    if not (_only_functions(text, end) and _balanced(text)):
        return None
    labels, depends_on = found.get("branch_labels", ()), found.get("depends_on", ())
    return Header(revision[0], found["down_revision"], labels, depends_on, doc)


def _assignments(lines: list[str]) -> dict[str, tuple[str, ...]] | None:
    """Read the assignments; None if a line is anything else but an import or a comment."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if line in _passed_over:
            continue
        target, equals, text = line.partition(" = ")
        name = _targets.get(target)
        if name is None and equals and (match := _TARGET.fullmatch(target)):
            name = match.group(1)
            if len(_targets) < _REMEMBERED:
                _targets[target] = name
        if name is not None and equals:
            value = _value(text)
            if value is None:
                return None
            found[name] = value
        elif _IMPORT_OR_COMMENT.fullmatch(line) and (line[0] == "#" or not _binds(line)):
            if len(_passed_over) < _REMEMBERED:
                _passed_over.add(line)
        else:
            return None
    return found


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


def _binds(line: str) -> bool:
    """Whether an import may bind one of the names."""
    return any(name in line for name in NAMES)


def _only_functions(text: str, start: int) -> bool:
    """Whether no statement of the module but plain functions stands from here on."""
    for line in _AT_MARGIN.findall(text, start):
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


def _balanced(text: str) -> bool:
    """Whether the cheapest signs of a file that Python would refuse are missing."""
    count = text.count
    return count("(") == count(")") and count("[") == count("]") and count('"""') % 2 == 0
