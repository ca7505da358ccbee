"""Builds the concurrency map from a program whose effects have been propagated.

Effects travel up the call graph, models travel down: what runs on the loop takes what it calls there; a
placement begins anew. A function that several models reach has all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from conclint.cost.cost_model import CostModel
from conclint.effects.bindings import Bindings
from conclint.effects.effects import Kind, Placement, Witness, way_of
from conclint.effects.solver import EffectSolver, placed_functions
from conclint.model.concurrency_map import (
    ConcurrencyMap,
    EdgeKind,
    MapEdge,
    MapEffect,
    MapFunction,
    ReachedModel,
)
from conclint.model.execution import EffectKind, ExecutionModel, Family
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import Link, Target, callable_name
from conclint.resolve.program import Module, NeedModule
from conclint.resolve.values import (
    Class,
    ContextManager,
    External,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Partial,
    Value,
    is_module,
)
from conclint.rules.chains import position_of
from conclint.summary.records import DefKind

_FUNCTIONS = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.LAMBDA)
_MOST_NESTED = 6
_MOST_HANDED = 60
_NESTED = 2  # loops of unknown length, one in the other, that count as heavy
_EFFECTS = {
    Kind.WAITS: EffectKind.WAITS,
    Kind.COMPUTES_GIL: EffectKind.COMPUTES_GIL,
    Kind.COMPUTES_NOGIL: EffectKind.COMPUTES_NOGIL,
}


class _Edge(NamedTuple):
    caller: Key
    callee: Key
    kind: EdgeKind
    model: ExecutionModel | None
    by: str
    site: int


def build_map(
    engine: EffectSolver,
    asked: Iterable[Key],
    on_loop: Iterable[Key],
    shown: Callable[[str], str],
    *,
    externals: bool = False,
) -> ConcurrencyMap:
    """The map of the asked functions and of all that they lead to; with `externals`, into libraries, too.

    `on_loop` are those that run on the event loop by themselves, `shown` gives a path as findings show it.
    Raises NeedModule where a function leads into a file that is not loaded.
    """
    edges = edges_from(engine, asked)
    models = models_of(engine, edges, on_loop)
    keys = {key for edge in edges for key in (edge.caller, edge.callee)} | set(asked)
    costs = CostModel(engine)
    functions: list[MapFunction] = []
    for key in sorted(keys):
        try:
            if _module(engine, key).definition(key).kind in _FUNCTIONS or _is_active(key, edges):
                functions.append(_function(engine, costs, key, models.get(key, {}), shown))
        except NeedModule:
            raise
        except Exception as error:
            engine.fail(key, error)
    functions.sort(key=lambda item: (item.path, item.line, item.symbol))
    found = {_shown_edge(engine, edge) for edge in edges}
    if externals:
        for key in keys:
            try:
                found.update(_outside(engine, key))
            except NeedModule:
                raise
            except Exception as error:
                engine.fail(key, error)
    return ConcurrencyMap(tuple(functions), tuple(sorted(found)))


def _outside(engine: EffectSolver, key: Key) -> Iterator[MapEdge]:
    """What a function calls that is not the program's own."""
    module = _module(engine, key)
    for link in engine.links(key):
        for target in (target for group in link.groups for target in group):
            if isinstance(target.value, (External, ExternalMethod)):
                line = position_of(module, key, link.site)[0].line
                name = callable_name(engine.evaluator, target.value)
                yield MapEdge(module.symbol(key), name, EdgeKind.CALL.value, "", "", line, is_external=True)


def _module(engine: EffectSolver, key: Key) -> Module:
    return engine.evaluator.module(key[0])


def _is_active(key: Key, edges: list[_Edge]) -> bool:
    """Whether a module's or class's own code leads anywhere in the program."""
    return any(edge.caller == key for edge in edges)


# -- edges --------------------------------------------------------------------------------------------


def edges_from(engine: EffectSolver, asked: Iterable[Key]) -> list[_Edge]:
    """What the functions lead to, and what that leads to, each once."""
    found: dict[_Edge, None] = {}
    todo = list(asked)
    seen = set(todo)
    while todo:
        key = todo.pop()
        try:
            edges = list(_edges_of(engine, key))
        except NeedModule:
            raise
        except Exception as error:
            engine.fail(key, error)
            continue
        for edge in edges:
            found[edge] = None
            if edge.callee not in seen:
                seen.add(edge.callee)
                todo.append(edge.callee)
    return list(found)


def _edges_of(engine: EffectSolver, key: Key) -> Iterator[_Edge]:
    for link in engine.links(key):
        if not engine.guards.mask(key, engine.evaluator.body(key).sites[link.site].region):
            continue
        for group in link.groups:
            for target in group:
                yield from _called(engine, key, link, target)
        placements: list[Placement] = []
        engine.site_effects(key, link, placements)
        for placement in placements:
            for placed in placed_functions(placement):
                yield _Edge(key, placed, EdgeKind.PLACE, placement.model, placement.symbol, placement.site)


def _called(engine: EffectSolver, key: Key, link: Link, target: Target) -> Iterator[_Edge]:
    for function in _functions_in(engine, target.value):
        kind = _module(engine, function.key).definition(function.key).kind
        how = EdgeKind.AWAIT if kind == DefKind.ASYNC_FUNCTION else EdgeKind.CALL
        yield _Edge(key, function.key, how, None, "", link.site)
        yield from _called_by_parameter(engine, key, function, target.arguments, ())


def _called_by_parameter(
    engine: EffectSolver, caller: Key, function: Function, arguments: Arguments, around: tuple[Function, ...]
) -> Iterator[_Edge]:
    """What a called function, or one that it calls, runs by its parameters; and what these run in turn."""
    if len(around) > _MOST_NESTED or function in around:
        return
    bindings = Bindings(engine.evaluator, caller, function, arguments)
    for effect, witness in engine.effects_of(function.key).items():
        if effect.kind is not Kind.CALLS or effect.parameter is None:
            continue
        bound = [
            inner
            for value in bindings.of_callable(effect.parameter).values
            for inner in _functions_in(engine, value)
        ]
        if bound:
            by = _innermost(engine, function.key, witness)
            given = bindings.given(witness)
            for inner in bound:
                yield _Edge(by, inner.key, EdgeKind.CALL, None, "", -1)
                yield from _called_by_parameter(engine, by, inner, given, (*around, function))


def _innermost(engine: EffectSolver, key: Key, witness: Witness) -> Key:
    """The function that calls the parameter itself."""
    for step, _ in way_of(engine.effects_of, key, witness, _MOST_HANDED):
        key = step
    return key


def _functions_in(engine: EffectSolver, value: Value) -> Iterator[Function]:
    """The functions of the program that calling the value runs."""
    classes = engine.evaluator.classes
    if isinstance(value, Function):
        yield value
    elif isinstance(value, Partial):
        yield from _functions_in(engine, value.target)
    elif isinstance(value, (Generator, ContextManager)):
        yield value.function
    elif isinstance(value, (Class, Instance)):
        cls = value if isinstance(value, Class) else value.cls
        name = "__init__" if isinstance(value, Class) else "__call__"
        for method in classes.method(cls, name, Instance(cls)).values:
            if isinstance(method, Function):
                yield method


# -- models -------------------------------------------------------------------------------------------


def models_of(
    engine: EffectSolver, edges: list[_Edge], on_loop: Iterable[Key]
) -> dict[Key, dict[ExecutionModel, Key | None]]:
    """For each function the models it runs on, each with the function that brought it there."""

    def place(key: Key) -> tuple[str, int]:
        return key[0], _module(engine, key).place(key)

    calls: dict[Key, list[Key]] = {}
    starts: list[tuple[Key, ExecutionModel, Key | None]] = [
        (key, ExecutionModel.EVENT_LOOP, None) for key in sorted(on_loop, key=place)
    ]
    for edge in sorted(edges, key=lambda item: (place(item.caller), item.site, place(item.callee))):
        is_coroutine = engine.evaluator.definition(edge.callee).kind == DefKind.ASYNC_FUNCTION
        if is_coroutine:
            starts.append((edge.callee, ExecutionModel.EVENT_LOOP, None))
        elif edge.kind is EdgeKind.CALL:
            calls.setdefault(edge.caller, []).append(edge.callee)
        elif edge.model is not None:
            starts.append((edge.callee, edge.model, edge.caller))
    models: dict[Key, dict[ExecutionModel, Key | None]] = {}
    todo = starts
    while todo:  # breadth first: the nearest source is kept
        following: list[tuple[Key, ExecutionModel, Key | None]] = []
        for key, model, source in todo:
            held = models.setdefault(key, {})
            if model not in held:
                held[model] = source
                following.extend((callee, model, key) for callee in calls.get(key, ()))
        todo = following
    return models


# -- what is shown --------------------------------------------------------------------------------------


def _function(
    engine: EffectSolver,
    costs: CostModel,
    key: Key,
    models: dict[ExecutionModel, Key | None],
    shown: Callable[[str], str],
) -> MapFunction:
    module = _module(engine, key)
    definition = module.definition(key)
    reached = tuple(
        ReachedModel(model, _symbol(engine, source) if source is not None else None)
        for model, source in sorted(models.items(), key=lambda item: item[0].bit)
    )
    effects = {
        MapEffect(_EFFECTS[effect.kind].value, effect.family, witness.cause)
        for effect, witness in engine.effects_of(key).items()
        if effect.kind in _EFFECTS
    }
    if models:
        effects |= _own_computing(costs, engine, key)
    return MapFunction(
        symbol=module.symbol(key),
        path=shown(module.path),
        line=1 if is_module(key) else definition.start,
        is_coroutine=definition.kind == DefKind.ASYNC_FUNCTION,
        models=reached,
        effects=tuple(sorted(effects, key=lambda item: (item.kind, item.family, item.cause))),
    )


def _own_computing(costs: CostModel, engine: EffectSolver, key: Key) -> set[MapEffect]:
    """The computing that the function's own loops and those of its helpers do, if it is heavy."""
    cost = costs.of_body(Function(key))
    if not cost.is_sure and cost.counting < _NESTED:
        return set()
    cause = cost.known or _symbol(engine, cost.worker or key)
    return {MapEffect(EffectKind.COMPUTES_GIL.value, Family.COMPUTE.value, cause)}


def _shown_edge(engine: EffectSolver, edge: _Edge) -> MapEdge:
    line = 0
    if edge.site >= 0:
        line = position_of(_module(engine, edge.caller), edge.caller, edge.site)[0].line
    return MapEdge(
        _symbol(engine, edge.caller),
        _symbol(engine, edge.callee),
        edge.kind.value,
        edge.model.value if edge.model is not None else "",
        edge.by,
        line,
    )


def _symbol(engine: EffectSolver, key: Key) -> str:
    return _module(engine, key).symbol(key)
