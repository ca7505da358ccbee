"""The help of commands with many options: these stand in groups, by what one is looking for."""

from __future__ import annotations

from typing import Final

import click

_GROUPS: Final = {
    "Rules and files": (
        "select", "ignore", "extend_select", "exclude", "extend_exclude", "force_exclude", "stdin_filename",
        "max_file_size", "config",
    ),
    "Which findings": (
        "min_confidence", "min_severity", "lift_contexts", "affected", "diff_base", "baseline",
        "no_baseline", "write_baseline", "prune_baseline", "warn_unused_ignores",
    ),
    "Report": (
        "outputs", "output_file", "group_by", "statistics", "quiet", "verbose", "color", "exit_zero",
        "fail_on", "fail_on_unknown", "watch",
    ),
    "Fixes": ("fix", "unsafe_fixes", "diff", "fix_only", "show_fixes", "add_noqa", "reason"),
    "Installed packages": ("follow", "python"),
    "Cache and processes": ("no_cache", "cache_dir", "jobs", "shard", "executor"),
}  # fmt: skip
_REST: Final = "Other"


class GroupedOptions(click.Command):
    """A command whose help shows its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows: dict[str, list[tuple[str, str]]] = {title: [] for title in (*_GROUPS, _REST)}
        by_name = {name: title for title, names in _GROUPS.items() for name in names}
        place = {name: number for names in _GROUPS.values() for number, name in enumerate(names)}
        for option in sorted(self.get_params(ctx), key=lambda option: place.get(option.name or "", 0)):
            record = option.get_help_record(ctx)
            if record is not None and isinstance(option, click.Option):
                rows[by_name.get(option.name or "", _REST)].append(record)
        for title, records in rows.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
