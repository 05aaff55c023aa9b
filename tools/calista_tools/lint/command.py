"""What does ``calista-lint PATH …`` do, from paths to exit code?"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import TYPE_CHECKING

from calista_tools.lint import engine
from calista_tools.lint.diagnostic import Report
from calista_tools.lint.outputs import FOR_PEOPLE, statistics
from calista_tools.lint.rule import all_rules
from calista_tools.lint.selection import Selection, split_codes
from calista_tools.lint.targets import find_targets, shown

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable
    from pathlib import Path

    from calista_tools.config import Config


def check(arguments: Namespace, config_path: Path | None) -> int:
    """Check the files, print the report, return the exit code."""
    # Python's own remarks on a revision, such as an invalid escape, are not ours to print.
    warnings.simplefilter("ignore")
    targets = find_targets(arguments.paths, config_path)
    for folder in targets.empty:
        print(f"warning: {shown(folder)}: no revision files here", file=sys.stderr)
    report = merged(
        engine.check(group, selection(group.config, arguments)) for group in targets.groups
    )
    sys.stdout.write(render(report, arguments))
    sys.stdout.flush()
    for failure in report.failures:
        print(f"error: internal error: {failure}", file=sys.stderr)
    if report.failures:
        return 2
    return 1 if report.diagnostics and not arguments.exit_zero else 0


def selection(config: Config, arguments: Namespace) -> Selection:
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
    chosen.check(all_rules())
    return chosen


def render(report: Report, arguments: Namespace) -> str:
    """Return the report in the format asked for, with the closing line that people want."""
    if arguments.statistics:
        text = statistics.render(report, arguments.output_format)
    else:
        output = import_module(f"calista_tools.lint.outputs.{arguments.output_format}")
        text = output.render(report)
    if arguments.output_format not in FOR_PEOPLE:
        return text
    return text + _summary(report)


def merged(reports: Iterable[Report]) -> Report:
    """Return one report of several histories."""
    found = list(reports)
    if len(found) == 1:
        return found[0]
    return Report(
        tuple(item for report in found for item in report.diagnostics),
        tuple(failure for report in found for failure in report.failures),
        sum(report.files for report in found),
    )


def _summary(report: Report) -> str:
    count = len(report.diagnostics)
    if not count:
        return "" if report.failures else "All checks passed!\n"
    fixable = sum(1 for item in report.diagnostics if item.finding.fix)
    text = f"Found {count} error{'s' if count != 1 else ''}.\n"
    return text + (f"[*] {fixable} fixable with the `--fix` option.\n" if fixable else "")
