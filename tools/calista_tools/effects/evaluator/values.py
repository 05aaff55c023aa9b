"""What can an expression of a revision be? The values that the evaluator computes with.

Whatever is constant is the Python value itself. The classes here stand for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from pathlib import Path

    from calista_tools.effects.operations import Batch


class Unknown:
    """A value that only running the revision would tell.

    Attributes:
        reason: Why, in words that go into a message.
        partial: For a string: what is known of it, a NUL for each hole; None if nothing is.
    """

    __slots__ = ("partial", "reason")

    def __init__(self, reason: str, partial: str | None = None) -> None:
        self.reason = reason
        self.partial = partial


class Doubt(Unknown):
    """An unknown truth that says something of ``--sql`` mode: ``not offline and unknown``.

    Attributes:
        when_true: What ``Operation.offline`` is where it holds.
        when_false: The same where it does not.
    """

    __slots__ = ("when_false", "when_true")

    def __init__(self, reason: str, when_true: bool | None, when_false: bool | None) -> None:
        super().__init__(reason)
        self.when_true = when_true
        self.when_false = when_false


class Expected(Unknown):
    """An unknown truth of which the revisions say how it comes out, if nobody else makes tables.

    Attributes:
        truth: What it is where only the revisions have made tables.
    """

    __slots__ = ("truth",)

    def __init__(self, reason: str, *, truth: bool) -> None:
        super().__init__(reason)
        self.truth = truth


class Aside:
    """What a function returns on a way that is not the `Expected` one."""

    __slots__ = ("reason", "value")

    def __init__(self, value: object, reason: str) -> None:
        self.value = value
        self.reason = reason


class Final(str):
    """A name given by ``op.f`` or ``conv``: string operations on it give plain strings."""

    __slots__ = ()


class External:
    """Something imported from outside the project, by its dotted path: ``sqlalchemy.Column``.

    Attributes:
        handler: What calling it does, once that was looked up: a history calls the same few names.
    """

    __slots__ = ("_attributes", "handler", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.handler: Callable[..., object] | None = None
        self._attributes: dict[str, External] = {}

    def attribute(self, name: str) -> External:
        """Return what lies below this one."""
        found = self._attributes.get(name)
        if found is None:
            found = self._attributes[name] = External(f"{self.path}.{name}")
        return found

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]


class Construct:
    """The result of calling an ``External``, or a method of another ``Construct``.

    Attributes:
        name: What was called: ``Column``, ``update``, ``where``.
        path: The dotted path; only the method's name for a method.
        receiver: For a method: what it was called on.
    """

    __slots__ = ("args", "kwargs", "name", "node", "path", "receiver")

    def __init__(
        self,
        name: str,
        path: str,
        args: list[object],
        kwargs: dict[str, object],
        node: ast.AST,
        receiver: object = None,
    ) -> None:
        self.name = name
        self.path = path
        self.args = args
        self.kwargs = kwargs
        self.node = node
        self.receiver = receiver


class Partial:
    """``functools.partial``: a callable with some of its arguments."""

    __slots__ = ("args", "callee", "kwargs")

    def __init__(self, callee: object, args: list[object], kwargs: dict[str, object]) -> None:
        self.callee = callee
        self.args = args
        self.kwargs = kwargs


class ClassValue:
    """A class of the file; ``names`` are its attributes as far as they are constant.

    Attributes:
        fields: Of a data class or a named tuple, in order; None for other classes.
        of_tuples: Whether its objects are named tuples.
        plain: Whether it has no bases, so that its ``__init__`` says all.
        node: Its definition; None where there is none.
    """

    __slots__ = ("bases", "fields", "name", "names", "node", "of_tuples", "plain")

    def __init__(self, name: str, bases: list[object], names: dict[str, object]) -> None:
        self.name = name
        self.bases = bases
        self.names = names
        self.fields: tuple[str, ...] | None = None
        self.of_tuples = False
        self.plain = False
        self.node: ast.AST | None = None


class Instance:
    """An object of a small class of the project, or one that reflection gives."""

    __slots__ = ("cls", "names")

    def __init__(self, cls: ClassValue, names: dict[str, object]) -> None:
        self.cls = cls
        self.names = names


class NamedValues(tuple[object, ...]):
    """A named tuple: a tuple in every other respect."""

    cls: ClassValue
    names: dict[str, object]

    def __new__(cls, of: ClassValue, names: dict[str, object]) -> NamedValues:
        """Make the tuple of the values of ``names``, in their order."""
        made = super().__new__(cls, names.values())
        made.cls = of
        made.names = names
        return made


class Method:
    """An attribute of a value, not called yet."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: Any, name: str) -> None:
        self.receiver = receiver
        self.name = name


class Live:
    """Part of the live database: ``bind``, ``context``, ``dialect``, ``inspector``, ``url`` and so on.

    Attributes:
        told: What an inspector has answered: it remembers, whatever happens to the schema later.
    """

    __slots__ = ("kind", "told")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.told: dict[tuple[object, ...], object] = {}


class BatchBlock:
    """What ``op.batch_alter_table(...)`` gives, inside and outside of ``with``."""

    __slots__ = ("record",)

    def __init__(self, record: Batch) -> None:
        self.record = record


class ModuleValue:
    """A module or package of the project."""

    __slots__ = ()

    def attribute(self, name: str) -> object:
        """Return what the module has under a name."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what the module holds, which knows the module."""


class DialectName:
    """The dialect's name, while both dialects are followed at once."""

    __slots__ = ()


class DialectTest:
    """A truth that depends on the dialect: true on ``dialects``."""

    __slots__ = ("dialects",)

    def __init__(self, dialects: frozenset[str]) -> None:
        self.dialects = dialects


class OfflineTest:
    """Whether SQL is being written instead of run; ``offline=False`` for its negation."""

    __slots__ = ("offline",)

    def __init__(self, offline: bool) -> None:
        self.offline = offline


class FilePath:
    """A path beside the revision, built from ``__file__``."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path


DIALECT_NAME = DialectName()
#: Values that are what they say: immutable, and safe to compare and to format.
SCALARS = (str, int, float, bool, bytes, type(None))
