import sys

import pytest

from calista_tools.history.newer_python import newer_syntax
from tests.unit.lint.project import Lint

NEW = {
    (3, 12): [
        "def f[T](x: T) -> T:\n    return x\n",
        "class A[T: (int, str)]:\n    pass\n",
        "def f[T: dict[str, int], *Ts, **P](x): ...\n",
        "type Pair[T] = tuple[T, T]\n",
        "type Name = str\n",
        'x = f"{y["a"]}"\n',
        "x = f'{y['a']}: {z}'\n",
        'x = f"{chr(10) + "\\n"}"\n',
    ],
    (3, 14): [
        'x = t"{y}"\n',
        "op.execute(t'DROP TABLE {name}')\n",
        "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
        "try:\n    pass\nexcept* a.Error, b.Error, c.Error:\n    pass\n",
    ],
}
CASES = [(since, text) for since, texts in NEW.items() for text in texts]
WRONG = [
    "def upgrade(:\n    pass\n",
    "def f[T(x):\n    pass\n",
    'x = f"{y["a"}"\n',
    "x = f'{'\n",
    'print t"abc"\n',
    "try:\n    pass\nexcept ValueError, error:\n    pass\n",
    'print "x"\n',
    "type x y = 1\n",
    "def f[T](x):\n    return x +\n",
    "x = [1, 2\n",
    "if x:\n\ty = 1\n        z = 2\n",
]


@pytest.mark.parametrize(("since", "text"), CASES, ids=[text for _, text in CASES])
def test_syntax_of_a_newer_python_is_told_from_errors(
    since: tuple[int, int], text: str, lint: Lint
) -> None:
    source = f'from alembic import op\nrevision = "a"\ndown_revision = None\n\n{text}\n'
    found = [one.finding.message for one in lint("CAL006", source)]
    if sys.version_info >= since:
        assert found == []
    else:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        assert found == [f"needs a newer Python than {version}, which runs calista-lint"]


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_in_any_python_stays_so(text: str) -> None:
    with pytest.raises(SyntaxError):
        compile(text, "x", "exec")
    assert newer_syntax(text, "this") == ""
