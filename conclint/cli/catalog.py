"""The command `conclint catalog`."""

from __future__ import annotations

import click


@click.command(short_help="Print what is known about a library, class or function.")
@click.argument("name", required=False)
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--config", metavar="FILE", help="Configuration file to use.")
@click.option(
    "--measure",
    is_flag=True,
    help="Run functions to check whether they hold the GIL as stated. Takes minutes without NAME.",
)
@click.pass_context
def catalog(
    ctx: click.Context, name: str | None, output_format: str, config: str | None, measure: bool
) -> None:
    """Print what is known about NAME: a library, module, class, function or method.

    Without NAME, list the libraries (as JSON, every entry). Your own facts from the configuration are
    included. Exit status: 1 if nothing is known about NAME, or a measurement contradicts the catalog.
    """
    if measure:
        ctx.exit(_print_measurements(name, as_json=output_format == "json"))

    from conclint.catalog.user_facts import read_user_knowledge
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.catalog_list import CatalogView, UnknownNameError
    from conclint.report.terminal import say, write_output

    try:
        own = read_user_knowledge(load_config([], file=config)).facts
        text = CatalogView(own).render(name, as_json=output_format == "json")
    except ConfigError as error:
        say(f"error: {error}")
        ctx.exit(2)
    except UnknownNameError as error:
        say(str(error))
        ctx.exit(1)
    write_output(text)


def _print_measurements(name: str | None, *, as_json: bool) -> int:
    from conclint.measure.run import measure_gil
    from conclint.measure.table import Row, render_json, render_row, render_summary
    from conclint.report.terminal import say, write_output

    def tell(row: Row) -> None:
        if not as_json:
            write_output(f"{render_row(row)}\n")

    try:
        table = measure_gil([name] if name else [], tell)
    except ValueError as error:
        say(str(error))
        return 1
    write_output(render_json(table) if as_json else f"{render_summary(table)}\n")
    return 1 if table.contradicted else 0
