"""What was made of one line of a file: what each value may be, what each call does, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conclint.debug.summary_text import Described
from conclint.effects.effects import Effect, Placement, Witness
from conclint.effects.solver import EffectSolver
from conclint.model.execution import ALL_MODELS, ExecutionModel
from conclint.resolve.arguments import arguments_of
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import Module
from conclint.resolve.values import (
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Literal,
    MethodCaller,
    ModuleRef,
    Parameter,
    Partial,
    SuperOf,
    Value,
    ValueSet,
)
from conclint.rules.chains import hops, position_of
from conclint.summary.codec import decode_spans
from conclint.summary.kinds import assert_never
from conclint.summary.records import Site, SiteKind


def describe_line(engine: EffectSolver, path: str, line: int, shown: Callable[[str], str]) -> Iterator[str]:
    """The lines that say it: the sites on a line of a module that is linked, with what the values in them
    may be; then the effects and placements of the def they are in. Nothing if there is no def there."""
    evaluator = engine.evaluator
    module = evaluator.module(path)
    key = _innermost(module, line)
    if key is None:
        return
    described = Described(module.summary, key[1])
    yield f"{shown(path)}:{line} is in {module.symbol(key)}"
    body = evaluator.body(key)
    start = module.definition(key).start
    sites = [
        number
        for number, span in enumerate(decode_spans(body))
        if start + span.line <= line <= start + span.end_line
    ]
    for number in sites:
        site = body.sites[number]
        yield f"  site {number}: {described.site(site)}"
        yield from _describe_value(evaluator, key, described, "callee", site.callee)
        if site.kind == SiteKind.CALL:
            yield from _describe_choice(evaluator, key, site, shown)
        for slot, value in site.args:
            yield from _describe_value(evaluator, key, described, f"argument {slot}", value)
    yield f"  effects of {module.symbol(key)}:"
    effects = engine.effects_of(key)
    for effect, witness in sorted(effects.items(), key=lambda item: item[1].rank):
        yield from _describe_effect(engine, key, effect, witness, shown)
    if not effects:
        yield "    none"
    placements: list[Placement] = []
    for link in engine.links(key):
        engine.site_effects(key, link, placements)
    for placement in placements:
        names = ", ".join(callable_name(evaluator, value) for value in placement.callables.values)
        where = f"site {placement.site}, {placement.symbol}"
        yield f"  places {names or 'something unknown'} on: {placement.model.value} ({where})"


def describe_candidate(evaluator: Evaluator, value: Value) -> str:
    """One candidate in words."""
    if isinstance(value, Literal):
        return repr(value.value)
    if isinstance(value, ModuleRef):
        return f"module {evaluator.module(value.path).name}"
    if isinstance(value, External):
        return f"{value.dotted} (outside the program)"
    if isinstance(value, ExternalInstance):
        return f"instance of {value.dotted} (outside the program)"
    if isinstance(value, Instance):
        return f"instance of {callable_name(evaluator, value.cls)}"
    if isinstance(value, Parameter):
        return f"parameter {value.position} of {evaluator.module(value.key[0]).symbol(value.key)}"
    if isinstance(value, Display):
        return f"{evaluator.container_kind(value)} written in {evaluator.module(value.key[0]).name}"
    name = callable_name(evaluator, value)
    if isinstance(value, (Function, Class)):
        return f"{type(value).__name__.lower()} {name}"
    if isinstance(
        value,
        (Partial, MethodCaller, Generator, ContextManager, Container, ExternalMethod, SuperOf, Awaitable),
    ):
        return f"{type(value).__name__} {name}"
    return assert_never(value)


def _innermost(module: Module, line: int) -> Key | None:
    spans = {key: module.definition(key) for key in module.keys}
    found = [key for key, item in spans.items() if item.start <= line <= item.end]
    return max(found, key=lambda key: (spans[key].start, -spans[key].end, module.place(key)), default=None)


def _describe_value(
    evaluator: Evaluator, key: Key, described: Described, role: str, value: int
) -> Iterator[str]:
    if value < 0:
        return
    known = evaluator.evaluate(key, value)
    yield f"    {role}: v{value} = {described.value(value)}"
    for candidate in known.values:
        yield f"      may be {describe_candidate(evaluator, candidate)}"
    yield from _describe_doubts(known)


def _describe_choice(
    evaluator: Evaluator, key: Key, site: Site, shown: Callable[[str], str]
) -> Iterator[str]:
    """Which implementations of a function under `singledispatch` a call runs."""
    for value in evaluator.evaluate(key, site.callee).values:
        if isinstance(value, Function):
            choice = evaluator.single_dispatch.choose(value, arguments_of(key, site.args), key[0])
            if choice is not None:
                for target in choice.targets:
                    text = describe_candidate(evaluator, target)
                    if isinstance(target, Function):  # which may go by the name of the one that was called
                        line = evaluator.definition(target.key).start
                        text = f"{evaluator.symbol(target.key)} ({shown(target.key[0])}:{line})"
                    yield f"      dispatches to {text}"
                for reason in choice.reasons:
                    yield f"      assuming: {reason}"


def _describe_doubts(known: ValueSet) -> Iterator[str]:
    if known.incomplete:
        yield "      or something that is not known" if known.values else "      not known"
    for reason in known.reasons:
        yield f"      assuming: {reason}"


def _describe_effect(
    engine: EffectSolver, key: Key, effect: Effect, witness: Witness, shown: Callable[[str], str]
) -> Iterator[str]:
    kind = effect.kind.name.lower().replace("_", " ")
    models = "" if effect.mask == ALL_MODELS else f" (only {_models(effect.mask)})"
    yield f"    {kind} {effect.family}{models}: {witness.cause or witness.symbol}"
    for hop in hops(engine, key, witness) if witness.site >= 0 else ():
        module = engine.evaluator.module(hop.key[0])
        position, _ = position_of(module, hop.key, hop.site)
        yield f"      {shown(hop.key[0])}:{position.line} calls {hop.symbol}"
    for reason in witness.reasons:
        yield f"      assuming: {reason}"


def _models(mask: int) -> str:
    return ", ".join(model.value for model in ExecutionModel if mask & model.bit)
