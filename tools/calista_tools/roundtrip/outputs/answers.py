"""How does stdout hold our answer and nothing else? What others print goes to stderr.

Applications print when they are imported, revisions while they run, and the programs that they
start have our stdout as theirs; a report in JSON would not be one any more.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, TextIO

from calista_tools.harmless import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answers_alone() -> Iterator[TextIO]:
    """Yield what our answers are written to, while stdout is another name of stderr."""
    out = sys.stdout
    try:
        number, errors = out.fileno(), sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or no files, as in a test
        with redirect_stdout(sys.stderr):
            yield out
        return
    out.flush()
    kept = os.dup(number)
    try:
        os.dup2(errors, number)
        with (
            os.fdopen(os.dup(kept), "w", encoding=out.encoding, errors=out.errors) as ours,
            redirect_stdout(sys.stderr),
        ):
            yield wrapped(ours)
    finally:
        # Who has kept `sys.__stdout__` may have written into its buffer.
        with suppress(OSError, ValueError):
            out.flush()
        os.dup2(kept, number)
        os.close(kept)
