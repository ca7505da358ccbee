"""The command `conclint learn`: catalog files from the source of installed packages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conclint.cli.options import cache_dir_option, jobs_option, no_cache_option


@click.command(short_help="Draft facts about installed packages.")
@click.argument("packages", nargs=-1, required=True)
@click.option("--python", metavar="PATH", help="Interpreter or environment they are installed in.")
@click.option("--output", "-o", metavar="FOLDER", help="Write one file per package to this folder.")
@click.option("--all", "everything", is_flag=True, help="Include what the catalog already says.")
@click.option(
    "--min-confidence",
    type=click.Choice(("low", "medium", "high")),
    default="medium",
    show_default=True,
    help="Minimum confidence to print.",
)
@no_cache_option
@cache_dir_option
@jobs_option
@click.pass_context
def learn(
    ctx: click.Context,
    packages: tuple[str, ...],
    python: str | None,
    output: str | None,
    everything: bool,
    min_confidence: str,
    no_cache: bool,
    cache_dir: str | None,
    jobs: int | None,
) -> None:
    """Read the source of installed PACKAGES (import or distribution names) and print what their public
    functions and methods do, as a catalog file: which of them wait, compute, or run their arguments, and the
    call chain that shows it. The packages are not imported or run.

    Differences from the catalog are printed to standard error. Use the result with `catalog-files`.
    """
    from conclint.catalog.schema import read_library
    from conclint.config.keys import parse_confidence
    from conclint.config.settings import ConfigError, load_config
    from conclint.learning.learn import learn_package
    from conclint.learning.toml_text import render_catalog
    from conclint.report.printable import printable_json
    from conclint.report.terminal import say, say_line, write_output
    from conclint.source.environments import NoPackagesError, find_environment, folders_of
    from conclint.source.installed import import_names
    from conclint.source.releases import releases
    from conclint.source.roots import Packages
    from conclint.workspace import Workspace

    options = {"python": python, "use_cache": not no_cache, "cache_dir": cache_dir}
    try:
        config = load_config([], options=options)
        environment = find_environment(config.python, config.root).environment
        folders = environment.folders if environment is not None else folders_of(Path(sys.prefix))
        tops = sorted({top for name in packages for top in import_names([name], folders)})
    except (ConfigError, NoPackagesError) as error:
        say(f"error: {error}")
        ctx.exit(2)
    known = releases(folders, tops)
    with Workspace(config, packages=Packages()) as workspace:
        for top in tops:
            found = learn_package(
                top,
                known.get(top, ""),
                folders,
                workspace,
                least=parse_confidence(min_confidence),
                only_new=not everything,
                jobs=jobs or None,
            )
            text = printable_json(render_catalog(found.table))
            read_library(found.table, top)  # what is written is what the schema takes
            if output is not None:
                try:
                    Path(output).mkdir(parents=True, exist_ok=True)
                    (Path(output) / f"{top}.toml").write_text(text, encoding="utf-8")
                except OSError as error:
                    say(f"error: {output}: {error.strerror or error}")
                    ctx.exit(2)
            else:
                write_output(text)
            for path, (message, line, column) in found.problems.items():
                say_line(f"{path}:{line}:{column}: {message}")
            for line_of_text in found.contradictions:
                say(line_of_text)
            say(
                f"{known.get(top, top)}: {found.looked_at} public functions and methods, "
                f"{found.learned} of them wait, compute or run others ({len(found.known)} in the catalog)"
            )
