"""The options of `conclint check`: what they take, how it is checked, how a shell completes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from conclint import __version__

if TYPE_CHECKING:
    from conclint.report.destination import Output
    from conclint.run.shards import Shard

_T = TypeVar("_T")

UNNAMED = "conclint.cli.main.unnamed"
"""Set in a context's meta where `check` was not named: the next word may still be a command."""

# As `conclint.config.keys` has them, which `--help` need not import.
_MOST_JOBS = 1_000
_MOST_MEGABYTES = 100


def _take_colour(ctx: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        from conclint.report.terminal import ask_for_colour

        ask_for_colour(value)
        ctx.call_on_close(lambda: ask_for_colour("auto"))


colour_option = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    expose_value=False,
    callback=_take_colour,
    help="When to use colour.  [default: auto, which respects NO_COLOR and FORCE_COLOR]",
)
no_baseline_option = click.option(
    "--no-baseline", is_flag=True, help="Report what is in the baseline too, whatever the configuration says."
)
no_cache_option = click.option("--no-cache", is_flag=True, help="Don't read or write the cache.")
cache_dir_option = click.option("--cache-dir", metavar="FOLDER", help="Cache folder.")
jobs_option = click.option(
    "--jobs", "-j", type=click.IntRange(0, _MOST_JOBS), help="Number of processes (0 = choose automatically)."
)
version_option = click.version_option(__version__, "--version", message="%(prog)s %(version)s")


def _parsed_words(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    """A repeatable option that takes comma lists: all the words, or None if it wasn't given."""
    words = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    return words if values else None


def parsed_codes(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Codes and prefixes that begin at least one rule's code."""
    words = _parsed_words(ctx, option, values)
    if words is None:
        return None
    from conclint.config.file import unknown_code
    from conclint.config.keys import parse_codes
    from conclint.rules.registry import selectable_words

    codes = parse_codes(words)
    for code in codes:
        if problem := unknown_code(code, selectable_words()):
            raise click.BadParameter(problem, ctx, option)
    return codes


def _parsed_patterns(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    from conclint.config.keys import check_pattern

    words = _parsed_words(ctx, option, values)
    try:
        return words and tuple(map(check_pattern, words))
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def _parsed_packages(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    from conclint.config.keys import parse_follow

    words = _parsed_words(ctx, option, values)
    return None if words is None else parse_follow(words)


def analysis_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of commands that show something of a program other than findings, for `analysed`."""
    options = (
        click.option("--config", metavar="FILE", help="Configuration file to use."),
        click.option(
            "--follow",
            multiple=True,
            metavar="PACKAGES",
            callback=_parsed_packages,
            help="As for `conclint check`.",
        ),
        click.option("--python", metavar="PATH", help="As for `conclint check`."),
        no_cache_option,
        cache_dir_option,
        jobs_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


OUTPUT_FORMATS = ("text", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "html")
"""The values of `conclint.report.outcome.OutputFormat`, here so that `--help` need not import it."""


def _parsed_outputs(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[Output, ...]:
    from conclint.report.destination import parse_output

    try:
        return tuple(map(parse_output, values))
    except ValueError as error:
        raise click.BadParameter(f"{error}.", ctx, option) from error


def _parsed_executor(ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from conclint.workers.dask import parse_address

    try:
        return parse_address(value)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def _parsed_shard(ctx: click.Context, option: click.Parameter, value: str | None) -> Shard | None:
    if value is None:
        return None
    from conclint.run.shards import parse_shard

    try:
        return parse_shard(value)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def complete_codes(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The rules whose codes begin so, each with what it is about."""
    from conclint.rules.registry import all_rules

    return [
        CompletionItem(rule.code, help=rule.summary)
        for rule in all_rules()
        if rule.code.startswith(incomplete.upper())
    ]


def _complete_paths(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, left to the shell; and the names of commands, as long as `check` may yet not be meant."""
    items = [CompletionItem(incomplete, type="file")]
    parent = ctx.parent
    if parent is not None and ctx.meta.get(UNNAMED) and not ctx.params.get("paths"):
        items += parent.command.shell_complete(parent, incomplete)
    return items


def _complete_formats(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The formats that begin so."""
    return [CompletionItem(word) for word in OUTPUT_FORMATS if word.startswith(incomplete)]


def check_options(command: Callable[..., _T]) -> Callable[..., _T]:
    """Adds what `check` takes: paths and options, by the names of what they set."""
    codes: dict[str, Any] = {
        "multiple": True,
        "metavar": "CODES",
        "callback": parsed_codes,
        "shell_complete": complete_codes,
    }
    patterns: dict[str, Any] = {"multiple": True, "metavar": "PATTERNS", "callback": _parsed_patterns}
    options = [
        click.argument("paths", nargs=-1, type=click.Path(), shell_complete=_complete_paths),
        click.option(
            "--select", help="Report only these codes, prefixes or names (comma-separated).", **codes
        ),
        click.option("--ignore", help="Don't report these codes, prefixes or names.", **codes),
        click.option("--extend-select", help="Report these in addition to --select or the default.", **codes),
        click.option(
            "--exclude",
            help="Skip matching files and folders (.gitignore syntax); replaces the built-in list.",
            **patterns,
        ),
        click.option(
            "--extend-exclude", help="Skip these in addition to --exclude or the built-in list.", **patterns
        ),
        click.option(
            "--force-exclude",
            is_flag=True,
            help="Apply the exclusions to paths given on the command line too.",
        ),
        click.option(
            "--output-format",
            "outputs",
            metavar="FORMAT[:FILE]",
            multiple=True,
            callback=_parsed_outputs,
            shell_complete=_complete_formats,
            help=f"{', '.join(OUTPUT_FORMATS)}. Repeatable: FORMAT:FILE writes to a file.  [default: text]",
        ),
        click.option("--output-file", "-o", metavar="FILE", help="Write the report to this file."),
        click.option("--baseline", metavar="FILE", help="Report only findings that aren't in this baseline."),
        no_baseline_option,
        click.option(
            "--write-baseline",
            metavar="[FILE.json]",
            help="Write the findings to a baseline instead of reporting them.  [default file: --baseline, or "
            "conclint-baseline.json]",
        ),
        click.option("--prune-baseline", is_flag=True, help="Remove stale entries from the baseline."),
        click.option(
            "--affected",
            is_flag=True,
            help="Also report findings elsewhere whose call chain passes through PATHS.",
        ),
        click.option(
            "--diff-base",
            metavar="REV",
            help="Report only findings that are new since this Git revision "
            "(`REV...`: since the branch left it).",
        ),
        click.option("--config", metavar="FILE", help="Configuration file to use."),
        click.option(
            "--min-confidence",
            type=click.Choice(("low", "medium", "high")),
            help="Minimum confidence to report.  [default: medium]",
        ),
        click.option(
            "--min-severity",
            type=click.Choice(("info", "warning", "critical")),
            help="Minimum severity to report.  [default: warning]",
        ),
        click.option(
            "--context",
            "lift_contexts",
            type=click.Choice(("all",)),
            help="all: don't lower the severity of findings in tests and at start-up.",
        ),
        click.option(
            "--group-by",
            type=click.Choice(("root", "call", "file", "rule")),
            default="root",
            help="How text groups findings: by the function to fix (root), call, file or rule.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(("info", "warning", "critical")),
            help="Exit with 1 only for findings of at least this severity.  [default: any finding shown]",
        ),
        click.option(
            "--fail-on-unknown",
            type=click.IntRange(0),
            metavar="N",
            help="Exit with 1 if more than N library calls are unknown (see `conclint unknown`).",
        ),
        click.option(
            "--max-file-size",
            metavar="MB",
            type=click.IntRange(1, _MOST_MEGABYTES),
            help="Skip larger files.  [default: 5]",
        ),
        click.option("--quiet", "-q", is_flag=True, help="Print only the findings."),
        click.option("--verbose", "-v", is_flag=True, help="Explain why confidence was lowered."),
        colour_option,
        click.option(
            "--statistics",
            is_flag=True,
            help="Print only the number of findings per code, and the share of known library calls.",
        ),
        click.option("--fix", is_flag=True, help="Apply safe fixes, and report what is left."),
        click.option(
            "--unsafe-fixes",
            is_flag=True,
            help="With --fix, --fix-only or --diff: also apply fixes that need a review. Alone: count them.",
        ),
        click.option(
            "--diff",
            is_flag=True,
            help="Print what --fix would change, without changing it. Patches to apply go to a file (-o, >).",
        ),
        click.option("--fix-only", is_flag=True, help="Apply fixes without reporting what is left."),
        click.option("--show-fixes", is_flag=True, help="List the fixes that were applied."),
        click.option(
            "--add-noqa",
            is_flag=True,
            help="Add a `# noqa` comment for each finding instead of reporting it.",
        ),
        click.option("--reason", metavar="TEXT", help="Text that --add-noqa writes after the codes."),
        click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings."),
        click.option("--warn-unused-ignores", is_flag=True, help="Report unused suppression comments."),
        click.option("--stdin-filename", metavar="FILE", help="File name to use for standard input."),
        click.option(
            "--follow",
            help="Follow calls into installed packages: `installed` for all, names (comma-separated), or "
            "`project` for none.  [default: installed]",
            multiple=True,
            metavar="PACKAGES",
            callback=_parsed_packages,
        ),
        click.option("--python", metavar="PATH", help="Interpreter or environment they are installed in."),
        no_cache_option,
        cache_dir_option,
        jobs_option,
        click.option(
            "--shard",
            metavar="I/N",
            callback=_parsed_shard,
            help="Parse part I of N into the cache for `conclint merge`, without reporting.",
        ),
        click.option(
            "--executor",
            metavar="dask://HOST:PORT",
            callback=_parsed_executor,
            help="Parse on the workers of this Dask scheduler.",
        ),
        version_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command
