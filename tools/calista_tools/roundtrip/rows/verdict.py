"""Did a step keep the rows? Judged from the states before it, above it, below it and above again.

- What a step destroys with the schema (a dropped column or table) is missing once the downgrade
  has brought the schema back: a loss, whatever the upgrade was for.
- A step may do with rows what it likes if its downgrade brings them back, as long as values stay in
  their columns. Where it does not, rows that change or vanish without a statement that says so,
  through a recreation, a cascade or a type, are lost as soon as that happens.
- A value in place of NULL that a downgrade leaves behind is no loss: nothing was there.
- Rows that a step adds must be gone after its downgrade; they are not a loss but are left over.

Each loss that the revision declares (`declared`) is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from calista_tools.roundtrip.rows.compare import TableChange, compare, same
from calista_tools.roundtrip.rows.contents import text_of
from calista_tools.roundtrip.rows.intended_changes import ANY_TABLE, meant
from calista_tools.roundtrip.rows.renames import renamed_tables
from calista_tools.roundtrip.rows.table_model import Content

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.roundtrip.rows.compare import Change, Row
    from calista_tools.roundtrip.rows.declared import Declaration
    from calista_tools.roundtrip.rows.moment import Moment
    from calista_tools.roundtrip.rows.table_model import RowState, TableName

_SHOWN = 3
_NO_ROWS = Content((), ())


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
    before: Moment,
    upgraded: Moment,
    restored: Moment | None = None,
    again: Moment | None = None,
    *,
    up: Sequence[str] = (),
    declarations: Sequence[Declaration] = (),
) -> RowVerdict:
    """Judge one step.

    Args:
        before: Below it, with rows in every table.
        upgraded: After its upgrade.
        restored: After its downgrade, None where that did not happen.
        again: After the second upgrade.
        up: The statements of the upgrade, as they were sent.
        declarations: What the revision's file says about lost data.
    """
    return _Judgement(before, upgraded, up, declarations).of(restored, again)


class _Judgement:
    """One step's rows, while they are looked at."""

    def __init__(
        self,
        before: Moment,
        upgraded: Moment,
        up: Sequence[str],
        declarations: Sequence[Declaration],
    ) -> None:
        self._verdict = RowVerdict()
        self._before = before
        self._upgraded = upgraded
        self._declarations = declarations
        self._renamed = renamed_tables(before.state, upgraded.state)
        self._up = up
        #: What went wrong with a table goes on being wrong with it: once is enough.
        self._accused: set[TableName] = set()

    def of(self, restored: Moment | None, again: Moment | None) -> RowVerdict:
        moments = [moment for moment in (self._upgraded, restored, again) if moment]
        looked_at = _changed(self._before.state, [moment.state for moment in moments])
        for table in looked_at:
            self._after_upgrade(table, restored)
        if restored:
            for table in looked_at:
                self._after_downgrade(table, restored)
        if again:
            for table in looked_at:
                self._after_second_upgrade(table, again, restored)
        self._verdict.notes = list(dict.fromkeys(self._verdict.notes))
        return self._verdict

    def _after_upgrade(self, table: TableName, restored: Moment | None) -> None:
        content, now = self._content(table), self._above(table, self._upgraded)
        if now is None or now is content:
            return
        change = self._compare(table, self._upgraded, self._renamed.get(table, table))
        verbs = self._verbs(table) if change else set()
        if change and restored and not _harms(self._compare(table, restored, table)):
            # It all comes back, and what was made of it meanwhile is the revision's business: but
            # not that values are found in another column.
            change.lost = []
            change.changed = [] if "update" in verbs else _mixed_up(change.changed, content)
        for column, text in self._losses(table, content, change, verbs):
            self._lose(table, column, text, "after upgrade")

    def _after_downgrade(self, table: TableName, restored: Moment) -> None:
        content, moment = self._content(table), "after downgrade"
        now = restored.state.contents.get(table)
        if now is content or table in self._accused:
            return
        if restored.rows_of(table, self._before) is None:
            if content.rows:
                text = f"table {table}: gone with its {_count(content.rows)}"
                self._lose(table, None, text, moment)
            return
        change = self._compare(table, restored, table)
        for column, text in self._losses(table, content, change, set()):
            self._lose(table, column, text, moment)
        if change.added:
            assert now is not None
            self._accused.add(table)
            rows = _rows(table, now, self._before.state, change.added)
            self._verdict.left_over.append(
                f"table {table}: {_count(change.added)} left over {moment} ({rows})"
            )
        self._verdict.notes += [
            f"column {table}.{c.column}: {text_of(c.new)} stays where NULL was {moment}"
            for c in change.changed
            if c.old is None
        ]

    def _after_second_upgrade(
        self, table: TableName, again: Moment, restored: Moment | None
    ) -> None:
        content, moment = self._content(table), "after the second upgrade"
        then, now = self._above(table, self._upgraded), self._above(table, again)
        if now is then or then is None or table in self._accused:
            return
        if now is None:
            if content.rows:
                text = f"table {table}: gone with its {_count(content.rows)}"
                self._lose(table, None, text, moment)
            return
        key = self._before.state.keys.get(table, ())
        change = compare(then, now, key)
        # What the step makes itself may be something else the next time, by a clock or a sequence,
        # and nothing where what it is made of was lost.
        first = compare(content, then, key)
        made = {id(row) for row in first.added}
        there = restored and restored.state.contents.get(table)
        other = {c.column for c in compare(content, there, key).changed} if there else set()
        changed = {(id(c.after), c.column) for c in first.changed if c.column not in other}
        own = [row for row in change.lost if id(row) in made]
        if self._accused or len(own) <= len(change.added):
            change.lost = [row for row in change.lost if id(row) not in made]
        change.changed = [
            c
            for c in change.changed
            if c.column in content.columns
            and id(c.before) not in made
            and (id(c.before), c.column) not in changed
        ]
        for column, text in self._losses(table, then, change, set()):
            self._lose(table, column, text, moment)

    def _content(self, table: TableName) -> Content:
        return self._before.state.contents[table]

    def _above(self, table: TableName, moment: Moment) -> Content | None:
        return moment.state.contents.get(self._renamed.get(table, table))

    def _compare(self, table: TableName, moment: Moment, name: TableName) -> TableChange:
        """Compare a table's rows with those before the step, wherever they are held by now."""
        content, now = self._content(table), moment.state.contents.get(name)
        key = self._before.state.keys.get(table, ())
        change = compare(content, now or _NO_ROWS, key)
        if not change:
            return change
        held = moment.rows_of(name, self._before)
        if held is not now:
            change = compare(content, held or _NO_ROWS, key)
            change.added = change.added if now else []
        taken_in = self._before.taken_in(table, moment) if change.added else None
        if taken_in is not None:
            rows = Content((held or _NO_ROWS).columns, tuple(map(tuple, change.added)))
            change.added = compare(taken_in, rows).added
        return change

    @cached_property
    def _said(self) -> dict[str, set[str]]:
        """What the statements say that they do, by table."""
        return meant(self._up, self._before.functions | self._upgraded.functions)

    def _verbs(self, table: TableName) -> set[str]:
        """Return what the statements say that they do to a table's rows."""
        renamed = self._renamed.get(table, table)
        found: set[str] = set()
        for name in (ANY_TABLE, table.name.lower(), renamed.name.lower()):
            found |= self._said.get(name, set())
        for name in self._before.relatives(table) & self._said.keys():
            said = self._said[name]
            found |= said | ({"delete"} if "drop" in said else set())
        return found

    def _lose(self, table: TableName, column: str | None, text: str, moment: str) -> None:
        self._accused.add(table)
        before, upgraded = self._before.state.contents, self._upgraded.state.contents
        columns = set(before[table].columns) if table in before else set()
        known = {str(name) for name in (*before, *upgraded)}
        for declaration in self._declarations:
            if declaration.covers(table, known, column, columns):
                self._verdict.declared.append(f"{text} {moment}, declared: {declaration.reason}")
                return
        self._verdict.differences.append(f"{text} {moment}")

    def _losses(
        self, table: TableName, content: Content, change: TableChange, on_purpose: set[str]
    ) -> Iterator[tuple[str | None, str]]:
        """Yield what was lost: the column, None for whole rows, and the words."""
        state = self._before.state
        if change.lost and "delete" not in on_purpose:
            rows = _rows(table, content, state, change.lost)
            count, held = len(change.lost), len(content.rows)
            lost = (
                f"all {_count(change.lost)}"
                if count == held
                else f"{count} of {_count(content.rows)}"
            )
            yield None, f"table {table}: {lost} lost ({rows})"
        if "update" in on_purpose:
            return
        for column in content.columns:
            changes = [c for c in change.changed if c.column == column and c.old is not None]
            if changes:
                rows = _rows(table, content, state, [c.before for c in changes])
                yield column, f"column {table}.{column}: {_values(changes)} ({rows})"


def _harms(change: TableChange) -> bool:
    """Tell whether anything that was there is not there any more."""
    return bool(change.lost) or any(c.old is not None for c in change.changed)


def _mixed_up(changes: list[Change], content: Content) -> list[Change]:
    """Return the changes of columns that hold, in most rows, what was in another one."""
    found = []
    for column in dict.fromkeys(c.column for c in changes):
        # Truth is found in many columns.
        mine = [c for c in changes if c.column == column and c.new not in (None, 0, 1, "")]
        others = [at for at, name in enumerate(content.columns) if name != column]
        if any(sum(same(c.before[at], c.new) for c in mine) * 2 > len(mine) for at in others):
            found += mine
    return found


def _changed(before: RowState, after: Sequence[RowState]) -> list[TableName]:
    """Return the tables that one of the states holds otherwise, or no longer: few of many."""
    found: dict[TableName, None] = {}
    for state in after:
        if state.contents is before.contents:
            continue
        get = state.contents.get
        found |= {t: None for t, content in before.contents.items() if get(t) is not content}
    return list(found) if len(found) < 2 else [t for t in before.contents if t in found]


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
