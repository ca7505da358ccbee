"""Where an import goes: into the block of imports at a module's head, where isort would put it.

Nothing is put below code. The head is read by its text, since a tree of the whole file costs too much for
one line; what isn't understood of it ends it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from conclint.files.lines import LINE_END
from conclint.source.modules import STDLIB

_BLANK: Final = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)|[ \t\f]+\Z|[ \t\f]*#[^\r\n]*\Z")
_HEADER: Final = re.compile(r"#!|[ \t\f]*#.*?coding[:=]")
_DOCSTRING: Final = re.compile(
    r"[rRuU]?(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""
    r"|'(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\\r\n]|\\.)*\")[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)",
    re.DOTALL,
)
_IMPORT: Final = re.compile(r"(?:import|from)(?=[ \t\f\\.])")
_PART: Final = re.compile(r"#[^\r\n]*|\\(?:\r\n|\r|\n)|[();]|\r\n|\r|\n|[^#\\();\r\n]+|.")
_PLAIN: Final = re.compile(r"import[ \t]+([\w.]+)")
_FROM: Final = re.compile(r"from[ \t]*(\.*[ \t]*[\w.]*)[ \t]+import\b")
_NAME: Final = re.compile(r"#[^\r\n]*|[*(\\)]|\w+")
_COMMENTS: Final = re.compile(
    r"(?:[ \t]*(?:\r\n|\r|\n))*(?:(?:#[^\r\n]*(?:\r\n|\r|\n))+(?=[ \t]*(?:\r\n|\r|\n)))?"
)


class Insertion(NamedTuple):
    """A text to be inserted at an offset."""

    offset: int
    text: str


class _Statement(NamedTuple):
    """An import of the head: its range with the newline, and what isort goes by. `names` are those of a
    `from` import that can be added to, with their ends."""

    start: int
    end: int
    section: int
    is_from: bool
    module: str
    names: tuple[tuple[str, int], ...]
    bound: frozenset[str]


class Head:
    """The imports at the head of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        newline = LINE_END.search(text)
        self.newline = newline[0] if newline else "\n"
        self._imports: list[_Statement] = []
        self._start = self._end = self._read()

    @property
    def bound(self) -> frozenset[str]:
        """The names that the imports of the head bind."""
        return frozenset(name for item in self._imports for name in item.bound)

    def import_of(self, line: str) -> Insertion | None:
        """Where an import goes, given as a line; None where the head has it."""
        wanted = _statement(line, 0, len(line))
        assert wanted is not None
        same = [item for item in self._imports if item.section == wanted.section]
        if any(item.module == wanted.module and item.bound >= wanted.bound for item in same):
            return None
        for item in same:
            if wanted.is_from and item.is_from and item.module == wanted.module and item.names:
                return self._into(item, next(iter(wanted.bound)))
        return self._line_at(line, wanted, same)

    def _line_at(self, line: str, wanted: _Statement, same: list[_Statement]) -> Insertion:
        new = self.newline
        if same:
            order = _order(same)
            before = [item for item in same if order(item) <= order(wanted)]
            if not before:
                return Insertion(same[0].start, f"{line}{new}")
            return self._after(before[-1].end, f"{line}{new}")
        later = next((item for item in self._imports if item.section > wanted.section), None)
        if later is not None:
            return Insertion(later.start, f"{line}{new}{new}")
        if self._imports:
            return self._after(self._imports[-1].end, f"{new}{line}{new}")
        return self._after_docstring(f"{line}{new}")

    def definition(self, line: str) -> Insertion:
        """Where a line at the top level goes that may use the imports."""
        new = self.newline
        if self._imports:
            return self._after(self._imports[-1].end, f"{new}{line}{new}")
        return self._after_docstring(f"{line}{new}")

    def _after_docstring(self, lines: str) -> Insertion:
        new = self.newline
        is_first = self._start == 0 or _HEADER.match(self._text) is not None
        if self._text[: self._start].strip() and not is_first:
            return self._after(self._start, f"{new}{lines}{self._blank_after(self._start)}")
        gap = self._text[self._start :].lstrip(" \t\f")[:1]
        return self._after(self._start, lines if gap in "\r\n" else lines + new)

    def _blank_after(self, offset: int) -> str:
        return "" if self._text[offset : offset + 1] in ("", "\r", "\n") else self.newline

    def _after(self, offset: int, text: str) -> Insertion:
        """At the beginning of a line, of which the text may have none after its last."""
        if offset and self._text[offset - 1] not in "\r\n":
            return Insertion(offset, self.newline + text)
        return Insertion(offset, text)

    def _into(self, item: _Statement, name: str) -> Insertion:
        """A name more in a `from` import, in order."""
        text = self._text
        later = next(((other, end) for other, end in item.names if other > name), None)
        if later is None:
            end = item.names[-1][1]
            line = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
            own = text[line : end - len(item.names[-1][0])]
            return Insertion(end, f", {name}" if own.strip() else f",{self.newline}{own}{name}")
        start = later[1] - len(later[0])
        line = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
        own = text[line:start]
        return Insertion(start, f"{name}, " if own.strip() else f"{name},{self.newline}{own}")

    def _read(self) -> int:
        """Reads the imports; where the first line may be added if there are none."""
        text, at, start = self._text, 0, 0
        seen_docstring = False
        while at < len(text):
            blank = _BLANK.match(text, at)
            if blank is not None and blank.end() > at:
                if not self._imports and not seen_docstring and _HEADER.match(blank[0]) and at == start:
                    start = blank.end()
                at = blank.end()
                continue
            docstring = _DOCSTRING.match(text, at)
            if docstring is not None and not seen_docstring and not self._imports:
                seen_docstring = True
                at = start = docstring.end()
                continue
            end = _end_of_import(text, at) if _IMPORT.match(text, at) else None
            if end is None:
                break
            found = _statement(text, at, end)
            if found is None:
                break
            self._imports.append(found)
            at = end
        if not self._imports and not seen_docstring:
            return self._after_comments(start)
        return start

    def _after_comments(self, start: int) -> int:
        """Behind the comments that stand before all else by themselves, as a licence does."""
        found = _COMMENTS.match(self._text, start)
        assert found is not None
        return found.end()


def _order(same: list[_Statement]):  # type: ignore[no-untyped-def]
    """The key by which the imports of a section are ordered: plain ones first, unless they are mixed."""
    kinds = [item.is_from for item in same]
    if kinds != sorted(kinds):
        return lambda item: item.module.lower()
    return lambda item: (item.is_from, item.module.lower())


def _end_of_import(text: str, start: int) -> int | None:
    """Where the logical line ends, its newline included; None where other statements are on it."""
    depth = 0
    for part in _PART.finditer(text, start):
        word = part[0]
        if word == "(":
            depth += 1
        elif word == ")":
            depth -= 1
        elif word == ";":
            return None
        elif word in ("\n", "\r", "\r\n") and depth <= 0:
            return part.end()
    return len(text) if depth <= 0 else None


def _statement(text: str, start: int, end: int) -> _Statement | None:
    plain = _PLAIN.match(text, start, end)
    if plain is not None:
        return _plain_statement(text, start, end, plain)
    found = _FROM.match(text, start, end)
    if found is None:
        return None
    module = found[1].replace(" ", "")
    names = [(item[0], item.end()) for item in _NAME.finditer(text, found.end(), end) if item[0][0] != "#"]
    words = [name for name, _ in names if name not in "()\\"]
    bound = frozenset(
        word for at, word in enumerate(words) if word != "as" and words[at + 1 : at + 2] != ["as"]
    )
    simple = "as" not in words and "*" not in words and "\\" not in {name for name, _ in names}
    kept = tuple((name, place) for name, place in names if name not in "()\\") if simple else ()
    return _Statement(start, end, _section(module), True, module, kept, bound)


def _plain_statement(text: str, start: int, end: int, first: re.Match[str]) -> _Statement:
    code = re.sub(r"#[^\r\n]*|\\", " ", text[first.start(1) : end])
    bound = set()
    for part in code.split(","):
        words = part.split()
        if words:
            bound.add(words[-1] if len(words) > 1 else words[0].partition(".")[0])
    return _Statement(start, end, _section(first[1]), False, first[1], (), frozenset(bound))


def _section(module: str) -> int:
    """isort's sections, of which only these are told apart: the future, the standard library, others, own."""
    if module.startswith("."):
        return 3
    top = module.partition(".")[0]
    return 0 if top == "__future__" else 1 if top in STDLIB else 2
