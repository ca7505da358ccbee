"""Links: the navigation of the rules' pages, and links that leave the site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Final

from conclint.rules.registry import Rule, all_rules

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
BRANCH: Final = "main"

HUNDREDS: Final = {
    "1": "Waiting on the event loop",
    "2": "Computing in threads",
    "3": "Computing on the event loop",
    "4": "Waiting in processes",
    "5": "Serialised concurrency",
    "6": "Pitfalls of processes",
    "7": "Crossed models and deadlocks",
    "8": "Hints, off by default",
    "9": "About the run",
}
"""What the codes of a hundred have in common."""

MOVED: Final = {"conclint/catalog/README.md": "catalog-files.md"}
"""Files outside of docs/ that are pages of the site."""

_LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")


def sections_of_rules() -> list[dict[str, list[dict[str, str]]]]:
    """The rules' pages for the navigation, a section for each hundred."""
    return [
        {f"{hundred}xx {title}": [{f"{rule.code} {rule.name}": page_of(rule)} for rule in rules_of(hundred)]}
        for hundred, title in HUNDREDS.items()
    ]


def rules_of(hundred: str) -> list[Rule]:
    """The rules of a hundred, in order."""
    return [rule for rule in all_rules() if rule.code[3] == hundred]


def page_of(rule: Rule) -> str:
    """Where the rule's page is in the site."""
    return f"rules/{rule.code}.md"


def out_of_site(markdown: str, page: str, repository: str) -> str:
    """The page's text, in which links to files of the repository that are no page lead to the repository.

    A link to a file that does not exist is left as it is, for the strict build to find.
    """

    def replaced(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), match[1]))
        if target in MOVED:
            return posixpath.relpath(MOVED[target], posixpath.dirname(page) or ".") + (match[2] or "")
        if target.startswith("docs/") or not (ROOT / target).exists():
            return match[0]
        kind = "tree" if (ROOT / target).is_dir() else "blob"
        return f"{repository}/{kind}/{BRANCH}/{target}{match[2] or ''}"

    return _LINK.sub(replaced, markdown)
