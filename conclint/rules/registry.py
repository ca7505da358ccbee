"""The list of rules: code, name, one line, and the page that `conclint explain` prints."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conclint.model.severity import Severity

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Rule:
    """One code that a user can select or ignore.

    `cell` is the cell of the decision guide it reports ("effect.model"), empty for structural rules;
    `family` tells the codes of one cell apart; `words` are what a finding on the event loop calls its cause;
    `default` is whether it is on without being selected; `severity` is how bad its findings are, where the
    fact behind one doesn't say; `former` are its earlier names, which go on working,
    `recoded` the codes under which some of its findings were reported in the version before;
    `everywhere` is whether it finds things in files that say nothing of concurrency (see `ROOT_WORDS`).
    """

    code: str
    name: str
    summary: str
    cell: str = ""
    family: str = ""
    words: str = ""
    default: bool = True
    severity: Severity = Severity.WARNING
    former: tuple[str, ...] = ()
    recoded: tuple[str, ...] = ()
    everywhere: bool = False


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, ordered by code."""
    rows = tomllib.loads((_HERE / "rules.toml").read_text(encoding="utf-8"))["rules"]
    return tuple(sorted(map(_rule, rows), key=lambda rule: rule.code))


def _rule(row: dict[str, Any]) -> Rule:
    severity = Severity[row.pop("severity", Severity.WARNING.label).upper()]
    former, recoded = tuple(row.pop("former", ())), tuple(row.pop("recoded", ()))
    return Rule(**row, former=former, recoded=recoded, severity=severity)


@cache
def rules_by_code() -> dict[str, Rule]:
    """The same rules, looked up by code."""
    return {rule.code: rule for rule in all_rules()}


@cache
def selectable_words() -> dict[str, str]:
    """The words that stand for one rule, in upper case, with its code: code, name and former names."""
    return {word.upper(): rule.code for rule in all_rules() for word in (rule.code, *rule.former, rule.name)}


def code_of(word: str) -> str:
    """The code that a rule's name stands for, in whatever case; any other word (a prefix) as it is, in upper
    case."""
    return selectable_words().get(word.upper(), word.upper())


def rule_url(code: str) -> str:
    """Where the rule's page is on the web."""
    return f"https://github.com/conclint/conclint/blob/main/conclint/rules/docs/{code}.md"


def rule_page(code: str) -> str:
    """The rule's page in Markdown.

    Raises KeyError for a code that is no rule.
    """
    rule = rules_by_code()[code]
    return (_HERE / "docs" / f"{rule.code}.md").read_text(encoding="utf-8")
