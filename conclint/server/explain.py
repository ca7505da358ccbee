"""What an editor shows when the pointer rests on a finding."""

from __future__ import annotations

from pathlib import Path

from conclint.model.finding import Finding, Step
from conclint.report.wording import MODEL_WORDS
from conclint.rules.registry import rule_url, rules_by_code


def explain_finding(finding: Finding, cwd: Path) -> str:
    """The finding as Markdown: the message, the chain with links, what to use instead, how sure it is."""
    rule = rules_by_code().get(finding.code)
    title = rule.summary if rule is not None else finding.name
    parts = [f"**[{finding.code}]({rule_url(finding.code)})** {title}", finding.message]
    if len(finding.chain) > 1:
        parts.append(
            "\n".join(f"{number}. {_link(step, cwd)}" for number, step in enumerate(finding.chain, 1))
        )
    advice = finding.recommendation
    if advice is not None:
        parts.append(f"**Use instead** ({MODEL_WORDS[advice.model]}): {advice.text}")
        if advice.example:
            parts.append(f"```python\n{advice.example}\n```")
    if finding.reasons:
        parts.append(f"_Confidence {finding.confidence.label}: {'; '.join(finding.reasons)}._")
    else:
        parts.append(f"_Confidence {finding.confidence.label}._")
    return "\n\n".join(parts)


def _link(step: Step, cwd: Path) -> str:
    whole = (cwd / step.path).absolute()
    return f"`{step.symbol}` ([{Path(step.path).name}:{step.line}]({whole.as_uri()}#L{step.line}))"
