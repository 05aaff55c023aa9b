"""Which template is meant, and how is it rendered? Jinja, strict about names that do not exist.

A project's templates are somebody's text, not our code: they run in Jinja's sandbox, and in a
process of their own that is not given much.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2.sandbox import SandboxedEnvironment

    from calista_tools.config import Config

_PACKAGE = Path(__file__).resolve().parents[1]
#: Bytes of a template, and of what one makes: no report of a thousand revisions comes near it.
LARGEST_TEMPLATE = 1 << 20
LARGEST = 1 << 26


def template_folders(config: Config) -> list[Path]:
    """Return where templates are looked for: the project's own, then the shipped ones."""
    packaged = _PACKAGE / "templates"
    shipped = packaged if packaged.is_dir() else _PACKAGE.parents[1] / "templates"
    return [folder for folder in (config.templates, shipped) if folder is not None]


def render(
    config: Config,
    name: str,
    values: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]] | None = None,
    *,
    largest: int = LARGEST,
) -> str:
    """Render a template.

    Args:
        config: The project, whose templates come before the shipped ones.
        name: The template's.
        values: What it may show.
        filters: Added to Jinja's.
        largest: How many characters it may make.

    Raises:
        ToolError: The project's own template is missing a part, cannot be rendered, or does
            what a template has no business to do.
    """
    environment = _environment(template_folders(config))
    environment.filters.update({"python": repr, **(filters or {})})

    def write() -> str:
        return _written(environment, name, values, largest)

    if config.templates is None:
        return write()
    from calista_tools.rendering.confined import confined

    return confined(write, f"template {name}")


def _environment(folders: list[Path]) -> SandboxedEnvironment:
    # Here, not at the top: importing Jinja takes longer than reading a thousand revisions.
    from jinja2 import StrictUndefined, select_autoescape

    from calista_tools.rendering.sandbox import Loader, Sandbox

    return Sandbox(
        loader=Loader(folders, LARGEST_TEMPLATE),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _written(
    environment: SandboxedEnvironment, name: str, values: Mapping[str, Any], largest: int
) -> str:
    from jinja2 import TemplateError

    parts: list[str] = []
    length = 0
    try:
        for part in environment.get_template(name).generate(values):
            length += len(part)
            if length > largest:
                raise ToolError(f"template {name}: it makes more than {largest} characters")
            parts.append(part)
    except ToolError:
        raise
    except MemoryError:
        raise ToolError(f"template {name}: it needs too much memory") from None
    except RecursionError:
        raise ToolError(f"template {name}: it calls itself without an end") from None
    except Exception as error:  # whatever the expressions of a template may raise
        message = " ".join(str(error).split()) or type(error).__name__
        where = getattr(error, "filename", None) or name
        if not isinstance(error, TemplateError):
            message = f"{type(error).__name__}: {message}"
        raise ToolError(f"template {where}: {message}") from error
    text = "".join(parts)
    if not _is_unicode(text):
        raise ToolError(f"template {name}: it makes what is not valid Unicode")
    return text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
