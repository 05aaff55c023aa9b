"""How is a backend proven once in a test run, whichever of its tests, or processes, asks first?"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.backends.filelock import file_lock
from calista_tools.errors import ToolError
from calista_tools.files.whole_file import write_whole
from calista_tools.roundtrip.proof.result import Step

if TYPE_CHECKING:
    from calista_tools.environment.roundtrip_settings import Settings
    from calista_tools.roundtrip.project.proven_project import Project


class Proof:
    """One backend's run, made when the first of its tests asks for it.

    Args:
        project: Whose history.
        settings: The project's own words.
        backend: Where.
        shared: A file by which the processes of this test run tell each other what was found;
            None where there is one process.
    """

    def __init__(
        self, project: Project, settings: Settings, backend: str, shared: Path | None
    ) -> None:
        self._project = project
        self._settings = settings
        self._backend = backend
        self._shared = shared
        self._found: dict[str, Any] = {}
        #: Whether a test of this process has said at length that it could not be run.
        self.explained = False

    def step(self, revision: str) -> Step:
        """Return what was found out about a revision.

        Raises:
            ToolError: The backend could not be run at all.
        """
        if not self._found:
            self._found = self._prove() if self._shared is None else self._prove_once(self._shared)
        if "error" in self._found:
            raise ToolError(self._found["error"], self._found["hint"])
        return Step(**self._found["steps"][revision])

    def _prove_once(self, shared: Path) -> dict[str, Any]:
        # Whoever comes second waits as long as it takes: the lock of a process that dies is free.
        with file_lock(shared.with_suffix(".lock"), timeout=math.inf):
            if shared.exists():
                told: dict[str, Any] = json.loads(shared.read_text(encoding="utf-8"))
                return told
            found = self._prove()
            write_whole(str(shared), json.dumps(found).encode())
            return found

    def _prove(self) -> dict[str, Any]:
        from calista_tools.roundtrip.proof.known_failures import read_known
        from calista_tools.roundtrip.proof.run import Options, prove

        named = self._settings.baseline
        try:
            known = read_known(Path(named) if named else None)(self._backend)
            options = Options(backend=self._backend, settings=self._settings, known=known)
            run = prove(self._project, options)
        except ToolError as error:
            return {"error": error.message, "hint": error.hint}
        return {"steps": {step.revision: asdict(step) for step in run.steps}}
