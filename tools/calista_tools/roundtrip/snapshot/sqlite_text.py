"""What does SQLite's schema text say that no pragma does? Constraint names, CHECKs, collations, ….

The text is read as tokens, never compared as it stands: a batch operation writes it anew with
other quotes, spaces and parentheses, and the schema is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--[^\n]*|/\*.*?(?:\*/|$))
      |(?P<string>[xX]?'(?:[^']|'')*')
      |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
      |(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
      |(?P<word>[^\W\d][\w$]*)
      |(?P<mark>\|\||<=|>=|<>|!=|==|<<|>>|->>|->|.)""",
    re.VERBOSE | re.DOTALL,
)
_CONSTRAINT_STARTS = ("constraint", "primary", "unique", "check", "foreign")
_PLAIN = re.compile(r"[^\W\d]\w*\Z")
_VIRTUAL = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+(\w+)", re.IGNORECASE | re.DOTALL)
#: By module, how the tables are called in which it keeps its data, behind its own name.
_SHADOWS = {
    "fts3": ("content", "segments", "segdir"),
    "fts4": ("content", "segments", "segdir", "docsize", "stat"),
    "fts5": ("data", "idx", "content", "docsize", "config"),
    **dict.fromkeys(("rtree", "rtree_i32", "geopoly"), ("node", "parent", "rowid")),
}


class Token(NamedTuple):
    """One word, name, literal or mark.

    Attributes:
        text: Names without their quotes; strings with them.
        low: ``text`` in lower case where case means nothing.
    """

    kind: str
    text: str
    low: str


def tokens(sql: str) -> list[Token]:
    """Split SQL; comments and spaces are left out."""
    result = []
    for match in _TOKEN.finditer(sql):
        kind = str(match.lastgroup)
        text = match[0]
        if kind == "skip":
            continue
        if kind == "quoted":
            quote = {"[": "]"}.get(text[0], text[0])
            text = text[1:-1].replace(quote * 2, quote)
            kind = "name"
        result.append(Token(kind, text, text if kind == "string" else text.lower()))
    return result


def normal(items: list[Token]) -> str:
    """Return an expression in one spelling: lower case, single spaces, no outer parentheses."""
    items = unwrapped(items)
    parts: list[str] = []
    for item in items:
        text = item.low
        if item.kind == "name" and not _PLAIN.match(text):
            text = '"' + text.replace('"', '""') + '"'
        parts.append(text)
    text = " ".join(parts)
    # Function calls and lists read better, and the same, without these.
    return re.sub(r"(?<=\w) \( | \(\s|\s(?=[,)])", _tight, text)


def unwrapped(items: list[Token]) -> list[Token]:
    """Return an expression without the parentheses around the whole of it."""
    while len(items) > 1 and items[0].text == "(" and _closing(items, 0) == len(items) - 1:
        items = items[1:-1]
    return items


def _tight(match: re.Match[str]) -> str:
    return match[0].strip()


def _closing(items: list[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(items)):
        if items[at].text == "(" and items[at].kind == "mark":
            depth += 1
        elif items[at].text == ")" and items[at].kind == "mark":
            depth -= 1
            if depth == 0:
                return at
    return len(items) - 1


def shadow_tables(virtual: Mapping[str, str], names: Iterable[str]) -> set[str]:
    """Return those of the names that are tables of virtual ones, given with their texts."""
    listed, found = set(names), set()
    for owner, sql in virtual.items():
        module = _VIRTUAL.match(sql)
        suffixes = _SHADOWS.get(module[1].lower()) if module else None
        if suffixes is None:
            found |= {name for name in listed if name.startswith(f"{owner}_")}
        else:
            found |= {f"{owner}_{suffix}" for suffix in suffixes} & listed
    return found


@dataclass
class Constraint:
    """A constraint of a table, written at a column or by itself.

    Attributes:
        columns: Of the constraint itself; of a CHECK none.
        text: A CHECK's expression, or what follows a foreign key's columns.
    """

    kind: str
    name: str
    columns: tuple[str, ...] = ()
    text: str = ""
    conflict: str = ""
    deferred: str = ""


@dataclass
class TableText:
    """What the text of a table says beyond the pragmas; columns by name in lower case."""

    constraints: list[Constraint] = field(default_factory=list)
    collations: dict[str, str] = field(default_factory=dict)
    generated: dict[str, str] = field(default_factory=dict)
    not_null_conflicts: dict[str, str] = field(default_factory=dict)
    autoincrement: bool = False
    options: tuple[str, ...] = ()


@lru_cache(maxsize=64)
def read_table(sql: str) -> TableText:
    """Read ``CREATE TABLE``; of a virtual table or ``… AS SELECT`` nothing is known.

    What comes back is shared, and must stay as it is.
    """
    items = tokens(sql)
    result = TableText()
    start = next((at for at, item in enumerate(items) if item.text == "("), None)
    if start is None or any(item.low in ("virtual", "as") for item in items[:start]):
        return result
    end = _closing(items, start)
    for part in _split(items[start + 1 : end]):
        if part and part[0].kind == "word" and part[0].low in _CONSTRAINT_STARTS:
            _read_constraints(part, result, "")
        elif part:
            _read_column(part, result)
    words = [item.low for item in items[end + 1 :]]
    if "strict" in words:
        result.options += ("strict",)
    if ("without", "rowid") in pairwise(words):
        result.options += ("without rowid",)
    return result


def index_terms(sql: str) -> tuple[list[str], str]:
    """Return an index's terms (an expression, without COLLATE and DESC) and its WHERE."""
    items = tokens(sql)
    start = next(at for at, item in enumerate(items) if item.text == "(" and item.kind == "mark")
    end = _closing(items, start)
    terms = []
    for part in _split(items[start + 1 : end]):
        kept = list(part)
        if kept and kept[-1].low in ("asc", "desc"):
            kept.pop()
        if len(kept) > 2 and kept[-2].low == "collate":
            del kept[-2:]
        terms.append(normal(kept))
    return terms, normal(items[end + 2 :])


def _split(items: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for item in items:
        if item.kind == "mark":
            depth += {"(": 1, ")": -1}.get(item.text, 0)
            if item.text == "," and depth == 0:
                parts.append([])
                continue
        parts[-1].append(item)
    return parts


def _read_column(items: list[Token], result: TableText) -> None:
    column = items[0].low
    at = 1
    # The type: words, and perhaps numbers in parentheses.
    while at < len(items) and not _starts_column_constraint(items[at]):
        at = _closing(items, at) + 1 if items[at].text == "(" else at + 1
    _read_constraints(items[at:], result, column)


def _starts_column_constraint(item: Token) -> bool:
    return item.kind == "word" and item.low in (
        *_CONSTRAINT_STARTS, "not", "null", "default", "collate", "references", "generated", "as",
    )  # fmt: skip


def _read_constraints(items: list[Token], result: TableText, column: str) -> None:
    """Read a run of constraints; ``column`` is "" for those of the table."""
    at, name = 0, ""
    own = (column,) if column else ()
    while at < len(items):
        word = items[at].low if items[at].kind == "word" else ""
        following = items[at + 1] if at + 1 < len(items) else Token("", "", "")
        if word == "constraint":
            name, at = following.text, at + 2
            continue
        if word == "check" and following.text == "(":
            end = _closing(items, at + 1)
            text = normal(items[at + 1 : end + 1])
            result.constraints.append(Constraint("check", name, text=text))
            at = end + 1
        elif word in ("primary", "unique", "foreign"):
            at += 1 if word == "unique" else 2
            columns: tuple[str, ...] = own
            if at < len(items) and items[at].text == "(":
                end = _closing(items, at)
                columns = tuple(part[0].low for part in _split(items[at + 1 : end]) if part)
                at = end + 1
            kind = {"primary": "primary key", "foreign": "foreign key"}.get(word, word)
            made = Constraint(kind, name, columns)
            at = _read_tail(items, at, made, result)
            result.constraints.append(made)
        elif word == "references":
            made = Constraint("foreign key", name, own)
            at = _read_tail(items, at, made, result)
            result.constraints.append(made)
        elif word == "collate":
            result.collations[column] = following.low
            at += 2
        elif word in ("as", "generated"):
            start = next((n for n in range(at, len(items)) if items[n].text == "("), len(items))
            end = _closing(items, start) if start < len(items) else len(items) - 1
            stored = end + 1 < len(items) and items[end + 1].low == "stored"
            kind = "stored" if stored else "virtual"
            result.generated[column] = f"{normal(items[start : end + 1])} {kind}"
            at = end + 1
        elif word == "default":
            at = _closing(items, at + 1) + 1 if following.text == "(" else at + 2
        elif word == "not" and following.low == "null":
            made = Constraint("not null", name, own)
            at = _read_tail(items, at + 2, made, result)
            if made.conflict:
                result.not_null_conflicts[column] = made.conflict
        else:
            at += 1
            continue
        name = ""


def _read_tail(items: list[Token], at: int, made: Constraint, result: TableText) -> int:
    """Read what may follow a constraint: ON CONFLICT, AUTOINCREMENT, DEFERRABLE."""
    while at < len(items):
        word = items[at].low if items[at].kind == "word" else ""
        if word == "on" and at + 2 < len(items) and items[at + 1].low == "conflict":
            made.conflict, at = items[at + 2].low, at + 3
        elif word == "autoincrement":
            result.autoincrement, at = True, at + 1
        elif word in ("asc", "desc"):
            at += 1
        elif word in ("deferrable", "initially") or (
            word == "not" and at + 1 < len(items) and items[at + 1].low == "deferrable"
        ):
            made.deferred, at = f"{made.deferred} {word}".strip(), at + 1
            if word == "initially" and at < len(items):
                made.deferred, at = f"{made.deferred} {items[at].low}", at + 1
            elif word == "not":
                made.deferred, at = f"{made.deferred} deferrable", at + 1
        elif made.kind == "foreign key" and not _starts_after_reference(items, at):
            at = _closing(items, at) + 1 if items[at].text == "(" else at + 1
        else:
            break
    return at


def _starts_after_reference(items: list[Token], at: int) -> bool:
    """Tell whether another constraint begins here, inside or after REFERENCES and its actions."""
    item = items[at]
    if item.kind != "word" or not _starts_column_constraint(item) or item.low == "references":
        return False
    before = items[at - 1].low if at else ""
    # ON DELETE SET NULL, SET DEFAULT are actions, not constraints.
    return not (item.low in ("null", "default") and before == "set")
