"""The keys of the configuration file, and the options that have no key."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from conclint.cli.check import check
from conclint.config.keys import KEYS
from conclint.config.settings import Config
from conclint.report.config_list import setting_text
from docsite.tables import markdown_table

_OF_CLICK: Final = ("--help", "--version")


def settings_table() -> str:
    """Every key: what it takes, its default, its option, what it is for."""
    options = _options()
    nothing = Config(root=Path(), cwd=Path())
    rows = []
    for key, known in KEYS.items():
        option = options.get(key.replace("-", "_"))
        rows.append(
            (
                f"`{key}`" + (f"<br>`{option.opts[0]}`" if option is not None else ""),
                known.about,
                known.form,
                known.default or f"`{setting_text(nothing, key)}`",
            )
        )
    return markdown_table(("key, option", "what for", "takes", "default"), rows)


def options_alone_table() -> str:
    """The options of `check` that have no key."""
    fields = {key.replace("-", "_") for key in KEYS}
    rows = [
        (f"`{', '.join(option.opts)}`", option.help or "")
        for name, option in _options().items()
        if name not in fields and option.opts[0] not in _OF_CLICK
    ]
    return markdown_table(("option", "what for"), rows)


def _options() -> dict[str, click.Option]:
    """The options of `check`, by the names of its parameters."""
    return {option.name or "": option for option in check.params if isinstance(option, click.Option)}
