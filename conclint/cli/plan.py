"""The command `conclint plan`: which functions to change first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from conclint.cli.options import cache_dir_option, complete_codes, jobs_option, no_cache_option, parsed_codes

_FORMATS = ("text", "json", "markdown")
_codes: dict[str, Any] = {
    "multiple": True,
    "metavar": "CODES",
    "callback": parsed_codes,
    "shell_complete": complete_codes,
}


@click.command("plan", short_help="Print which functions to change first.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option(
    "--top", type=click.IntRange(1, 1000), default=10, show_default=True, help="Maximum number of functions."
)
@click.option("--output-format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--select", help="Consider only these codes, prefixes or names (comma-separated).", **_codes)
@click.option("--ignore", help="Leave out these codes, prefixes or names.", **_codes)
@click.option(
    "--baseline",
    metavar="FILE",
    help="Consider only findings that aren't in this baseline.  [default: consider all]",
)
@click.option("--no-baseline", is_flag=True, help="The default: consider all findings.")
@click.option("--config", metavar="FILE", help="Configuration file to use.")
@click.option(
    "--min-confidence", type=click.Choice(("low", "medium", "high")), help="As for `conclint check`."
)
@click.option(
    "--min-severity", type=click.Choice(("info", "warning", "critical")), help="As for `conclint check`."
)
@no_cache_option
@cache_dir_option
@jobs_option
@click.pass_context
def plan_command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    top: int,
    output_format: str,
    config: str | None,
    min_confidence: str | None,
    min_severity: str | None,
    no_cache: bool,
    no_baseline: bool,
    **options: Any,
) -> None:
    """Print the few functions to change that fix the most findings.

    A finding can be fixed in any function along its call chain. The functions that fix the most come first,
    with what to do there and how many findings then remain. What is in the configured baseline counts too: it
    is still to be fixed. Exit status: 0, or 2 for wrong usage or a wrong configuration.
    """
    from conclint.config.keys import parse_confidence, parse_severity
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.plan import make_plan, render_plan_json, render_plan_markdown, render_plan_text
    from conclint.report.terminal import say, write_folded, write_output
    from conclint.rules.registry import selectable_words

    if no_baseline and options["baseline"] is not None:
        raise click.UsageError("--no-baseline can't be combined with --baseline.")
    options["use_cache"] = not no_cache
    options["min_confidence"] = parse_confidence(min_confidence) if min_confidence else None
    options["min_severity"] = parse_severity(min_severity) if min_severity else None
    render = {"text": render_plan_text, "json": render_plan_json, "markdown": render_plan_markdown}
    try:
        configuration = load_config(list(paths), file=config, options=options, known_codes=selectable_words())
        if options["baseline"] is None:
            configuration = replace(configuration, baseline=None)
        from conclint.run.pipeline import check, without_baseline

        report = check(list(paths) or ["."], configuration)
        findings = without_baseline(report, configuration)
    except ConfigError as error:
        say(f"error: {error}")
        ctx.exit(2)
    except Exception as error:
        from conclint.suppress.baseline import BaselineError

        if not isinstance(error, BaselineError):
            raise
        say(f"error: {error}")
        ctx.exit(2)
    mendable = [finding for finding in findings if not finding.code.startswith("CON9")]
    write = write_folded if output_format == "text" else write_output
    write(render[output_format](make_plan(mendable, top)))
