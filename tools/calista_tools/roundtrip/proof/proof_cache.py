"""Which prefix of a history was proven before? Kept as databases, so that only what is new runs.

A prefix is known by a chain of digests: what all revisions run under (``env.py``, settings,
versions of the server and the libraries, this engine's own source), then each revision's file after
that of the one before it. Whatever changes, every digest after it is another.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
import time
import tomllib
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calista_tools.backends.account import kept_folder
from calista_tools.backends.filelock import file_lock
from calista_tools.errors import ToolError
from calista_tools.files import regular_file
from calista_tools.files.whole_file import write_whole
from calista_tools.roundtrip.project import files_read
from calista_tools.roundtrip.proof.result import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alembic.script import Script

    from calista_tools.backends import ScratchDatabase
    from calista_tools.backends.kept_databases import KeptDatabases
    from calista_tools.environment.roundtrip_settings import Settings
    from calista_tools.roundtrip.project.proven_project import Project

#: Kept for each project and backend: the newest, and one to go back to on another branch.
_KEPT = 3
_LIBRARIES = ("alembic", "sqlalchemy", "psycopg", "psycopg2", "psycopg2-binary", "aiosqlite")
_DAYS = 14
_IMPORT = re.compile(rb"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)
_CONVENTION = re.compile(rb"convention|['\"](ix|uq|ck|fk|pk)['\"]", re.IGNORECASE)


@dataclass(frozen=True)
class ProvenBeginning:
    """The beginning of a history, proven by a run that was interrupted.

    Attributes:
        steps: What was said of its revisions.
        schema: The digest of the schema after them.
        counting: Revisions among them that may count on rows.
    """

    steps: list[Step] = field(default_factory=list)
    schema: str = ""
    counting: set[str] = field(default_factory=set)


class Cache:
    """The proven prefixes of one project on one backend.

    Args:
        project: Whose history.
        kept: Where databases are kept.
        settings: The project's own words, which proofs depend on.
        server: The server's version.
    """

    def __init__(
        self, project: Project, kept: KeptDatabases, settings: Settings, server: str
    ) -> None:
        self._project = project
        self._kept = kept
        self._folder = kept_folder()
        # Each version of PostgreSQL has entries of its own: one server's databases are in no other.
        name = f"{kept.home}:{project.ini}"
        self._taken = ""
        #: Digests of the files that the restored prefix had read.
        self._read_before: Mapping[str, str] = {}
        self._prefix = hashlib.sha256(name.encode()).hexdigest()[:12]
        self._interrupted = self._folder / f"{self._prefix}.begun"
        #: Digests of the metadata's tables when the restored head was compared with them.
        self.tables: dict[str, str] | None = None
        #: What was read of the restored head, see `LiveDatabase.remembered`.
        self.remembered: Any = None
        self._start = _digest_of(list(_surroundings(project, settings, server)))
        #: Each revision with the digest of the prefix that ends with it, as far as asked for.
        self._chain: list[tuple[str, str]] = []
        #: What each revision's file imports.
        self._imports: dict[str, list[str]] = {}
        self._modules: dict[str, str] = {}

    def digests(self, scripts: Sequence[Script]) -> list[str]:
        """Return the digest of each prefix, shortest first; of files as they were imported."""
        names = [script.revision for script in scripts]
        if [name for name, _ in self._chain[: len(names)]] != names:
            self._chain, last = [], self._start
            for script in scripts:
                source = self._project.sources[script.path]
                self._imports[script.path] = _imports(source)
                last = _digest_of([last, script.revision, source])
                self._chain.append((script.revision, last))
        return [digest for _, digest in self._chain[: len(names)]]

    def restore(
        self, scripts: Sequence[Script], database: ScratchDatabase
    ) -> tuple[int, list[Step]]:
        """Make a database the one after the longest proven prefix.

        Returns:
            How many revisions that are, and what was said of them.
        """
        try:
            return self._restored(scripts, database)
        except OSError:
            database.replace_by(None)  # half a copy may be there
            return 0, []

    def _restored(
        self, scripts: Sequence[Script], database: ScratchDatabase
    ) -> tuple[int, list[Step]]:
        with file_lock(self._folder / "lock"):
            kept = {path.stem.partition("-")[2]: path for path in self._entries()}
            if not kept:
                return 0, []
            digests = self.digests(scripts)
            for count in range(len(scripts), 0, -1):
                entry = kept.get(digests[count - 1][:32])
                if entry is None:
                    continue
                said = _read(entry)
                if not _unchanged(said) or not self._kept.take(entry.stem, database):
                    self._forget(entry)
                    continue
                entry.touch()
                self._taken = entry.stem
                self.tables = said.get("tables")
                self.remembered = said.get("remembered")
                self._read_before = said["opened"]
                return count, [Step(**{**step, "cached": True}) for step in said["steps"]]
        return 0, []

    def interrupted(self, scripts: Sequence[Script], known: int) -> ProvenBeginning | None:
        """Return what an interrupted run has proven, if that is more than so many revisions."""
        with suppress(OSError), file_lock(self._folder / "lock"):
            said = _read(self._interrupted)
            count = len(said.get("steps", ()))
            if not known < count <= len(scripts) or not _unchanged(said):
                return None
            if said["digest"] != self.digests(scripts)[count - 1]:
                return None
            self._read_before = {**self._read_before, **said["opened"]}
            steps = [Step(**{**step, "cached": True}) for step in said["steps"]]
            return ProvenBeginning(steps, said["schema"], set(said["counting"]))
        return None

    def keep_interrupted(self, scripts: Sequence[Script], beginning: ProvenBeginning) -> None:
        """Keep what an interrupted run has proven of a history."""
        with file_lock(self._folder / "lock"):
            more = {
                "digest": self.digests(scripts)[-1],
                "schema": beginning.schema,
                "counting": sorted(beginning.counting),
            }
            self._write(self._interrupted, beginning.steps, more)

    def forget_interrupted(self) -> None:
        """Forget what an interrupted run has proven."""
        with suppress(OSError):
            self._interrupted.unlink(missing_ok=True)

    def put_back(self, database: ScratchDatabase) -> None:
        """Make the database again what `restore` made it.

        Raises:
            ToolError: What was kept was removed meanwhile.
        """
        taken = False
        with suppress(OSError), file_lock(self._folder / "lock"):
            taken = self._kept.take(self._taken, database)
        if not taken:
            raise ToolError(
                "another run removed what this one had begun with", "run it again", exit_code=2
            )

    def also(self, modules: Mapping[str, str]) -> None:
        """Take in which modules were imported by another process that proved for this one."""
        self._modules |= modules

    def keep(
        self,
        scripts: Sequence[Script],
        steps: Sequence[Step],
        database: ScratchDatabase,
        tables: Mapping[str, str] | None = None,
        remembered: Any = None,
    ) -> None:
        """Keep the database after a prefix that is proven, and forget what is stale.

        Where that cannot be done, time is lost by the next run, and nothing else.

        Args:
            scripts: The prefix.
            steps: What was said of it.
            database: It is handed over: nothing can be done with it afterwards.
            tables: Digests of the metadata's tables, where head was compared with them.
            remembered: What was read of the database, as far as that is worth keeping.
        """
        digest = self.digests(scripts)[-1][:32]
        entry = self._folder / f"{self._prefix}-{digest}.json"
        with suppress(OSError), file_lock(self._folder / "lock"):
            if not entry.exists():
                self._kept.keep(entry.stem, database)
                self._write(entry, steps, {"tables": tables, "remembered": remembered})
            self.forget_interrupted()
            entries = sorted(self._entries(), key=lambda path: path.stat().st_mtime, reverse=True)
            for old in entries[_KEPT:]:
                self._forget(old)
            for old in (*self._folder.glob("*.json"), *self._folder.glob("*.begun")):
                if self._is_stale(old):
                    self._forget(old)

    def _write(self, entry: Path, steps: Sequence[Step], more: Mapping[str, Any]) -> None:
        revisions = {script.path for script in self._project.scripts}
        said = {
            **more,
            "files": {**self._modules, **own_modules(self._project, self._imports)},
            "opened": {**self._read_before, **files_read.digests(revisions, self._project.ini)},
            "steps": [_plain(step) for step in steps],
        }
        body = json.dumps(said)
        head = {
            "project": str(self._project.ini),
            "home": self._kept.home,
            "digest": _digest_of([body]),
        }
        write_whole(str(entry), f"{json.dumps(head)}\n{body}".encode())

    def _is_stale(self, entry: Path) -> bool:
        """Tell whether nobody will come for it: not used for long, or its project is gone."""
        said = _head(entry)
        if said.get("home") != self._kept.home:
            return False
        unused = time.time() - entry.stat().st_mtime
        return unused > _DAYS * 86400 or not Path(said.get("project", "")).exists()

    def _entries(self) -> list[Path]:
        return list(self._folder.glob(f"{self._prefix}-*.json"))

    def _forget(self, entry: Path) -> None:
        self._kept.forget(entry.stem)
        entry.unlink(missing_ok=True)


def _plain(step: Step) -> dict[str, Any]:
    return {name: getattr(step, name) for name in Step.__dataclass_fields__ if name != "cached"}


def _head(entry: Path) -> dict[str, Any]:
    """Return what an entry says on its first line: whose it is."""
    try:
        with entry.open(encoding="utf-8") as file:
            said = json.loads(file.readline())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _read(entry: Path) -> dict[str, Any]:
    """Return all that an entry says; nothing where it is damaged."""
    head = _head(entry)
    try:
        body = entry.read_text(encoding="utf-8").partition("\n")[2]
        if head.get("digest") == _digest_of([body]):
            return {**head, **json.loads(body)}
    except (OSError, ValueError):
        pass
    return {}


def _surroundings(project: Project, settings: Settings, server: str) -> Iterator[str | bytes]:
    """Return everything but the revisions that a proof depends on."""
    yield repr(settings)
    if isinstance(settings.rows, str):
        with suppress(OSError):
            yield regular_file.read_bytes(settings.rows)
    yield repr((tuple(project.x), tuple(project.url_env), project.driver, server))
    yield f"{sys.version} {platform.platform()}"
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            yield f"{name} {version(name)}"
    if project.ini.suffix == ".toml":
        yield _without_ours(project.ini)
    for path in (
        project.env,
        *(() if project.ini.suffix == ".toml" else (project.ini,)),
        *_sources(),
    ):
        with suppress(OSError):
            yield regular_file.read_bytes(path)


def _without_ours(path: Path) -> str:
    """Return what a pyproject.toml says, without our own table: `repr(settings)` stands for that."""
    with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        said = tomllib.loads(regular_file.read_text(path))
        said.get("tool", {}).pop("calista", None)
        return repr(said)
    return ""


def _sources() -> list[Path]:
    """Return this engine's own files: another engine's proofs are not ours."""
    return sorted(Path(__file__).parents[1].rglob("*.py"))


def _imports(source: bytes) -> list[str]:
    return [name.decode(errors="replace") for name in _IMPORT.findall(source)]


def own_modules(
    project: Project, known: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Mapping[str, str]:
    """Return digests of the project's modules, as far as they bear on what a revision does.

    That is all of a module that a revision imports or that works with Alembic. Of others, such as
    models, it is the naming convention alone: they change with every revision, and must not make
    the proofs of all others void.
    """
    roots = {Path.cwd(), project.ini.parent}
    versions = {Path(folder) for folder in project.script._version_locations}
    imported: set[str] = set()
    for folder in versions:
        for file in folder.glob("*.py"):
            with suppress(OSError):
                imported.update(known.get(str(file)) or _imports(regular_file.read_bytes(file)))
    found = {}
    for module in tuple(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if not name or "site-packages" in name or "calista_tools" in name:
            continue
        path = Path(name)
        own = path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)
        if own and path.parent not in versions:
            whole = any(
                module.__name__ == word or module.__name__.startswith(f"{word}.")
                for word in imported
            )
            with suppress(OSError):
                found[name] = f"{'all' if whole else 'part'} {_digest_of_module(path, whole)}"
    return found


def _digest_of_module(path: Path, whole: bool) -> str:
    source = regular_file.read_bytes(path)
    if whole or b"alembic" in source:
        return _digest_of([source])
    return _digest_of([line.strip() for line in source.splitlines() if _CONVENTION.search(line)])


def _unchanged(said: Mapping[str, Any]) -> bool:
    if "steps" not in said or "opened" not in said:
        return False
    if any(files_read.digest(name) != wanted for name, wanted in said["opened"].items()):
        return False
    for name, digest in said.get("files", {}).items():
        try:
            how, _, wanted = digest.partition(" ")
            if _digest_of_module(Path(name), how == "all") != wanted:
                return False
        except OSError:
            return False
    return True


def _digest_of(parts: Sequence[str | bytes]) -> str:
    made = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "big"))
        made.update(data)
    return made.hexdigest()
