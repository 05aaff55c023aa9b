"""Where are caches kept, and how are they opened? In the user's cache folder, through this one door.

An answer that is taken from a file is as good as the file. Nothing is read back that may have come
with a project, or that somebody else could have written: what is kept lies in folders of the user's
own, closed to all others; a link leads nowhere; and every file is made new, under a random name,
before it takes the place of the old one. Whatever is wrong with a cache is an ``OSError`` here, and
no reason to fail for anybody who asks.

Imported before anything else and in every run of the lint, so it imports next to nothing itself.
"""

from __future__ import annotations

import errno
import os
import stat
import sys

#: Bytes. What a cache holds of ten thousand revisions is a fifth of that.
LARGEST = 256_000_000
#: Seconds after which what nobody has written to is thrown away, and what a killed run has left.
_UNUSED, _LEFT = 30 * 86_400, 86_400
_TEMPORARY = ".tmp"
_CLOSE = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | _NO_LINK | _CLOSE | getattr(os, "O_NONBLOCK", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _CLOSE
_FOLDER = os.O_RDONLY | _NO_LINK | _CLOSE | getattr(os, "O_DIRECTORY", 0)
#: Whether a folder can be held while what lies in it is opened (not on Windows).
_HOLDS = {os.open, os.mkdir, os.unlink, os.rename} <= os.supports_dir_fd


def base_folder() -> str | None:
    """Return the folder of our caches; None where there is none that can be trusted.

    ``CALISTA_CACHE_DIR`` names another one, though none in a working copy: what lies there may
    have come with it.
    """
    if chosen := os.environ.get("CALISTA_CACHE_DIR"):
        chosen = os.path.realpath(chosen)
        return None if _in_working_copy(chosen) else chosen
    return user_folder()


def user_folder() -> str | None:
    """Return our folder among the user's caches, where the system has them; None where nowhere."""
    user = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    if not os.path.isabs(user):  # noqa: PTH117 - the rule for XDG_CACHE_HOME
        inside = ".cache"
        if sys.platform == "darwin":
            inside = os.path.join("Library", "Caches")  # noqa: PTH118
        elif sys.platform == "win32":
            inside = os.path.join("AppData", "Local")  # noqa: PTH118
        user = os.path.join(os.path.expanduser("~"), inside)  # noqa: PTH111, PTH118
    if not os.path.isabs(user):  # noqa: PTH117 - nobody knows where home is
        return None
    return os.path.join(user, "calista")  # noqa: PTH118


def room_of(path: str) -> str:
    """Return the name of the folder that keeps what is known of a project, by where it really is."""
    return f"lint/{named(os.path.realpath(path))}"


def named(text: str) -> str:
    """Return what stands for a text in the name of a file."""
    try:
        # hashlib loads OpenSSL, which takes as long as all that is done here.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b

    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def read(room: str, name: str) -> bytes:
    """Return what is kept under a name.

    Raises:
        OSError: Nothing is, or it is not ours alone.
    """
    with _entered(room) as folder:
        file = folder.open(name, _READ)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                raise PermissionError(errno.EPERM, "no file of ours", name)
            _assert_ours(found, name)
            parts = []
            while part := os.read(file, found.st_size + 1):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(file)


def write(room: str, name: str, content: bytes) -> None:
    """Keep something under a name: all of it or nothing, whoever else does at the same time.

    Raises:
        OSError: It cannot be kept.
    """
    with _entered(room, make=True) as folder:
        temporary = f"{name}-{os.urandom(8).hex()}{_TEMPORARY}"
        file = folder.open(temporary, _WRITE)
        try:
            try:
                left = memoryview(content)
                while left:
                    left = left[os.write(file, left) :]
            finally:
                os.close(file)
            folder.replace(temporary, name)
        except BaseException:
            folder.remove(temporary)
            raise


def private_folder(path: str) -> str:
    """Return a folder that nobody else can look into or write to, made if need be.

    Raises:
        OSError: It cannot be made, is a link or is not ours alone.
    """
    return own_folder(path, mode=0o700)


def own_folder(path: str, *, mode: int) -> str:
    """Return a folder that nobody else can write to, made if need be.

    Args:
        path: Where.
        mode: What others may do; it is set where the folder was narrower or wider in that.

    Raises:
        OSError: It cannot be made, is a link, or others may have written to it.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with _Folder(path, make=True, others=0o077 if mode == 0o700 else 0o022):
        if mode != 0o700:
            os.chmod(path, mode)  # noqa: PTH101
    return path


class _Folder:
    """A private folder that is held open, so that nothing else can be put in its place."""

    def __init__(
        self,
        path: str,
        within: _Folder | None = None,
        *,
        make: bool = False,
        others: int = 0o077,
    ) -> None:
        """Open it.

        Args:
            path: Where it is; a name in ``within`` if that is given.
            within: A folder that is held already.
            make: Whether it is made where it is not there.
            others: The permissions that nobody else may have.
        """
        self.path: str = path if within is None else os.path.join(within.path, path)  # noqa: PTH118
        at = None if within is None else within.held
        where = self.path if at is None else path
        self.is_new = False
        if make:
            try:
                os.mkdir(where, 0o700, dir_fd=at)
                self.is_new = True
            except FileExistsError:
                pass
        self.held: int | None = os.open(where, _FOLDER, dir_fd=at) if _HOLDS else None
        try:
            found = os.lstat(self.path) if self.held is None else os.fstat(self.held)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, "no folder", self.path)
            _assert_ours(found, self.path, others)
        except BaseException:
            self.close()
            raise

    def open(self, name: str, flags: int) -> int:
        """Open a file in it."""
        return os.open(self._at(name), flags, 0o600, dir_fd=self.held)

    def replace(self, old: str, new: str) -> None:
        """Give a file the place of another one."""
        os.replace(self._at(old), self._at(new), src_dir_fd=self.held, dst_dir_fd=self.held)

    def remove(self, name: str) -> None:
        """Remove a file, if that can be."""
        try:  # noqa: SIM105 - contextlib takes as long to import as all of this module
            os.unlink(self._at(name), dir_fd=self.held)
        except OSError:
            pass

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder.

        Raises:
            OSError: It is not empty.
        """
        os.rmdir(self._at(name), dir_fd=self.held)

    def names(self) -> list[tuple[str, float]]:
        """Return what it holds, and when that was changed last."""
        found = []
        with os.scandir(self.path if self.held is None else self.held) as entries:
            for entry in entries:
                try:
                    found.append((entry.name, entry.stat(follow_symlinks=False).st_mtime))
                except OSError:
                    continue
        return found

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        if self.held is not None:
            os.close(self.held)

    def _at(self, name: str) -> str:
        return os.path.join(self.path, name) if self.held is None else name  # noqa: PTH118


def _assert_ours(found: os.stat_result, name: str, others: int = 0o077) -> None:
    """Raise if somebody else may have written what was found.

    Raises:
        PermissionError: Somebody may.
    """
    if sys.platform == "win32":
        return  # nobody else gets into the folders of a user's profile
    # What comes with a checkout or an archive is not closed to others, unless somebody wanted that.
    if found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "belongs to another user", name)
    if found.st_mode & others:
        may = "write to" if found.st_mode & 0o022 else "look into"
        raise PermissionError(errno.EPERM, f"others may {may} it", name)


def _entered(room: str, *, make: bool = False) -> _Folder:
    """Return the folder of a room; whoever asked lets go of it."""
    base = base_folder()
    if base is None:
        raise FileNotFoundError(errno.ENOENT, "no folder for caches")
    if make:
        os.makedirs(base, 0o700, exist_ok=True)  # noqa: PTH103
    kind, _, name = room.partition("/")
    with _Folder(os.path.join(base, kind), make=make) as outer:  # noqa: PTH118
        folder = _Folder(name, outer, make=make)
        if folder.is_new:
            _sweep(outer)
        return folder


def _sweep(outer: _Folder) -> None:
    """Throw away what is kept of projects that nobody has asked about for long."""
    import time

    now = time.time()
    for name, changed in outer.names():
        unused = now - changed > _UNUSED
        try:
            with _Folder(name, outer) as folder:
                for file, written in folder.names():
                    if unused or (file.endswith(_TEMPORARY) and now - written > _LEFT):
                        folder.remove(file)
            if unused:
                outer.remove_folder(name)
        except OSError:
            continue  # no folder of ours


def _in_working_copy(folder: str) -> bool:
    while True:
        if any(os.path.lexists(os.path.join(folder, name)) for name in (".git", ".hg", ".svn")):  # noqa: PTH118
            return True
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return False
        folder = above
