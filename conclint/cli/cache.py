"""The commands about caches: `conclint clean` and `conclint merge`."""

from __future__ import annotations

import click

from conclint.cli.options import cache_dir_option


@click.command(short_help="Remove the project's cache.")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--config", metavar="FILE", help="Configuration file to use.")
@cache_dir_option
@click.pass_context
def clean(ctx: click.Context, paths: tuple[str, ...], config: str | None, cache_dir: str | None) -> None:
    """Remove the cache of the project that contains PATHS (default: the current directory).

    Only files that conclint wrote are removed; a folder that contains anything else is left alone. Exit
    status: 0, or 2 if it can't be removed.
    """
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.terminal import say
    from conclint.store.folder import ForeignFolderError, remove_cache

    try:
        found = load_config(list(paths) or ["."], file=config, options={"cache_dir": cache_dir})
        removed = remove_cache(found)
    except (ConfigError, ForeignFolderError) as error:
        say(f"error: {error}")
        ctx.exit(2)
    say(f"{'removed' if removed else 'there is no'} {found.cache_dir}")


@click.command(short_help="Merge cache folders into one.")
@click.argument("folders", nargs=-1, required=True, type=click.Path())
@click.option("--into", "target", metavar="FOLDER", help="Cache to fill.  [default: the project's]")
@click.option("--config", metavar="FILE", help="Configuration file to use.")
@click.pass_context
def merge(ctx: click.Context, folders: tuple[str, ...], target: str | None, config: str | None) -> None:
    """Merge cache FOLDERS into one, such as those that `conclint check --shard` filled on other machines.

    Entries are identified by the content of files, so it doesn't matter where they were made. A check then
    has nothing left to parse. These caches are trusted, whoever wrote them: name only those of machines that
    you trust. Exit status: 0, or 2 for a folder that isn't a cache of this version of conclint.
    """
    from conclint.config.settings import ConfigError, load_config
    from conclint.report.terminal import say
    from conclint.store.folder import ForeignFolderError, merge_caches
    from conclint.workspace import Workspace

    try:
        found = load_config(["."], file=config, options={"cache_dir": target})
        with Workspace(found) as workspace:
            named = [found.cwd / folder for folder in folders]
            entries = merge_caches(named, workspace.cache, found.no_cache_because)
    except (ConfigError, ForeignFolderError) as error:
        say(f"error: {error}")
        ctx.exit(2)
    caches = "1 cache" if len(folders) == 1 else f"{len(folders)} caches"
    say(f"{entries} new entries of {caches} in {found.cache_dir}")
