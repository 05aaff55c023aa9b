"""Where may a password stand in what we are given, and how is it kept out of what we tell?

In a database's URL, also one in which it was not encoded, so that its tail is taken for a host, a port
or the database; in libpq's ``key=value`` strings; in variables of the environment. `without_passwords`
is asked wherever words for people are written. The twin of ``calista.passwords``.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing alone takes longer to import than all of this
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENCODE = (
    "special characters in a password are written by their numbers:"
    " %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %"
)
HIDDEN = "***"
#: So much of a password is known again: less is in every text.
_PIECE = 4
#: What we say ourselves, and cannot hide.
_OUR_WORDS = "password"
#: Keys that the query of a URL may have: libpq's. Another one behind a password is a part of it.
#: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_KEYWORDS = (
    "host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout"
    " client_encoding options application_name fallback_application_name keepalives keepalives_idle"
    " keepalives_interval keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl"
    " sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword sslcertmode sslrootcert"
    " sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version krbsrvname"
    " gsslib gssdelegation service target_session_attrs load_balance_hosts min_protocol_version"
    " max_protocol_version oauth_issuer oauth_client_id oauth_client_secret oauth_scope"
    " prepared_statement_cache_size prepared_statement_name_func async_fallback"
)
_KEYS = frozenset(_KEYWORDS.split())

#: What we were told besides the command line and the environment, such as what alembic.ini says.
_noted: set[str] = set()
_known: tuple[frozenset[str], bool] | None = None


def note(texts: Iterable[object]) -> None:
    """Take in what may hold a password."""
    global _known
    new = {text for text in texts if isinstance(text, str)} - _noted
    if new:
        _noted.update(new)
        _known = None


def forget() -> None:
    """Forget what was noted, and how the environment was."""
    global _known
    _noted.clear()
    _known = None


def without_passwords(text: str) -> str:
    """Return the text with every piece of a password that we know of hidden."""
    pieces, _ = _pieces()
    text = _without_accounts(text)
    if not any(piece in text for piece in pieces):
        return text
    hidden = [False] * len(text)
    for at in range(len(text) - _PIECE + 1):
        if text[at : at + _PIECE] in pieces:
            hidden[at : at + _PIECE] = [True] * _PIECE
    shown: list[str] = []
    for char, hide in zip(text, hidden, strict=True):
        if not hide:
            shown.append(char)
        elif not shown or shown[-1] != HIDDEN:
            shown.append(HIDDEN)
    return "".join(shown)


def explained(told: str) -> str:
    """Return words without passwords; where one was hidden that was not encoded, say how that is done."""
    text = without_passwords(told)
    return (
        f"{text}\nhint: {ENCODE}" if text != told and any_unclear() and ENCODE not in text else text
    )


def is_clear(url: str) -> bool:
    """Tell whether a URL says which part of it is the password."""
    return _take_apart(url)[2]


def any_unclear() -> bool:
    """Tell whether a URL among what we were given does not say so."""
    return _pieces()[1]


def _pieces() -> tuple[frozenset[str], bool]:
    """Return all pieces of the passwords that we know of, and whether any may be misread."""
    global _known
    if _known is None:
        secret: set[str] = set()
        open_: set[str] = set(_cut(_OUR_WORDS))
        unclear = False
        for text in (*_noted, *sys.argv, *_of_environment()):
            shown, found, clear = _take_apart(text)
            open_.update(_cut(shown) if found else ())
            secret.update(piece for each in found for form in _forms(each) for piece in _cut(form))
            unclear |= not clear
        _known = frozenset(secret - open_), unclear
    return _known


def _of_environment() -> Iterator[str]:
    for name, value in os.environ.items():
        if "PASSW" in name.upper():
            yield f"password={_quoted(value)}"
        elif "://" in value or "password" in value.lower():
            yield value


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _cut(text: str) -> Iterator[str]:
    return (text[at : at + _PIECE] for at in range(len(text) - _PIECE + 1))


def _forms(secret: str) -> set[str]:
    """Return how a password may be spelt where it is told: decoded, encoded, or quoted."""
    from json import dumps
    from urllib.parse import quote, quote_plus, unquote, unquote_plus

    plain = {secret, unquote(secret), unquote_plus(secret)}
    coded = {form(each) for each in plain for form in (quote, quote_plus)}
    coded |= {quote(each, safe="") for each in plain}
    told = {repr(each)[1:-1] for each in plain} | {dumps(each)[1:-1] for each in plain}
    folded = {" ".join(each.split()) for each in plain}
    return {*plain, *coded, *told, *folded, *(each.lower() for each in plain)}


def _take_apart(text: str) -> tuple[str, list[str], bool]:
    """Return what of a text may be told, its passwords, and whether it says which they are."""
    import re

    if "://" not in text and not re.match(r"\s*[\w+.-]*:?/*[^\s:/@]*:.*@", text, re.DOTALL):
        return _take_pairs_apart(text)
    start = re.search(r"[\w+.-]+://", text)
    start = start or re.match(r"\s*(?:[\w-]+=)?(?:[\w+.-]*:/+|//)?", text)
    assert start is not None
    scheme, rest = start.group(), text[start.end() :]
    if re.search(r"\bsqlite", scheme):
        return text, [], True
    body, query = _without_query(rest)
    # The last @ ends the password if one in it was not encoded.
    account, at, place = body.rpartition("@")
    user, colon, password = account.partition(":")
    secrets = [password] if password else []
    clear = "@" not in password and not (at and not colon and "/" in account) and "/" not in user
    if not clear and not password:
        secrets, user = [account], ""
    clear &= "://" in scheme or not at
    inside = re.search(r"[?&]\w*passw\w*=(.*)", rest, re.DOTALL)
    if inside and inside.start() < len(account):
        # An @ in a password of the query: SQLAlchemy takes what is before it for the account.
        return f"{scheme} {user}", [password, inside[1]], False
    open_ = ""
    for part in query.split("&"):
        key, _, value = part.partition("=")
        if "passw" in key.lower():
            secrets.append(value)
        elif secrets and query and "passw" in query.lower() and key not in _KEYS:
            secrets[-1] += f"&{part}"
            clear = False
        else:
            open_ += f" {value}"
    secrets = [secret for secret in secrets if secret]
    return f"{scheme} {user} {place} {open_}", secrets, clear


def _without_query(rest: str) -> tuple[str, str]:
    """Cut the query off; a ``?`` of a password begins none."""
    body, _, query = rest.partition("?")
    if "@" not in query:
        return body, query
    keys = [part.partition("=")[0] for part in query.split("&") if "@" in part]
    if "@" in body and all(key in _KEYS for key in keys):
        return body, query
    return rest, ""


def _take_pairs_apart(text: str) -> tuple[str, list[str], bool]:
    """Take libpq's ``key=value`` apart."""
    import re

    found = re.findall(r"(?i)passw\w*\s*=\s*(?:'((?:\\.|[^'\\])*)'|(\S+))", text)
    # `--url-env password=POSTGRES_PASSWORD` names the variable that holds one.
    found = [
        pair for pair in found if not re.fullmatch(r"[A-Z\d]+_[A-Z\d_]*PASS[A-Z\d_]*", pair[1])
    ]
    secrets = [re.sub(r"\\(.)", r"\1", quoted) or plain for quoted, plain in found]
    return "", [*filter(None, secrets), *(quoted for quoted, _ in found if quoted)], True


def _without_accounts(text: str) -> str:
    """Hide the password of every URL in a text: an application may have one of its own."""
    if "://" not in text or "@" not in text:
        return text
    import re

    def hide(match: re.Match[str]) -> str:
        password = match[2]
        return match[0] if password in (_OUR_WORDS, HIDDEN) else f"{match[1]}:{HIDDEN}@"

    return re.sub(r"([\w+.-]+://[^\s:/@]*):(\S*)@", hide, text)
