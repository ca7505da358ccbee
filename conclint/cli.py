"""The command: options in, exit status out. What is heavy is imported where it is needed, so that
`--version` and a shell's completion answer at once."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from click.shell_completion import CompletionItem

from conclint import __version__
from conclint.cli_cache import clean, merge
from conclint.cli_learn import learn
from conclint.cli_map import map_command
from conclint.cli_server import server_command

if TYPE_CHECKING:
    from conclint.check_run import CheckRequest
    from conclint.report.destination import Output
    from conclint.shards import Shard

_T = TypeVar("_T")


_UNNAMED = "conclint.cli.unnamed"
"""Set in a context's meta where `check` was not named: the next word may still be a command."""


class CheckByDefault(click.Group):
    """A group whose command `check` needs no name: `conclint src` is `conclint check src`.

    Whatever else goes wrong in a command than wrong usage is one line on standard error, and status 2.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h", "--version")):
            args = ["check", *args]
            ctx.meta[_UNNAMED] = True
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of `check` are the group's own for who doesn't name it."""
        check = self.commands["check"]
        check.format_options(click.Context(check, parent=ctx), formatter)
        self.format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(130)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if os.environ.get("CONCLINT_DEBUG"):
                import traceback

                traceback.print_exc()
            text = " ".join(f"{type(error).__name__}: {error}".split())
            advice = "please report this; CONCLINT_DEBUG=1 shows the traceback"
            click.echo(f"conclint: internal error: {text} ({advice})", err=True)
            ctx.exit(2)


def _parsed_words(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    """A repeatable option that takes comma lists: all the words, or None if it wasn't given."""
    words = tuple(word.strip() for value in values for word in value.split(",") if word.strip())
    return words if values else None


def _parsed_codes(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Codes and prefixes that begin at least one rule's code."""
    words = _parsed_words(ctx, option, values)
    if words is None:
        return None
    from conclint.config_file import unknown_code
    from conclint.config_keys import parse_codes
    from conclint.rules.registry import rules_by_code

    codes = parse_codes(words)
    for code in codes:
        if problem := unknown_code(code, rules_by_code()):
            raise click.BadParameter(problem, ctx, option)
    return codes


def _parsed_patterns(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    from conclint.config_keys import check_pattern

    words = _parsed_words(ctx, option, values)
    try:
        return words and tuple(map(check_pattern, words))
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def _parsed_packages(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...] | None:
    from conclint.config_keys import parse_follow

    words = _parsed_words(ctx, option, values)
    return None if words is None else parse_follow(words)


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
    from conclint.link.remote import parse_address

    try:
        return parse_address(value)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def _parsed_shard(ctx: click.Context, option: click.Parameter, value: str | None) -> Shard | None:
    if value is None:
        return None
    from conclint.shards import parse_shard

    try:
        return parse_shard(value)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}", ctx, option) from error


def _complete_codes(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
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
    if ctx.parent is not None and ctx.meta.get(_UNNAMED) and not ctx.params.get("paths"):
        items += click.Group.shell_complete(cli, ctx.parent, incomplete)
    return items


def _complete_formats(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The formats that begin so."""
    return [CompletionItem(word) for word in OUTPUT_FORMATS if word.startswith(incomplete)]


_version = click.version_option(__version__, "--version", message="%(prog)s %(version)s")


@click.group(
    cls=CheckByDefault,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="",
    subcommand_metavar="[OPTIONS] [PATHS]...",
)
@_version
def cli() -> None:
    """Find code that chose the wrong concurrency model, across files, and say which one is right.

    Checks PATHS (default: the current directory; `-` for standard input). Exit status: 0 if nothing was
    found, 1 if something was, 2 for wrong usage, a wrong configuration, or an internal error.
    """


def _check_options(command: Callable[..., _T]) -> Callable[..., _T]:
    codes: dict[str, Any] = {
        "multiple": True,
        "metavar": "CODES",
        "callback": _parsed_codes,
        "shell_complete": _complete_codes,
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
        click.option("--quiet", "-q", is_flag=True, help="Print the findings alone."),
        click.option("--verbose", "-v", is_flag=True, help="Say what made a finding less than sure."),
        click.option("--statistics", is_flag=True, help="Print the number of findings for each code."),
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
        click.option("--no-cache", is_flag=True, help="Neither read nor write the cache."),
        click.option("--cache-dir", metavar="FOLDER", help="Where the cache is."),
        click.option("--jobs", "-j", type=click.IntRange(min=0), help="Number of processes; 0: what pays."),
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
        _version,
    ]
    for option in reversed(options):
        command = option(command)
    return command


class _CheckCommand(click.Command):
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


@cli.command(cls=_CheckCommand)
@_check_options
@click.pass_context
def check(ctx: click.Context, /, **given: Any) -> None:
    """Check PATHS: the main job, the same as without a command's name."""
    from conclint.check_run import run_check
    from conclint.config import ConfigError
    from conclint.report.destination import UnwritableError

    try:
        if given.pop("watch"):
            _watch(ctx, given)
        status = run_check(_check_request(given))
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
    from conclint.watch import NoWatcherError, watch_check

    try:
        watch_check(lambda: _check_request(given))
    except NoWatcherError as error:
        _fail(ctx, error)
    ctx.exit(0)


@cli.command("config")
@_check_options
@click.pass_context
def config_command(ctx: click.Context, /, **given: Any) -> None:
    """Print the configuration that a check with the same options uses, and where each value comes from."""
    from conclint.config import ConfigError
    from conclint.report.config_list import list_settings, render_settings
    from conclint.report.outcome import OutputFormat
    from conclint.report.terminal import write_output

    given.pop("watch")
    on_command_line = {name for name, value in given.items() if value is not None}
    try:
        request = _check_request(given)
    except ConfigError as error:
        _fail(ctx, error)
    wanted = [output.format for output in request.outputs if output.file is None]
    if len(request.outputs) != 1 or wanted not in ([OutputFormat.TEXT], [OutputFormat.JSON]):
        raise click.UsageError("the configuration is printed as text or json.")
    settings = list_settings(request.config, on_command_line)
    write_output(render_settings(request.config, settings, as_json=wanted == [OutputFormat.JSON]))


def _fail(ctx: click.Context, error: Exception) -> NoReturn:
    click.echo(f"conclint: error: {error}", err=True)
    ctx.exit(2)


def _check_request(given: dict[str, Any]) -> CheckRequest:
    """What the options ask for.

    Raises UsageError for options that contradict each other, ConfigError for a wrong configuration.
    """
    from conclint.check_run import CheckRequest
    from conclint.config import load_config
    from conclint.config_keys import parse_confidence
    from conclint.report.destination import plan_outputs
    from conclint.rules.registry import rules_by_code

    options = dict(given)
    paths: tuple[str, ...] = options.pop("paths")
    wanted = {name: options.pop(name) for name in _OF_THE_RUN}
    write_baseline: str | None = options.pop("write_baseline")
    from_stdin = "-" in paths
    if from_stdin and len(paths) > 1:
        raise click.UsageError("`-` (standard input) can't be combined with paths.")
    if wanted["stdin_filename"] is not None and not from_stdin:
        raise click.UsageError("--stdin-filename needs `-` (standard input).")
    if from_stdin and wanted["diff_base"] is not None:
        raise click.UsageError("--diff-base compares files, not `-` (standard input).")
    if wanted["shard"] is not None and (from_stdin or options["no_cache"]):
        raise click.UsageError("--shard fills a cache from files: leave out --no-cache and `-`.")
    if wanted["affected"] and wanted["diff_base"] is not None:
        raise click.UsageError("--diff-base finds the changed files itself: leave out --affected.")
    if write_baseline is not None and (wanted["affected"] or wanted["diff_base"] is not None):
        raise click.UsageError(
            "--write-baseline is about all that is found: leave out --affected, --diff-base."
        )
    try:
        outputs = plan_outputs(options.pop("outputs"), options.pop("output_file"))
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error
    for output in outputs:
        if wanted["statistics"] and not output.format.has_statistics:
            raise click.UsageError(f"--statistics has no form in {output.format.value}.")
    confidence: str | None = options.pop("min_confidence")
    options["min_confidence"] = parse_confidence(confidence) if confidence else None
    options["use_cache"] = not options.pop("no_cache")
    places = list(filter(None, [wanted["stdin_filename"]])) if from_stdin else list(paths)
    file: str | None = options.pop("config")
    config = load_config(places, file=file, options=options, known_codes=rules_by_code())
    if wanted["prune_baseline"] and config.baseline is None:
        raise click.UsageError("--prune-baseline needs --baseline (or `baseline` in the configuration).")
    target = None
    if write_baseline is not None:
        from conclint.suppress.baseline import DEFAULT_FILE

        target = (
            config.cwd / write_baseline if write_baseline else config.baseline or config.root / DEFAULT_FILE
        )
    return CheckRequest(
        config=config,
        paths=paths,
        stdin=sys.stdin.buffer.read() if from_stdin else None,
        outputs=outputs,
        write_baseline=target,
        **wanted,
    )


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


@cli.command()
@click.argument("code", shell_complete=_complete_codes)
@click.option(
    "--measure",
    is_flag=True,
    help="Run conclint's own two programs for the rule, with the fault and without.",
)
@click.option(
    "--size",
    type=click.Choice(("small", "reference")),
    help="How much the programs are given to do.  [default: reference]",
)
@click.option("--output-format", type=click.Choice(("text", "json")), help="Of --measure.  [default: text]")
@click.pass_context
def explain(
    ctx: click.Context, code: str, measure: bool, size: str | None, output_format: str | None
) -> None:
    """Print the page of the rule CODE: what it finds, why it matters, and what to write instead.

    With --measure, run two programs of conclint's own for it; nothing of yours is run. Exit status: 1 if the
    rule has none, or they can't be run here.
    """
    from conclint.config_file import nearest
    from conclint.report.terminal import has_colour, write_output
    from conclint.rules.registry import all_rules, rule_page

    if not measure and (size or output_format):
        raise click.UsageError(f"{'--size' if size else '--output-format'} needs --measure.")
    rules = {word: rule for rule in all_rules() for word in (rule.code, rule.name)}
    rule = rules.get(code.upper()) or rules.get(code.lower())
    if rule is None:
        raise click.UsageError(f"there is no rule {code!r}{nearest(code.upper(), rules)}")
    if measure:
        from conclint.measure.pairs.command import print_measured
        from conclint.measure.pairs.run import PairError
        from conclint.measure.pairs.shipped import Size

        try:
            print_measured(rule, Size(size or "reference"), as_json=output_format == "json")
        except PairError as error:
            click.echo(f"conclint: {error}", err=True)
            ctx.exit(1)
        return
    page = rule_page(rule.code)
    if has_colour(sys.stdout):
        from conclint.report.styled import render_markdown

        page = render_markdown(page)
    write_output(page)


@cli.command()
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", show_default=True)
def rules(output_format: str) -> None:
    """List all rules."""
    from conclint.report.rule_list import render_rules
    from conclint.report.terminal import write_output
    from conclint.rules.registry import all_rules

    write_output(render_rules(all_rules(), as_json=output_format == "json"))


@cli.command()
@click.argument("name", required=False)
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--config", metavar="FILE", help="Use the facts of this configuration file.")
@click.option(
    "--measure",
    is_flag=True,
    help="Import and run what is said to hold or release the GIL, on this interpreter; minutes without NAME.",
)
@click.pass_context
def catalog(
    ctx: click.Context, name: str | None, output_format: str, config: str | None, measure: bool
) -> None:
    """Print what is known of NAME: a library, a module, a class, a function or a method.

    Without NAME the libraries, or as JSON every entry. Your own facts from the configuration are included.
    Exit status: 1 if nothing is known of NAME, or a measurement contradicts the catalog.
    """
    if measure:
        ctx.exit(_print_measurements(name, as_json=output_format == "json"))

    from conclint.catalog.user_facts import read_user_knowledge
    from conclint.config import ConfigError, load_config
    from conclint.report.catalog_list import CatalogView, UnknownNameError
    from conclint.report.terminal import write_output

    try:
        own = read_user_knowledge(load_config([], file=config)).facts
        text = CatalogView(own).render(name, as_json=output_format == "json")
    except ConfigError as error:
        click.echo(f"conclint: error: {error}", err=True)
        ctx.exit(2)
    except UnknownNameError as error:
        click.echo(f"conclint: {error}", err=True)
        ctx.exit(1)
    write_output(text)


def _print_measurements(name: str | None, *, as_json: bool) -> int:
    from conclint.measure.run import measure_gil
    from conclint.measure.table import Row, render_json, render_row, render_summary
    from conclint.report.terminal import write_output

    def tell(row: Row) -> None:
        if not as_json:
            write_output(f"{render_row(row)}\n")

    try:
        table = measure_gil([name] if name else [], tell)
    except ValueError as error:
        click.echo(f"conclint: {error}", err=True)
        return 1
    write_output(render_json(table) if as_json else f"{render_summary(table)}\n")
    return 1 if table.contradicted else 0


cli.add_command(map_command)
cli.add_command(server_command)
cli.add_command(learn)
cli.add_command(clean)
cli.add_command(merge)
