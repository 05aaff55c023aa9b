"""What may a template reach? The values that it is given, not what hangs on them."""

from __future__ import annotations

from pathlib import Path, PurePath
from types import MethodType
from typing import TYPE_CHECKING, Any

from jinja2 import FileSystemLoader, TemplateError
from jinja2.loaders import split_template_path
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinja2 import Environment


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which paths are names and our own objects are data."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may read an attribute: of a path not what asks the file system."""
        if isinstance(obj, Path) and not hasattr(PurePath, attr):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def is_safe_callable(self, obj: Any) -> bool:
        """Whether a template may call something: not what is a method of our objects."""
        if isinstance(obj, MethodType) and _is_ours(type(obj.__self__)):
            return False
        return super().is_safe_callable(obj) and not (isinstance(obj, type) and _is_ours(obj))


class Loader(FileSystemLoader):
    """Finds templates in folders: files of these folders, of a reasonable size."""

    def __init__(self, folders: Sequence[Path], largest: int) -> None:
        super().__init__(folders)
        self._largest = largest

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return a template's text, its file and whether that is still as it was.

        Raises:
            TemplateError: There is none, it lies elsewhere, or it is too large.
        """
        parts = split_template_path(template)
        for folder in map(Path, self.searchpath):
            path = folder.joinpath(*parts)
            if not path.is_file():  # neither is a pipe or a device
                continue
            if not path.resolve().is_relative_to(folder.resolve()):
                raise TemplateError(f"{template} is a link that leads out of the folder")
            if path.stat().st_size > self._largest:
                raise TemplateError(f"{template} is larger than {self._largest} bytes")
            break
        return super().get_source(environment, template)


def _is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("calista", "calista_tools")
