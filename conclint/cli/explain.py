"""The commands `conclint explain` and `conclint rules`."""

from __future__ import annotations

import sys

import click

from conclint.cli.options import complete_codes


@click.command(short_help="Print a rule's page.")
@click.argument("code", shell_complete=complete_codes)
@click.option(
    "--measure",
    is_flag=True,
    help="Run two small programs that come with the rule: one with the mistake, one without.",
)
@click.option(
    "--size",
    type=click.Choice(("small", "reference")),
    help="How much work the programs do.  [default: reference]",
)
@click.option(
    "--output-format", type=click.Choice(("text", "json")), help="Format of --measure.  [default: text]"
)
@click.pass_context
def explain(
    ctx: click.Context, code: str, measure: bool, size: str | None, output_format: str | None
) -> None:
    """Print the page of the rule CODE: what it finds, why it matters, and what to write instead.

    With --measure, run the two programs that come with the rule; your own code is never run. Exit status: 1
    if the rule has none, or they can't be run here.
    """
    from conclint.config.file import nearest
    from conclint.report.terminal import has_colour, say, write_output
    from conclint.rules.registry import code_of, rule_page, rules_by_code, selectable_words

    if not measure and (size or output_format):
        raise click.UsageError(f"{'--size' if size else '--output-format'} needs --measure.")
    rule = rules_by_code().get(code_of(code))
    if rule is None:
        raise click.UsageError(f"there is no rule {code!r}{nearest(code.upper(), selectable_words())}")
    if measure:
        from conclint.measure.pairs.command import print_measured
        from conclint.measure.pairs.run import PairError
        from conclint.measure.pairs.shipped import Size

        try:
            print_measured(rule, Size(size or "reference"), as_json=output_format == "json")
        except PairError as error:
            say(str(error))
            ctx.exit(1)
        return
    page = rule_page(rule.code)
    if has_colour(sys.stdout):
        from conclint.report.styled import render_markdown

        page = render_markdown(page)
    write_output(page)


@click.command()
@click.option("--output-format", type=click.Choice(("text", "json")), default="text", show_default=True)
def rules(output_format: str) -> None:
    """List all rules."""
    from conclint.report.rule_list import render_rules
    from conclint.report.terminal import write_output
    from conclint.rules.registry import all_rules

    write_output(render_rules(all_rules(), as_json=output_format == "json"))
