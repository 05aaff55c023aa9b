"""How is a whole history checked? Files one by one, then together, then what is set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calista_tools.errors import ConfigError
from calista_tools.history import History, Problem, Revision
from calista_tools.lint.analyse import analyse
from calista_tools.lint.diagnostic import Diagnostic, Report
from calista_tools.lint.parallel import WORTHWHILE, PeerLostError, available, together
from calista_tools.lint.reading import Reading
from calista_tools.lint.rule import all_rules
from calista_tools.lint.suppressions import suppress
from calista_tools.lint.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from calista_tools.config import Config
    from calista_tools.lint.analyse import Facts
    from calista_tools.lint.parallel import Peer
    from calista_tools.lint.rule import Rule
    from calista_tools.lint.selection import Selection
    from calista_tools.lint.targets import Group


def check(group: Group, selection: Selection) -> Report:
    """Check one history and report on the files that were asked for."""
    rules = all_rules()
    facts = read_facts(group, rules)
    found = [*_alone(facts, rules), *_together(group, facts, rules)]
    directives = {path: item.directives for path, item in facts.items() if item.directives}

    def may_be_unused(code: str, path: Path) -> bool:
        return code not in rules or selection.includes_in(code, path)

    kept, suppressions = suppress(found, directives, may_be_unused)
    for rule in rules.values():
        if rule.scope == "noqa":
            kept += [
                Diagnostic(path, finding, rule.code, rule.name)
                for path, finding in rule.check(suppressions)
            ]
    exempt = _before_start(group.config, facts)
    reported = sorted(
        (
            item
            for item in kept
            if item.path in group.reported
            and selection.includes_in(item.code, item.path)
            and (item.path not in exempt or item.code.startswith("CAL4"))
        ),
        key=lambda item: item.place,
    )
    failures = [f"{path}: {failure}" for path, item in facts.items() for failure in item.failures]
    return Report(tuple(reported), tuple(failures), len(group.reported))


def read_facts(group: Group, rules: Mapping[str, Rule]) -> dict[Path, Facts]:
    """Read every file of the history once and check it, knowing what its ancestors made."""
    alone = [rule for rule in rules.values() if rule.scope in ("file", "schema")]
    published = _published(group.config)
    reading = Reading(group.files, group.config)

    def work(peer: Peer | None) -> list[Facts]:
        return [analyse(migration, alone, published) for migration in reading.migrations(peer)]

    facts = None
    if len(group.files) >= WORTHWHILE and available():
        try:
            one, other = together(work)
            facts = one + other
        except PeerLostError:
            reading = Reading(group.files, group.config)
    by_path = {item.path: item for item in facts or work(None)}
    return {path: by_path[path] for path in group.files}


def _before_start(config: Config, facts: Mapping[Path, Facts]) -> frozenset[Path]:
    """Return the files that ``start-after`` leaves out: that revision and its ancestors.

    Raises:
        ConfigError: There is no such revision.
    """
    if config.start_after is None:
        return frozenset()
    history = _history(facts)
    start = history.resolve(config.start_after)
    if len(start) != 1:
        where, what = config.path or config.root, config.start_after
        raise ConfigError(f"{where}: `start-after` is {what!r}, which is no revision here")
    return frozenset(history.revisions[name].path for name in history.ancestors(*start))


def _published(config: Config) -> frozenset[str]:
    """Return the ids whose digests will be asked for."""
    if not config.lock_file.is_file():
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
    history = _history(facts)
    digests = {path: item.digest for path, item in facts.items() if item.digest}
    versions = Versions(history, group.config, digests)
    for rule in rules.values():
        if rule.scope == "history":
            for path, finding in rule.check(versions):
                yield Diagnostic(path, finding, rule.code, rule.name)


def _history(facts: Mapping[Path, Facts]) -> History:
    headers = [item.header for item in facts.values()]
    return History(
        [header for header in headers if isinstance(header, Revision)],
        [header for header in headers if isinstance(header, Problem)],
    )
