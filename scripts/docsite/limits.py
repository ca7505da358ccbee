"""The known limits, as the fixtures state them."""

from __future__ import annotations

import re
from typing import Final

from docsite.links import ROOT
from docsite.tables import markdown_table

_STATED: Final = re.compile(r"# (todo-expect|todo-ok): (CON\d{3})[^\n]*? -- ([^\n#]+)")
_WORDS: Final = {"todo-expect": "missed", "todo-ok": "false alarm"}


def limits_table() -> str:
    """Each reason once, missed alarms first, with a program that shows it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for file in sorted((ROOT / "fixtures").rglob("*.py")):
        for kind, code, reason in _STATED.findall(file.read_text(encoding="utf-8", errors="replace")):
            found.setdefault((kind, reason.strip()), (code, file.relative_to(ROOT).as_posix()))
    rows = [
        (f"{_plain(reason[0].upper() + reason[1:])}.", _WORDS[kind], f"[{code}](../{path})")
        for (kind, reason), (code, path) in sorted(found.items())
    ]
    return markdown_table(("limit", "leads to", "shown for"), rows)


def _plain(text: str) -> str:
    """The text, in which no character is taken for Markdown."""
    return re.sub(r"([*_`<\[])", r"\\\1", text)
