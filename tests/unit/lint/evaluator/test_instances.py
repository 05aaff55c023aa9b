"""Small classes of the project: data classes, named tuples, helpers with methods."""

import pytest

from tests.unit.lint.evaluator.following import names

DATA_CLASS = """
@dataclasses.dataclass(frozen=True)
class Key:
    table: str
    columns: list[str]
    suffix: str = "x"
    limit: ClassVar[int] = 3
    extra: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return f"ix_{self.table}_{self.columns[0]}_{self.suffix}"

    def create(self, unique=False):
        op.create_index(self.name, self.table, self.columns, unique=unique)
"""
HELPER = """
class Helper:
    prefix = "ix"

    def __init__(self, table):
        self.table = table
        self.count = 0

    @staticmethod
    def joined(*parts):
        return "_".join(parts)

    def index(self, column):
        self.count += 1
        op.create_index(self.joined(self.prefix, self.table, column), self.table, [column])
"""
NAMED = """
class Pair(NamedTuple):
    table: str
    column: str = "c"

    def name(self):
        return f"ix_{self.table}_{self.column}"
"""


@pytest.mark.parametrize(
    ("classes", "body", "expected"),
    [
        (DATA_CLASS, 'Key("t", ["c"]).create()', ["ix_t_c_x"]),
        (DATA_CLASS, 'Key(table="t", columns=["c"], suffix="y").create(True)', ["ix_t_c_y"]),
        (DATA_CLASS, 'op.create_index(Key("t", ["a"]).name, "t", ["a"])', ["ix_t_a_x"]),
        (
            DATA_CLASS,
            "for k in [Key('t', [c]) for c in 'ab']: k.create()",
            ["ix_t_a_x", "ix_t_b_x"],
        ),
        (HELPER, 'h = Helper("t")\n    h.index("a")\n    h.index("b")', ["ix_t_a", "ix_t_b"]),
        (HELPER, 'h = Helper("t")\n    h.table = "u"\n    h.index("a")', ["ix_u_a"]),
        (NAMED, 'op.create_index(Pair("t").name(), "t", ["c"])', ["ix_t_c"]),
        (NAMED, "for t, c in [Pair('t', 'd')]: op.create_index(t + c, t, [c])", ["td"]),
        (NAMED, 'op.create_index(Pair("ix", "y")[1], "t", ["c"])', ["y"]),
        ('P = namedtuple("P", "table name")', 'op.create_index(P("t", "ix").name, "t")', ["ix"]),
        ('P = NamedTuple("P", [("a", str)])', 'op.create_index(P(a="ix").a, "t")', ["ix"]),
    ],
)
def test_objects(classes: str, body: str, expected: list[str]) -> None:
    imports = "from collections import namedtuple\nfrom typing import ClassVar, NamedTuple\n"
    assert names(f"{imports}{classes}\ndef upgrade():\n    {body}\n") == expected


def test_what_an_object_does_not_know_is_unknown() -> None:
    body = 'op.create_index(Key("t", load()).name, "t", ["c"])\n    op.create_index(Key("t").other, "t")'
    assert names(f"{DATA_CLASS}\ndef upgrade():\n    {body}\n") == [None, None]
