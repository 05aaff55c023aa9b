"""What do the catalogs say about a table that rows are made for?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How many salts there are.
SALTS = 1000
#: What a cell holds once read: JSON values on PostgreSQL, SQLite's five storage classes there.
Value = object


class TableName(NamedTuple):
    """A table and its schema, which is empty on SQLite."""

    schema: str
    name: str

    def salt(self, column: str) -> int:
        """Return a number that few other columns of the database have."""
        return crc32(f"{self.name}.{column}".encode()) % SALTS

    def __str__(self) -> str:
        return self.name if self.schema in ("", "public") else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column, its type taken apart.

    Attributes:
        type: PostgreSQL's internal name of the base type, without domain and array:
            ``int4``, ``varchar``, ``timestamptz``, ``enum``, ``composite``.
        sql_type: The type as the database spells it, for a cast.
        length: Characters, bits or dimensions, whatever the type counts; None without a limit.
        precision: Digits of a numeric; None without a limit.
        scale: Digits of a numeric behind the point; negative ones count before it.
        labels: The values of an enum.
        fields: How many fields a composite type has.
        array: Whether it holds arrays of the type.
        checks: CHECK expressions of its domains, written about the column.
        default: Whether it gets a value when none is given.
        computed: Whether the database makes its value and takes no other.
        always: Whether it is an identity column that takes a value only when overridden.
        salt: A number that other columns do not have, so that no two hold the same values.
    """

    name: str
    type: str
    sql_type: str = ""
    length: int | None = None
    precision: int | None = None
    scale: int = 0
    labels: tuple[str, ...] = ()
    fields: int = 0
    array: bool = False
    checks: tuple[str, ...] = ()
    nullable: bool = True
    default: bool = False
    computed: bool = False
    always: bool = False
    salt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """Columns that must be found in another table; ``referred`` is its columns, in their order."""

    columns: tuple[str, ...]
    table: TableName
    referred: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table as far as a new row must know it.

    Attributes:
        keys: Columns of the primary key and of each unique constraint or index.
        checks: What each row must satisfy, as expressions over its columns.
        generated: The expressions of its generated columns.
        foreign_keys: Its references, by constraint.
        partitioned: Whether its rows are in other tables.
    """

    name: TableName
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    checks: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    partitioned: bool = False

    @property
    def kinds(self) -> bool:
        """Whether others may refer to rows of one kind: by a key of the primary one and a word."""
        words = {
            column.name
            for column in self.columns
            if column.labels or any(column.name in check for check in self.checks)
        }
        primary = set(self.primary_key)
        return any(primary < set(key) and words & set(key) - primary for key in self.keys)

    @property
    def key_columns(self) -> frozenset[str]:
        """Columns whose values must not meet those of other rows."""
        return frozenset(self.primary_key).union(*self.keys)


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of a table at one moment; without any, ``columns`` may be empty too."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class RowState:
    """The rows of a whole database at one moment.

    Attributes:
        contents: Each user table's rows. A table that a step did not touch is the same object in
            the states before and after it.
        keys: Primary keys as far as known, to say which row is meant.
    """

    contents: Mapping[TableName, Content] = field(default_factory=dict)
    keys: Mapping[TableName, tuple[str, ...]] = field(default_factory=dict)
