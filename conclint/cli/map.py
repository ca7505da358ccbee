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
@click.option("--symbol", metavar="NAME", help="Only this function, its callers and what it leads to.")
@click.option("--all", "everything", is_flag=True, help="Also functions that no model is known for.")
@click.option("--externals", is_flag=True, help="Also calls of libraries and of Python's own functions.")
@click.option("--output-format", type=click.Choice(_FORMATS), default="text", show_default=True)
@analysis_options
@click.pass_context
def map_command(
    ctx: click.Context,
    /,
    paths: tuple[str, ...],
    symbol: str | None,
    everything: bool,
    externals: bool,
    output_format: str,
    **options: Any,
) -> None:
    """Print which functions run on the event loop, in threads, processes and interpreters, who brings them
    there, and what they do: wait, or compute.

    With --symbol (a dotted name, or the end of one) the tree of its callers and of what it leads to. Exit
    status: 0, or 2 for wrong usage or a wrong configuration.
    """
    from conclint.report.terminal import write_output
    from conclint.run.pipeline import map_concurrency

    mapped = partial(map_concurrency, everything=everything, externals=externals)
    found = analysed(ctx, paths, mapped, **options)
    if symbol is not None:
        symbol = _resolved(symbol, found)
        found = found.around(symbol)
    elif not everything:
        found = found.reached()
    write_output(_rendered(found, output_format, symbol))


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
        raise click.UsageError(f"--symbol {name!r} may mean {shown}")
    from conclint.config.file import nearest

    raise click.UsageError(f"there is no function {name!r}{nearest(name, symbols)}")


def _rendered(found: ConcurrencyMap, output_format: str, symbol: str | None) -> str:
    if output_format == "text":
        from conclint.report.map_text import render_around, render_map

        return render_around(found, symbol) if symbol is not None else render_map(found)
    from conclint.report.map_graph import render_dot, render_map_json, render_mermaid

    return {"json": render_map_json, "dot": render_dot, "mermaid": render_mermaid}[output_format](found)
