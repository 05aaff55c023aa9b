"""For CI: a suite for each backend, a test case for each revision."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from calista_tools.roundtrip.proof.result import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.roundtrip.proof.result import Run

#: Characters that XML 1.0 cannot hold; a driver's message may.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(runs: Sequence[Run], *, strict: bool = False) -> str:
    """Return the runs as JUnit XML; what is said of head fails where it is to be strict."""
    root = Element("testsuites", name="calista-roundtrip")
    for run in runs:
        suite = SubElement(root, "testsuite", name=run.backend, time=f"{run.seconds:.3f}")
        failures = skipped = 0
        for step in run.steps:
            case = SubElement(
                suite,
                "testcase",
                classname=f"roundtrip.{run.backend}",
                name=_clean(f"{step.revision} {step.summary}".strip()),
                file=_clean(step.filename),
                time=f"{step.seconds:.3f}",
            )
            if step.upgrade == SKIPPED:
                skipped += 1
                SubElement(case, "skipped", message=_clean(step.error or ""))
            elif step.known:
                skipped += 1
                SubElement(
                    case, "skipped", message=_clean(f"known: {step.error or step.differences[0]}")
                )
            elif not step.proven:
                failures += 1
                lines = [*([step.error] if step.error else []), *step.differences]
                failure = SubElement(case, "failure", message=_clean(lines[0]), type="NotProven")
                more = [step.statement or "", *step.reproduce]
                failure.text = _clean("\n".join([*lines, *filter(None, more)]))
        for kind, found in (
            ("drift", run.drift or (run.unknown if strict else [])),
            ("parity", run.parity),
        ):
            if found:
                case = SubElement(
                    suite,
                    "testcase",
                    classname=f"roundtrip.{run.backend}",
                    name=kind,
                    time="0.000",
                )
                failures += strict
                told = SubElement(case, "failure" if strict else "system-out")
                if strict:
                    told.set("message", _clean(found[0]))
                    told.set("type", kind.capitalize())
                told.text = _clean("\n".join(found))
        # What cannot be run at all is told on stderr alone: there is no report, and no error in it.
        counts = {"tests": len(suite), "failures": failures, "errors": 0, "skipped": skipped}
        for name, count in counts.items():
            suite.set(name, str(count))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    root.set("time", f"{sum(run.seconds for run in runs):.3f}")
    indent(root)
    # By references: stdout may have any encoding, and a reader believes the declaration.
    text = tostring(root, encoding="us-ascii").decode("ascii")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}'


def _clean(text: str) -> str:
    return _ILLEGAL.sub("�", text)
