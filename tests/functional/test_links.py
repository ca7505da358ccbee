"""Links between the files of the repository, as they are read on the host that shows them; those of the built
site are in `test_site`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
ELSEWHERE = {".venv", ".git", "node_modules", "fixtures", "build", "dist"}
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.md")
    if not ELSEWHERE & set(path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
MADE = re.compile(r"docs/rules/.*|docs/(?:codes|catalog-files|catalog/.*)\.md")
"""Pages that are there on the site only."""


def prose_of(page: Path) -> str:
    """The text without what is quoted in it."""
    text = re.sub(r"^( *)(```+).*?^\1\2$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`(?!\]\()", lambda found: found[0] if "](" not in found[0] else "", text)


@cache
def anchors_of(page: Path) -> set[str]:
    """The headings' anchors, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    here = ROOT / page
    wrong = []
    for target in LINK.findall(prose_of(here)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (here.parent / name).resolve() if name else here
        if MADE.fullmatch(file.relative_to(ROOT).as_posix()) and page.startswith("docs/"):
            continue
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors_of(file)):
            wrong.append(target)
    assert wrong == []
