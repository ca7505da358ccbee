"""The pages that are made, and the tables that pages written by hand ask for by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from conclint.rules.registry import all_rules
from docsite.commands import commands_reference
from docsite.guide import guide_table, places_table
from docsite.knowledge import effects_table, knowledge_totals, libraries_table
from docsite.landing import claims_table, peers_table, speed_line
from docsite.limits import limits_table
from docsite.links import ROOT, page_of
from docsite.rules import code_pairs_table, rule_document, rules_index
from docsite.settings import options_alone_table, settings_table

TABLES: Final[Mapping[str, Callable[[], str]]] = {
    table.__name__: table
    for table in (
        claims_table,
        code_pairs_table,
        commands_reference,
        effects_table,
        guide_table,
        knowledge_totals,
        libraries_table,
        limits_table,
        options_alone_table,
        peers_table,
        places_table,
        settings_table,
        speed_line,
    )
}
"""What a page may ask for, alone on a line: `{{ guide_table }}`."""

_ASKED: Final = re.compile(r"^(?:_On the site only[^\n]*_\n\n)?\{\{ (\w+) \}\}$", re.MULTILINE)
"""With what tells readers of the bare page where else to look, which the site has no use for."""


def made_pages() -> dict[str, str]:
    """The pages that no file in docs/ holds, by their place in the site."""
    pages = {page_of(rule): rule_document(rule) for rule in all_rules()}
    pages["rules/index.md"] = rules_index()
    pages["catalog-files.md"] = (ROOT / "conclint/catalog/README.md").read_text(encoding="utf-8")
    return pages


def fill_in(markdown: str) -> str:
    """The text with the tables that it asks for. Raises KeyError for one that there isn't."""

    def replaced(match: re.Match[str]) -> str:
        if match[1] not in TABLES:
            raise KeyError(f"there is no table {match[1]!r}")
        return TABLES[match[1]]().rstrip("\n")

    return _ASKED.sub(replaced, markdown)
