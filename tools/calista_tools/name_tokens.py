"""Which tokens may the names of objects and of files be made of? What is no token is refused.

A misspelt token would make no name at all, and the rule that holds names against it would say
nothing for ever.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calista_tools.closest import closest, did_you_mean
from calista_tools.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: Source: https://docs.sqlalchemy.org/en/latest/core/constraints.html#configuring-constraint-naming-conventions
_OF_COLUMNS = re.compile(r"column_(\d+|0_?N)_(name|key|label)")
_OF_REFERRED = re.compile(r"referred_column_(\d+|0_?N)_name")
_ANY_KIND = ("table_name", "constraint_name")
#: What there is besides, and what only one kind has; in the order in which they come to mind.
_SHOWN = ("column_0_name", "column_0_N_name", "column_0_label", "column_0_N_label", "column_0_key")
_ONLY: Mapping[str, tuple[str, ...]] = {
    "fk": ("referred_table_name", "referred_column_0_name", "referred_column_0_N_name"),
    "trigger": ("action",),
}
#: A value that Alembic could give to each token; source: its ``ScriptDirectory._rev_path``.
_OF_FILES: Mapping[str, object] = {
    "rev": "3f2a", "slug": "add_note", "epoch": 1756200000, "year": 2026, "month": 1, "day": 2,
    "hour": 3, "minute": 4, "second": 5,
}  # fmt: skip
#: How a date's parts are written so that files sort.
_USUAL = {"epoch": "d", "year": "d", "rev": "s", "slug": "s"}
_PIECE = re.compile(r"%%|%\(([^()%]*)\)(s)?|%\w*|[(){}]")
_FILE_PIECE = re.compile(r"%\(([^()%]*)\)[-#0 +]*\d*(?:\.\d*)?[a-zA-Z]?|%\w*|[({](\w+)[)}]s?")
_WORD = re.compile(r"\w+")
#: How like a known token a token of env.py's convention is that cannot be its own.
_MISSPELT = 0.85


def check_names(names: Mapping[str, str], where: str) -> None:
    """Refuse a policy name that holds anything but text and the tokens of its kind.

    Raises:
        ConfigError: One does; the message names the nearest token.
    """
    for kind, template in names.items():
        full = f"{where}.{kind}"
        _check_text(template, full)
        for term, whole in _tokens(template):
            if whole is None or not _is_token(term, kind):
                raise _unknown(full, template, whole, nearest(term, kind), _known(kind))


def check_convention(convention: Mapping[str, str], kinds: Collection[str], where: str) -> None:
    """Refuse what no naming convention of SQLAlchemy's can be; it may hold tokens of its own.

    Raises:
        ConfigError: It holds a token that is cut short or misspelt, or a kind that there is not.
    """
    own = set()
    for kind, template in convention.items():
        full = f"{where}.{kind}"
        _check_text(template, full)
        for term, whole in _tokens(template):
            if whole is None or (not _is_token(term, kind) and _is_misspelt(term, kind)):
                raise _unknown(full, template, whole, nearest(term, kind), _known(kind))
            own.add(term)
    for kind in convention:
        if kind not in kinds and kind not in own:
            raise ConfigError(f"unknown key `{where}.{kind}`", did_you_mean(kind, kinds))


def check_file_template(template: str, where: str) -> None:
    """Refuse a pattern of file names that Alembic could not fill in, or that leads elsewhere.

    Raises:
        ConfigError: So it is; the message names the nearest token.
    """
    _check_text(template, where)
    # As it stands in alembic.ini, where a percent sign is written twice.
    written = template.replace("%%", "%")
    parts = re.split(r"[/\\]", written)
    if not parts[0] or ".." in parts or re.match(r"[A-Za-z]:", written):
        raise ConfigError(f"`{where}` is {template!r}", "it must stay in the versions folder")
    some = False
    for found in _FILE_PIECE.finditer(written):
        term, bare = found[1], found[2]
        if bare is not None and bare not in _OF_FILES:
            continue  # a file may have parentheses in its name
        some = some or bare is None
        if bare is not None or not _fills(found[0], term):
            word = bare or term or "".join(_WORD.findall(found[0]))
            near = _nearest(word, tuple(_OF_FILES))
            near = f"%({near}){_USUAL.get(near, '.2d')}"
            raise _unknown(where, template, found[0], near, tuple(_OF_FILES))
    if not some:
        hint = "tokens: " + ", ".join(_OF_FILES)
        raise ConfigError(f"`{where}` is {template!r}: every file would have this name", hint)


def nearest(term: str, kind: str) -> str:
    """Return the token that was probably meant, as it is written in a template."""
    known = _known(kind)
    number = re.search(r"\d+", term)
    if number and number[0] != "0":
        # `0_N` is every column from the first on: it is said of no other one.
        known = tuple(one.replace("0", number[0]) for one in known if "0_N" not in one)
    return f"%({_nearest(term, known)})s"


def _fills(piece: str, term: str | None) -> bool:
    try:
        return term in _OF_FILES and bool(piece % _OF_FILES)
    except (ValueError, TypeError):
        return False


def _check_text(template: str, full: str) -> None:
    if not template.strip():
        raise ConfigError(f"`{full}` is {template!r}: it must not be empty")
    if not template.isprintable():
        raise ConfigError(f"`{full}` is {template!r}: it must hold no control characters")


def _tokens(template: str) -> list[tuple[str, str | None]]:
    """Return each token's word and how it is written; None where it is cut short."""
    found: list[tuple[str, str | None]] = []
    for piece in _PIECE.finditer(template):
        if piece[0] == "%%":
            continue
        if piece[1] is not None and piece[2]:
            found.append((piece[1], piece[0]))
        else:
            word = _WORD.search(template, piece.start())
            bare = "" if word is None or len(word[0]) == 1 else word[0]  # `%s`
            found.append((piece[1] or bare, None))
    return found


def _is_token(term: str, kind: str) -> bool:
    if term in ("table_name", *_ONLY.get(kind, ())):
        return True
    if term == "constraint_name" or _OF_COLUMNS.fullmatch(term):
        return True
    return kind == "fk" and _OF_REFERRED.fullmatch(term) is not None


def _known(kind: str) -> tuple[str, ...]:
    return (*_ANY_KIND, *_ONLY.get(kind, ()), *_SHOWN)


def _is_misspelt(term: str, kind: str) -> bool:
    from difflib import SequenceMatcher

    word = nearest(term, kind)[2:-2]
    return SequenceMatcher(None, term, word).ratio() >= _MISSPELT


def _nearest(term: str, known: Collection[str]) -> str:
    return closest(term.strip(), known) or term


def _unknown(
    full: str, template: str, piece: str | None, near: str, known: Collection[str]
) -> ConfigError:
    what = f"unknown token {piece!r}" if piece else "a token is cut short"
    return ConfigError(
        f"`{full}` is {template!r}: {what}, did you mean `{near}`?", "tokens: " + ", ".join(known)
    )
