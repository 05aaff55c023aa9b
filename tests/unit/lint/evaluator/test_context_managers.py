"""What a project's own context manager does happens around the block, in that order."""

import pytest

from tests.unit.lint.evaluator.following import follow, names


@pytest.mark.parametrize(
    "source",
    [
        """
        @contextmanager
        def without(name):
            op.drop_index(name, "t")
            yield
            op.create_index(name, "t", ["c"])
        def upgrade():
            with without("ix_a"):
                op.create_index("ix_b", "t", ["c"])
        """,
        """
        @contextlib.contextmanager
        def without(name):
            op.drop_index(name, "t")
            try:
                yield "ix_b"
            except ValueError:
                raise
            finally:
                op.create_index(name, "t", ["c"])
        def upgrade():
            with without("ix_a") as other:
                op.create_index(other, "t", ["c"])
        """,
        """
        @contextmanager
        def without(name):
            op.drop_index(name, "t")
            if op.get_bind().dialect.name == "sqlite":
                yield
            else:
                yield
            op.create_index(name, "t", ["c"])
        def upgrade():
            with without("ix_a"), nothing() as x:
                op.create_index("ix_b", "t", ["c"])
        """,
    ],
)
def test_block_runs_where_it_yields(source: str) -> None:
    done = [(one.what, one.name.text) for one in follow(source).operations if one.name]
    assert done[0] == ("drop_index", "ix_a")
    assert done[-1] == ("create_index", "ix_a")
    assert set(done[1:-1]) == {("create_index", "ix_b")}


def test_block_without_a_yield_in_sight_is_followed() -> None:
    source = """
    @contextmanager
    def strange():
        make()
    def upgrade():
        with strange():
            op.create_index("ix_b", "t", ["c"])
    """
    assert names(source) == ["ix_b"]


def test_what_the_block_returns_leaves_the_function() -> None:
    source = """
    @contextmanager
    def around():
        yield
    def upgrade():
        with around():
            op.create_index("ix_a", "t", ["c"])
            return
        op.create_index("ix_never", "t", ["c"])
    """
    assert names(source) == ["ix_a"]
