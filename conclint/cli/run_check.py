"""`conclint check` without its command line: one run, its reports, its exit status."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conclint.config.settings import Config
from conclint.model.finding import UNREADABLE, Finding
from conclint.model.severity import Severity
from conclint.report.destination import Output, check_writable, write_files
from conclint.report.grouping import GroupBy
from conclint.report.outcome import Outcome, OutputFormat, Presentation, render_outcome
from conclint.report.progress import ProgressBar
from conclint.report.terminal import UNLIMITED_WIDTH, encoded, has_colour, say, source_width, write_output
from conclint.report.wording import count

if TYPE_CHECKING:
    from conclint.cli.fixing import Fixing
    from conclint.run.pipeline import Basis, Report
    from conclint.run.recorder import Recorder
    from conclint.run.shards import Shard

_LISTED = 10


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What `conclint check` was asked, beside the configuration.

    `write_baseline` is the file to write, `diff_base` the revision to compare with. `recorder` is for a run
    that may be replayed as long as nothing changes. `fail_on` is the least severity for which the exit status
    is 1; None: any that is shown. With more than `most_unknown` calls of libraries that are not known it is 1
    too.
    """

    config: Config
    paths: tuple[str, ...] = ()
    stdin: bytes | None = None
    stdin_filename: str | None = None
    outputs: tuple[Output, ...] = (Output(OutputFormat.TEXT),)
    quiet: bool = False
    verbose: bool = False
    statistics: bool = False
    exit_zero: bool = False
    affected: bool = False
    diff_base: str | None = None
    write_baseline: Path | None = None
    prune_baseline: bool = False
    shard: Shard | None = None
    recorder: Recorder | None = None
    fail_on: Severity | None = None
    most_unknown: int | None = None
    group_by: GroupBy = GroupBy.ROOT
    fixing: Fixing | None = None


def run_check(request: CheckRequest) -> int:
    """Runs, reports, and returns the exit status: 1 if anything was found, else 0.

    Raises ConfigError, GitError, BaselineError and UnwritableError, the text of each one line for the user.
    """
    if request.shard is not None:
        return _summarise(request, request.shard)
    if request.config.no_cache_because is not None and not request.quiet:
        say(f"warning: no cache: {request.config.no_cache_because}")
    check_writable([output.file for output in request.outputs if output.file is not None])
    known = _Baseline(request)
    findings: Sequence[Finding]
    report, findings = _checked(request)
    if request.write_baseline is not None:
        known.write(request.write_baseline, findings, report)
        return 1 if any(found.code == UNREADABLE for found in findings) and not request.exit_zero else 0
    findings = known.new(findings, report)
    if request.fixing is not None and not request.fixing.count:
        from conclint.cli.fixing import apply_fixing
        from conclint.fix.territory import Territory

        territory = Territory.of(request.config.cwd, request.config.root, request.paths)
        patch = next((output.file for output in request.outputs if output.file is not None), None)
        done = apply_fixing(
            request.fixing, findings, territory, quiet=request.quiet, known=known.known, patch=patch
        )
        if done.status is not None:
            return 0 if request.exit_zero else done.status
        if done.changed:
            report, findings = _checked(request)
            findings = known.new(findings, report)
    printed = _report(request, findings, report, len(known.known))
    said = known.report_gone(report)
    if request.fixing is not None and request.fixing.count and not request.quiet:
        from conclint.cli.fixing import say_fixable

        say_fixable(request.fixing, findings)
    failing = request.fail_on is None or any(found.severity >= request.fail_on for found in findings)
    status = 1 if findings and failing and not request.exit_zero else 0
    most, calls = request.most_unknown, report.calls
    if most is not None and calls is not None and calls.unknown > most:
        say(f"error: {calls.unknown} library calls are unknown, more than {most} (see `conclint unknown`)")
        said = True
        status = 0 if request.exit_zero else 1
    recorded = request.recorder is not None and request.fixing is None
    if (
        recorded
        and request.recorder is not None
        and report.basis is not None
        and report.files
        and not said
        and not report.warnings
    ):
        _record(request, request.recorder, report.basis, printed, status)
    for warning in report.warnings if not request.quiet else ():
        say(f"warning: {warning}")
    if not request.quiet and not report.files and not findings and request.diff_base is None:
        passed = ": links that lead out of the project are passed over" if report.led_out else ""
        say(f"warning: no Python files below the given paths{passed}")
    if request.verbose:
        say(f"{count(report.files, 'file')} in {report.seconds:.2f} s")
        if report.environment is not None:
            say(f"calls followed into the packages of {report.environment}")
        if report.cache_note:
            say(f"no cache: {report.cache_note}")
        _say_led_out(report.led_out)
    return status


def _say_led_out(links: Sequence[str]) -> None:
    for link in links:
        say(f"passed over {link}: the link leads out of the project (name it to check what is there)")


def _checked(request: CheckRequest) -> tuple[Report, list[Finding]]:
    """One run, and all that it found in order."""
    from conclint.run.pipeline import check

    with ProgressBar(wanted=not request.quiet) as progress:
        report = check(
            [] if request.stdin is not None else list(request.paths) or ["."],
            request.config,
            stdin=request.stdin,
            stdin_filename=request.stdin_filename,
            progress=progress,
            affected=request.affected,
            diff_base=request.diff_base,
            with_calls=request.most_unknown is not None or (request.statistics and not request.quiet),
            with_map=any(output.format is OutputFormat.HTML for output in request.outputs),
        )
    found = (*report.findings, *report.unused_directives)
    return report, sorted(found, key=lambda item: item.sort_key)


def _record(request: CheckRequest, recorder: Recorder, basis: Basis, printed: str, status: int) -> None:
    """Keeps what was printed, where it is all that the run did and hung on files that are known."""
    config = request.config
    formats = [output.format for output in request.outputs if output.file is None]
    if len(request.outputs) != 1 or not formats or OutputFormat.HTML in formats:
        return
    if request.verbose or request.prune_baseline or not config.use_cache:
        return
    recorder.record(config, request.paths, basis, encoded(printed), status)


def _summarise(request: CheckRequest, shard: Shard) -> int:
    from conclint.run.shards import summarise_shard

    with ProgressBar(wanted=not request.quiet) as progress:
        done = summarise_shard(request.paths or ["."], request.config, shard, progress)
    if not request.quiet:
        part = f"shard {shard.number}/{shard.of}: {done.files} of {count(done.total, 'file')}"
        say(f"{part} summarised in {request.config.cache_dir}")
    if request.verbose:
        _say_led_out(done.led_out)
    return 0


def _report(request: CheckRequest, findings: Sequence[Finding], report: Report, known: int) -> str:
    """What was printed. Makes all reports before the first is written, so that a failure leaves none
    behind."""
    shown = findings[0].path if request.stdin is not None and findings else ""
    texts = {shown: request.stdin} if request.stdin is not None else {}
    outcome = Outcome(
        findings,
        report.files,
        request.config.cwd,
        texts,
        report.concurrency,
        calls=report.calls,
        hidden=report.hidden,
        unsure=report.unsure,
        known=known,
    )
    files: dict[str, str] = {}
    printed = ""
    for output in request.outputs:
        to_terminal = output.file is None
        how = Presentation(
            format=output.format,
            colour=to_terminal and has_colour(sys.stdout),
            width=source_width(sys.stdout) if to_terminal else UNLIMITED_WIDTH,
            quiet=request.quiet,
            verbose=request.verbose,
            statistics=request.statistics,
            by=request.group_by,
            wraps=to_terminal and sys.stdout.isatty(),
        )
        text = render_outcome(outcome, how)
        if output.file is None:
            printed = text
        else:
            files[output.file] = text
    write_files(files)
    write_output(printed)
    return printed


class _Baseline:
    """The baseline of a run: its entries, read before anything is analysed."""

    def __init__(self, request: CheckRequest) -> None:
        self.known: tuple[Finding, ...] = ()
        """What `new` left out."""
        self._request = request
        self._file = request.config.baseline
        self._used = self._file is not None and request.write_baseline is None
        if self._file is not None and self._used:
            from conclint.suppress.baseline import read_baseline

            self._entries = read_baseline(self._file)
            if request.prune_baseline:
                check_writable([str(self._file)])
        elif request.write_baseline is not None:
            check_writable([str(request.write_baseline)])

    def new(self, findings: Sequence[Finding], report: Report) -> Sequence[Finding]:
        """The findings that are not in the baseline; all without one."""
        if not self._used:
            return findings
        from conclint.suppress.baseline import BaselineProject, compare

        project = BaselineProject.of(self._request.config)
        comparison = compare(findings, self._entries, report.occurring, report.asked, project)
        self._gone = comparison.gone
        new = set(map(id, comparison.new))
        self.known = tuple(found for found in findings if id(found) not in new)
        return comparison.new

    def write(self, file: Path, findings: Sequence[Finding], report: Report) -> None:
        """Writes the findings as the baseline. What an earlier one says of other files is kept."""
        from conclint.suppress.baseline import (
            BaselineProject,
            encode_baseline,
            entries_of,
            not_looked_at,
            read_baseline,
        )

        project = BaselineProject.of(self._request.config)
        earlier = read_baseline(file) if file.exists() else ()
        kept = not_looked_at(earlier, report.asked, project)
        write_files({str(file): encode_baseline([*entries_of(findings, project), *kept])})
        unknown = [found for found in findings if found.code == UNREADABLE]
        for found in unknown:
            say(f"warning: {found.place}: {found.message} (never part of a baseline)")
        if not self._request.quiet:
            say(f"{count(len(findings) - len(unknown), 'finding')} written to {file}")
            if self._request.config.baseline is None:
                say(f'use it with `--baseline {file.name}`, or set `baseline = "{file.name}"`')

    def report_gone(self, report: Report) -> bool:
        """Says which entries no longer occur, and takes them out of the file if that was asked for; whether
        anything was said."""
        if not self._used or self._file is None or not self._gone:
            return False
        quiet, prune = self._request.quiet, self._request.prune_baseline
        if prune:
            from conclint.suppress.baseline import encode_baseline

            gone = set(self._gone)
            left = [entry for entry in self._entries if entry not in gone]
            write_files({str(self._file): encode_baseline(left)})
        if quiet:
            return False
        number = len(self._gone)
        verb = "occurs" if number == 1 else "occur"
        done = "removed" if prune else "--prune-baseline removes them"
        say(f"{self._file.name}: {count(number, 'entry', 'entries')} no longer {verb} ({done})")
        listed = self._gone if self._request.verbose else self._gone[:_LISTED]
        for entry in listed:
            say(f"  {entry.code} in {entry.symbol or entry.path} ({entry.path})")
        if len(listed) < number:
            say(f"  and {number - len(listed)} more (--verbose lists them)")
        return True
