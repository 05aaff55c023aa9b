"""Did a step keep the rows? Judged from the states before it, above it, below it and above again.

- What a step destroys with the schema (a dropped column or table) is missing once the downgrade
  has brought the schema back: a loss, whatever the upgrade was for.
- A step may change or remove rows where its statements say so, if its downgrade brings them back;
  rows that change or vanish without such a statement, through a recreation, a cascade or a type,
  are lost as soon as that happens.
- A value in place of NULL that a downgrade leaves behind is no loss: nothing was there.
- Rows that a step adds must be gone after its downgrade; they are not a loss but are left over.

Each loss that the revision declares (`declared`) is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.compare import TableChange, compare
from calista_tools.roundtrip.rows.contents import text_of
from calista_tools.roundtrip.rows.meant import meant
from calista_tools.roundtrip.rows.renames import renamed_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.roundtrip.rows.compare import Change, Row
    from calista_tools.roundtrip.rows.declared import Declaration
    from calista_tools.roundtrip.rows.model import Content, RowState, TableName

_SHOWN = 3


@dataclass(slots=True)
class RowVerdict:
    """What became of the rows in one step.

    Attributes:
        differences: Undeclared losses and changes, one line each.
        left_over: What the downgrade should have removed or set back.
        declared: Losses that the revision says and gives a reason for.
        notes: What is worth knowing and no defect.
    """

    differences: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def data_kept(self) -> bool:
        """Whether no row and no value was lost without saying so."""
        return not self.differences


def judge(
    before: RowState,
    upgraded: RowState,
    restored: RowState | None = None,
    again: RowState | None = None,
    *,
    up: Sequence[str] = (),
    declarations: Sequence[Declaration] = (),
    irreversible: bool = False,
) -> RowVerdict:
    """Judge one step.

    Args:
        before: Below it, with rows in every table.
        upgraded: After its upgrade.
        restored: After its downgrade, None where that did not happen.
        again: After the second upgrade.
        up: The statements of the upgrade that wrote rows, as they were sent.
        declarations: What the revision's file says about lost data.
        irreversible: Whether it says that there is no way back.
    """
    verdict = RowVerdict()
    accused: set[TableName] = set()

    looked_at = _changed(before, upgraded, restored, again)

    def lose(table: TableName, column: str | None, text: str, moment: str) -> None:
        accused.add(table)
        columns = set(before.contents[table].columns) if table in before.contents else set()
        known = {str(name) for state in (before, upgraded) for name in state.contents}
        for declaration in declarations:
            if declaration.covers(table, known, column, columns):
                verdict.declared.append(f"{text} {moment}, declared: {declaration.reason}")
                return
        verdict.differences.append(f"{text} {moment}")

    verbs = meant(list(up))
    renamed = renamed_tables(before, upgraded)
    above = {table: upgraded.contents.get(renamed.get(table, table)) for table in looked_at}
    for table in looked_at:
        content, now = before.contents[table], above[table]
        if now is None or now is content:
            continue
        change = compare(content, now, before.keys.get(table, ()))
        answered = restored is not None or irreversible
        on_purpose = verbs.get(table.name.lower(), set()) if answered else set()
        for column, text in _losses(table, content, before, change, on_purpose):
            lose(table, column, text, "after upgrade")
    for moment, state in (("after downgrade", restored), ("after the second upgrade", again)):
        if state is None:
            continue
        # What went wrong with a table goes on being wrong with it: once is enough.
        silent = set(accused)
        for table in looked_at:
            content = before.contents[table]
            down = moment == "after downgrade"
            if table in silent:
                continue
            now = state.contents.get(table if down else renamed.get(table, table))
            then = content if down else above[table]
            if now is then or then is None:
                continue
            if now is None:
                if content.rows:
                    text = f"table {table}: gone with its {_count(content.rows)}"
                    lose(table, None, text, moment)
                continue
            change = compare(then, now, before.keys.get(table, ()))
            if not down:
                # Values that the step made itself may differ: a default may be a clock.
                change.changed = [c for c in change.changed if c.column in content.columns]
            for column, text in _losses(table, then, before, change, set()):
                lose(table, column, text, moment)
            if down and change.added:
                rows = _rows(table, now, before, change.added)
                accused.add(table)
                verdict.left_over.append(
                    f"table {table}: {_count(change.added)} left over {moment} ({rows})"
                )
            for change_ in change.changed:
                if change_.old is None and down:
                    verdict.notes.append(
                        f"column {table}.{change_.column}: {text_of(change_.new)} stays "
                        f"where NULL was {moment}"
                    )
    verdict.notes = list(dict.fromkeys(verdict.notes))
    return verdict


def _changed(before: RowState, *after: RowState | None) -> list[TableName]:
    """Return the tables that one of the states holds otherwise, or no longer: few of many."""
    found: dict[TableName, None] = {}
    for state in after:
        if state is None or state.contents is before.contents:
            continue
        get = state.contents.get
        found |= {t: None for t, content in before.contents.items() if get(t) is not content}
    return list(found) if len(found) < 2 else [t for t in before.contents if t in found]


def _losses(
    table: TableName,
    content: Content,
    state: RowState,
    change: TableChange,
    on_purpose: set[str],
) -> Iterator[tuple[str | None, str]]:
    """Yield what was lost: the column, None for whole rows, and the words."""
    if change.lost and "delete" not in on_purpose:
        rows = _rows(table, content, state, change.lost)
        if len(change.lost) == len(content.rows):
            yield None, f"table {table}: all {_count(change.lost)} lost ({rows})"
        else:
            lost = f"{len(change.lost)} of {_count(content.rows)} lost ({rows})"
            yield None, f"table {table}: {lost}"
    if "update" in on_purpose:
        return
    for column in content.columns:
        changes = [c for c in change.changed if c.column == column and c.old is not None]
        if changes:
            rows = _rows(table, content, state, [c.before for c in changes])
            yield column, f"column {table}.{column}: {_values(changes)} ({rows})"


def _values(changes: list[Change]) -> str:
    kinds = list(dict.fromkeys((text_of(c.old), text_of(c.new)) for c in changes))
    shown = ", ".join(f"{old} → {new}" for old, new in kinds[:_SHOWN])
    more = ", …" if len(kinds) > _SHOWN else ""
    return f"{shown}{more} in {_count(changes)}"


def _count(items: Sequence[object]) -> str:
    return f"{len(items)} row{'' if len(items) == 1 else 's'}"


def _rows(table: TableName, content: Content, state: RowState, rows: Sequence[Row]) -> str:
    """Say which rows are meant, by primary key where there is one."""
    names = [name for name in state.keys.get(table, ()) if name in content.columns]
    names = names or list(content.columns[:1])
    places = [content.columns.index(name) for name in names]
    shown = [
        " ".join(f"{name}={text_of(row[at])}" for name, at in zip(names, places, strict=True))
        for row in rows[:_SHOWN]
    ]
    return ", ".join(shown) + (", …" if len(rows) > _SHOWN else "")
