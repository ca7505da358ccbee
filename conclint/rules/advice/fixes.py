"""A change as the edits of a file: those of the code at the place, and the lines at the module's head."""

from __future__ import annotations

import re
from typing import Final

from conclint.model.finding import Applicability, Fix, TextEdit
from conclint.rules.advice.change import Advice, Change
from conclint.rules.advice.scopes import names_of
from conclint.rules.advice.site import Fragment, Place
from conclint.syntax.nodes import cst

_ELIDED: Final = "…"
_IMPORT: Final = 1
_DEFINITION: Final = 2


def fix_of(place: Place, advice: Advice) -> Fix | None:
    """The advice as a fix; None where it is words, or a sketch with something left out."""
    change, fragment = advice.change, advice.fragment
    if change is None or fragment is None:
        return None
    newline = place.file.newline
    edits = []
    for edit in sorted(change.edits):
        replaced = fragment.text[edit.start : edit.end]
        if _ELIDED in edit.text and _ELIDED not in replaced:
            return None
        text = edit.text if newline == "\n" else re.sub(r"\r\n|\r|\n", newline, edit.text)
        start = edit.start
        if edit.text.startswith("def "):
            start, text = _with_blank_line(fragment, start, text, newline)
        edits.append(TextEdit(fragment.position(start, edit.end), text))
    head = _head(place, fragment, change)
    if head is None:
        return None
    applicability = Applicability.SAFE if advice.is_safe else Applicability.UNSAFE
    whole = sorted([*head, *edits], key=lambda edit: (edit.position, edit.rank))
    return Fix(applicability, advice.done, tuple(whole))


def _with_blank_line(fragment: Fragment, start: int, text: str, newline: str) -> tuple[int, str]:
    """A function's text with a blank line before it, where code stands right above in the same block."""
    line = max(fragment.text.rfind(end, 0, start) for end in "\r\n") + 1
    indent = fragment.text[line:start]
    above = re.split(r"\r\n|\r|\n", fragment.text[:line])[-2:-1]
    is_below_code = bool(above) and above[0].strip() and above[0].startswith(indent)
    if indent.strip() or not is_below_code or above[0].rstrip().endswith(":") or above[0].lstrip()[0] == "#":
        return start, text
    return line, f"{newline}{indent}{text}"


def _head(place: Place, fragment: Fragment, change: Change) -> list[TextEdit] | None:
    """The imports and definitions that the file needs besides; None where their names mean something else."""
    file, edits = place.file, []
    head = file.head(place.position.line)
    new: set[str] = set()
    for line in change.imports:
        name = re.split(r"[ .]", line.rpartition("import ")[2])[0]
        if _is_taken(place, fragment, name, line):
            return None
        new.add(name)
        found = head.import_of(line)
        if found is not None:
            edits.append(
                TextEdit(file.head_position(place.position.line, found.offset), found.text, rank=_IMPORT)
            )
    for line in change.definitions:
        name, _, value = line.partition(" = ")
        if file.has_line(line):
            continue
        root = re.split(r"\W", value)[0]
        if file.has_word(name) or root not in head.bound | new:
            return None
        found = head.definition(line)
        position = file.head_position(place.position.line, found.offset)
        edits.append(TextEdit(position, found.text, rank=_DEFINITION))
    return edits


def _is_taken(place: Place, fragment: Fragment, name: str, line: str) -> bool:
    """Whether a name that is to be imported is another thing's, as far as the file's text shows."""
    if place.file.binds(name, line):
        return True
    node = place.node
    functions = (item for item in fragment.above(node) if isinstance(item, cst.FunctionDef)) if node else ()
    return any(
        name in names_of(fragment, function.body).bound
        or any(
            isinstance(item, cst.Param) and item.name.value == name
            for item in fragment.inside(function.params)
        )
        for function in functions
    )
