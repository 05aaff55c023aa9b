"""For CI: a suite for each backend, a test case for each revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.rendering.for_programs import as_xml, element
from calista_tools.roundtrip.proof.result import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calista_tools.roundtrip.proof.result import Run


def render(runs: Sequence[Run], *, strict: bool = False) -> str:
    """Return the runs as JUnit XML; what is said of head fails where it is to be strict."""
    root = element("testsuites", name="calista-roundtrip")
    for run in runs:
        suite = element("testsuite", root, name=run.backend, time=f"{run.seconds:.3f}")
        failures = skipped = 0
        for step in run.steps:
            case = element(
                "testcase",
                suite,
                classname=f"roundtrip.{run.backend}",
                name=f"{step.revision} {step.summary}".strip(),
                file=step.filename,
                time=f"{step.seconds:.3f}",
            )
            if step.upgrade == SKIPPED:
                skipped += 1
                element("skipped", case, message=step.error or "")
            elif step.known:
                skipped += 1
                element("skipped", case, message=f"known: {step.error or step.differences[0]}")
            elif not step.proven:
                failures += 1
                lines = [*([step.error] if step.error else []), *step.differences]
                more = [step.statement or "", *step.reproduce]
                told = "\n".join([*lines, *filter(None, more)])
                element("failure", case, told, message=lines[0], type="NotProven")
        for kind, found in (
            ("drift", run.drift or (run.unknown if strict else [])),
            ("parity", run.parity),
        ):
            if found:
                case = element(
                    "testcase",
                    suite,
                    classname=f"roundtrip.{run.backend}",
                    name=kind,
                    time="0.000",
                )
                failures += strict
                words = {"message": found[0], "type": kind.capitalize()} if strict else {}
                element("failure" if strict else "system-out", case, "\n".join(found), **words)
        # What cannot be run at all is told on stderr alone: there is no report, and no error in it.
        counts = {"tests": len(suite), "failures": failures, "errors": 0, "skipped": skipped}
        for name, count in counts.items():
            suite.set(name, str(count))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, 0)) for suite in root)))
    root.set("time", f"{sum(run.seconds for run in runs):.3f}")
    return as_xml(root).removesuffix("\n")
