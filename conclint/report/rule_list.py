"""The list of all rules."""

from __future__ import annotations

from collections.abc import Sequence

from conclint.report.json import dump_array
from conclint.rules.registry import Rule


def render_rules(rules: Sequence[Rule], *, as_json: bool) -> str:
    """A table with a line for each rule, or a JSON array with an object for each."""
    if as_json:
        return dump_array(
            {
                "code": rule.code,
                "name": rule.name,
                "summary": rule.summary,
                "cell": rule.cell or None,
                "family": rule.family or None,
                "default": rule.default,
            }
            for rule in rules
        )
    width = max((len(rule.name) for rule in rules), default=0)
    return "".join(
        f"{rule.code}  {rule.name:<{width}}  {rule.summary}{'' if rule.default else ' (off by default)'}\n"
        for rule in rules
    )
