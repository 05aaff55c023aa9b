from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from calista_tools.effects import steps
from calista_tools.lint.rule import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from calista_tools.effects.operations import Guard, Operation
    from calista_tools.effects.sql import Change
    from calista_tools.lint.migration import Migration

#: Things and statements that SQLite has nothing for.
_POSTGRESQL_ONLY = frozenset(
    (
        "aggregate", "collation", "domain", "extension", "function", "policy", "procedure",
        "publication", "role", "schema", "sequence", "statistics", "subscription", "type", "user",
    )
)  # fmt: skip
_PRIVILEGES = frozenset(("comment", "do", "grant", "revoke", "reassign"))


_NODES = (ast.If, ast.Match, ast.IfExp, ast.BoolOp)


@rule("CAL202", "one-sided-guard", about=("guard",))
def check(migration: Migration) -> Iterator[Finding]:
    """Dialect guard has no other side, and no reason why.

    A step for one dialect alone makes two schemas of one history, and what development and tests
    run on is no longer what production runs on. Give the other dialect its own way (a trigger with
    ``RAISE(ABORT)``, a plain index), or write why there is none. A guard about another table is not
    the other side. Privileges, owners and functions, which SQLite does not have, need none.

    Bad::

        if op.get_bind().dialect.name == "postgresql":
            op.execute("CREATE INDEX ix_note_note_body ON note USING gin (body)")

    Good::

        if op.get_bind().dialect.name == "postgresql":
            op.execute("CREATE INDEX ix_note_note_body ON note USING gin (body)")
        else:
            op.create_index("ix_note_note_body", "note", ["body"])

    Good::

        if op.get_bind().dialect.name == "postgresql":  # noqa: CAL202 - SQLite has no GIN indexes
            op.execute("CREATE INDEX ix_note_note_body ON note USING gin (body)")
    """
    if len(migration.dialects) < 2 or not migration.evaluation.guards:
        return
    seen = set()
    for direction in ("upgrade", "downgrade"):
        sides = _Sides(migration, direction)
        for guard in sides.one_sided():
            if id(guard.node) in seen:
                continue  # in a helper that both directions call
            seen.add(id(guard.node))
            (missing,) = {"sqlite", "postgresql"} - sides.served(guard)
            line = guard.node
            yield Finding(
                getattr(line, "lineno", 1),
                getattr(line, "col_offset", 0) + 1,
                f"dialect guard has no side for {missing}: add one, or say why there is none",
            )


class _Sides:
    """The dialect guards of one direction, and which steps stand on which side of them."""

    def __init__(self, migration: Migration, direction: str) -> None:
        self.steps = [
            operation
            for operation in steps.of(migration.operations, direction)
            if len(operation.dialects) == 1
            and (_may_change(operation) or steps.changes_data(operation))
            and not _without_counterpart(operation)
        ]
        # Most files name a function where they define it, and nowhere else.
        self.functions = {
            node.name: node
            for one in migration.body.body
            if isinstance(one, ast.FunctionDef)
            for node in (one, *_inner(one))
            if migration.source.count(node.name.encode()) > 1 or not migration.source.isascii()
        }
        self._served: dict[tuple[int, bool], frozenset[str]] = {}
        guards: dict[int, Guard] = {}
        for guard in migration.evaluation.guards:
            if isinstance(guard.node, ast.pattern):
                guard = guard._replace(node=_match_of(guard.node, migration.tree))
            if not isinstance(guard.node, _NODES):
                continue
            if guard.direction == direction and len(guard.dialects) == 1:
                guards.setdefault(id(guard.node), guard)
        self.guards = list(guards.values())
        self._tree = migration.tree

    def one_sided(self) -> Iterator[Guard]:
        """Yield the guards that only one dialect has something from."""
        for guard in self.guards:
            known = self.served(guard)
            if len(known) != 1 or known != self.served(guard, perhaps=True):
                continue
            if not self._is_inside_a_side(guard) and not any(
                known.isdisjoint(self.served(other))
                and self.served(other, perhaps=True)
                and self._are_about_the_same(guard, other)
                for other in self.guards
            ):
                yield guard

    def _are_about_the_same(self, guard: Guard, other: Guard) -> bool:
        """Whether two guards could be the sides of one step: about a table that both name."""
        one, two = self._tables(guard), self._tables(other)
        return not one or not two or not one.isdisjoint(two)

    def _tables(self, guard: Guard) -> set[str]:
        return {table for step in self._steps(guard) for table in steps.about(step)}

    def served(self, guard: Guard, *, perhaps: bool = False) -> frozenset[str]:
        """Return the dialects that have a step on their side of a guard.

        With ``perhaps``, SQL that is not known counts, too.
        """
        key = id(guard.node), perhaps
        if key not in self._served:
            found = (
                step.dialects for step in self._steps(guard) if perhaps or not _is_unknown(step)
            )
            self._served[key] = frozenset[str]().union(*found)
        return self._served[key]

    def _steps(self, guard: Guard) -> list[Operation]:
        """Return the steps that stand on the sides of a guard."""
        node = guard.node
        if isinstance(node, ast.Match):
            return self._within(node.cases[0].body[0].lineno, node.end_lineno)
        if isinstance(node, ast.If):
            found = self._in(node.body) + self._in(node.orelse)
            if _leaves(node.body) or _leaves(node.orelse):
                # What follows an early return is the other side.
                found += self._within((node.end_lineno or node.lineno) + 1, self._end(node))
            return found
        # `a if postgresql else b`, `postgresql and a`: what is called in there.
        assert isinstance(node, (ast.IfExp, ast.BoolOp))
        first = node.lineno, node.col_offset
        last = node.end_lineno or 0, node.end_col_offset or 0
        return [step for step in self.steps if first <= (step.row, step.column - 1) < last]

    def _end(self, node: ast.If) -> int | None:
        """Return the last line that leaving early leaves out: the loop's, or the function's."""
        ends = [body[-1] for body in (node.body, node.orelse) if body]
        kinds: tuple[type[ast.stmt], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)
        if any(isinstance(one, (ast.Continue, ast.Break)) for one in ends):
            kinds = (ast.For, ast.AsyncFor, ast.While)
        around = [
            (one.lineno, one.end_lineno)
            for one in ast.walk(self._tree)
            if isinstance(one, kinds) and one.lineno < node.lineno <= (one.end_lineno or 0)
        ]
        return max(around)[1] if around else None

    def _in(self, body: Sequence[ast.stmt]) -> list[Operation]:
        """Return the steps that stand in a body, or in functions of this file that it calls."""
        if not body:
            return []
        found = self._within(body[0].lineno, body[-1].end_lineno)
        for statement in body if self.functions else ():
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    function = self.functions.get(node.func.id)
                    if function is not None:
                        found += self._within(function.lineno, function.end_lineno)
        return found

    def _within(self, first: int, last: int | None) -> list[Operation]:
        return [step for step in self.steps if first <= step.row and (not last or step.row <= last)]

    def _is_inside_a_side(self, guard: Guard) -> bool:
        """Whether another guard has already decided which dialect comes here."""
        row = getattr(guard.node, "lineno", 0)
        return any(
            other is not guard
            and isinstance(other.node, (ast.If, ast.Match))
            and other.node.lineno < row <= (other.node.end_lineno or 0)
            for other in self.guards
        )


def _inner(function: ast.FunctionDef) -> Iterator[ast.FunctionDef]:
    """Yield the functions that are defined in a function, not in a block of it."""
    for node in function.body:
        if isinstance(node, ast.FunctionDef):
            yield node


def _may_change(operation: Operation) -> bool:
    return steps.changes_schema(operation) or _is_unknown(operation)


def _is_unknown(operation: Operation) -> bool:
    """Whether a step is SQL of which not even the first word is known."""
    if operation.what != "sql" or operation.sql is not None:
        return False
    return not operation.keywords.get("verb")


def _match_of(pattern: ast.pattern, tree: ast.Module) -> ast.AST:
    """Return the ``match`` statement that a pattern stands in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Match) and any(case.pattern is pattern for case in node.cases):
            return node
    return pattern


def _without_counterpart(operation: Operation) -> bool:
    """Whether a step is about what the other dialect does not have at all, such as a type."""
    if operation.what in ("create_type", "drop_type"):
        return True
    found = steps.statements(operation)
    return bool(found) and all(
        statement.verb.partition(" ")[2] in _POSTGRESQL_ONLY
        or statement.verb in _PRIVILEGES
        or (statement.table or "").startswith(("sqlite_", "pg_"))  # the database's own tables
        or (statement.changes and all(_is_about_the_catalog(one) for one in statement.changes))
        for statement in found
    )


def _is_about_the_catalog(change: Change) -> bool:
    """Whether a change is of what SQLite does not keep: owners, states of constraints."""
    return change.what in ("validate_constraint", "set_schema") or "owner" in change.flags


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))
