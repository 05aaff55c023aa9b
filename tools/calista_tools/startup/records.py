"""What do records cost at start-up? ``NamedTuple``, made in less than half the time.

``typing.NamedTuple`` compiles each field's annotation once more, to see that it is a type. The lint
starts for every change of a file and has sixty records: that took a tenth of its start-up.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from collections import namedtuple

    #: Of the body: what `namedtuple` sets by itself, and what makes annotations in the body's scope.
    _NOT_KEPT = ("__module__", "__annotate_func__")

    def _fields(namespace):
        """Return the names of the fields, without looking at their types."""
        if "__annotations__" in namespace or sys.version_info < (3, 14):
            return tuple(namespace.get("__annotations__", ()))
        # From 3.14 on, modules without `from __future__ import annotations` have a function instead.
        from annotationlib import Format, call_annotate_function, get_annotate_from_class_namespace

        annotate = get_annotate_from_class_namespace(namespace)
        return tuple(call_annotate_function(annotate, Format.STRING)) if annotate else ()

    class _Maker(type):
        def __new__(cls, name, bases, namespace):
            del bases
            fields = _fields(namespace)
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])
            for key, value in namespace.items():
                if key not in _NOT_KEPT:
                    setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Maker, "NamedTuple", (), {})
