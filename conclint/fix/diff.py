"""What fixes would change, as a unified diff."""

from __future__ import annotations

import difflib

from conclint.files.lines import LINE
from conclint.fix.apply import FixedFile
from conclint.fix.notebooks import cell_texts
from conclint.fix.text_file import text_of
from conclint.source.notebook import is_notebook


def diff_of(file: FixedFile) -> str:
    """The change of a file; of a notebook, that of each cell."""
    if not is_notebook(file.shown):
        return _diff(file.shown, text_of(file.before), text_of(file.after))
    before, after = cell_texts(file.before), cell_texts(file.after)
    return "".join(
        _diff(f"{file.shown}:cell {cell}", before[cell], after[cell])
        for cell in before
        if before[cell] != after[cell]
    )


def _diff(name: str, before: str, after: str) -> str:
    old, new = (LINE.findall(text) for text in (before, after))
    text = ""
    for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}"):
        text += line
        if not line.endswith(("\n", "\r")):
            text += "\n\\ No newline at end of file\n"
    return text
