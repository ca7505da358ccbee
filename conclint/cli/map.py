"""The command `conclint map`: the concurrency map of a program."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from conclint.cli.analysed import analysed
from conclint.cli.options import analysis_options

if TYPE_CHECKING:
    from conclint.model.concurrency_map import ConcurrencyMap

_FORMATS = ("text", "json", "dot", "mermaid")


@click.command("map", short_help="Print what runs on the event loop, in threads and in processes.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--symbol", metavar="NAME", help="Show only this function, its callers and what it calls.")
@click.option(
    "--only-findings",
    "only_problems",
    is_flag=True,
    help="Show only functions with a finding, down to its cause.",
)
@click.option("--only-problems", "only_problems", is_flag=True, hidden=True)
@click.option(
    "--depth",
    type=click.IntRange(0),
    metavar="N",
    help="Show at most N calls from --symbol, or from functions that nothing calls.",
)
@click.option("--all", "everything", is_flag=True, help="Include functions that run on no known model.")
@click.option("--externals", is_flag=True, help="Include calls of libraries and built-in functions.")
@click.option("--output-format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--output-file", "-o", metavar="FILE", help="Write the map to this file.")
@analysis_options
@click.pass_context
def map_command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    symbol: str | None,
    only_problems: bool,
    depth: int | None,
    everything: bool,
    externals: bool,
    output_format: str,
    output_file: str | None,
    **options: Any,
) -> None:
    """Print which functions run on the event loop, in threads, processes and interpreters, how they got
    there, whether they wait or compute, and which findings they have.

    With --symbol (a dotted name, or the end of one), print the tree of its callers and of what it calls. Exit
    status: 0, or 2 for wrong usage or a wrong configuration.
    """
    from conclint.report.destination import UnwritableError, check_writable, write_files
    from conclint.report.terminal import say, write_folded, write_output
    from conclint.run.pipeline import map_concurrency

    try:
        if output_file is not None:
            check_writable([output_file])
        mapped = partial(map_concurrency, everything=everything, externals=externals)
        found = analysed(ctx, paths, mapped, **options)
        if symbol is not None:
            symbol = _resolved(symbol, found)
        found = _part(found, symbol, only_problems=only_problems, depth=depth, everything=everything)
        text = _rendered(found, output_format, symbol)
        if output_file is None:
            write = write_folded if output_format == "text" else write_output
            write(text)
        else:
            write_files({output_file: text})
    except UnwritableError as error:
        say(f"error: {error}")
        ctx.exit(2)


def _part(
    found: ConcurrencyMap, symbol: str | None, *, only_problems: bool, depth: int | None, everything: bool
) -> ConcurrencyMap:
    """What is to be shown of the map."""
    if symbol is not None:
        near = found.around(symbol, depth)
        if not only_problems:
            return near
        bad = near.only_problems()
        return near.part({symbol, *(item.symbol for item in bad.functions)})
    if only_problems:
        found = found.only_problems()
    elif not everything:
        found = found.reached()
    return found if depth is None else found.within(depth)


def _resolved(name: str, found: ConcurrencyMap) -> str:
    """The symbol that the name means: itself, or the only one that ends with it.

    Raises UsageError for none or several.
    """
    symbols = sorted({item.symbol for item in found.functions})
    if name in symbols:
        return name
    ending = [symbol for symbol in symbols if symbol.endswith(f".{name}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        shown = ", ".join(ending[:8]) + (" …" if len(ending) > 8 else "")
        raise click.UsageError(f"--symbol {name!r} is ambiguous: {shown}")
    from conclint.config.file import nearest

    raise click.UsageError(f"no such function: {name!r}{nearest(name, symbols)}")


def _rendered(found: ConcurrencyMap, output_format: str, symbol: str | None) -> str:
    if output_format == "text":
        from conclint.report.map_text import render_around, render_map

        return render_around(found, symbol) if symbol is not None else render_map(found)
    if output_format == "json":
        from conclint.report.map_json import render_map_json

        return render_map_json(found)
    from conclint.report.map_graph import render_dot, render_mermaid
    from conclint.report.terminal import say

    if output_format == "dot":
        return render_dot(found)
    drawn = render_mermaid(found)
    if drawn.left_out:
        say(
            f"note: {drawn.left_out} of {len(found.functions)} functions are left out, since Mermaid draws "
            "no more; choose others with --only-findings, --symbol or --depth"
        )
    return drawn.text
