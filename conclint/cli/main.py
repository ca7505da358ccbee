"""The command: options in, exit status out. What is heavy is imported where it is needed, so that
`--version` and a shell's completion answer at once."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from conclint.cli.cache import clean, merge
from conclint.cli.catalog import catalog
from conclint.cli.check import check, config_command
from conclint.cli.debug import debug
from conclint.cli.explain import explain, rules
from conclint.cli.learn import learn
from conclint.cli.map import map_command
from conclint.cli.options import UNNAMED, version_option
from conclint.cli.plan import plan_command
from conclint.cli.server import server_command
from conclint.cli.unknown import unknown_command

_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_-]*")
"""What looks like the name of a command."""


@contextmanager
def _printable_complaints() -> Iterator[None]:
    """What click says of words that were given, which may be the names of files."""
    try:
        yield
    except click.ClickException as error:
        from conclint.report.printable import printable

        error.message = printable(error.message)  # type: ignore[misc]  # final for who reads it
        raise


def _has_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


class CheckByDefault(click.Group):
    """A group whose command `check` needs no name: `conclint src` is `conclint check src`.

    Whatever else goes wrong in a command than wrong usage is one line on standard error, and status 2.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h", "--version")):
            if args and not ctx.resilient_parsing:
                self._refuse_misspelled(ctx, args[0])
            args = ["check", *args]
            ctx.meta[UNNAMED] = True
        return super().parse_args(ctx, args)

    def _refuse_misspelled(self, ctx: click.Context, word: str) -> None:
        """Raises UsageError for a first word that is neither a command nor an option, and no path either."""
        if _WORD.fullmatch(word) is None or os.path.lexists(word):
            return
        from difflib import get_close_matches

        near = get_close_matches(word, [*self.commands, "help"], n=1)
        hint = "conclint --help" if near == ["help"] else near[0] if near else ""
        meant = f"; did you mean `{hint}`?" if hint else ""
        raise click.UsageError(f"no such command or path: '{word}'{meant}", ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of `check` are the group's own for who doesn't name it."""
        check = self.commands["check"]
        check.format_options(click.Context(check, parent=ctx), formatter)
        self.format_commands(ctx, formatter)

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        with _printable_complaints():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.obj is not None:  # a process of its own
            from conclint.process.gc_control import collect_seldom

            collect_seldom()
        try:
            with _printable_complaints():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(130)
        except Exception as error:
            from conclint.process.dependency import missing_dependency
            from conclint.report.destination import UnwritableError
            from conclint.report.terminal import say

            known = str(error) if isinstance(error, UnwritableError) else missing_dependency(error)
            if known is not None:
                say(f"error: {known}")
                ctx.exit(2)
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if isinstance(error, FileNotFoundError) and not _has_folder():
                say("error: the current directory no longer exists")
                ctx.exit(2)
            if os.environ.get("CONCLINT_DEBUG"):
                import traceback

                traceback.print_exc()
            text = " ".join(f"{type(error).__name__}: {error}".split())
            advice = "please report this; CONCLINT_DEBUG=1 shows the traceback"
            say(f"internal error: {text} ({advice})")
            ctx.exit(2)


@click.group(
    cls=CheckByDefault,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="",
    subcommand_metavar="[OPTIONS] [PATHS]...",
)
@version_option
def cli() -> None:
    """Find Python code that uses the wrong concurrency model, across files, and say which one fits.

    Checks PATHS (default: the current directory; `-` for standard input). Exit status: 0 if nothing was
    found, 1 if something was, 2 for wrong usage, a wrong configuration or an internal error.
    """


for _command in (
    check,
    config_command,
    explain,
    rules,
    catalog,
    map_command,
    plan_command,
    server_command,
    unknown_command,
    learn,
    clean,
    merge,
    debug,
):
    cli.add_command(_command)
