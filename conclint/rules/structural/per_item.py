"""What a loop does for each item in a function that it calls: the same report for several rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.loops import Loop
from conclint.rules.structural.reports import Advice, found


def found_per_item(
    view: ModuleView,
    code: Code,
    habits: Habits,
    habit: Habit,
    rule: str,
    message: str,
    advice: Advice,
    *,
    model: ExecutionModel | None = None,
    unless: Callable[[Loop], bool] = lambda loop: False,
) -> Iterator[Draft]:
    """A draft for each call of a function with that habit in a loop over items. `{name}` in the message and
    in the advice is the called function; loops for which `unless` holds are left out."""
    for call, loop, chain in _calls_per_item(code, habits, habit):
        if unless(loop):
            continue
        name = short_name(chain[0].symbol)
        yield found(
            view,
            code,
            call.site,
            rule,
            message.replace("{name}", name),
            advice._replace(text=advice.text.replace("{name}", name)),
            cause=chain[-1].symbol,
            chain=chain,
            most=Confidence.MEDIUM,
            reasons=_doubts_of(chain),
            model=model,
        )


def _calls_per_item(code: Code, habits: Habits, habit: Habit) -> Iterator[tuple[Call, Loop, list[Hop]]]:
    """The calls of a function with that habit in a loop over items, with the chain to what it does."""
    for call in code.calls.values():
        region = code.loop_of(code.body.sites[call.site].region)
        if region < 0 or not call.inside:
            continue
        chain = habits.chain(habit, call)
        if not chain:
            continue
        loop = Loop(code, region)
        result = code.results.get(call.site, -1)
        consumed = [value for _, value in code.body.sites[call.site].args]
        if loop.is_while or loop.breaks or loop.is_async or loop.is_stream or not loop.is_over_item(consumed):
            continue
        if result >= 0 and loop.feeds_back([result], consumed):
            continue
        name = callable_name(code.evaluator, call.inside[0])
        yield call, loop, [Hop(code.key, call.site, name), *chain]


def _doubts_of(chain: list[Hop]) -> list[str]:
    """An assumption for each call more than one between the loop and what is done for each item."""
    return [f"it is {len(chain) - 1} calls away"] * max(0, len(chain) - 2)
