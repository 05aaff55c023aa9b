import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from calista_tools.errors import ToolError
from calista_tools.history.digest import digest_file, digest_source

PATH = Path("20240101_0000_x.py")
ROOT = Path(__file__).parents[4]
REVISION = '''"""create a thing

Revision ID: a
"""
import sqlalchemy as sa
from alembic import op

revision = "a"
down_revision = None


def upgrade() -> None:
    """Make it."""
    # a comment
    op.create_table("t", sa.Column("id", sa.Integer(), nullable=False))
    op.execute(f"INSERT INTO t VALUES ({1 + 1}, 'x')")


def downgrade() -> None:
    op.drop_table("t")
'''
#: Constructs whose syntax trees differ between Python versions, or might.
DELICATE = [
    'x = f"a" "b{1}c" f"" "d" f"{2!r:>{3}}" \'e\'',
    'x = f"{1:}" f"{x=}" f"{x!s:10}" f"{{}}"',
    'x = f"""\n{1}\n""" rf"\\d{2}"',
    "def f[T](x: T) -> T: return x" if sys.version_info >= (3, 12) else "x = 1",
    "x = 1_000, 0xFF, 1e3, 1j, b'a\\x00', ..., None, True, -1, 'ä\\ud800', '\\N{DEGREE SIGN}'",
    "match x:\n    case {'a': [1, *_], **rest} if rest: pass\n    case A(b=1) | None: pass",
    "try:\n    pass\nexcept* ValueError as e:\n    raise\nelse: x = 1\nfinally: y = 2",
    "async def f(a, /, b=1, *c, d, e=2, **g):\n    async with a as b, c: await d",
    "with (open('a') as a, open('b') as b): pass",
    "x = lambda: (yield); y = [i async for i in z if i]; del (a), b",
    "from . import a; from .. import b as c; import d.e as f",
    "@a\n@b(1)\nclass C(D, metaclass=E): x: int = 1",
    "x[1:2, ..., ::3] = y[*z] = (w := 1) if not a else b or c and d",
    "'\u200b\U0001fae8' '\u0378'",
]


def digest(source: str) -> str:
    return digest_source(source.encode(), PATH)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""create a thing', '"""created the thing\n\nat length'),
        ("    # a comment\n", ""),
        ('    """Make it."""\n', ""),
        ('    """Make it."""\n', "    pass\n"),
        ('"t"', "'t'"),
        ("\n", "\r\n"),
        ("    ", "  "),
        ('("t", sa.Column', '(\n        "t",\n        sa.Column'),
        ("nullable=False))", "nullable=(False),),)"),
        ('revision = "a"', 'revision = u"a"'),
        ('op.drop_table("t")', 'op.drop_table(r"""t""")'),
        ('op.drop_table("t")', 'op.drop_table(f"t")'),
        ('op.drop_table("t")', 'op.drop_table("" "t" f"")'),
        ('f"INSERT INTO t VALUES ({1 + 1}, ', 'f"INSERT INTO t " f"VALUES ({(1 + 1)}, '),
        ("1 + 1", "0x1 + 0b1"),
        ('op.drop_table("t")\n', 'op.drop_table("t")  # noqa: CAL305 - a reason\n\n\n# end'),
    ],
)
def test_formatting_is_no_rewrite(old: str, new: str) -> None:
    changed = REVISION.replace(old, new)

    assert changed != REVISION
    assert digest(changed) == digest(REVISION)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('revision = "a"', 'revision = "b"'),
        ("down_revision = None", 'down_revision = "z"'),
        ("nullable=False", "nullable=True"),
        ("nullable=False", "nullable=0"),
        ("sa.Integer()", "sa.Integer"),
        ('op.drop_table("t")', 'op.drop_table("T")'),
        ('op.drop_table("t")', 'op.drop_table(b"t")'),
        ('    op.drop_table("t")\n', "    pass\n"),
        ("{1 + 1}", "{1 + 2}"),
        ("{1 + 1}", "{1 + 1!r}"),
        ("{1 + 1}", "{1 + 1:2}"),
        ("{1 + 1}", "1 + 1"),
        ("1 + 1", "(1, 1)"),
        ("def downgrade", "async def downgrade"),
        ("'x'", "'x '"),
    ],
)
def test_a_changed_statement_is(old: str, new: str) -> None:
    assert old in REVISION
    assert digest(REVISION.replace(old, new)) != digest(REVISION)


def test_ruff_format_is_no_rewrite(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text(REVISION.replace("\n\n\n", "\n").replace('"t"', "'t'").replace("    ", "\t"))
    before = digest_file(path)

    subprocess.run([sys.executable, "-m", "ruff", "format", "--isolated", path], check=True)

    assert digest_file(path) == before


def test_digest_never_changes() -> None:
    """A lock file outlives the program that wrote it."""
    assert digest(REVISION) == (
        "sha256:eaf7958624b9a3569fcd68e2c64f4444e13cd2b74da82a81c633dd2789400604"
    )


def pythons() -> list[str]:
    """The interpreters of 3.11 and newer at hand, one of each version."""
    found: dict[int, str] = {}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for minor in range(11, 20):
        candidates = [
            shutil.which(f"python3.{minor}"),
            *map(str, pyenv.glob(f"3.{minor}.*/bin/python")),
        ]
        for candidate in filter(None, candidates):
            command = [candidate, "-c", "import sys; print(sys.version_info[1])"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.strip() == str(minor):
                found[minor] = candidate
                break
    return list(found.values())


def test_same_on_every_python(tmp_path: Path) -> None:
    sources = [REVISION, *DELICATE[:3], *DELICATE[4:]]
    (tmp_path / "s.txt").write_text(repr(sources), encoding="utf-8", errors="surrogatepass")
    program = (
        "import ast, pathlib, sys\n"
        "from calista_tools.history.digest import digest_source\n"
        f"text = pathlib.Path({str(tmp_path / 's.txt')!r}).read_text('utf-8', 'surrogatepass')\n"
        "for source in ast.literal_eval(text):\n"
        "    print(digest_source(source.encode('utf-8', 'surrogatepass'), pathlib.Path('x.py')))\n"
    )
    expected = [digest_source(s.encode("utf-8", "surrogatepass"), PATH) for s in sources]

    for python in pythons():
        done = subprocess.run(
            [python, "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == expected, python


def test_unreadable_source_is_an_error() -> None:
    with pytest.raises(ToolError, match=r"20240101_0000_x.py:1: cannot be parsed"):
        digest("def upgrade(:")
