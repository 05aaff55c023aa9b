"""Which tasks are there? Every ``Task`` of every module of this package.

To add one, add a module (or a function to one): decorate it with ``calista_tools.task.task``, give
each argument a ``help``, and import what it needs inside the function. All modules are imported
to start any task, so nothing heavy may stand at their top. The first line of the docstring is
what ``invoke --list`` prints.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from invoke.collection import Collection

from calista_tools.task import Task, write_bytecode


def collection() -> Collection:
    """Return the tasks of both doors, ``invoke`` and ``calista-migrations``."""
    write_bytecode()
    tasks = Collection()
    for module in iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, Task):
                tasks.add_task(value)
    return tasks
