"""The command `conclint unknown`: what could not be judged."""

from __future__ import annotations

from typing import Any

import click

from conclint.cli.options import cache_dir_option, jobs_option, no_cache_option

_FORMATS = ("text", "json")


@click.command("unknown")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--output-format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--fail-on-unknown",
    type=click.IntRange(0),
    metavar="N",
    help="Exit with 1 for more than N library calls that are not known.",
)
@click.option("--config", metavar="FILE", help="Use this configuration file.")
@click.option("--follow", multiple=True, metavar="PACKAGES", help="As for `conclint check`.")
@click.option("--python", metavar="PATH", help="As for `conclint check`.")
@no_cache_option
@cache_dir_option
@jobs_option
@click.pass_context
def unknown_command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    output_format: str,
    fail_on_unknown: int | None,
    config: str | None,
    follow: tuple[str, ...],
    no_cache: bool,
    **options: Any,
) -> None:
    """Print which calls could not be judged: where no finding proves nothing.

    Of the calls that run on the event loop, in threads, processes or interpreters, those of libraries that
    the catalog doesn't describe, and those of objects that are not known; with what would change that. Exit
    status: 0, 1 with --fail-on-unknown, or 2 for wrong usage or a wrong configuration.
    """
    from conclint.config.keys import parse_follow
    from conclint.config.settings import ConfigError, load_config
    from conclint.model.unknown_calls import UnknownCause
    from conclint.report.terminal import say, say_line, write_output
    from conclint.report.unknown import render_unknown, render_unknown_json

    words = [word for value in follow for word in value.split(",")]
    options["follow"] = parse_follow(words) if follow else None
    options["use_cache"] = not no_cache
    try:
        configuration = load_config(list(paths), file=config, options=options)
        from conclint.run.pipeline import unknown_calls

        found, problems = unknown_calls(list(paths) or ["."], configuration)
    except ConfigError as error:
        say(f"error: {error}")
        ctx.exit(2)
    for problem in problems:
        at = problem.position
        say_line(f"{problem.path}:{at.line}:{at.column}: {problem.code} {problem.message}")
    write_output(render_unknown_json(found) if output_format == "json" else render_unknown(found))
    number = len(found.of(UnknownCause.NOT_DESCRIBED))
    if fail_on_unknown is not None and number > fail_on_unknown:
        say(f"error: {number} library calls are not known, more than {fail_on_unknown}")
        ctx.exit(1)
