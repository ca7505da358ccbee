"""Sentences about a finding, the same in every format that has room for one paragraph only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.finding import Finding, Step
from conclint.model.symbols import readable, short_name

MODEL_WORDS = {
    ExecutionModel.EVENT_LOOP: "event loop",
    ExecutionModel.THREAD: "thread",
    ExecutionModel.PROCESS: "process",
    ExecutionModel.INTERPRETER: "interpreter",
}
"""Execution models as people read them."""


ABOUT_THE_RUN: Final = "CON9"
"""How the codes begin that say something about files and comments, and not about concurrency."""


_ELSE_CHANGED: Final = re.compile(r": (?:it|`[^`]+`) also changes .*")
_LONG_NAME: Final = 48
_MANY_PARTS: Final = 4


def count(number: int, noun: str, plural: str | None = None) -> str:
    """The number and the noun, in the plural where that is meant."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def some(names: Sequence[str], total: int) -> str:
    """The names, and how many more there are of the total."""
    more = total - len(names)
    return f"{', '.join(names)} and {more} more" if more > 0 else ", ".join(names)


def qualities(finding: Finding) -> str:
    """How bad, in what kind of code, and how sure where it isn't."""
    words = [finding.severity.label]
    if finding.context is not None:
        words.append(finding.context.words)
    if finding.confidence is not Confidence.HIGH:
        words.append(f"{finding.confidence.label} confidence")
    return ", ".join(words)


def called(finding: Finding, step: Step) -> str:
    """What a step of the finding's chain calls: a function of the program by the end of its name, since its
    file follows, the primitive by its whole name, unless that is very long."""
    return brief(step.symbol) if step is finding.chain[-1] else short_name(step.symbol)


def brief(symbol: str) -> str:
    """The readable name; of a very long one its package, class and function."""
    name = readable(symbol)
    if len(name) <= _LONG_NAME or name.count(".") < _MANY_PARTS:
        return name
    return f"{name.partition('.')[0]}.….{short_name(name)}"


def short_chain(finding: Finding, *, is_brief: bool = False) -> str:
    """The chain by its symbols, from the reported call to the primitive, their whole names unless that is to
    be brief; empty for a direct one."""
    if len(finding.chain) < 2:
        return ""
    return " > ".join(called(finding, step) if is_brief else step.symbol for step in finding.chain)


def advice(finding: Finding, *, is_brief: bool = False) -> str:
    """What to use instead; in brief the first sentence, without what else is changed. Empty where
    there is none."""
    if finding.recommendation is None:
        return ""
    text = finding.recommendation.text
    if is_brief:
        text = f"{_ELSE_CHANGED.sub('', text.partition('. ')[0]).rstrip('.')}."
    return f"fix: {text}"


def long_message(finding: Finding) -> str:
    """The message, a line for each step of the chain with its place, and what to use instead."""
    lines = [finding.message]
    if len(finding.chain) > 1:
        lines += [f"  {step.place} calls {called(finding, step)}" for step in finding.chain]
    if text := advice(finding):
        lines.append(text)
    return "\n".join(lines)
