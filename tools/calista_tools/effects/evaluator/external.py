"""What do Alembic, SQLAlchemy and the standard library do when they are called?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.effects.evaluator import attributes, connection_calls, op_calls
from calista_tools.effects.evaluator.arguments import table_of
from calista_tools.effects.evaluator.builtins import path_of
from calista_tools.effects.evaluator.core_statements import details_of_query, queried
from calista_tools.effects.evaluator.instances import named_tuple
from calista_tools.effects.evaluator.modules import FOREIGN
from calista_tools.effects.evaluator.raw_sql import statement
from calista_tools.effects.evaluator.tables import all_tables, model_method, schema_method
from calista_tools.effects.evaluator.values import (
    BatchBlock,
    Construct,
    External,
    FilePath,
    Final,
    Live,
    Method,
    OfflineTest,
    Partial,
    Unknown,
)
from calista_tools.effects.operations import Operation

if TYPE_CHECKING:
    import ast

    from calista_tools.effects.evaluator.frame import Frame, Handler
    from calista_tools.effects.operations import Batch


def handler_of(path: str) -> Handler:
    """Return what calling something from outside the project does."""
    if path.startswith("alembic.op."):
        name = path[11:]
        return _OPERATIONS.get(name) or _operation(name)
    name = path.rpartition(".")[2]
    if path.startswith("sqlalchemy") and name in ("conv", "inspect"):
        return _final if name == "conv" else _inspector
    return _HANDLERS.get(path) or _BY_NAME.get(name) or _construct(name, path)


_OF_MODELS = (".__table__.create", ".__table__.drop")
_OF_METADATA = (".metadata.create_all", ".metadata.drop_all")


def _construct(name: str, path: str) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        return Construct(name, path, args, kwargs, node)

    def table(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        made = Construct(name, path, args, kwargs, node)
        frame.state.made.append(made)
        if "autoload_with" in kwargs or kwargs.get("autoload") is True:
            attributes.read(frame, node)
        return made

    def of_models(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        if path.endswith(_OF_MODELS):
            model_method(frame, name, node)
        else:
            all_tables(frame, None, name, kwargs, node)
        return Construct(name, path, args, kwargs, node)

    def quoted(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        return args[0] if args else Construct(name, path, args, kwargs, node)

    def others(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        connection_calls.handed_on(frame, args, kwargs)
        return Construct(name, path, args, kwargs, node)

    if path.endswith((*_OF_MODELS, *_OF_METADATA)):
        return of_models
    if path.partition(".")[0] not in FOREIGN:
        return {"quoted_name": quoted}.get(name, others)
    return {"Table": table, "quoted_name": quoted}.get(name, handler)


def _operation(name: str) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        _step(frame, name, args, kwargs, node, None)
        if name == "create_table":
            return Construct("Table", "sqlalchemy.Table", args[:1], {}, node)
        return None

    return handler


def _step(
    frame: Frame,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
    batch: Batch | None,
) -> None:
    """Record what one method of ``op``, or of a batch block, does."""
    if name == "execute":
        made = statement(frame, args[0] if args else kwargs.get("sqltext"), node, "op")
        made.batch = batch
    else:
        made = op_calls.operation(frame, name, args, kwargs, node, batch)
    frame.state.add(made)


def _batch(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return BatchBlock(op_calls.batch(args, kwargs, node))


def _literal(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return args[0] if args else Unknown("is no literal")


def _run_async(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    if not args:
        return _operation("run_async")(frame, args, kwargs, node)
    from calista_tools.effects.evaluator.calls import invoke

    return invoke(frame, args[0], [Live("bind"), *args[1:]], kwargs, node)


def batch_call(
    frame: Frame,
    block: BatchBlock,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
) -> object:
    """Call a method of a ``batch_alter_table`` block."""
    if name == "f":
        return _final(frame, args, kwargs, node)
    if name == "get_bind":
        return Live("bind")
    if name == "get_context":
        return Live("context")
    if name == "__enter__":
        return block
    if name in ("__exit__", "flush"):
        return None
    _step(frame, name, args, kwargs, node, block.record)
    return None


def construct_method(
    frame: Frame,
    receiver: object,
    name: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.Call,
) -> object:
    """Call a method of something that was built from SQLAlchemy (or anything else)."""
    if isinstance(receiver, Construct):
        if receiver.name == "MetaData" and name == "reflect":
            receiver.kwargs["reflected"] = True
            attributes.read(frame, node)
            return None
        if name in ("create", "drop") and schema_method(frame, receiver, name, args, kwargs, node):
            return None
        if receiver.path == "contextlib.ExitStack" and name == "enter_context" and args:
            if isinstance(args[0], BatchBlock):
                frame.state.add(op_calls.block(frame, args[0].record, "batch"))
            return args[0]
    about = queried(receiver)
    if about is not None:
        return _query(frame, receiver, about, name, node)
    if isinstance(receiver, Method) and receiver.name == "__table__":
        model_method(frame, name, node)
    if name in ("create_all", "drop_all"):
        all_tables(frame, receiver, name, kwargs, node)
    return Construct(name, f".{name}", args, kwargs, node, receiver)


def _query(frame: Frame, query: object, about: object, name: str, node: ast.Call) -> object:
    """Call a method of a query of the session: it is refined, answered, or changes rows."""
    if name in ("update", "delete"):
        made = Operation("sql", frame.state.direction, node, table=table_of(about))
        made.keywords = {"via": "session", "verb": name, **details_of_query(name, query, node)}
        frame.state.add(made)
        return Unknown(attributes.READ)
    if name in _ANSWERS:
        attributes.read(frame, node)
        return Unknown(attributes.READ)
    return Construct(name, f".{name}", [], {}, node, query)


#: What asks the database.
_ANSWERS = frozenset(
    ["all", "count", "first", "get", "one", "one_or_none", "scalar", "yield_per", "exists"]
)


def _final(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    value = args[0] if args else kwargs.get("name", Unknown("has no name"))
    return Final(value) if isinstance(value, str) else value


def _offline(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return OfflineTest(True)


def _live(kind: str) -> Handler:
    def handler(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        return Live(kind)

    return handler


def _session(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return External("sqlalchemy.orm.Session")


def _inspector(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return connection_calls.inspector(frame, args, node)


def _path(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    found = path_of(args[0]) if args else FilePath(Path())
    rest = args[1:]
    if found is None or not all(isinstance(part, str) for part in rest):
        return Unknown("is a path that is not constant")
    return FilePath(found.path.joinpath(*rest))


def _same_path(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return (path_of(args[0]) if args else None) or Unknown("is a path that is not constant")


def _dirname(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    found = path_of(args[0]) if args else None
    return FilePath(found.path.parent) if found else Unknown("is a path that is not constant")


def _dedent(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    if args and isinstance(args[0], str):
        import textwrap

        return textwrap.dedent(str(args[0]))
    return args[0] if args and isinstance(args[0], Unknown) else Unknown("is no text")


def _cast(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return args[1] if len(args) > 1 else Unknown("is cast")


def _partial(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return Partial(args[0], args[1:], kwargs) if args else Unknown("is no call")


def _product(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    lists = [arg for arg in args if isinstance(arg, (list, tuple))]
    size = 1
    for one in lists:
        size *= max(1, len(one))
    if len(lists) != len(args) or kwargs or size > 5_000:
        return Unknown("is iterated over from what is not constant")
    import itertools

    return list(itertools.product(*lists))


def _chain(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    found: list[object] = []
    for arg in args:
        if not isinstance(arg, (list, tuple)):
            return Unknown("is iterated over from what is not constant")
        found.extend(arg)
    return found


def _named_tuple(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return named_tuple(args)


def _environment(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    name = args[0] if args and isinstance(args[0], str) else "a variable"
    return Unknown(f"is read from the environment (`{name}`)")


def _operations(frame: Frame, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
    return External("alembic.op")


#: Calls of ``op`` that are no step of the migration.
_OPERATIONS: dict[str, Handler] = {
    "f": _final,
    "get_bind": _live("bind"),
    "get_context": _live("context"),
    "impl": _live("context"),
    "migration_context": _live("context"),
    "batch_alter_table": _batch,
    "inline_literal": _literal,
    "run_async": _run_async,
}
#: What is known by its last name, whatever it is imported from.
_BY_NAME: dict[str, Handler] = {
    "Session": _live("session"),
    "sessionmaker": _session,
    "AsyncSession": _session,
    "create_engine": _session,
}
#: Callables that are more than a name and its arguments.
_HANDLERS: dict[str, Handler] = {
    "alembic.context.is_offline_mode": _offline,
    "alembic.context.get_context": _live("context"),
    "alembic.context.get_bind": _live("bind"),
    "alembic.runtime.migration.MigrationContext.configure": _live("context"),
    "alembic.migration.MigrationContext.configure": _live("context"),
    "alembic.operations.Operations": _operations,
    "alembic.operations.ops.Operations": _operations,
    "pathlib.Path": _path,
    "pathlib.PurePath": _path,
    "os.path.join": _path,
    "os.path.dirname": _dirname,
    "os.path.abspath": _same_path,
    "os.path.realpath": _same_path,
    "os.fspath": _same_path,
    "os.getenv": _environment,
    "os.environ.get": _environment,
    "io.open": _same_path,
    "codecs.open": _same_path,
    "textwrap.dedent": _dedent,
    "inspect.cleandoc": _dedent,
    "typing.cast": _cast,
    "functools.partial": _partial,
    "collections.namedtuple": _named_tuple,
    "typing.NamedTuple": _named_tuple,
    "itertools.product": _product,
    "itertools.chain": _chain,
    "sqlalchemy.engine.reflection.Inspector.from_engine": _inspector,
    "sqlalchemy.engine.Inspector.from_engine": _inspector,
}
