"""Is what a finding says seen in two looks at the database? Each kind of line has its answer."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from tests.corpora.looks import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.corpora.looks import Fragment, Look

#: Which two looks a line compares.
_MOMENTS = {
    "after upgrade": ("before", "upgrade"),
    "after downgrade": ("before", "downgrade"),
    "after the second upgrade": ("upgrade", "upgrade again"),
}
_MOMENT = f"(?P<moment>{'|'.join(_MOMENTS)})"
_BROKEN = re.compile(
    r"foreign key check: (?P<count>\d+) rows? of (?P<table>.+?) without a match in (?P<other>.+?) \("
)
_LOST = re.compile(
    rf"table (?P<table>.+?): (?P<all>all )?(?P<count>\d+)(?: of \d+)? rows? (?P<what>lost|left over).* ?{_MOMENT}"
    r"(?: \(.*\))?$"
)
_GONE = re.compile(rf"table (?P<table>.+?): gone with its (?P<count>\d+) rows? {_MOMENT}")
_VALUES = re.compile(
    rf"column (?P<table>.+?)\.(?P<column>[^.:]+): (?P<values>.*) in (?P<count>\d+) rows? .*{_MOMENT}$"
)
_SCHEMA = re.compile(
    r"(?P<again>upgrade again: )?(?P<sign>[+~-])"
    r"(?P<kind>foreign key|primary key|unique index|unique|\w+)(?: (?P<name>(?:(?!: ).)*))?"
    r"(?:: (?P<detail>.*))?$"
)
#: How a kind of object is written in SQL, where not with its own name.
_WRITTEN = {"foreign key": "references", "enum": "as enum", "unique index": "create unique index"}


def seen(line: str, looks: Mapping[str, Look]) -> bool | None:
    """Tell whether a line of a report is seen; None if it says nothing that could be looked for.

    Args:
        line: One of a step's differences.
        looks: By the moment: ``before``, ``upgrade``, ``downgrade``, ``upgrade again``.
    """
    if match := _BROKEN.match(line):
        pair = match["table"], match["other"]
        broken = [shot.broken.count(pair) for shot in looks.values()]
        return bool(broken) and max(broken) - broken[0] >= int(match["count"])
    for pattern, look_for in ((_LOST, _lost), (_GONE, _gone), (_VALUES, _values)):
        if match := pattern.match(line):
            then, now = (looks.get(moment) for moment in _MOMENTS[match["moment"]])
            return then is not None and now is not None and look_for(match, then, now)
    if match := _SCHEMA.match(line):
        moments = ("upgrade", "upgrade again") if match["again"] else ("before", "downgrade")
        if re.match("lost when .* was recreated", match["detail"] or ""):
            moments = ("before", "upgrade")
        then, now = (looks.get(moment) for moment in moments)
        return then is not None and now is not None and _schema(match, then, now)
    return None


def _gone(match: re.Match[str], then: Look, now: Look) -> bool:
    table = match["table"]
    return len(then.rows.get(table, [])) >= int(match["count"]) and table not in now.rows


def _lost(match: re.Match[str], then: Look, now: Look) -> bool:
    """Rows that are in one look only, as many as it says at least: what changed is in one, too."""
    table = match["table"]
    if table not in then.rows or table not in now.rows:
        return False
    one, other = then.rows[table], now.rows[table]
    shared = set.intersection(*(set(row) for row in [*one, *other])) if one and other else set()
    was, is_now = (
        Counter(tuple(sorted((k, v or "") for k, v in row.items() if k in shared)) for row in rows)
        for rows in (one, other)
    )
    found = (was - is_now if match["what"] == "lost" else is_now - was).total()
    return found >= int(match["count"]) and not (match["all"] and match["what"] == "lost" and other)


def _values(match: re.Match[str], then: Look, now: Look) -> bool:
    table, column = match["table"], match["column"]
    was, is_now = (
        Counter(row[column] for row in shot.rows.get(table, []) if column in row)
        for shot in (then, now)
    )
    if "→ NULL" in match["values"] and is_now[None] <= was[None]:
        return False
    return (was - is_now).total() >= int(match["count"])


def _schema(match: re.Match[str], then: Look, now: Look) -> bool:
    kind, name, detail = match["kind"], match["name"] or "", match["detail"] or ""
    matches = _matcher(kind, name)
    was, is_now = (Counter(f.text for f in shot.fragments if matches(f)) for shot in (then, now))
    gone, new = was - is_now, is_now - was
    if match["sign"] == "~":
        return bool(gone or new) and _changed(detail, list(was), list(is_now))
    if not name.startswith("(") and sum(was.values()) == sum(is_now.values()):
        return False
    return bool(new) if match["sign"] == "+" else bool(gone)


def _matcher(kind: str, name: str) -> Callable[[Fragment], bool]:
    table = ""
    if kind in ("table", "view", "sequence", "enum", "function"):
        words = set(re.findall(r"\w+", plain(name)))
        if kind == "table":
            return lambda fragment: fragment.owner == plain(name)
    elif kind == "column":
        table, _, column = plain(name).rpartition(".")
        return lambda fragment: fragment.owner == table and fragment.text.split(" ")[0] == column
    else:
        name, _, table = (
            name.rpartition("on ") if name.startswith("on ") else name.rpartition(" on ")
        )
        words = set(re.findall(r"\w+", plain(name)))
    written = _WRITTEN.get(kind, kind)
    named = ""
    if name == "unnamed":
        words.clear()
    elif kind in ("foreign key", "primary key", "unique", "check") and name[:1] not in ("", "("):
        named = f"constraint {plain(name)} "

    def matches(fragment: Fragment) -> bool:
        said = set(re.findall(r"\w+", fragment.text))
        return (
            (not table or fragment.owner == plain(table))
            and written in fragment.text
            and fragment.text.startswith(named)
            and words <= said
        )

    return matches


def _changed(detail: str, was: Sequence[str], now: Sequence[str]) -> bool:
    """Tell whether two texts differ in what a line says of them, as far as that is SQL."""
    change = re.match(r"(type|nullable|autoincrement) (.*?) → ([^;]*)", detail)
    if change is None:
        return True
    before, after = " ".join(was), " ".join(now)
    if change[1] == "type":
        return plain(change[2]) in before and plain(change[3]) in after
    word = "not null" if change[1] == "nullable" else "autoincrement"
    return (word in before) != (word in after)
