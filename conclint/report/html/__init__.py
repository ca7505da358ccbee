"""One self-contained page for people: findings by rule and file, their chains with source lines, and the
concurrency picture. It asks no network and works without scripts; with them it can be filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conclint.model.concurrency_map import ConcurrencyMap
from conclint.model.finding import Finding
from conclint.report.html.page import make_page
from conclint.report.source_lines import SourceLines

_HERE = Path(__file__).parent


def render_html(
    findings: Sequence[Finding], files: int, sources: SourceLines, concurrency: ConcurrencyMap | None
) -> str:
    """The page. Without a map the picture is drawn from the findings alone."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.jinja").render(
        page=make_page(findings, files, sources, concurrency),
        style=(_HERE / "style.css").read_text(encoding="utf-8"),
        script=(_HERE / "script.js").read_text(encoding="utf-8"),
    )
