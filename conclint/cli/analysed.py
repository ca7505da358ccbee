"""What the commands have in common that show something of a program other than findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from conclint.config.settings import Config
    from conclint.model.finding import Finding

_T = TypeVar("_T")


def analysed(
    ctx: click.Context,
    paths: Sequence[str],
    analyse: Callable[[Sequence[str], Config], tuple[_T, Sequence[Finding]]],
    *,
    config: str | None,
    no_cache: bool,
    **options: Any,
) -> _T:
    """What `analyse` makes of the paths (the current folder, if there are none); what it could not read is
    told on standard error. Ends with status 2 for a wrong configuration."""
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.terminal import say, say_line

    options["use_cache"] = not no_cache
    try:
        configuration = load_config(list(paths), file=config, options=options)
        found, problems = analyse(list(paths) or ["."], configuration)
    except ConfigError as error:
        say(f"error: {error}")
        ctx.exit(2)
    for problem in problems:
        at = problem.position
        say_line(f"{problem.path}:{at.line}:{at.column}: {problem.code} {problem.message}")
    return found
