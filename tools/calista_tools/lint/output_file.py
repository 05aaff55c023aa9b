"""How does ``--output-file`` write a report? Whole or not at all, and never in colours."""

from __future__ import annotations

import os

from calista_tools.errors import ToolError
from calista_tools.files.whole_file import write_whole
from calista_tools.harmless import harmless


def write(name: str, text: str) -> None:
    """Put a report into a file.

    Raises:
        ToolError: It cannot be written.
    """
    try:
        if os.path.exists(name) and not os.path.isfile(name):  # noqa: PTH110, PTH113 - a device
            with open(name, "w", encoding="utf-8", errors="backslashreplace") as device:  # noqa: PTH123
                device.write(harmless(text))
            return
        write_whole(name, harmless(text).encode(errors="backslashreplace"))
    except OSError as error:
        raise ToolError(
            f"{name}: cannot be written: {error.strerror or error}", exit_code=2
        ) from error
