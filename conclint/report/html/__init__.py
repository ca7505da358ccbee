"""One self-contained page for people: the functions to change first, the findings with their chains, and
on demand the picture of who waits for what. It asks no network and works without scripts; with them it can
be filtered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conclint.model.concurrency_map import ConcurrencyMap
from conclint.model.finding import Finding
from conclint.report.html.page import make_page
from conclint.report.source_lines import SourceLines

if TYPE_CHECKING:
    from markupsafe import Markup

_HERE: Final = Path(__file__).parent
_BREAK: Final = re.compile(r"(?<=[./])(?![./]|py\b)|(?<=[^\W_]_)(?=[^\W_])")


def render_html(
    findings: Sequence[Finding], files: int, sources: SourceLines, concurrency: ConcurrencyMap | None
) -> str:
    """The page. Without a map the picture is drawn from the findings alone."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["breakable"] = _breakable
    return environment.get_template("page.html.jinja").render(
        page=make_page(findings, files, sources, concurrency),
        style=(_HERE / "style.css").read_text(encoding="utf-8"),
        script=(_HERE / "script.js").read_text(encoding="utf-8"),
    )


def _breakable(text: str) -> Markup:
    """A name or path that may be broken where its parts end, rather than in the middle of a word."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(escape(part) for part in _BREAK.split(text))
