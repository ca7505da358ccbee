"""What fixes would change, as a unified diff."""

from __future__ import annotations

import difflib
import re
from typing import Final

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


_DOUBTFUL: Final = re.compile(r'[\x00-\x1f\x7f-\x9f"\\\ud800-\udfff]')


def _quoted(name: str) -> str:
    """The name as git writes it: one line, from which `git apply` and `patch` take the same name."""
    if _DOUBTFUL.search(name) is None:
        return name
    plain = {ord('"'): '\\"', ord("\\"): "\\\\"}
    data = name.encode("utf-8", "surrogateescape")
    return (
        '"'
        + "".join(plain.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)
        + '"'
    )


def _diff(name: str, before: str, after: str) -> str:
    old, new = (LINE.findall(text) for text in (before, after))
    text = ""
    for line in difflib.unified_diff(old, new, _quoted(f"a/{name}"), _quoted(f"b/{name}")):
        text += line
        if not line.endswith(("\n", "\r")):
            text += "\n\\ No newline at end of file\n"
    return text
