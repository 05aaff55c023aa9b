"""Records are named tuples, wherever their fields' annotations are kept."""

from __future__ import annotations

import pytest

from calista_tools.startup.records import NamedTuple

CLASS = """
class Record(NamedTuple):
    '''Something.'''

    name: str
    size: NotYetDefined = 3
    parts: tuple[int, ...] = ()

    @property
    def doubled(self):
        return self.size * 2
"""


# Without the import, Python 3.14 leaves a function that makes the annotations instead of these.
@pytest.mark.parametrize("beginning", ["from __future__ import annotations", "NotYetDefined = int"])
def test_a_record_is_a_named_tuple(beginning: str) -> None:
    scope = {"NamedTuple": NamedTuple, "__name__": __name__}
    code = compile(beginning + "\n" + CLASS, "records", "exec", dont_inherit=True)
    exec(code, scope)
    made = scope["Record"]("x", size=4)  # type: ignore[operator]
    assert isinstance(made, tuple)
    assert made == ("x", 4, ())
    assert made.doubled == 8  # type: ignore[attr-defined]
    assert type(made).__doc__ == "Something."
    assert type(made)._fields == ("name", "size", "parts")  # type: ignore[attr-defined]


def test_a_record_may_have_no_field() -> None:
    class Nothing(NamedTuple):
        pass

    assert Nothing() == ()
