"""What stands above the functions of a plainly written file? Followed once for all that look alike.

The revisions of a project are written from one template, so their imports and the names that they
assign are the same few lines: the first file of a form is parsed and followed, the others are not,
unless somebody asks for the statements or for what a name was assigned.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.effects.evaluator.frame import Frame, State
from calista_tools.effects.evaluator.modules import builtin
from calista_tools.effects.evaluator.statements import run
from calista_tools.effects.operations import Evaluation
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from calista_tools.effects.evaluator.project_modules import Project
    from calista_tools.history.scanner import Plain


class Form(NamedTuple):
    """What the headers of one form have in common.

    Attributes:
        names: What their imports bind.
        assigned: The names whose values the headers differ in.
        statements: How many there are.
    """

    names: Mapping[str, object]
    assigned: tuple[str, ...]
    statements: int


class Head:
    """The statements above the functions of one file, not parsed yet.

    Attributes:
        form: What is known without parsing them.
    """

    __slots__ = ("_nodes", "_text", "form")

    def __init__(self, form: Form, text: str) -> None:
        self.form = form
        self._text = text
        self._nodes: Sequence[ast.stmt] | None = None

    def nodes(self) -> Sequence[ast.stmt]:
        """Return the statements."""
        if self._nodes is None:
            self._nodes = ast.parse(self._text).body
        return self._nodes

    def bind(self, frame: Frame) -> None:
        """Let a module's frame know the names, as if the statements had been followed in it."""
        frame.state.fuel -= self.form.statements
        frame.names.update(self.form.names)
        frame.pending = {name: self._finder(name) for name in self.form.assigned}

    def _finder(self, name: str) -> Callable[[], object]:
        return lambda: _followed(self.nodes(), None).names[name]


_forms: dict[tuple[str, bool], Form | None] = {}
_REMEMBERED = 1000


def head_of(plain: Plain, project: Project | None) -> Head | None:
    """Return the head of a file; None where its statements have to be followed like any others."""
    if not plain.form:
        return None
    key = plain.form, project is None
    try:
        form = _forms[key]
    except KeyError:
        form = _form(plain.text[plain.start : plain.end], project)
        if len(_forms) < _REMEMBERED:
            _forms[key] = form
    return None if form is None else Head(form, plain.text[: plain.end])


def _form(text: str, project: Project | None) -> Form | None:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imports: list[ast.stmt] = []
    assigned: list[str] = []
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if not isinstance(target, ast.Name):
                return None
            assigned.append(target.id)
        else:
            return None
    frame = _followed(imports, project)
    # What an import of the project's own modules means depends on where the file lies.
    if frame.pending or frame.module is not builtin:
        return None
    return Form(frame.names, tuple(assigned), len(body))


def _followed(nodes: Sequence[ast.stmt], project: Project | None) -> Frame:
    """Return the frame of a module of these statements alone."""
    frame = Frame(State(Evaluation(), Path(), project, None), {}, None, builtin)
    run(frame, nodes)
    return frame
