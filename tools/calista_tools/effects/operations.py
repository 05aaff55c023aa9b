"""What does a revision do to the schema? The records that the evaluator yields and rules query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from calista_tools.effects.objects import ALL_DIALECTS
from calista_tools.effects.sql import effects
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    import ast

    from calista_tools.effects.objects import Column, Name, SchemaObject
    from calista_tools.effects.sql import Effects


class Batch(NamedTuple):
    """The ``batch_alter_table`` block that an operation stands in.

    Attributes:
        recreate: ``auto``, ``always`` or ``never``; "" where it cannot be known.
        naming_convention: As given to the block; None if it gives none.
        node: The call of ``batch_alter_table``.
    """

    table: str | None
    schema: str | None
    recreate: str
    naming_convention: Mapping[str, str] | None
    keywords: Mapping[str, object]
    node: ast.AST


class Operation:
    """One step of ``upgrade()`` or ``downgrade()``, with everything that rules ask of it.

    Attributes:
        what: Alembic's word for it (``create_table``, ``add_column``, ``drop_constraint`` …), or
            ``batch`` / ``batch_exit`` (the block's two ends), ``sql`` (``op.execute`` and friends),
            ``read`` (a query whose answer the revision uses), ``bulk_insert``, ``autocommit``,
            ``create_type``, ``drop_type``, ``raise``, ``unknown`` (an ``op`` call that we do not know).
        direction: ``upgrade`` or ``downgrade``.
        table: The table that it is about; None where there is none or it cannot be known.
        name: Its own name argument; None where it has none.
        columns: Names of the columns it is about; None where they cannot be known.
        objects: The constraints, indexes, triggers and functions that it touches.
        specs: The columns of ``create_table`` and ``add_column``.
        new_type: The type that ``alter_column`` gives, as its source would spell it; None for none.
        dialects: On which of the two dialects the line can run.
        conditional: Stands under a test (or in a loop) whose outcome cannot be known.
        offline: None: runs both ways; True: only with ``--sql``; False: never with ``--sql``.
        keywords: Arguments with a known value by parameter name, positional ones included.
        sql: The SQL text; None where it cannot be known or it is no SQL.
        unlikely: Why it does not happen where only the revisions make tables; "" where it does.
        foreign: The call stands in another file; ``node`` is the call in this one that led to it.
        node: The call, for positions and fixes.
    """

    __slots__ = (
        "batch",
        "columns",
        "conditional",
        "dialects",
        "direction",
        "foreign",
        "keywords",
        "name",
        "new_type",
        "node",
        "objects",
        "offline",
        "referred_columns",
        "referred_table",
        "schema",
        "specs",
        "sql",
        "table",
        "unlikely",
        "what",
    )

    def __init__(
        self,
        what: str,
        direction: str,
        node: ast.AST,
        *,
        table: str | None = None,
        schema: str | None = None,
        name: Name | None = None,
        columns: tuple[str | None, ...] | None = (),
        referred_table: str | None = None,
        referred_columns: tuple[str | None, ...] | None = (),
        objects: tuple[SchemaObject, ...] = (),
        specs: tuple[Column, ...] = (),
        keywords: Mapping[str, object] | None = None,
        sql: str | None = None,
        batch: Batch | None = None,
    ) -> None:
        self.what = what
        self.direction = direction
        self.node = node
        self.table = table
        self.schema = schema
        self.name = name
        self.columns = columns
        self.referred_table = referred_table
        self.referred_columns = referred_columns
        self.objects = objects
        self.specs = specs
        self.keywords: Mapping[str, object] = keywords or {}
        self.sql = sql
        self.batch = batch
        self.dialects = ALL_DIALECTS
        self.conditional = False
        self.offline: bool | None = None
        self.foreign = False
        self.unlikely = ""
        self.new_type: str | None = None

    def effects(self, dialect: str) -> Effects | None:
        """Return what its SQL does on a dialect; None where it is no SQL or the text is unknown."""
        if self.sql is None:
            return None
        return effects(self.sql, dialect)

    def objects_on(self, dialect: str) -> tuple[SchemaObject, ...]:
        """Return the objects that it touches on a dialect, those in its SQL included."""
        if dialect not in self.dialects:
            return ()
        if self.sql is not None:
            effects = self.effects(dialect)
            return effects.objects if effects else ()
        for made in self.objects:
            if dialect not in made.dialects:
                return tuple(one for one in self.objects if dialect in one.dialects)
        return self.objects

    def convention(self, default: Mapping[str, str]) -> Mapping[str, str]:
        """Return the naming convention that applies: that of a table's own metadata, if any."""
        own = self.keywords.get("convention") if self.what == "create_table" else None
        return own if isinstance(own, Mapping) else default

    @property
    def in_batch(self) -> bool:
        """Whether it is called on a ``batch_alter_table`` block."""
        return self.batch is not None

    @property
    def row(self) -> int:
        """1-based line of the call."""
        return getattr(self.node, "lineno", 1)

    @property
    def column(self) -> int:
        """1-based column of the call, as ruff counts."""
        return getattr(self.node, "col_offset", 0) + 1

    @property
    def end(self) -> tuple[int, int]:
        """1-based row and column behind the call's last character."""
        node = self.node
        row = getattr(node, "end_lineno", None) or self.row
        return row, (getattr(node, "end_col_offset", None) or 0) + 1

    def __repr__(self) -> str:
        """Show what a failing test needs."""
        on = "" if self.dialects == ALL_DIALECTS else f" on {'/'.join(sorted(self.dialects))}"
        return (
            f"<{self.direction} {self.what} {self.table or ''} {self.name or ''}{on} @{self.row}>"
        )


class Guard(NamedTuple):
    """A test whose outcome depends on the dialect.

    Attributes:
        node: The ``if``, ``match``, conditional expression or boolean expression.
        dialects: On which dialects it held.
    """

    node: ast.AST
    dialects: frozenset[str]
    direction: str


class Trouble(NamedTuple):
    """What the evaluator could not follow; said once, softly.

    Attributes:
        kind: ``sql`` (cannot be parsed), ``fuel`` (the code runs too long to follow),
            ``recursion`` or ``unknown``.
        dialects: Where the code runs.
    """

    kind: str
    message: str
    node: ast.AST
    dialects: frozenset[str] = frozenset()


class Evaluation:
    """What one revision file does.

    Attributes:
        operations: In the order in which they would run, ``upgrade`` before ``downgrade``.
        guards: Dialect tests met on the way.
        troubles: What could not be followed.
        directions: Which of ``upgrade`` and ``downgrade`` the file defines, with their nodes.
        dependencies: Paths of project files that were read to follow this one.
        unseen: Those of the directions in which something got hold of the database, or of objects
            of a session, whose source is not at hand.
    """

    __slots__ = ("dependencies", "directions", "guards", "operations", "troubles", "unseen")

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.guards: list[Guard] = []
        self.troubles: list[Trouble] = []
        self.directions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        self.dependencies: dict[str, bytes] = {}
        self.unseen: set[str] = set()
