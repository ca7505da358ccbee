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

no_cache_option = click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
cache_dir_option = click.option("--cache-dir", metavar="FOLDER", help="Where the cache is.")
jobs_option = click.option(
    "--jobs", "-j", type=click.IntRange(0, _MOST_JOBS), help="Number of processes; 0: what pays."
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
        click.option("--config", metavar="FILE", help="Use this configuration file."),
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
        click.option("--select", help="Report only these codes or prefixes (comma list).", **codes),
        click.option("--ignore", help="Don't report these codes or prefixes.", **codes),
        click.option("--extend-select", help="Report these besides those selected.", **codes),
        click.option(
            "--exclude",
            help="Leave out what matches, as in .gitignore; replaces the built-in list.",
            **patterns,
        ),
        click.option("--extend-exclude", help="Leave out what matches, besides.", **patterns),
        click.option("--force-exclude", is_flag=True, help="Leave out paths given by name, too."),
        click.option(
            "--output-format",
            "outputs",
            metavar="FORMAT[:FILE]",
            multiple=True,
            callback=_parsed_outputs,
            shell_complete=_complete_formats,
            help=f"One of {', '.join(OUTPUT_FORMATS)}; may be repeated, with files.  [default: text]",
        ),
        click.option("--output-file", metavar="FILE", help="Write the report to this file."),
        click.option("--baseline", metavar="FILE", help="Report only what is not in this baseline."),
        click.option(
            "--write-baseline",
            metavar="[FILE.json]",
            help="Write what is found to the baseline instead.  [default file: that of --baseline, or "
            "conclint-baseline.json]",
        ),
        click.option(
            "--prune-baseline", is_flag=True, help="Remove from the baseline what no longer occurs."
        ),
        click.option(
            "--affected", is_flag=True, help="Report also what lies elsewhere and passes through PATHS."
        ),
        click.option(
            "--diff-base",
            metavar="REV",
            help="Report only what wasn't there at this Git revision; `REV...`: where the branch left it.",
        ),
        click.option("--config", metavar="FILE", help="Use this configuration file."),
        click.option(
            "--min-confidence",
            type=click.Choice(("low", "medium", "high")),
            help="Report only what is at least as sure.  [default: medium]",
        ),
        click.option(
            "--min-severity",
            type=click.Choice(("info", "warning", "critical")),
            help="Report only what is at least as bad.  [default: warning]",
        ),
        click.option(
            "--context",
            "lift_contexts",
            type=click.Choice(("all",)),
            help="`all`: findings in tests and at start-up are as bad as elsewhere.",
        ),
        click.option(
            "--group-by",
            type=click.Choice(("root", "call", "file", "rule")),
            default="root",
            help="What is one entry of a report in text: what one change would mend, a call, a file, a rule.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(("info", "warning", "critical")),
            help="Exit with 1 only for findings at least as bad.  [default: any that is shown]",
        ),
        click.option(
            "--max-file-size",
            metavar="MB",
            type=click.IntRange(1, _MOST_MEGABYTES),
            help="Don't analyse files with more source.  [default: 5]",
        ),
        click.option("--quiet", "-q", is_flag=True, help="Print the findings alone."),
        click.option("--verbose", "-v", is_flag=True, help="Say what made a finding less than sure."),
        click.option("--statistics", is_flag=True, help="Print the number of findings for each code."),
        click.option("--fix", is_flag=True, help="Mend what can be mended safely, and report the rest."),
        click.option(
            "--unsafe-fixes",
            is_flag=True,
            help="With --fix, --fix-only or --diff: mend also what somebody should look at.",
        ),
        click.option(
            "--diff", is_flag=True, help="Print what --fix would change; change and report nothing."
        ),
        click.option("--fix-only", is_flag=True, help="As --fix; don't report the rest."),
        click.option("--show-fixes", is_flag=True, help="Say what was mended."),
        click.option(
            "--add-noqa",
            is_flag=True,
            help="Write a `# noqa` comment for each finding instead of reporting it.",
        ),
        click.option("--reason", metavar="TEXT", help="What --add-noqa says behind the codes."),
        click.option("--watch", is_flag=True, help="Run again whenever a file changes, until Ctrl-C."),
        click.option("--exit-zero", is_flag=True, help="Exit with 0 even if something was found."),
        click.option("--warn-unused-ignores", is_flag=True, help="Report comments that hide nothing."),
        click.option("--stdin-filename", metavar="FILE", help="The file that standard input stands for."),
        click.option(
            "--follow",
            help="Follow chains into installed packages too: `installed` for all, or names (comma list).",
            multiple=True,
            metavar="PACKAGES",
            callback=_parsed_packages,
        ),
        click.option("--python", metavar="PATH", help="The interpreter or environment that has them."),
        no_cache_option,
        cache_dir_option,
        jobs_option,
        click.option(
            "--shard",
            metavar="I/N",
            callback=_parsed_shard,
            help="Only parse the I-th of N parts into the cache, for `conclint merge`; report nothing.",
        ),
        click.option(
            "--executor",
            metavar="dask://HOST:PORT",
            callback=_parsed_executor,
            help="Have the workers of this Dask scheduler parse.",
        ),
        version_option,
    ]
    for option in reversed(options):
        command = option(command)
    return command
