"""The command `conclint server`: the language server."""

from __future__ import annotations

import click


@click.command("server", short_help="Run the language server for editors.")
@click.option("--stdio", is_flag=True, help="Use standard input and output (the default).")
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="Wait for an editor to connect to this port."
)
@click.pass_context
def server_command(ctx: click.Context, stdio: bool, tcp: int | None) -> None:
    """Run the language server: findings in your editor while you type.

    Each workspace folder is checked as `conclint` would check it, with its own configuration and the unsaved
    text of open files. Exit status: 0 if the editor shut it down, 1 if the editor disappeared, 2 for wrong
    usage.
    """
    if stdio and tcp is not None:
        raise click.UsageError("--stdio and --tcp can't be used together.")
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        from conclint.report.terminal import say

        say("error: the language server needs the package pygls: pip install pygls")
        ctx.exit(2)
    from conclint.server.start import serve_port, serve_stdio

    ctx.exit(serve_stdio() if tcp is None else serve_port(tcp))
