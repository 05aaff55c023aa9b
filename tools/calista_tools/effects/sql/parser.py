"""What does each statement of a text do? The dispatch by first word."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from calista_tools.effects.sql import data
from calista_tools.effects.sql.alter import alter
from calista_tools.effects.sql.create import create
from calista_tools.effects.sql.cursor import Cursor, Unrecognised
from calista_tools.effects.sql.dialects import only
from calista_tools.effects.sql.drop import drop, truncate
from calista_tools.effects.sql.plpgsql import block, executed
from calista_tools.effects.sql.statement_draft import Draft
from calista_tools.effects.sql.statement_effects import Effects, Only, SqlTrouble, Statement
from calista_tools.effects.sql.tokens import MAX_TOKENS, RawStatement, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: Blocks within blocks (``DO`` that executes ``DO``); nobody nests them.
_DEPTH = 3


def parse(text: str, dialect: str, depth: int = 0) -> Effects:
    """Return what every statement of ``text`` does."""
    found: list[Statement] = []
    troubles: list[SqlTrouble] = []
    for raw, draft in _read(text, dialect):
        if draft.unknown:
            troubles.append(SqlTrouble(draft.unknown, raw.start))
        found.append(draft.finish(raw.start, raw.end))
        if draft.verb == "do":
            _block(raw, dialect, depth, found, troubles)
    return Effects(tuple(found), tuple(troubles))


def foreign(text: str, dialect: str) -> tuple[Only, ...]:
    """Return what in ``text`` the dialect does not understand but the other one does."""
    return tuple(
        item
        for raw, draft in _read(text, dialect)
        for item in only(draft, raw.tokens, text)
        if item.dialect != dialect
    )


def _read(text: str, dialect: str) -> Iterable[tuple[RawStatement, Draft]]:
    """Return each statement's words and what they say; kept for the next question about them."""
    return _kept(text, dialect) if len(text) <= _KEPT else _drafts(text, dialect)


def _drafts(text: str, dialect: str) -> Iterator[tuple[RawStatement, Draft]]:
    for raw in statements(text, dialect):
        yield raw, _statement(text, raw, dialect)


#: What a file's statements do and which dialect they need are asked one after the other.
@lru_cache(maxsize=64)
def _kept(text: str, dialect: str) -> tuple[tuple[RawStatement, Draft], ...]:
    return tuple(_drafts(text, dialect))


_KEPT = 10_000


def _statement(text: str, raw: RawStatement, dialect: str) -> Draft:
    draft = Draft(dialect)
    try:
        if raw.problem:
            raise Unrecognised
        _dispatch(Cursor(text, raw.tokens), draft)
    except Unrecognised:
        draft = _unreadable(text, raw, dialect)
    if raw.cut and not draft.unknown and draft.kind not in ("dml", "query"):
        draft.unknown = f"is longer than {MAX_TOKENS} words"
    return draft


def _dispatch(cursor: Cursor, draft: Draft) -> None:
    word = cursor.word
    if handler := _HANDLERS.get(word):
        handler(cursor, draft)
    elif kind := _SIMPLE.get(word):
        draft.kind, draft.verb = kind, word.lower()
        cursor.at += 1
        _simple(cursor, draft)
    else:
        cursor.fail()


def _simple(cursor: Cursor, draft: Draft) -> None:
    """Note what rules ask of the statements that touch no schema."""
    tokens = cursor.tokens[cursor.at : cursor.at + 6]
    words = {token.upper for token in tokens}
    draft.flags |= {word.lower() for word in words & {"CONCURRENTLY", "FULL"}}
    if draft.kind == "session" and draft.verb in ("set", "pragma"):
        cursor.accept_any("SESSION", "LOCAL")
        if cursor.kind in ("word", "quoted"):
            _, name = cursor.name()
            cursor.accept_any("=", "TO", "(")
            value = cursor.rest().rstrip(")") if cursor else None
            draft.change("set", name.lower(), value)
    elif draft.verb == "refresh" and cursor.accept("MATERIALIZED", "VIEW"):
        cursor.accept("CONCURRENTLY")
        draft.on(*cursor.name())
    elif draft.verb == "begin" and cursor.word in ("IMMEDIATE", "EXCLUSIVE", "DEFERRED"):
        draft.flags.add(cursor.word.lower())


def _unreadable(text: str, raw: RawStatement, dialect: str) -> Draft:
    draft = Draft(dialect)
    draft.verb = raw.tokens[0].upper.lower()
    if raw.problem:
        draft.unknown = f"cannot be parsed: {raw.problem}"
    elif raw.tokens[0].kind in ("param", "string"):
        draft.unknown = "begins with what is put in at run time"
    else:
        shown = " ".join(text[raw.start : raw.start + 60].split())
        draft.unknown = f"cannot be parsed: {shown[:40]!r}"
    return draft


def _block(
    raw: RawStatement,
    dialect: str,
    depth: int,
    found: list[Statement],
    troubles: list[SqlTrouble],
) -> None:
    """Add what the body of a ``DO`` does, each statement at the place of the ``DO``."""
    bodies = [t.value for t in raw.tokens if t.kind in ("dollar", "string", "estring")]
    for cursor, conditional in block(max(bodies, key=len, default="")):
        if cursor.word == "EXECUTE":
            text = executed(cursor)
            if text is None or depth >= _DEPTH:
                message = "runs SQL that is put together at run time"
                troubles.append(SqlTrouble(message, raw.start))
                continue
            inner = parse(text, dialect, depth + 1)
            troubles += [trouble._replace(offset=raw.start) for trouble in inner.troubles]
            found += [
                item._replace(
                    start=raw.start, end=raw.end, conditional=item.conditional or conditional
                )
                for item in inner.statements
            ]
            continue
        draft = Draft(dialect)
        draft.conditional = conditional
        try:
            _dispatch(cursor, draft)
        except Unrecognised:
            troubles.append(SqlTrouble("a statement in a DO block cannot be parsed", raw.start))
            continue
        if draft.verb == "select into":
            # In PL/pgSQL that fills a variable.
            draft.verb = "select"
        found.append(draft.finish(raw.start, raw.end))


def _create(cursor: Cursor, draft: Draft) -> None:
    cursor.at += 1
    create(cursor, draft)


def _alter(cursor: Cursor, draft: Draft) -> None:
    cursor.at += 1
    alter(cursor, draft)


def _drop(cursor: Cursor, draft: Draft) -> None:
    cursor.at += 1
    drop(cursor, draft)


def _truncate(cursor: Cursor, draft: Draft) -> None:
    cursor.at += 1
    truncate(cursor, draft)


def _parenthesis(cursor: Cursor, draft: Draft) -> None:
    del cursor
    draft.kind, draft.verb = "query", "select"


_HANDLERS: dict[str, Callable[[Cursor, Draft], None]] = {
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "TRUNCATE": _truncate,
    "INSERT": data.insert,
    "REPLACE": data.insert,
    "UPDATE": data.update,
    "DELETE": data.delete,
    "MERGE": data.merge,
    "COPY": data.copy,
    "SELECT": data.select,
    "VALUES": data.select,
    "TABLE": data.select,
    "WITH": data.with_query,
    "(": _parenthesis,
}
_SIMPLE = {
    word: kind
    for kind, words in {
        "ddl": "COMMENT GRANT REVOKE REASSIGN IMPORT SECURITY",
        "query": "EXPLAIN SHOW",
        "transaction": "BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE START END ABORT",
        "session": "SET RESET PRAGMA ATTACH DETACH DISCARD LOCK LISTEN NOTIFY UNLISTEN LOAD",
        "other": "VACUUM ANALYZE ANALYSE REINDEX CLUSTER REFRESH CHECKPOINT CALL DO EXECUTE PREPARE"
        " DEALLOCATE DECLARE FETCH CLOSE MOVE",
    }.items()
    for word in words.split()
}
