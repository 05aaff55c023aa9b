"""How is a history proven on several backends? Each in a process of its own, all at once or not."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from calista_tools.roundtrip.proof.child_process import ChildProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.result import Run, Step
    from calista_tools.roundtrip.proof.run import Options

    Progress = Callable[[Step], None]


def prove_in_processes(
    project: Project, wanted: Sequence[Options], meanwhile: Progress, *, at_once: bool
) -> Iterator[Run]:
    """Prove on each backend, all at once or one after the other; yield in their order.

    Raises:
        ToolError: One of them could not be run; the others are ended.
        KeyboardInterrupt: Here or in one of them; all have cleaned up.
    """
    groups = [wanted] if at_once else [[options] for options in wanted]
    for group in groups:
        with ExitStack() as stack:
            running = [
                stack.enter_context(closing(ChildProcess(_prove, project, options, meanwhile)))
                for options in group
            ]
            # All are asked before any of them is waited for.
            for apart in running:
                stack.callback(apart.terminate)
            for apart in running:
                yield apart.result()


def _prove(project: Project, options: Options, meanwhile: Progress) -> Run:
    from calista_tools.roundtrip.proof.run import prove

    return prove(project, options, meanwhile)
