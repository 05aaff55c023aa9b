"""How is a value computed when it is first asked for, and once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class lazily(Generic[_T]):  # noqa: N801 - used as a decorator
    """A ``cached_property`` that takes no lock, as the standard one does before Python 3.12.

    The lint asks for several of each file, in one thread; locking took longer than most of them.
    """

    def __init__(self, compute: Callable[[Any], _T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazily[_T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object, owner: type) -> lazily[_T] | _T:
        """Compute the value; from then on it is an attribute, and nobody comes here."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
