"""Which template is meant, and how is it rendered? Jinja, strict about names that do not exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from calista_tools.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from calista_tools.config import Config

_PACKAGE = Path(__file__).resolve().parent


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
) -> str:
    """Render a template; ``filters`` are added to Jinja's.

    Raises:
        ToolError: The project's own template is missing a part or cannot be rendered.
    """
    # Here, not at the top: importing Jinja takes longer than reading a thousand revisions.
    from jinja2 import (
        Environment,
        FileSystemLoader,
        StrictUndefined,
        TemplateError,
        select_autoescape,
    )

    environment = Environment(
        loader=FileSystemLoader(template_folders(config)),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({"python": repr, **(filters or {})})
    try:
        return environment.get_template(name).render(values)
    except TemplateError as error:
        message = " ".join(str(error).split())
        where = getattr(error, "filename", None) or name
        raise ToolError(f"template {where}: {message}") from error
