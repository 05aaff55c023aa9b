"""What does a call do and give? Functions of the project are followed into."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import builtins, connection_calls, external, instances, strings
from calista_tools.effects.evaluator.branches import RAISE, RETURN
from calista_tools.effects.evaluator.dialect_driver import Driver
from calista_tools.effects.evaluator.expressions import attribute_of, same
from calista_tools.effects.evaluator.frame import (
    DEPTH,
    FUEL_OF_A_CALL,
    HANDLERS,
    Frame,
    Function,
    NeedDialect,
    OutOfFuel,
)
from calista_tools.effects.evaluator.modules import ForeignModule
from calista_tools.effects.evaluator.values import (
    Aside,
    BatchBlock,
    ClassValue,
    Construct,
    Expected,
    External,
    FilePath,
    Live,
    Method,
    Partial,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from calista_tools.effects.evaluator.frame import Handler


def _call(frame: Frame, node: ast.Call) -> object:
    func = node.func
    # Here and below: nine calls in ten are `op.x(...)` or `sa.X(...)`, nine arguments in ten a
    # constant or another call; asking `frame.value` for each took a fifth of the time.
    callee = attribute_of(frame, func) if type(func) is ast.Attribute else frame.value(func)
    args, kwargs = arguments(frame, node)
    return invoke(frame, callee, args, kwargs, node)


def arguments(frame: Frame, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
    """Evaluate the arguments of a call, starred ones spread out."""
    args: list[Any] = []
    for arg in node.args:
        if type(arg) is ast.Constant:
            args.append(arg.value)
        elif type(arg) is ast.Call:
            args.append(_call(frame, arg))
        elif type(arg) is ast.Starred:
            value = frame.value(arg.value)
            if isinstance(value, (list, tuple)):
                args.extend(value)
            elif isinstance(value, (dict, set)):
                args.extend(list(value))
            else:
                args.append(value if isinstance(value, Unknown) else Unknown("is not constant"))
        else:
            args.append(frame.value(arg))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        given = keyword.value
        if type(given) is ast.Constant:
            value = given.value
        else:
            value = _call(frame, given) if type(given) is ast.Call else frame.value(given)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
        elif isinstance(value, dict):
            kwargs.update((key, item) for key, item in value.items() if isinstance(key, str))
    return args, kwargs


def invoke(
    frame: Frame, callee: object, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> object:
    """Return what a call gives; what it does is recorded on the way."""
    state = frame.state
    state.fuel -= 1
    if state.fuel < 0:
        state.burn()
    if type(callee) is External:
        if callee.handler is None:
            callee.handler = _handler_of(callee.path)
        return callee.handler(frame, args, kwargs, node)
    if type(callee) is Method:
        return _method(frame, callee, args, kwargs, node)
    if type(callee) is Function:
        return inline(frame, callee, args, kwargs, node)
    if isinstance(callee, Partial):
        return invoke(
            frame, callee.callee, [*callee.args, *args], {**callee.kwargs, **kwargs}, node
        )
    if isinstance(callee, ClassValue):
        made = instances.instantiate(frame, callee, args, kwargs, node)
        if made is not None:
            return made
        return Construct(callee.name, f"class.{callee.name}", args, kwargs, node, callee)
    if isinstance(callee, Unknown):
        _handed_on(frame, callee.reason, args, kwargs, node)
        return Unknown(callee.reason)
    return Unknown(f"is the result of a call (line {node.lineno})")


def _handler_of(path: str) -> Handler:
    if not path.startswith("builtins."):
        return external.handler_of(path)
    name = path[9:]
    return lambda frame, args, kwargs, node: builtins.call(frame, name, args, kwargs, node, invoke)


def _handed_on(
    frame: Frame, reason: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> None:
    """Note a call that we cannot follow and that was given the means to change the schema."""
    connection_calls.handed_on(frame, args, kwargs)
    for value in (*args, *kwargs.values()):
        if isinstance(value, BatchBlock) or (isinstance(value, External) and value.path == _OP):
            keywords = {"reason": reason}
            operation = Operation("unknown", frame.state.direction, node, keywords=keywords)
            frame.state.add(operation)
            return


_OP = "alembic.op"


def _method(
    frame: Frame, method: Method, args: list[Any], kwargs: dict[str, Any], node: ast.Call
) -> object:
    receiver, name = method.receiver, method.name
    if isinstance(receiver, str):
        return strings.method(str(receiver), name, args, kwargs)
    if isinstance(receiver, Driver):
        return receiver.each(lambda one: strings.method(one, name, args, kwargs))
    if isinstance(receiver, (list, dict, set, tuple)):
        return builtins.container_method(receiver, name, args, kwargs)
    if isinstance(receiver, BatchBlock):
        return external.batch_call(frame, receiver, name, args, kwargs, node)
    if isinstance(receiver, Live):
        return connection_calls.call(frame, receiver, name, args, kwargs, node)
    if isinstance(receiver, FilePath):
        return builtins.path_method(frame, receiver, name, args)
    if isinstance(receiver, ClassValue):
        found = receiver.names.get(name)
        if isinstance(found, Function):
            return inline(frame, found, args, kwargs, node)
        return Unknown(f"is the result of `{receiver.name}.{name}()`")
    return external.construct_method(frame, receiver, name, args, kwargs, node)


def inline(
    frame: Frame,
    function: Function,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.AST,
    on_yield: Callable[[object], None] | None = None,
) -> object:
    """Follow a call of a function whose source is at hand.

    Args:
        frame: Where the call stands.
        function: What is called.
        args: Positional arguments.
        kwargs: Arguments by name.
        node: The call.
        on_yield: For a generator that is a context manager: follows the block of the ``with``.
    """
    state = frame.state
    definition = function.node
    if state.depth >= DEPTH:
        state.trouble("recursion", "calls itself too deeply to be followed", node)
        return Unknown("is computed by recursion")
    inner = Frame(state, {}, function.frame, function.frame.module)
    inner.on_yield = on_yield
    _bind_parameters(inner, function, args, kwargs)
    entered_foreign = state.anchor is None and function.frame.module is not frame.module
    if entered_foreign and isinstance(
        getattr(function.frame.module, "__self__", None), ForeignModule
    ):
        state.anchor = node
    else:
        entered_foreign = False
    before = state.conditional, state.offline, state.dialects, state.unlikely
    # A call within a call takes half of what there is at most: the other half is its caller's.
    kept = max(0, state.fuel - (state.fuel // 2 if state.depth else FUEL_OF_A_CALL))
    state.fuel -= kept
    state.depth += 1
    try:
        if isinstance(definition, ast.Lambda):
            return inner.value(definition.body)
        from calista_tools.effects.evaluator.statements import run

        ends = run(inner, definition.body)
        if ends == RAISE and state.dialect is not None and not state.conditional:
            inner.refused = before[2]
    except OutOfFuel:
        if not kept:
            raise
        # One helper that runs for long must not hide what the revision does after it.
        name = getattr(definition, "name", "the lambda")
        state.trouble("fuel", f"`{name}()` takes too long to be followed", node)
        return Unknown(f"is the result of `{name}()`, which takes too long to be followed")
    finally:
        state.fuel = max(0, state.fuel) + kept
        state.depth -= 1
        state.conditional, state.offline, state.dialects, state.unlikely = before
        if inner.refused:
            state.dialects -= inner.refused
            frame.refused |= inner.refused
        if entered_foreign:
            state.anchor = None
    return _result(inner, ends, definition)


def _result(inner: Frame, ends: int, definition: ast.FunctionDef | ast.AsyncFunctionDef) -> object:
    if inner.yields is not None:
        return inner.yields
    result = inner.result if ends == RETURN else None
    results = [result, *(inner.returned or ())]
    if any(isinstance(one, Aside) for one in results):
        expected = [one for one in results if not isinstance(one, Aside)]
        found = _expected(expected, results)
        if found is not None:
            return found
        results = [one.value if isinstance(one, Aside) else one for one in results]
        result = results[0]
    for other in results[1:]:
        if not same(other, result):
            if inner.split:
                raise NeedDialect
            return Unknown(f"depends on a test in `{definition.name}()`")
    return result


def _expected(expected: list[object], results: list[object]) -> Expected | None:
    """Return the truth that a function gives where only the revisions make tables."""
    if not expected or not all(one is expected[0] for one in expected):
        return None
    found = expected[0]
    reason = next(one.reason for one in results if isinstance(one, Aside))
    if isinstance(found, Expected):
        return found
    return Expected(reason, truth=found) if isinstance(found, bool) else None


def _bind_parameters(
    inner: Frame, function: Function, args: list[Any], kwargs: dict[str, Any]
) -> None:
    parameters = function.node.args
    names = inner.names
    positional = [*parameters.posonlyargs, *parameters.args]
    defaults = parameters.defaults
    first_default = len(positional) - len(defaults)
    rest = dict(kwargs)
    for index, parameter in enumerate(positional):
        if index < len(args):
            names[parameter.arg] = args[index]
        elif parameter.arg in rest:
            names[parameter.arg] = rest.pop(parameter.arg)
        elif index >= first_default:
            names[parameter.arg] = function.frame.value(defaults[index - first_default])
        else:
            names[parameter.arg] = Unknown(f"is the argument `{parameter.arg}`")
    if parameters.vararg is not None:
        names[parameters.vararg.arg] = tuple(args[len(positional) :])
    for parameter, default in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True):
        if parameter.arg in rest:
            names[parameter.arg] = rest.pop(parameter.arg)
        elif default is not None:
            names[parameter.arg] = function.frame.value(default)
        else:
            names[parameter.arg] = Unknown(f"is the argument `{parameter.arg}`")
    if parameters.kwarg is not None:
        names[parameters.kwarg.arg] = rest


def _yield(frame: Frame, node: ast.Yield) -> object:
    value = frame.value(node.value)
    if frame.on_yield is not None:
        frame.on_yield(value)
    else:
        frame.yields = [*(frame.yields or ()), value]
    return None


def _yield_from(frame: Frame, node: ast.YieldFrom) -> object:
    value = frame.value(node.value)
    items = value if isinstance(value, (list, tuple)) else [Unknown("is yielded")]
    frame.yields = [*(frame.yields or ()), *items]
    return None


HANDLERS.update({ast.Call: _call, ast.Yield: _yield, ast.YieldFrom: _yield_from})
