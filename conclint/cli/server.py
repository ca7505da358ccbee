"""The command `conclint server`: the language server."""

from __future__ import annotations

import click


@click.command("server", short_help="Run the language server for editors.")
@click.option(
    "--stdio", is_flag=True, help="Speak on standard input and output: the default; editors pass it."
)
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="Wait for one editor on this port."
)
@click.pass_context
def server_command(ctx: click.Context, stdio: bool, tcp: int | None) -> None:
    """Run the language server: findings in an editor while you type.

    Each folder of the workspace is checked as `conclint` checks it there, with its configuration, the text
    of open files being what the editor has. Exit status: 0 if the editor ended it as the protocol says, 1 if
    it went away, 2 for wrong usage.
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp exclude each other.")
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        from conclint.report.terminal import say

        say("error: the language server needs the package pygls: pip install 'conclint[server]'")
        ctx.exit(2)
    from conclint.server.start import serve_port, serve_stdio

    ctx.exit(serve_stdio() if tcp is None else serve_port(tcp))
