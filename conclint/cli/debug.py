"""The command `conclint debug`: what the analysis knows of a file, for those who work on it."""

from __future__ import annotations

import re

import click


@click.group()
def debug() -> None:
    """Show what the analysis knows (for contributors)."""


@debug.command("summary")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--def", "key", metavar="KEY", help="Show only this definition, such as `Class.method`.")
def summary_command(file: str, key: str | None) -> None:
    """Print the summary of FILE: its definitions, each with its value graph, sites, regions and stores."""
    from conclint.debug.summary_text import describe_summary
    from conclint.extract import extract_summary
    from conclint.report.terminal import write_output
    from conclint.syntax.parsing import SourceError

    try:
        with click.open_file(file, "rb") as stream:
            summary = extract_summary(stream.read())
    except (OSError, SourceError) as error:
        raise click.UsageError(f"{file}: {error}") from error
    if key is not None and key not in {item.key for item in summary.defs}:
        from conclint.config.file import nearest

        raise click.UsageError(f"{file}: no definition {key!r}{nearest(key, [d.key for d in summary.defs])}")
    write_output("\n".join(describe_summary(summary, key)) + "\n")


@debug.command("resolve")
@click.argument("place", metavar="FILE:LINE")
@click.option("--config", metavar="FILE", help="Configuration file to use.")
@click.pass_context
def resolve_command(ctx: click.Context, place: str, config: str | None) -> None:
    """Print what the values on a line may be, and the effects of the function around it, with the reasons."""
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.terminal import write_output

    match = re.fullmatch(r"(.+):(\d{1,7})", place)
    if match is None:
        raise click.UsageError(f"FILE:LINE expected, such as app/views.py:12, not {place!r}")
    try:
        configuration = load_config([match[1]], file=config, options={})
        from conclint.run.pipeline import resolve_line

        lines = resolve_line(match[1], int(match[2]), configuration)
    except ConfigError as error:
        from conclint.report.terminal import say

        say(f"error: {error}")
        ctx.exit(2)
    if not lines:
        raise click.UsageError(f"no such file or line, or it isn't Python: {place}")
    write_output("\n".join(lines) + "\n")
