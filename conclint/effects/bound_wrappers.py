"""What is behind a callable that only binds arguments for another one before it is placed: `partial(fn, x)`,
`lambda: fn(x)`, a nested function that does nothing but call `fn`, `context.run` that is given `fn`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conclint.catalog.facts import EffectKind as Stated
from conclint.effects.effects import Effects, Kind
from conclint.resolve.arguments import Arguments, stated_argument
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Parameter,
    Partial,
    Value,
    ValueSet,
    unwrapped,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, SiteKind

_CONTEXT_RUN = "contextvars.Context.run"


def run_in_context(
    evaluator: Evaluator, callables: ValueSet, arguments: Arguments
) -> tuple[ValueSet, Arguments] | None:
    """What `submit(context.run, fn, x)` or `submit(partial(context.run, fn, x))` hands over, and the
    arguments for that; None for other things."""
    if len(callables.values) != 1:
        return None
    method = callables.values[0]
    if isinstance(method, Partial):
        arguments = evaluator.results.with_partial(method, arguments)
        method = method.target
    if not isinstance(method, ExternalMethod):
        return None
    fact = evaluator.catalog.method(method.dotted, method.name)
    if fact is None or fact.name != _CONTEXT_RUN:
        return None
    passed = stated_argument(fact.signature, "callable", arguments)
    if passed is None or not arguments.positional:
        return None
    found = evaluator.passed(passed)
    return found.reached_through(callables), arguments.drop(1)


def parameters_behind(
    evaluator: Evaluator, effects_of: Callable[[Key], Effects], caller: Key, value: Value
) -> Iterator[Parameter]:
    """The parameters of the function that places a callable, or of one around that, which the callable does
    nothing but call: whoever calls the function places what they are bound to."""
    target = unwrapped(value)
    if isinstance(target, Parameter):
        yield target
    elif isinstance(target, Function) and _is_local(evaluator, target.key, caller):
        for effect in effects_of(target.key):
            called = effect.parameter
            is_outer = effect.kind is Kind.CALLS and called is not None and called.key != target.key
            if is_outer and called is not None and _only_calls(evaluator, target.key, called):
                yield called


def _is_local(evaluator: Evaluator, key: Key, caller: Key) -> bool:
    """Whether a plain function is made in the caller itself."""
    if evaluator.definition(key).kind not in (DefKind.FUNCTION, DefKind.LAMBDA):
        return False
    return evaluator.scope(key) == caller


def _only_calls(evaluator: Evaluator, key: Key, parameter: Parameter) -> bool:
    """Whether a function calls the parameter and, besides, only what takes no time; without loops."""
    body = evaluator.body(key)
    if any(region.kind in graph.LOOPS for region in body.regions):
        return False
    calls = 0
    for site in body.sites:
        if site.kind in (SiteKind.ENTER, SiteKind.ITERATE, SiteKind.AWAIT):
            return False
        if site.kind == SiteKind.CALL:
            values = evaluator.evaluate(key, site.callee).values
            if values == (parameter,):
                calls += 1
            elif not values or not all(_is_harmless(evaluator, item) for item in values):
                return False
    return calls == 1


def _is_harmless(evaluator: Evaluator, value: Value) -> bool:
    if isinstance(value, External):
        fact = evaluator.catalog.function(value.dotted)
    elif isinstance(value, (ExternalInstance, ExternalMethod)):
        fact = evaluator.catalog.method(value.dotted, getattr(value, "name", "__call__"))
    else:
        return False
    return fact is not None and fact.effect is Stated.HARMLESS
