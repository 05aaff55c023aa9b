"""How is one part of a history proven? On a database of its own, in a process of its own."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from calista_tools.roundtrip.project import files_read
from calista_tools.roundtrip.proof.interrupted_run import Progress
from calista_tools.roundtrip.proof.parallel_parts import PartFindings, stands_alone
from calista_tools.roundtrip.proof.proof_cache import own_modules
from calista_tools.roundtrip.proof.proof_context import History, ProofContext

if TYPE_CHECKING:
    from calista_tools.roundtrip.project.proven_project import Project
    from calista_tools.roundtrip.proof.proof_cache import ProvenBeginning
    from calista_tools.roundtrip.proof.proof_context import Options


def prove_part(
    project: Project, options: Options, beginning: ProvenBeginning, first: int, end: int
) -> PartFindings:
    """Prove a part of what was to be proven, upgraded to without a proof.

    What the first part proves is kept, for all may be interrupted.
    """
    with ExitStack() as stack:
        context = ProofContext.enter(project, options, stack)
        history = History.of(project, options)
        is_first = not history.before and first == len(beginning.steps)
        cache = context.cache() if is_first else None
        context.prepare()
        progress = Progress(lambda step: None, beginning.steps)
        walk = stack.enter_context(closing(context.walk(progress)))
        walk.advance([*history.before, *history.proven[:first]])
        if cache:
            keeping = progress.keeping(
                cache, history.proven, context.database, beginning, always=True
            )
            stack.enter_context(keeping)
        walk.prove(history.proven[first:end], lambda context: None, fill=first > 0)
        if not walk.looked:
            walk.look(lambda context: None)
        apart = not (walk.overlooked or context.database.roles or walk.judge.depends_on_rows)
        return PartFindings(
            steps=walk.steps,
            alone=apart and stands_alone(walk.steps),
            counting=walk.judge.counting,
            opened=files_read.files(),
            modules=own_modules(project),
        )
