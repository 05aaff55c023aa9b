"""How does a long history become short? One baseline for many revisions, proven equal, undoable.

The baseline keeps the id of the last revision that it replaces. Alembic looks up by id what a
database is at, so one that is at that revision, or at a later one, goes on as if nothing had
happened, and nothing has to be stamped. One that is at an earlier revision is told by Alembic that
it cannot be located, and by `calista` with which release to upgrade first (`replaces` in the
baseline says that it was one of these).
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from calista_tools.command_name import door
from calista_tools.effects.revision_kind import each
from calista_tools.errors import ToolError
from calista_tools.history.digest import digest_source
from calista_tools.history.lockfile import Entry, Lock, read_lock, render
from calista_tools.rework.baseline import render_baseline
from calista_tools.rework.equal_proof import Bench, demand_equal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from calista_tools.config import Config
    from calista_tools.history.graph import History
    from calista_tools.history.revision_record import Revision

REPLACED = "replaced"
MANIFEST = "manifest.json"


class Chain(NamedTuple):
    """What a squash replaces.

    Attributes:
        last: The revision whose id the baseline keeps.
        replaced: Oldest first, ``last`` included.
        later: The revisions that stay.
        data: Those of the replaced ones that change rows, or might.
    """

    last: Revision
    replaced: tuple[Revision, ...]
    later: tuple[Revision, ...]
    data: tuple[Revision, ...]


def find_chain(history: History, through: str) -> Chain:
    """Return what a squash up to a revision would replace.

    Raises:
        ToolError: The history has a problem, or goes round the revision by another way.
    """
    for problem in history.problems:
        raise ToolError(f"{problem.path}:{problem.line}: {problem.message}", "repair it first")
    name = history.one(through)
    below = history.ancestors(name, dependencies=True)
    if len(below) == 1:
        raise ToolError(f"{name} is the first revision: there is nothing to squash")
    for revision in history.ordered:
        if revision.revision not in below:
            round_about = {
                *revision.down_revisions,
                *history.dependencies.get(revision.revision, ()),
            }
            round_about &= below - {name}
            # A base with labels starts a branch of its own, which a squash of this one leaves alone.
            if round_about or (revision.is_base and not revision.branch_labels):
                where = ", ".join(sorted(round_about)) or "nothing"
                raise ToolError(
                    f"{revision.revision} ({revision.name}) follows {where}, not {name}",
                    "the replaced revisions must all come together in the last one",
                )
    for revision in history.ordered:
        outside = [
            n for n in (*revision.down_revisions, *revision.depends_on) if history.is_external(n)
        ]
        if revision.revision in below and outside:
            raise ToolError(
                f"{revision.revision} ({revision.name}) follows {', '.join(outside)} of another package",
                "a baseline follows nothing: such a history cannot be squashed from its start",
            )
    recorded = below & history.published
    if recorded and recorded != below:
        missing = ", ".join(sorted(below - recorded)[:3])
        raise ToolError(
            f"not all of these are published yet: {missing}", f"run `{door()} lock` first"
        )
    replaced = tuple(r for r in history.ordered if r.revision in below)
    later = tuple(r for r in history.ordered if r.revision not in below)
    data = tuple(revision for revision, told in each(replaced) if told.writes_rows)
    return Chain(history.revisions[name], replaced, later, data)


def demand_acknowledgement(chain: Chain, acknowledged: Sequence[str]) -> None:
    """Insist that each data migration was named by whoever lets it go.

    Raises:
        ToolError: One was not; the message lists all that are missing.
    """
    missing = [
        revision
        for revision in chain.data
        if not any(_names(revision, given) for given in acknowledged)
    ]
    if missing:
        listed = "\n".join(f"  {r.revision}  {r.name}  {r.summary}" for r in missing)
        raise ToolError(
            f"these revisions change rows, or may; a baseline keeps only what they put into an"
            f" empty database:\n{listed}",
            "look at each, then: " + " ".join(f"--acknowledge {r.revision}" for r in missing),
        )


def _names(revision: Revision, given: str) -> bool:
    return given in (revision.revision, revision.name, revision.path.stem)


def squash(
    config: Config,
    history: History,
    chain: Chain,
    message: str,
    *,
    release: str,
    report: Callable[[str], None] = lambda _: None,
) -> dict[Path, bytes | None]:
    """Make the baseline, prove it on each dialect, and return what is to be written and removed.

    Args:
        config: The project.
        history: Its revisions.
        chain: What is replaced.
        message: The baseline's summary.
        release: The last release that has the replaced revisions.
        report: Is told of each step, for people who wait.

    Raises:
        ToolError: The baseline cannot be made, or is not equal on a dialect.
    """
    from calista_tools.history.locations import version_folders
    from calista_tools.history.slug import slugify

    folders = version_folders(config)
    path = _path(config, chain.last, slugify(message))
    made: dict[str, Sequence[str]] = {}
    for dialect in config.dialects:
        report(f"running {len(chain.replaced)} revisions on {dialect}")
        with Bench(config, dialect) as bench:
            # What env.py makes by itself, such as a schema, is not the baseline's to make.
            given = set(bench.untouched(folders).statements)
            done = bench.run(bench.create(), folders, chain.last.revision)
            made[dialect] = [item for item in done.statements if item not in given]
    source = _source(config, chain, message, made, release, path)
    with tempfile.TemporaryDirectory(prefix="calista-squash-") as name:
        staged = Path(name)
        (staged / path.name).write_text(source, encoding="utf-8")
        for revision in chain.later:
            (staged / revision.name).write_bytes(revision.path.read_bytes())
        for dialect in config.dialects:
            report(f"proving the baseline on {dialect}")
            _prove(config, dialect, folders, [staged], chain)
    return _changes(config, history, chain, path, source)


def _source(
    config: Config,
    chain: Chain,
    message: str,
    made: dict[str, Sequence[str]],
    release: str,
    path: Path,
) -> str:
    from calista_tools.files.formatting import format_source

    source = render_baseline(chain.last, chain.replaced, message, made, release)
    return format_source(source, path, sort_imports=False)


def _path(config: Config, last: Revision, slug: str) -> Path:
    """Return where the baseline lies: where its last revision does, by the project's pattern."""
    from calista_tools.authoring.file_naming import revision_path, root_of

    stamp = last.stamp if config.file_template is None else last.created
    if stamp is None:
        return last.path.with_name(f"{slug}.py")
    path = revision_path(config, root_of(config, [last]), stamp, slug, last.revision)
    if config.file_template is None or not path.parent.is_dir():
        return last.path.with_name(path.name)
    return path


def _prove(
    config: Config, dialect: str, before: Sequence[Path], after: Sequence[Path], chain: Chain
) -> None:
    """Hold the baseline against the chain: made, taken back, and followed by what comes after.

    Raises:
        ToolError: They differ.
    """
    last = chain.last.revision
    with Bench(config, dialect) as bench:
        adopted, fresh = bench.create(), bench.create()
        empty = bench.untouched(before)
        expected = bench.run(adopted, before, last)
        demand_equal(expected, bench.run(fresh, after, last), "the baseline", dialect)
        undone = bench.run(fresh, after, "base", down=True)
        demand_equal(empty, undone, "what the baseline's downgrade leaves", dialect)
        again = bench.run(fresh, after, last)
        demand_equal(expected, again, "the baseline, made a second time,", dialect)
        if chain.later:
            at_head = bench.run(adopted, after, "heads")
            demand_equal(at_head, bench.run(fresh, after, "heads"), "the head", dialect)


def _changes(
    config: Config, history: History, chain: Chain, path: Path, source: str
) -> dict[Path, bytes | None]:
    """Return the files to write and to remove, the lock file and the way back among them."""
    kept = config.script_location / REPLACED / chain.last.revision
    lock_text = config.lock_file.read_bytes() if history.published else None
    changes: dict[Path, bytes | None] = {}
    files: dict[str, str] = {}
    for revision in chain.replaced:
        files[revision.name] = _relative(revision.path, config.script_location)
        changes[kept / f"{revision.name}.txt"] = revision.path.read_bytes()
        changes[revision.path] = None
    manifest = {
        "revision": chain.last.revision,
        "baseline": _relative(path, config.script_location),
        "digest": digest_source(source.encode(), path),
        "files": files,
        "lock": None if lock_text is None else lock_text.decode(),
    }
    changes[kept / MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    changes[path] = source.encode()
    if chain.last.revision in history.published:
        old = read_lock(config.lock_file)
        gone = {revision.revision for revision in chain.replaced}
        entry = Entry(chain.last.revision, (), str(manifest["digest"]), path.name)
        stays = [item for item in old.entries if item.revision not in gone]
        replaced = [(r.revision, chain.last.revision) for r in chain.replaced[:-1]]
        baselines = [name for name in old.baselines if name not in gone]
        lock = Lock(
            (chain.last.revision, *baselines),
            (entry, *stays),
            (*old.replaced, *replaced),
            external=old.external,
        )
        changes[config.lock_file] = render(lock).encode()
    return changes


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
