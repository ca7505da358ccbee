"""The command `conclint unknown`: what could not be judged."""

from __future__ import annotations

from typing import Any

import click

from conclint.cli.analysed import analysed
from conclint.cli.options import analysis_options

_FORMATS = ("text", "json")


@click.command("unknown", short_help="Print which calls could not be judged, and why.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--output-format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option(
    "--fail-on-unknown",
    type=click.IntRange(0),
    metavar="N",
    help="Exit with 1 if more than N library calls are unknown.",
)
@analysis_options
@click.pass_context
def unknown_command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    output_format: str,
    fail_on_unknown: int | None,
    **options: Any,
) -> None:
    """Print which calls could not be judged, so that having no findings there proves nothing.

    Lists calls on the event loop, in threads, processes and interpreters whose library the catalog doesn't
    describe, or whose target could not be worked out, and what would help. Exit status: 0, 1 with
    --fail-on-unknown, or 2 for wrong usage or a wrong configuration.
    """
    from conclint.model.unknown_calls import UnknownCause
    from conclint.report.terminal import say, write_output
    from conclint.report.unknown import render_unknown, render_unknown_json
    from conclint.run.pipeline import unknown_calls

    found = analysed(ctx, paths, unknown_calls, **options)
    write_output(render_unknown_json(found) if output_format == "json" else render_unknown(found))
    number = len(found.of(UnknownCause.NOT_DESCRIBED))
    if fail_on_unknown is not None and number > fail_on_unknown:
        say(f"error: {number} library calls are unknown, more than {fail_on_unknown}")
        ctx.exit(1)
