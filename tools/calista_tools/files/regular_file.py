"""How is a file of a project read? Only a regular one, up to a size: no pipe is waited for.

A pipe, a device or a link to one in the place of a file would keep us waiting for ever, and a file
of gigabytes is no revision and no configuration.
"""

from __future__ import annotations

import errno
import os
import stat

from calista_tools.errors import ConfigError, ToolError

#: Bytes: of any file of a project; none that somebody wrote by hand comes near.
LARGEST = 16_000_000
_READ = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
)


#: What is read in the place of a file: an editor's buffer, by the file's absolute path.
_given: dict[str, bytes] = {}


def give(path: str | os.PathLike[str], content: bytes) -> None:
    """Let a file be read as if it held this, whatever lies there; `forget` ends that."""
    _given[os.fspath(path)] = content


def forget() -> None:
    """Read every file as it lies there."""
    _given.clear()


def read_bytes(path: str | os.PathLike[str], largest: int = LARGEST) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: It cannot be read, is no regular file or larger than that.
    """
    if _given and (given := _given.get(os.fspath(path))) is not None:
        if len(given) > largest:
            raise _too_large(path, len(given), largest)
        return given
    # Before it is opened: to open a device may do something already.
    _assert_regular(os.stat(path), path, largest)  # noqa: PTH116 - a thousand times a run
    file = os.open(path, _READ)
    try:
        found = os.fstat(file)
        _assert_regular(found, path, largest)
        size = found.st_size
        source = os.read(file, size + 1)
        if len(source) != size or not size:
            # It has grown, or its size is not known before it is read.
            parts = [source]
            left = largest + 1 - len(source)
            while left > 0 and (part := os.read(file, min(left, 1_000_000))):
                parts.append(part)
                left -= len(part)
            source = b"".join(parts)
            if len(source) > largest:
                raise _too_large(path, len(source), largest)
    finally:
        os.close(file)
    return source


def read_text(
    path: str | os.PathLike[str], largest: int = LARGEST, *, errors: str = "strict"
) -> str:
    """Return the text of a file in UTF-8, its lines ended by newlines.

    Raises:
        OSError: As `read_bytes` does.
        UnicodeDecodeError: It is not UTF-8.
    """
    text = read_bytes(path, largest).decode(errors=errors)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether something lies there that is meant to be a file, whatever reading it will say."""
    if os.fspath(path) in _given:
        return True
    try:
        return not stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False


def reason_of(error: Exception) -> str:
    """Return why a file cannot be read, in words that follow its name."""
    reason = getattr(error, "strerror", None) or str(error)
    known = getattr(error, "errno", None) in (errno.EINVAL, errno.EFBIG)
    return reason if known else f"cannot be read: {reason}"


def assert_readable(path: str | os.PathLike[str], largest: int = LARGEST) -> None:
    """Raise where somebody else is to read a file, and would wait or read for ever.

    Raises:
        ToolError: It is there, and no regular file of a sane size.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - as above
        if not stat.S_ISDIR(found.st_mode):
            _assert_regular(found, path, largest)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.EINVAL, errno.EFBIG):
            raise ToolError(f"{os.fspath(path)}: {reason_of(error)}", exit_code=2) from error


def assert_path(path: str | os.PathLike[str], where: str | os.PathLike[str]) -> None:
    """Raise where a path is none that a system can have, whether or not something lies there.

    Args:
        path: As a configuration gives it.
        where: Which one.

    Raises:
        ConfigError: It holds a null character, or is too long.
    """
    try:
        os.stat(path)  # noqa: PTH116 - as above
    except ValueError as error:
        reason: object = error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return
        reason = error.strerror
    else:
        return
    shown = ascii(os.fspath(path))
    shown = shown if len(shown) < _SHOWN else f"{shown[:_SHOWN]}…"
    raise ConfigError(f"{os.fspath(where)}: {shown} is no path: {reason}")


#: Characters of what is no path.
_SHOWN = 100


def _assert_regular(found: os.stat_result, path: str | os.PathLike[str], largest: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", os.fspath(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", os.fspath(path))
    if found.st_size > largest:
        raise _too_large(path, found.st_size, largest)


def _too_large(path: str | os.PathLike[str], size: int, largest: int) -> OSError:
    words = f"is too large: {size / 1e6:.0f} MB, and {largest // 1_000_000} MB at most"
    return OSError(errno.EFBIG, words, os.fspath(path))
