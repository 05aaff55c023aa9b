"""Is it a reason? What people write beside a rule's code, in a ``raise``, or in a docstring."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from calista_tools.startup.patterns import later

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Function = ast.FunctionDef | ast.AsyncFunctionDef

#: What people write to satisfy a checker; a single word is none in any case.
_EMPTY = frozenset(
    (
        "", "a reason", "no reason", "n a", "see above", "see below", "why and what to do instead",
        "false positive", "not needed", "not applicable", "fix me", "fix later", "to do", "todo later",
        "by design", "on purpose", "as intended", "it is fine", "is fine", "its fine", "it s fine",
    )
)  # fmt: skip
#: Says that there is no way back, in whatever words, and not why.
_NO_WAY_BACK = frozenset(
    (
        "a", "an", "the", "this", "that", "is", "are", "was", "be", "been", "it", "its", "s", "t",
        "can", "cannot", "could", "not", "no", "never", "don", "do", "does", "doesn", "isn", "won",
        "nothing", "way", "back", "to", "of", "for", "from", "in", "on", "at", "and", "or", "we", "you",
        "downgrade", "downgrades", "downgraded", "downgrading", "upgrade", "upgrades", "undo",
        "undone", "undoing", "revert", "reverts", "reverted", "reverting", "reverse", "reversed",
        "reversible", "reversal", "irreversible", "rollback", "roll", "rolled", "restore", "restored",
        "migration", "migrations", "revision", "revisions", "schema", "database", "db", "change",
        "changes", "supported", "support", "implemented", "implement", "implementation", "possible",
        "impossible", "available", "provided", "allowed", "yet", "one", "only", "forward", "here",
        "todo", "why", "reason", "because", "intentionally", "deliberately", "left", "empty", "pass",
        "previous", "version", "please", "there", "needed", "required", "necessary", "noop", "op",
        "error", "notimplementederror", "function", "method", "step",
        "past", "beyond", "below", "before", "after", "further", "point", "data", "sorry", "must",
        "should", "will", "would", "unsupported", "notimplemented", "run", "go", "going", "once",
    )
)  # fmt: skip
#: Some of which a docstring has that says why, and not what would be done.
_WHY = later(
    r"\b(?:not|no|nothing|never|none|cannot|can't|won't|don't|isn't|doesn't|without|because|since"
    r"|irreversibl[ey]|lost|gone|deliberately|intentionally|on purpose|kept|keeps?|left|leaves?|stays?"
    r"|remains?|instead|backup|harmless|safe|unneeded|unnecessary|too|only|already|still|impossible)\b",
    re.IGNORECASE,
)
#: Scripts that put no blank between words.
_NO_BLANKS = later("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{4}")


def is_reason(text: str) -> bool:
    """Whether a text says something: more than a word, and more than a placeholder."""
    bare = re.sub(r"<[^<>]*>", " ", text)
    if _NO_BLANKS.search(bare) or re.search(r"\bhttps?://\S+\.\S", bare):
        return True
    words = re.findall(r"[^\s<>]*\w[^\s<>]*", bare)
    plain = " ".join(re.findall(r"\w+", bare.lower()))
    telling = re.search(r"[^\W\d_]{2}", bare) is not None
    return len(words) > 1 and telling and plain not in _EMPTY


def no_way_back(
    function: Function, functions: Mapping[str, Function], values: Mapping[str, str]
) -> str:
    """Return why there is no way back, where the function itself says so; else "".

    Args:
        function: It does nothing, or only raises.
        functions: The module's, of which it may call one that raises.
        values: The texts that the module gives a name.
    """
    documented = ast.get_docstring(function) or ""
    if _WHY.search(documented) and _is_why(documented):
        return " ".join(documented.split())
    known = {**values, **texts(function.body)}
    for statement in function.body:
        said = _raised(statement, known)
        if _is_why(said):
            return " ".join(said.split())
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            helper = functions.get(call.func.id)
            if helper is not None and helper is not function:
                return no_way_back(helper, {}, values)
    return ""


def texts(body: list[ast.stmt]) -> dict[str, str]:
    """Return the texts that statements give a name."""
    return {
        target.id: " ".join(_constants(statement.value))
        for statement in body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _is_why(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return is_reason(text) and not _NO_WAY_BACK.issuperset(words)


def _raised(statement: ast.stmt, known: Mapping[str, str]) -> str:
    """Return the text that a statement ends with, wherever it stands in the call."""
    said = statement.exc if isinstance(statement, ast.Raise) else None
    if isinstance(statement, ast.Assert):
        said = statement.msg
    if said is None:
        return ""
    # `f"… {revision}"` names a thing, `ValueError(MESSAGE)` says something.
    put_in = {
        id(inner)
        for node in ast.walk(said)
        if isinstance(node, ast.FormattedValue)
        for inner in ast.walk(node)
    }
    named = (
        known.get(node.id, "")
        for node in ast.walk(said)
        if isinstance(node, ast.Name) and id(node) not in put_in
    )
    return " ".join((*_constants(said), *named))


def _constants(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
