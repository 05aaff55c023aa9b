"""What does ``calista-lint PATH …`` do, from paths to exit code?"""

from __future__ import annotations

import os
import sys
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from calista_tools.errors import ToolError
from calista_tools.files.shown_path import shown
from calista_tools.lint.asked_targets import asked_targets
from calista_tools.lint.diagnostic import Report
from calista_tools.lint.memory.findings_cache import Cache
from calista_tools.lint.memory.replay import Watch
from calista_tools.lint.memory.settings_cache import KeptSettings
from calista_tools.lint.memory.watched import watched
from calista_tools.lint.outputs import FOR_PEOPLE
from calista_tools.lint.reported import judge
from calista_tools.lint.selection import Selection, split_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import SimpleNamespace

    from calista_tools.config import Config
    from calista_tools.lint.accepted import Key
    from calista_tools.lint.collected import Collected
    from calista_tools.lint.diagnostic import Diagnostic
    from calista_tools.lint.targets import Group


def check(arguments: SimpleNamespace, config_path: Path | None) -> int:
    """Check the files, print the report, return the exit code."""
    # Python's own remarks on a revision, such as an invalid escape, are not ours to print.
    warnings.simplefilter("ignore")
    settings = KeptSettings()
    read = None if arguments.no_cache else settings.read
    targets = asked_targets(arguments, config_path, read)
    for folder in targets.empty:
        print(f"warning: {shown(folder)}: no revision files here", file=sys.stderr)
    groups = _narrowed(targets.groups, arguments)
    if arguments.write_baseline:
        return write_baseline(groups, arguments)
    watch = Watch(arguments.began)
    watch.sound = not targets.empty and _only_asks(arguments)
    if watch.sound:
        _watch(watch, groups, arguments, config_path)
    report = check_groups(groups, arguments, watch)
    settings.keep()
    if arguments.add_noqa:
        from calista_tools.lint.add_noqa import PLACEHOLDER, add_noqa

        added, wanting = add_noqa(report.diagnostics)
        print(f"Added {added} noqa directive{'s' if added != 1 else ''}.")
        if wanting:
            print(f"{wanting} of them need a reason: replace `{PLACEHOLDER}`.", file=sys.stderr)
        return 0
    if (arguments.fix or arguments.diff) and not arguments.no_fix:
        return repair(report, groups, arguments, config_path)
    text = render(report, arguments)
    code = show(report, arguments, text)
    if watch.sound and code < 2:
        watch.record(arguments.words, (text, code))
    return code


def _only_asks(arguments: SimpleNamespace) -> bool:
    """Whether the answer depends on files alone, and nothing is changed."""
    changes = arguments.no_cache or arguments.fix or arguments.diff or arguments.add_noqa
    says_more = arguments.output_file or arguments.verbose
    return not (changes or arguments.diff_base or arguments.stdin_filename or says_more)


def _watch(
    watch: Watch, groups: Sequence[Group], arguments: SimpleNamespace, config_path: Path | None
) -> None:
    paths = watched(groups, arguments.paths, config_path)
    if arguments.baseline:
        watch.add(os.path.abspath(arguments.baseline))  # noqa: PTH100 - as it is opened
    for path in paths or ():
        watch.add(path)
    watch.sound = watch.sound and paths is not None


def check_groups(
    groups: Iterable[Group], arguments: SimpleNamespace, watch: Watch | None = None
) -> Report:
    """Check every history that was asked for, less what was accepted."""
    reports = []
    for group in groups:
        report = check_group(group, arguments, watch)
        file = _baseline(group, arguments)
        if file is not None:
            from calista_tools.lint.accepted import read_accepted, without_accepted

            left = without_accepted(report.diagnostics, read_accepted(file), group.config.root)
            report = report._replace(diagnostics=left)
        reports.append(with_fixable(group, report, arguments))
    return merged(reports)


def with_fixable(group: Group, report: Report, arguments: SimpleNamespace) -> Report:
    """Count what can be repaired, where people will read it."""
    if arguments.output_format not in FOR_PEOPLE or arguments.fix or arguments.diff:
        return report
    if not any(item.finding.fix for item in report.diagnostics):
        return report
    from calista_tools.lint.published import with_counts

    return with_counts(group, report)


def check_group(group: Group, arguments: SimpleNamespace, watch: Watch | None = None) -> Report:
    """Check one history, or find out that the last run still holds."""
    cache = None if arguments.no_cache else Cache(group)
    # What was found before is shown without loading what finds it.
    collected = cache.load() if cache is not None else None
    if arguments.stdin_filename:
        from calista_tools.lint.from_stdin import collect_given

        collected, cache = collect_given(group, cache, arguments.stdin_filename), None
    if arguments.verbose:
        from calista_tools.lint.show_settings import say

        say(group, cached=collected is not None)
    if collected is None and cache is not None and cache.old:
        collected = revisited(group, cache)
    if collected is None:
        from calista_tools.lint.whole_history import collect

        before = cache.known() if cache is not None else None
        collected, known = collect(group, before, keep=cache is not None)
        if cache is not None:
            cache.store(collected, known)
    if watch is not None and cache is not None:
        watch.add_all(cache.stats)
        for path in cache.others or ():
            watch.add(path, read=True)
        watch.sound = watch.sound and cache.others is not None
    chosen = selection(group.config, arguments, collected.rules)
    report = judge(group, collected, chosen)
    # Who takes the policy, or names rules, wants to hear of every revision.
    if group.config.policy is None and not arguments.select and report.diagnostics:
        from calista_tools.lint.published import without_settled

        report = without_settled(group, collected, report)
    return report._replace(closing=_closing(group.config, report))


def _closing(config: Config, report: Report) -> tuple[str, ...]:
    said = []
    if report.left_out:
        count = report.left_out
        said.append(
            f"{count} more in published revisions, which never change: `--select CAL` shows them."
        )
    if config.dialects_seen:
        said.append(f"{config.dialects_seen}; `dialects` in [tool.calista] sets it.")
    return tuple(said)


def revisited(group: Group, cache: Cache) -> Collected | None:
    """Look at the changed files alone, where that will do."""
    from calista_tools.lint.memory.changed_only import revisit

    return revisit(group, cache)


def write_baseline(groups: Iterable[Group], arguments: SimpleNamespace) -> int:
    """Accept every finding there is, and let the next run know where that stands.

    Raises:
        ToolError: Nobody said in which file, or it cannot be written.
    """
    from calista_tools.lint import baseline_key
    from calista_tools.lint.accepted import key_of, write_accepted

    accepted: dict[Path, list[Key]] = {}
    keys: dict[str, baseline_key.Key] = {}
    failures: list[str] = []
    for group in groups:
        file = _baseline(group, arguments)
        if file is None:
            raise ToolError(
                "which file?", "`--baseline FILE`, or `lint-baseline` in [tool.calista]"
            )
        key = baseline_key.key_for(group.config, file)
        keys.setdefault(baseline_key.told(key), key)
        # As the next run will find: a table of ours where there was none brings up more.
        report = check_group(group._replace(config=key.config), arguments)
        failures += report.failures
        found = [key_of(item, group.config.root) for item in report.diagnostics]
        accepted.setdefault(file, []).extend(found)
    if failures:
        return show(Report((), tuple(failures)), arguments, "")
    for file, found in accepted.items():
        count = write_accepted(file, found)
        print(f"Accepted {_errors(count)} in {shown(file)}.")
    for said, key in keys.items():
        baseline_key.write(key)
        if said:
            print(said, file=sys.stderr)
    return 0


def _baseline(group: Group, arguments: SimpleNamespace) -> Path | None:
    return Path(arguments.baseline) if arguments.baseline else group.config.lint_baseline


def _narrowed(groups: Sequence[Group], arguments: SimpleNamespace) -> Sequence[Group]:
    """Return the groups with only the changed files to report on, where that was asked."""
    if not arguments.diff_base:
        return groups
    from calista_tools.lint.changed_files import changed_since

    return [
        group._replace(
            reported=group.reported & changed_since(arguments.diff_base, group.files[0].parent)
        )
        for group in groups
    ]


def repair(
    report: Report, groups: Sequence[Group], arguments: SimpleNamespace, config_path: Path | None
) -> int:
    """Do, or show, what ``--fix`` does, and report what is left."""
    from calista_tools.lint import fix
    from calista_tools.lint.published import HOW_TO_BEGIN, published

    states = [(group, published(group, tags=True)) for group in groups]
    known = {path: one for group, one in states for path in group.files}
    begin = HOW_TO_BEGIN if not all(one.known for one in known.values()) else ""

    def frozen(path: Path) -> bool:
        # What a repair has renamed was new before, too.
        return path in known and (not known[path].known or known[path].holds(path))

    folders: dict[Path, set[Path]] = {}
    for group in groups:
        beside = {path.parent for path in group.files}
        folders.update(dict.fromkeys(beside, beside))
    if arguments.stdin_filename:
        from calista_tools.lint.from_stdin import repair_given

        return repair_given(
            report,
            arguments,
            frozen,
            folders,
            again=partial(check_groups, groups, arguments),
            render=render,
        )
    if arguments.diff:
        repairs = fix.plan(report, frozen, folders, unsafe=arguments.unsafe_fixes)
        sys.stdout.write(fix.diff(repairs))
        count = sum(repair.fixed for repair in repairs)
        what = f"Would fix {_errors(count)}." if count else "No errors would be fixed."
        print(what, file=sys.stderr)
        if begin and any(item.finding.fix for item in report.diagnostics):
            print(begin, file=sys.stderr)
        return 1 if count and not arguments.exit_zero else 0

    def again() -> Report:
        named = [name for name in arguments.paths if os.path.lexists(name)]
        if arguments.paths and not named:
            return Report(())  # every file that was named has another name now
        groups = asked_targets(arguments, config_path, paths=named).groups
        return check_groups(_narrowed(groups, arguments), arguments)

    fixed, left = fix.fix(again, frozen, folders, unsafe=arguments.unsafe_fixes)
    items = [item for item in left.diagnostics if item.finding.fix and not frozen(item.path)]
    unsafe = 0 if arguments.unsafe_fixes else sum(_is_unsafe(item) for item in items)
    more = (begin,) if begin and any(item.finding.fix for item in left.diagnostics) else ()
    # What is left is not to be repaired: another revision mentions the name, or it is published.
    rest = tuple(
        item._replace(finding=item.finding._replace(fix=None)) for item in left.diagnostics
    )
    left = left._replace(diagnostics=rest, unsafe=unsafe, closing=(*left.closing, *more))
    return show(left, arguments, render(left, arguments, fixed))


def _is_unsafe(item: Diagnostic) -> bool:
    return item.finding.fix is not None and item.finding.fix.unsafe


def show(report: Report, arguments: SimpleNamespace, text: str) -> int:
    """Print the report and return the exit code."""
    if arguments.output_file:
        from calista_tools.lint.output_file import write

        write(arguments.output_file, text)
    elif text:
        from calista_tools.lint.shown import show as show_text

        show_text(text, arguments.words)
    for failure in report.failures:
        print(f"error: internal error: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if report.diagnostics and not arguments.exit_zero else 0


def selection(config: Config, arguments: SimpleNamespace, rules: Iterable[str]) -> Selection:
    """Return which rules count: the command line's choice, else the configuration's.

    Raises:
        ConfigError: A code fits no rule.
    """
    chosen = Selection(
        split_codes(arguments.select) or config.select,
        (*split_codes(arguments.ignore), *config.ignore),
        config.per_file_ignores,
        config.root,
    )
    chosen.check(rules)
    return chosen


def render(report: Report, arguments: SimpleNamespace, fixed: int = 0) -> str:
    """Return the report in the format asked for, with the closing line that people want."""
    if arguments.statistics:
        from calista_tools.lint.outputs import statistics

        text = statistics.render(report, arguments.output_format)
    else:
        output = import_module(f"calista_tools.lint.outputs.{arguments.output_format}")
        text = output.render(report)
    if arguments.output_format not in FOR_PEOPLE or arguments.quiet:
        return text
    return text + _summary(report, fixed)


def merged(reports: Iterable[Report]) -> Report:
    """Return one report of several histories."""
    found = list(reports)
    if len(found) == 1:
        return found[0]
    return Report(
        tuple(item for report in found for item in report.diagnostics),
        tuple(failure for report in found for failure in report.failures),
        sum(report.files for report in found),
        sum(report.left_out for report in found),
        sum(report.fixable for report in found),
        sum(report.unsafe for report in found),
        tuple(dict.fromkeys(line for report in found for line in report.closing)),
    )


def _summary(report: Report, fixed: int) -> str:
    count = len(report.diagnostics)
    more = "".join(f"{line}\n" for line in report.closing)
    hidden = _hidden(report)
    if fixed:
        remaining = f"{fixed} fixed, {count} remaining"
        return f"Found {_errors(fixed + count)} ({remaining}).\n{hidden}{more}"
    if not count:
        return "" if report.failures else f"All checks passed!\n{more}"
    text = f"Found {_errors(count)}.\n"
    return text + hidden + more


def _hidden(report: Report) -> str:
    """Return the line on what could be repaired, in ruff's words."""
    safe, unsafe = report.fixable, report.unsafe
    if safe and unsafe:
        more = f" ({unsafe} more with `--unsafe-fixes`)"
        return f"[*] {safe} fixable with the `--fix` option{more}.\n"
    if unsafe:
        return (
            f"[*] {unsafe} fixable with `--fix --unsafe-fixes`: the models must have these names.\n"
        )
    return f"[*] {safe} fixable with the `--fix` option.\n" if safe else ""


def _errors(count: int) -> str:
    return f"{count} error{'s' if count != 1 else ''}"
