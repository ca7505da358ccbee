"""The rules' pages: what `conclint explain` prints, with what a reader of the site looks for beside it."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.rules.guide import guide
from conclint.rules.registry import Rule, all_rules, rule_page
from docsite.links import DOCS, HUNDREDS, rules_of
from docsite.tables import markdown_table

_WITHOUT_SUPPRESSION: Final = ("CON900", "CON901")
_CELL_WORDS: Final = {
    "waits": "waits",
    "computes_gil": "computes, holding the GIL",
    "computes_nogil": "computes, releasing the GIL",
    "waits_for_itself": "waits for itself",
    ExecutionModel.EVENT_LOOP.value: "on the event loop",
    ExecutionModel.THREAD.value: "in a thread",
    ExecutionModel.PROCESS.value: "in a process",
    ExecutionModel.INTERPRETER.value: "in an interpreter",
}


def rule_document(rule: Rule) -> str:
    """What `conclint explain` prints, between facts about the rule and how to choose it."""
    title, _, body = rule_page(rule.code).partition("\n")
    parts = [title, _facts(rule), body.strip()]
    if rule.code not in _WITHOUT_SUPPRESSION:
        parts.append(_choosing(rule))
    return "\n\n".join(parts) + "\n"


def rules_index() -> str:
    """The list of all rules, by hundred."""
    parts = [
        "# Rules",
        "Each code is one thing that you may want to select or to ignore; whether it happens directly or "
        "further down a chain of calls makes no difference. `conclint explain CODE` prints a rule's page. "
        "The hundreds are the cells of the [decision guide](../decide.md).",
    ]
    for hundred, title in HUNDREDS.items():
        rows = [
            (f"[{rule.code}]({rule.code}.md)", f"`{rule.name}`", rule.summary, _when_on(rule))
            for rule in rules_of(hundred)
        ]
        parts += [f"## {hundred}xx: {title}", markdown_table(("code", "name", "what", "on"), rows)]
    return "\n\n".join(parts)


def code_pairs_table() -> str:
    """Our rules that have counterparts, each with theirs, as codes.md sets them side by side."""
    rows = [
        (f"[{rule.code}](rules/{rule.code}.md)", rule.summary, ", ".join(_counterparts()[rule.code]))
        for rule in all_rules()
        if rule.code in _counterparts()
    ]
    return markdown_table(("ours", "what", "theirs"), rows)


def _facts(rule: Rule) -> str:
    rows = [("on by default", _when_on(rule))]
    if rule.cell:
        effect, model = rule.cell.split(".")
        cell = guide()[effect, ExecutionModel(model)]
        words = f"code that {_CELL_WORDS[effect]}, {_CELL_WORDS[model]}: {cell.why}"
        if cell.free_threaded != cell.verdict:
            words += " (not on a free-threaded build)"
        rows.append(("[decision guide](../decide.md)", words))
    if theirs := _counterparts().get(rule.code):
        rows.append(("[elsewhere](../codes.md)", ", ".join(theirs)))
    return markdown_table(("reports", rule.summary), rows).rstrip("\n")


def _when_on(rule: Rule) -> str:
    if rule.code == "CON901":
        return "with `--warn-unused-ignores`"
    return "yes" if rule.default else f"no: `--extend-select {rule.code}`"


def _choosing(rule: Rule) -> str:
    key = "ignore" if rule.default else "extend-select"
    effect = "Not at all" if rule.default else "On"
    return f"""## Options
{effect}, or not in some files ([configuration](../configuration.md)):

```toml
[tool.conclint]
{key} = ["{rule.code}"]

[tool.conclint.per-file-ignores]
"tests/**" = ["{rule.code}"]
```

Not in one place: `# noqa: {rule.code}` or `# conclint: ignore[{rule.code}]` on any line of the statement.
More in [adopting in an existing project](../existing-projects.md).

## Confidence
Each finding says how many steps of it are assumptions: none is *high*, one is *medium*, more are *low*.
Medium and high are shown; `--min-confidence` moves the bound, `--verbose` names the assumptions
([how sure is a finding](../decide.md#how-sure-a-finding-is))."""


@cache
def _counterparts() -> dict[str, list[str]]:
    """Codes of other linters by our code, in order, as the table in codes.md has them."""
    found: dict[str, list[str]] = {}
    for line in (DOCS / "codes.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"(ASYNC|S)\d+", cells[0]):
            for code in dict.fromkeys(re.findall(r"CON\d{3}", cells[3])):
                found.setdefault(code, []).append(f"{cells[0]} ({cells[1]})")
    return found
