"""Advice for a plain function whose framework would take a coroutine function: it is made one, and waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.change import Advice, Edit
from conclint.rules.advice.shown import shown

_TURNED: Final = (
    "Make `{name}` an `async def`, which {framework} accepts too; whoever else calls it has to await it then."
)
_LEFT: Final = ("leave it", "don't", "do only", "have it do only")
"""How advice begins that needs no waiting, or is for another case first."""


def turned(advice: Advice, subject: Subject) -> Advice:
    """The advice for what waits in a function, with what makes the function one that can."""
    waiting = subject.around.waiting
    if not waiting.turned_for:
        return advice
    told = advice.recommendation
    if advice.change is None and told.text.startswith(_LEFT):
        return advice
    text = f"{told.text} {_TURNED.format(name=waiting.function, framework=waiting.turned_for)}"
    plain = Advice(replace(told, text=text, example=None))
    if advice.change is None or advice.fragment is None:
        return plain
    function = advice.fragment.function_of(advice.change.shown)
    if function is None or function.name.value != waiting.function or function.asynchronous is not None:
        return plain
    start = advice.fragment.start(function)
    change = advice.change._replace(edits=(Edit(start, start, "async "), *advice.change.edits))
    example = shown(advice.fragment, advice.change, f"async def {waiting.function}(…):")
    return plain._replace(
        recommendation=replace(plain.recommendation, example=example),
        change=change,
        fragment=advice.fragment,
        done=advice.done,
    )
