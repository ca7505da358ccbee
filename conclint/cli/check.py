"""The commands `conclint check` and `conclint config`, which take the same options."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conclint.cli.option_groups import GroupedOptions
from conclint.cli.options import check_options
from conclint.files.bounded_file import LARGEST

if TYPE_CHECKING:
    from conclint.cli.fixing import Fixing
    from conclint.cli.run_check import CheckRequest


class _CheckCommand(GroupedOptions):
    """Takes `--write-baseline` with or without a file: a word that ends in .json, or follows `=`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        result: list[str] = []
        for place, word in enumerate(args):
            if word == "--":
                result += args[place:]
                break
            if word == "--write-baseline":
                result.append(f"{word}=")
            elif place and args[place - 1] == "--write-baseline" and word.endswith(".json"):
                result[-1] += word
            else:
                result.append(word)
        return super().parse_args(ctx, result)


@click.command(cls=_CheckCommand)
@check_options
@click.pass_context
def check(ctx: click.Context, /, **given: Any) -> None:
    """Check PATHS (the default command)."""
    from conclint.cli.run_check import run_check
    from conclint.config.settings import ConfigError
    from conclint.report.destination import UnwritableError

    try:
        if given.pop("watch"):
            _watch(ctx, given)
        recorder = None
        if ctx.obj is not None:  # a process of its own, which ends with the run
            from conclint.process.gc_control import never_collect
            from conclint.run.recorder import Recorder

            never_collect()
            recorder = Recorder(ctx.obj)
        status = run_check(replace(_check_request(given), recorder=recorder))
    except (ConfigError, UnwritableError) as error:
        _fail(ctx, error)
    except Exception as error:
        from conclint.source.revisions import GitError
        from conclint.suppress.baseline import BaselineError

        if not isinstance(error, (GitError, BaselineError)):
            raise
        _fail(ctx, error)
    ctx.exit(status)


def _watch(ctx: click.Context, given: dict[str, Any]) -> NoReturn:
    if "-" in given["paths"] or given["write_baseline"] is not None:
        raise click.UsageError("--watch can't be combined with `-` (standard input) or --write-baseline.")
    if any(given[name] for name in _OF_FIXING):
        raise click.UsageError("--watch can't be combined with --fix, --diff or --add-noqa.")
    from conclint.cli.watch import NoWatcherError, watch_check

    try:
        watch_check(lambda: _check_request(given))
    except NoWatcherError as error:
        _fail(ctx, error)
    ctx.exit(0)


@click.command("config", cls=GroupedOptions, short_help="Print the configuration and its sources.")
@check_options
@click.pass_context
def config_command(ctx: click.Context, /, **given: Any) -> None:
    """Print the configuration that a check with the same options uses, and where each value comes from."""
    from conclint.config.settings import ConfigError
    from conclint.report.config_list import list_settings, render_settings
    from conclint.report.outcome import OutputFormat
    from conclint.report.terminal import write_output
    from conclint.run.pipeline import whole_configuration

    given.pop("watch")
    on_command_line = {name for name, value in given.items() if value is not None}
    try:
        request = _check_request(given)
        config = whole_configuration(request.paths, request.config)
    except ConfigError as error:
        _fail(ctx, error)
    wanted = [output.format for output in request.outputs if output.file is None]
    if len(request.outputs) != 1 or wanted not in ([OutputFormat.TEXT], [OutputFormat.JSON]):
        raise click.UsageError("the configuration can only be printed as text or json.")
    settings = list_settings(config, on_command_line)
    try:
        text = render_settings(config, settings, as_json=wanted == [OutputFormat.JSON])
    except ConfigError as error:
        _fail(ctx, error)
    write_output(text)


def _fail(ctx: click.Context, error: Exception) -> NoReturn:
    from conclint.report.terminal import say

    say(f"error: {error}")
    ctx.exit(2)


def _check_request(given: dict[str, Any]) -> CheckRequest:
    """What the options ask for.

    Raises UsageError for options that contradict each other, ConfigError for a wrong configuration.
    """
    from conclint.cli.run_check import CheckRequest
    from conclint.config.keys import parse_confidence, parse_severity
    from conclint.config.settings import load_config
    from conclint.report.destination import plan_outputs
    from conclint.report.grouping import GroupBy
    from conclint.rules.registry import selectable_words

    options = dict(given)
    paths: tuple[str, ...] = options.pop("paths")
    fixing = _fixing(options)
    wanted = {name: options.pop(name) for name in _OF_THE_RUN}
    write_baseline: str | None = options.pop("write_baseline")
    from_stdin = "-" in paths
    if from_stdin and len(paths) > 1:
        raise click.UsageError("`-` (standard input) can't be combined with paths.")
    if fixing is not None:
        _check_combination(fixing, wanted, is_stdin=from_stdin, writes_baseline=write_baseline is not None)
    if wanted["stdin_filename"] is not None and not from_stdin:
        raise click.UsageError("--stdin-filename needs `-` (standard input).")
    if from_stdin and wanted["diff_base"] is not None:
        raise click.UsageError("--diff-base compares files, not `-` (standard input).")
    if wanted["shard"] is not None and (from_stdin or options["no_cache"]):
        raise click.UsageError(
            "--shard fills the cache, so it can't be combined with --no-cache or `-` (standard input)."
        )
    if wanted["affected"] and wanted["diff_base"] is not None:
        raise click.UsageError(
            "--diff-base finds the changed files itself, so it can't be combined with --affected."
        )
    if write_baseline is not None and (wanted["affected"] or wanted["diff_base"] is not None):
        raise click.UsageError(
            "--write-baseline records all findings, so it can't be combined with --affected or --diff-base."
        )
    try:
        outputs = plan_outputs(options.pop("outputs"), options.pop("output_file"))
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    for output in outputs:
        if wanted["statistics"] and not output.format.has_statistics:
            raise click.UsageError(f"--statistics isn't available as {output.format.value}.")
    confidence: str | None = options.pop("min_confidence")
    options["min_confidence"] = parse_confidence(confidence) if confidence else None
    severity: str | None = options.pop("min_severity")
    options["min_severity"] = parse_severity(severity) if severity else None
    options["lift_contexts"] = options.pop("lift_contexts") is not None or None
    fail_on: str | None = options.pop("fail_on")
    most_unknown: int | None = options.pop("fail_on_unknown")
    if most_unknown is not None and (wanted["affected"] or wanted["diff_base"] is not None):
        raise click.UsageError(
            "--fail-on-unknown counts everywhere, so it can't be combined with --affected or --diff-base."
        )
    group_by = GroupBy(options.pop("group_by"))
    options["use_cache"] = not options.pop("no_cache")
    places = list(filter(None, [wanted["stdin_filename"]])) if from_stdin else list(paths)
    file: str | None = options.pop("config")
    no_baseline: bool = options.pop("no_baseline")
    if no_baseline and (options["baseline"] is not None or wanted["prune_baseline"]):
        other = "--prune-baseline" if wanted["prune_baseline"] else "--baseline"
        raise click.UsageError(f"--no-baseline can't be combined with {other}.")
    config = load_config(places, file=file, options=options, known_codes=selectable_words())
    if wanted["prune_baseline"] and config.baseline is None:
        raise click.UsageError("--prune-baseline needs --baseline (or `baseline` in the configuration).")
    target = None
    if write_baseline is not None:
        from conclint.suppress.baseline import DEFAULT_FILE

        target = (
            config.cwd / write_baseline if write_baseline else config.baseline or config.root / DEFAULT_FILE
        )
    return CheckRequest(
        config=replace(config, baseline=None) if no_baseline else config,
        paths=paths,
        stdin=sys.stdin.buffer.read(LARGEST + 1) if from_stdin else None,
        outputs=outputs,
        write_baseline=target,
        fixing=fixing,
        group_by=group_by,
        fail_on=parse_severity(fail_on) if fail_on else None,
        most_unknown=most_unknown,
        **wanted,
    )


def _fixing(options: dict[str, Any]) -> Fixing | None:
    """What is to be mended, by the options, which are taken out. Raises UsageError."""
    given = {name: options.pop(name) for name in _OF_FIXING}
    reason: str | None = options.pop("reason")
    if reason is None and not any(given.values()):
        return None
    from conclint.cli.fixing import Fixing

    fixes = [name for name in ("fix", "fix_only", "diff") if given[name]]
    if given["add_noqa"]:
        if fixes or given["unsafe_fixes"]:
            raise click.UsageError("--add-noqa can't be combined with fixes.")
        if reason is not None and not reason.isprintable():
            raise click.UsageError("--reason must be one line of text.")
        return Fixing(noqa=True, reason=(reason or "").strip(), show=given["show_fixes"])
    if reason is not None:
        raise click.UsageError("--reason needs --add-noqa.")
    if not fixes and given["show_fixes"]:
        raise click.UsageError("--show-fixes needs --fix, --fix-only or --diff.")
    if not fixes:
        return Fixing(unsafe=True, count=True)
    return Fixing(
        unsafe=given["unsafe_fixes"],
        diff=given["diff"],
        only=given["fix_only"] or given["diff"],
        show=given["show_fixes"],
    )


def _check_combination(
    fixing: Fixing, wanted: dict[str, Any], *, is_stdin: bool, writes_baseline: bool
) -> None:
    """Raises UsageError for what can't be done while files are changed."""
    if fixing.count:
        return
    word = "--add-noqa" if fixing.noqa else "--diff" if fixing.diff else "--fix"
    if is_stdin:
        raise click.UsageError(f"{word} can't be combined with `-` (standard input).")
    if writes_baseline or wanted["shard"] is not None:
        other = "--write-baseline" if writes_baseline else "--shard"
        raise click.UsageError(f"{word} can't be combined with {other}.")


_OF_FIXING = ("fix", "unsafe_fixes", "diff", "fix_only", "show_fixes", "add_noqa")
_OF_THE_RUN = (
    "affected",
    "diff_base",
    "exit_zero",
    "prune_baseline",
    "quiet",
    "shard",
    "statistics",
    "stdin_filename",
    "verbose",
)
