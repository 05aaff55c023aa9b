"""Makes what a history's first revision expects to be there: an application's ``create_all()``."""

from __future__ import annotations

import importlib
from contextlib import redirect_stdout
from functools import reduce
from sys import stderr
from typing import TYPE_CHECKING

from calista_tools.backends import synchronous
from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from sqlalchemy import URL


def prepare(target: str, url: URL) -> None:
    """Call ``package.module:name.of.callable`` with an engine on the database.

    Raises:
        ToolError: It cannot be imported, or it failed.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    module, _, attribute = target.partition(":")
    if not module or not attribute:
        raise ToolError(
            f"prepare = {target!r} names no callable", "package.module:callable", exit_code=2
        )
    engine = create_engine(synchronous(url), poolclass=NullPool)
    try:
        with redirect_stdout(stderr):
            called = reduce(getattr, attribute.split("."), importlib.import_module(module))
            called(engine)  # type: ignore[operator]
    except Exception as error:
        words = " ".join(str(error).split())
        raise ToolError(
            f"prepare = {target!r} failed: {type(error).__name__}: {words}", exit_code=2
        ) from error
    finally:
        engine.dispose()
