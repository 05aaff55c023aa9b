"""Which key accepts a failure? The one for what is wrong with it, or else the baseline."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

from calista_tools.roundtrip.proof.result import ERROR, OK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from calista_tools.roundtrip.proof.result import Step

_LOSSES, _IRREVERSIBLE = "losses", "irreversible"


def accepting(step: Step) -> Iterator[str]:
    """Return what to write down if a failure is to be accepted, in a line."""
    table = _table(step)
    if table:
        line = f'{dumps(step.revision)} = "why"'
        yield f"accept it: `{line}` in [tool.calista.roundtrip.{table}]"
    else:
        yield "accept it: `--write-baseline` (`baseline` in [tool.calista.roundtrip])"


def _table(step: Step) -> str | None:
    if step.upgrade != OK:
        return None
    if step.downgrade == ERROR:
        return _IRREVERSIBLE
    if not step.data_kept and step.restored and step.error is None and _all_of_rows(step):
        return _LOSSES
    return None


def _all_of_rows(step: Step) -> bool:
    return all(line.startswith(("table ", "column ")) for line in step.differences)
