"""Drafts of the structural rules: where, what, and an example around the reader's own loop and call."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from typing import NamedTuple

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.finding import Position, Recommendation
from conclint.rules.call_text import CallText
from conclint.rules.chains import Hop
from conclint.rules.drafts import Advise, Draft, ModuleView, draft_at
from conclint.rules.registry import rules_by_code
from conclint.rules.structural.code import Code
from conclint.rules.structural.loops import Loop
from conclint.summary.codec import span_of

_LINE_END = 1 << 20


class Advice(NamedTuple):
    """What to do instead. `example` may name parts of the reported call, {call}, {function}, {receiver} and
    {arguments}, and of the loop around it, {target} and {iterable}."""

    model: ExecutionModel
    text: str
    example: str = ""


def found(
    view: ModuleView,
    code: Code,
    site: int,
    rule: str,
    message: str,
    advice: Advice,
    *,
    cause: str,
    loop: Loop | None = None,
    model: ExecutionModel | None = None,
    reasons: Iterable[str] = (),
    most: Confidence = Confidence.HIGH,
    chain: Iterable[Hop] = (),
) -> Draft:
    """The draft of a structural rule at a site; each reason is an assumption."""
    hops = list(chain) or [Hop(code.key, site, cause)]
    return draft_at(
        view,
        code.key,
        site,
        rules_by_code()[rule],
        message,
        advise=_advise(advice),
        reasons=reasons,
        most=most,
        chain=hops,
        model=model,
        cause=cause,
        quotes=(_header_of(code, loop),) if loop is not None else (),
    )


def _header_of(code: Code, loop: Loop) -> Position:
    """The logical line that begins a loop: its statement's header, or the statement of a comprehension."""
    first, last = 0, 0
    for number, site in enumerate(code.body.sites):
        if site.callee == loop.region.value or code.is_inside(site.region, loop.number):
            span = span_of(code.body, number)
            first, last = span.first, span.last
            break
    start = code.definition.start
    return Position(start + first, 1, start + last, _LINE_END)


def _advise(advice: Advice) -> Advise:
    def advise(call: CallText) -> Recommendation:
        example: str | None = None
        if advice.example and call.function:
            target, iterable = _loop_names(call)
            example = (
                advice.example.replace("{call}", _whole(call))
                .replace("{function}", call.function)
                .replace("{receiver}", call.receiver)
                .replace("{arguments}", call.arguments)
                .replace("{target}", target)
                .replace("{iterable}", iterable)
            )
        return Recommendation(advice.model, advice.text, example)

    return advise


def _whole(call: CallText) -> str:
    return f"{call.function}({call.arguments})" if call.name else call.function


def _loop_names(call: CallText) -> tuple[str, str]:
    """The target and the iterable of the quoted loop, as written; "item" and "items" if it can't be read."""
    text = " ".join(line.strip() for line in call.quotes[0].splitlines()) if call.quotes else ""
    for tail in (" pass", ""):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                tree = ast.parse(text + tail)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.For, ast.comprehension)):
                return ast.unparse(node.target), ast.unparse(node.iter)
    return "item", "items"
