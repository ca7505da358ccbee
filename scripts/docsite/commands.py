"""The commands and their options, as the program itself declares them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from conclint.cli.main import cli
from docsite.tables import markdown_table


def commands_reference() -> str:
    """A section for each command: its help, its usage and its options."""
    parent = click.Context(cli, info_name="conclint")
    parts: list[str] = []
    for name in ("check", *(name for name in sorted(cli.commands) if name != "check")):
        parts += _section(cli.commands[name], click.Context(cli.commands[name], parent, name))
    return "\n\n".join(parts)


def _section(command: click.Command, ctx: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from _section(command.commands[name], click.Context(command.commands[name], ctx, name))
        return
    yield f"## {ctx.command_path}"
    yield from (" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))
    yield f"```text\n{ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}\n```"
    rows = [
        (f"`{names}`", words)
        for option in command.get_params(ctx)
        if isinstance(option, click.Option) and (record := option.get_help_record(ctx)) is not None
        for names, words in [record]
    ]
    yield markdown_table(("option", "what for"), rows).rstrip("\n")
