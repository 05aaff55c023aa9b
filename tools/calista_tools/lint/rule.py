"""What is a rule, what does it find, and which rules are there?

A rule is one file in ``rules/``: a decorated function whose docstring is its page. Nothing else
in the source names it.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from calista_tools import PROJECT_URL
from calista_tools.startup.records import NamedTuple

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from calista_tools.effects.operations import Operation

#: What a rule looks at: ``file`` one file alone; ``schema`` one revision and what its ancestors
#: leave behind (``Migration.schema``); ``history`` all revisions at once (``Versions``); ``noqa``
#: the comments that set findings aside.
Scope = Literal["file", "schema", "history", "noqa"]


class Edit(NamedTuple):
    """Replace what stands between two places; rows and columns count from 1, in characters."""

    row: int
    column: int
    end_row: int
    end_column: int
    content: str


class Fix(NamedTuple):
    """How to repair a finding: edits within the file, or another name for it.

    Attributes:
        rename: What the file should be called.
        replaces: A name that the edits do away with: none may be made where another file uses it.
        unsafe: The metadata need not have the name that it gives: only for who asks for that.
    """

    message: str
    edits: tuple[Edit, ...] = ()
    rename: str | None = None
    replaces: str | None = None
    unsafe: bool = False


class Finding(NamedTuple):
    """One thing wrong with one file, where it stands; rows and columns count from 1.

    Attributes:
        excuse: The reason that the code itself gives for it: it is not reported then, and a
            ``# noqa`` beside it is not unused.
        passing: It no longer matters once the revision is published, though the rule lasts.
    """

    row: int
    column: int
    message: str
    end_row: int | None = None
    end_column: int | None = None
    fix: Fix | None = None
    excuse: str = ""
    passing: bool = False

    @classmethod
    def at(
        cls, node: ast.stmt | ast.expr | ast.alias, message: str, fix: Fix | None = None
    ) -> Finding:
        """Return a finding that spans ``node``."""
        end_column = node.end_col_offset
        return cls(
            node.lineno,
            node.col_offset + 1,
            message,
            node.end_lineno,
            None if end_column is None else end_column + 1,
            fix,
        )

    @classmethod
    def of(cls, operation: Operation, message: str, fix: Fix | None = None) -> Finding:
        """Return a finding that spans a step."""
        end_row, end_column = operation.end
        return cls(operation.row, operation.column, message, end_row, end_column, fix)

    @classmethod
    def of_line(cls, operation: Operation, message: str) -> Finding:
        """Return a finding where a step begins: a block's first line, not all of it."""
        return cls(operation.row, operation.column, message)

    @classmethod
    def at_header(cls, node: ast.FunctionDef | ast.AsyncFunctionDef, message: str) -> Finding:
        """Return a finding on a function's first line, not on all of its body."""
        return cls(node.lineno, node.col_offset + 1, message)


class Rule(NamedTuple):
    """A rule, as the decorator registers it.

    Attributes:
        check: Takes a ``Migration`` and yields findings; in the scopes ``history`` and ``noqa``
            takes ``Versions`` or the suppressions, and yields pairs of a file and a finding.
        about: What a file must have for the rule to find anything (``traits``): one of
            these. Most files have little of what can be wrong. None: any file.
        lasting: Whether a published revision is to be told of: what a new database would meet.
        whole: Whether only a whole history can keep what it asks for: where a published revision has
            broken that already, it is not asked of new ones.
    """

    code: str
    name: str
    scope: Scope
    check: Callable[..., Iterator[Any]]
    about: frozenset[str] | None = None
    lasting: bool = False
    whole: bool = False

    @property
    def doc(self) -> str:
        """The page: the docstring of the check, without its indentation."""
        from inspect import cleandoc

        return cleandoc(self.check.__doc__ or "")

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.doc.partition("\n")[0]

    @property
    def needs_reason(self) -> bool:
        """Whether ``# noqa`` must say why: the policy rules are set aside for a reason only."""
        return needs_reason(self.code)

    @property
    def url(self) -> str | None:
        """Where the page is published; None if nowhere."""
        return page_url(self.code, self.name)


class Example(NamedTuple):
    """One block of a rule's page: a file that breaks the rule, or one that does not.

    Attributes:
        bad: Whether it stands under ``Bad::``.
        source: The file's text, or the body of ``upgrade()`` where it defines no function.
    """

    bad: bool
    source: str


_REGISTRY: dict[str, Rule] = {}
_Check = TypeVar("_Check", bound="Callable[..., Iterator[Any]]")


def rule(
    code: str,
    name: str,
    *,
    scope: Scope = "file",
    about: Iterable[str] | None = None,
    lasting: bool = False,
    whole: bool = False,
) -> Callable[[_Check], _Check]:
    """Register a check as the rule ``code``; its docstring becomes the rule's page.

    Raises:
        ValueError: The code or the name is taken, or there is no docstring.
    """

    def register(check: _Check) -> _Check:
        if not check.__doc__:
            raise ValueError(f"{code} has no docstring: it is the rule's page")
        for other in _REGISTRY.values():
            if code == other.code or name == other.name:
                raise ValueError(f"{code} {name} is taken: {other.code} {other.name}")
        of = None if about is None else frozenset(about)
        _REGISTRY[code] = Rule(code, name, scope, check, of, lasting, whole)
        return check

    return register


def all_rules() -> Mapping[str, Rule]:
    """Return every rule by its code, in the order of the codes; imports ``rules/`` once."""
    from calista_tools.lint import rules

    # Not pkgutil: it looks into each file, and imports a dozen modules to do so.
    for folder in rules.__path__:
        for name in sorted(os.listdir(folder)):  # noqa: PTH208
            module, dot, _ = name.partition(".py")
            if dot and not module.startswith("_"):
                import_module(f"{rules.__name__}.{module}")
    return dict(sorted(_REGISTRY.items()))


def registered() -> Mapping[str, Rule]:
    """Return the rules whose modules were imported so far."""
    return _REGISTRY


def needs_reason(code: str) -> bool:
    """Whether ``# noqa`` of this code must say why: 2xx and 3xx are policy, not style."""
    return code.startswith(("CAL2", "CAL3"))


def page_url(code: str, name: str) -> str | None:
    """Return the address of a rule's page; None before the project has one."""
    return f"{PROJECT_URL}/blob/main/docs/rules/{code}-{name}.md" if PROJECT_URL else None


def examples(page: str) -> Iterator[Example]:
    """Yield the ``Bad::`` and ``Good::`` blocks of a rule's page, in their order."""
    from textwrap import dedent

    lines = page.splitlines()
    for start, line in enumerate(lines):
        if line not in ("Bad::", "Good::"):
            continue
        block: list[str] = []
        for inside in lines[start + 1 :]:
            if inside and not inside.startswith("    "):
                break
            block.append(inside)
        yield Example(line == "Bad::", dedent("\n".join(block)).strip("\n") + "\n")
