"""Lines of styled text, printed plain or in colour.

rich is imported only where there is colour to print: a plain report costs no start-up for it. Text is
never read as rich markup.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from conclint.model.code_lines import folded_code
from conclint.report.printable import printable

Span = tuple[str, "Style"]
Line = tuple[Span, ...]


class Style(Enum):
    """What a piece of a line is; the value is how rich shows it."""

    PLAIN = ""
    PATH = "bold"
    CODE = "bold yellow"
    CRITICAL = "bold red"
    NOTE = "dim"
    STEP = "dim  "
    SOURCE = "dim "
    CARET = "red"
    LABEL = "bold green"
    EXAMPLE = "cyan"


def plain(text: str) -> Span:
    """Text without a style."""
    return (text, Style.PLAIN)


def wrapped(line: Line, width: int, indent: str) -> Iterator[Line]:
    """The line in lines of at most so many characters, broken at spaces, the later ones indented; a word that
    is longer (a path) is never broken."""
    row: list[Span] = []
    used = 0
    for text, style in line:
        for part in re.findall(r" *[^ ]+| +$", text):
            if row and used + len(part) > width and part.startswith(" "):
                yield tuple(row)
                part = indent + part.lstrip(" ")
                row, used = [], 0
            row.append((part, style))
            used += len(part)
    if row:
        yield tuple(row)


_RATED: Final = frozenset({Style.CODE, Style.CRITICAL, Style.NOTE})
_RULE: Final = re.compile(r"CON\d{3}")


def render_lines(lines: Iterable[Line], *, colour: bool, links: bool = False) -> str:
    """The lines, each ended by a line feed, never wrapped; with `links`, a rule's code leads to its page."""
    if not colour:
        return "".join(printable("".join(text for text, _ in line)).rstrip() + "\n" for line in lines)
    # A style's own rendering: the console's printing costs thirty times as much for each line.
    from rich.color import ColorSystem
    from rich.style import Style as RichStyle

    parsed = {style: RichStyle.parse(style.value) for style in Style}

    def rendered(text: str, style: Style) -> str:
        shown = parsed[style].render(printable(text), color_system=ColorSystem.STANDARD)
        if links and style in _RATED and _RULE.fullmatch(text):
            from conclint.rules.registry import rule_url

            return f"\x1b]8;;{rule_url(text)}\x1b\\{shown}\x1b]8;;\x1b\\"
        return shown

    return "".join("".join(rendered(text, style) for text, style in line) + "\n" for line in lines)


_PYTHON: Final = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _fitting(block: re.Match[str], width: int) -> str:
    """A block of Python that is not wider: rich would break it anywhere, and indent nothing."""
    rows = [row for line in block[1].splitlines() for row in folded_code(line, width)]
    return "\n".join(["```python", *rows, "```"])


def render_markdown(page: str) -> str:
    """A page of Markdown in colour, wrapped to the terminal."""
    from rich.console import Console
    from rich.markdown import Markdown

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, no_color=False, legacy_windows=False)
    page = _PYTHON.sub(lambda found: _fitting(found, console.width - 2), page)
    console.print(Markdown(page, hyperlinks=False))  # the one thing to steer a terminal is colour
    return out.getvalue()
