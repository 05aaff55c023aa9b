"""How is a whole history read and checked? Files one by one, then together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError
from calista_tools.files import regular_file
from calista_tools.history import History, Problem
from calista_tools.lint.collected import Collected, Place
from calista_tools.lint.diagnostic import Diagnostic
from calista_tools.lint.known import Known
from calista_tools.lint.one_file import analyse
from calista_tools.lint.parallel import WORTHWHILE, PeerLostError, available, together
from calista_tools.lint.read_history import Reading
from calista_tools.lint.rule import all_rules
from calista_tools.lint.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.lint.known import Facts
    from calista_tools.lint.parallel import Peer
    from calista_tools.lint.rule import Rule
    from calista_tools.lint.targets import Group


#: So many revisions have surely a past, though neither git nor a lock file says which are published:
#: then those at the end count as new. A shorter history is judged whole.
LONG, YOUNG = 30, 10


def collect(
    group: Group, before: Known | None = None, *, keep: bool = False
) -> tuple[Collected, Known]:
    """Read a history and find everything that breaks a rule.

    Args:
        group: The files.
        before: What an earlier run knew; only files without facts in it are read.
        keep: Whether what is known will be kept for the next run.

    Raises:
        ConfigError: ``start-after`` names no revision.
        ToolError: The lock file cannot be read.
    """
    rules = all_rules()
    known = _update(group, rules, before, keep=keep) if before is not None else None
    known = known or _read(group, rules, keep=keep)
    facts = {path: known.facts[path] for path in group.files}
    collected = Collected(
        (*_alone(facts, rules), *_together(group, facts, rules)),
        {path: item.directives for path, item in facts.items() if item.directives},
        _before_start(group.config, facts),
        {code: rule.name for code, rule in rules.items()},
        {code: _place(rule) for code, rule in rules.items()},
        tuple(f"{path}: {failure}" for path, item in facts.items() for failure in item.failures),
        _settled(facts, known.sequence),
    )
    return collected, known


def _place(rule: Rule) -> Place:
    about = None if rule.about is None else sorted(rule.about)
    return Place(rule.check.__module__, rule.scope, about, rule.lasting, rule.whole)


def _read(group: Group, rules: Mapping[str, Rule], *, keep: bool) -> Known:
    """Read every file of the history once and check it, knowing what its ancestors made."""
    reading = Reading(group.files, group.config, keep=keep)
    if len(group.files) >= WORTHWHILE and available():
        try:
            (mine, mine_read, _), (other, other_read, schemas) = together(
                lambda peer: (*_analyse(group, rules, reading, peer), reading.schemas)
            )
            reading.schemas.update(schemas)
            return _known(mine + other, reading, mine_read | other_read)
        except PeerLostError:
            reading = Reading(group.files, group.config, keep=keep)
    facts, read = _analyse(group, rules, reading, None)
    return _known(facts, reading, read)


def _update(group: Group, rules: Mapping[str, Rule], before: Known, *, keep: bool) -> Known | None:
    """Read only what is new; None where that changes what later revisions stand on."""
    fresh = frozenset(path for path in group.files if path not in before.facts)
    reading = Reading(group.files, group.config, before, fresh, keep=keep)
    if not reading.sequence_holds():
        return None
    facts, read = _analyse(group, rules, reading, None)
    if not reading.later_ones_hold():
        return None
    old = [before.facts[path] for path in group.files if path not in fresh]
    return _known(old + facts, reading, read | before.dependencies)


def _analyse(
    group: Group, rules: Mapping[str, Rule], reading: Reading, peer: Peer | None
) -> tuple[list[Facts], frozenset[Path]]:
    """Return the facts of the files that this process reads, and what else it looked into."""
    checks = [rule for rule in rules.values() if rule.scope in ("file", "schema")]
    published = published_ids(group.config)
    facts = [analyse(migration, checks, published) for migration in reading.migrations(peer)]
    return facts, reading.dependencies()


def _known(facts: list[Facts], reading: Reading, read: frozenset[Path]) -> Known:
    found = {item.path: item for item in facts}
    conventions = reading.conventions()
    return Known(found, reading.changes, read, reading.sequence, reading.schemas, conventions)


def _before_start(config: Config, facts: Mapping[Path, Facts]) -> frozenset[Path]:
    """Return the files that ``start-after`` leaves out: that revision and its ancestors."""
    if config.start_after is None:
        return frozenset()
    history = _history(facts, config)
    start = history.resolve(config.start_after)
    if len(start) != 1:
        where, what = config.path or config.root, config.start_after
        raise ConfigError(f"{where}: `start-after` is {what!r}, which is no revision here")
    return frozenset(history.revisions[name].path for name in history.ancestors(*start))


def _settled(facts: Mapping[Path, Facts], sequence: Sequence[str]) -> frozenset[Path]:
    """Return the files of a long history that more than a few others follow."""
    old = frozenset(sequence[:-YOUNG] if len(sequence) > LONG else ())
    return frozenset(
        path
        for path, item in facts.items()
        if item.placed is not None and item.placed.revision in old
    )


def published_ids(config: Config) -> frozenset[str]:
    """Return the ids whose digests will be asked for."""
    if not regular_file.is_there(config.lock_file):
        return frozenset()
    from calista_tools.history.lockfile import read_lock

    return frozenset(entry.revision for entry in read_lock(config.lock_file).entries)


def _alone(facts: Mapping[Path, Facts], rules: Mapping[str, Rule]) -> Iterator[Diagnostic]:
    for path, item in facts.items():
        for code, finding in item.findings:
            yield Diagnostic(path, finding, code, rules[code].name)


def _together(
    group: Group, facts: Mapping[Path, Facts], rules: Mapping[str, Rule]
) -> Iterator[Diagnostic]:
    digests = {path: item.digest for path, item in facts.items() if item.digest}
    versions = Versions(_history(facts, group.config), group.config, digests)
    for rule in rules.values():
        if rule.scope == "history":
            for path, finding in rule.check(versions):
                yield Diagnostic(path, finding, rule.code, rule.name)


def _history(facts: Mapping[Path, Facts], config: Config) -> History:
    # A file that cannot be parsed may have its place all the same: its children have a parent.
    placed = [item.placed for item in facts.values()]
    headers = [item.header for item in facts.values()]
    return History(
        [revision for revision in placed if revision is not None],
        [header for header in headers if isinstance(header, Problem)],
        external=config.external_revisions,
    )
