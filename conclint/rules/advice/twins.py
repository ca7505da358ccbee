"""The program's own coroutine function beside a plain one that blocks: `load` and `aload` of one class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conclint.effects.effects import Kind
from conclint.model.execution import ExecutionModel
from conclint.resolve.program import Module
from conclint.resolve.values import Function, Instance, Key
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary.records import Def, DefFlags, DefKind, SiteKind
from conclint.summary.twins import async_names

_STOPS = (Kind.WAITS, Kind.COMPUTES_GIL, Kind.RUNS_LOOP, Kind.WAITS_FOR_ITSELF)
_MINOR = "cheap-files"


def twin_of(view: ModuleView, hop: Hop) -> str:
    """The name of the coroutine function that does the same as what is called at a hop, with the same
    parameters and beside it, and doesn't block; empty for none, or where it isn't known what is called."""
    evaluator = view.engine.evaluator
    if hop.site < 0 or evaluator.body(hop.key).sites[hop.site].kind != SiteKind.CALL:
        return ""
    called = evaluator.evaluate(hop.key, evaluator.body(hop.key).sites[hop.site].callee)
    names: set[str] = set()
    for value in called.values:
        if not isinstance(value, Function) or value.closure:
            return ""
        names.add(next(_twins(view, hop.key, value), ""))
    return names.pop() if len(names) == 1 and not called.incomplete else ""


def async_generator_of(view: ModuleView, hops: Sequence[Hop]) -> str:
    """The name of the async generator beside the generator that a place calls or iterates, which gives the
    same by its name and doesn't block; empty for none."""
    evaluator = view.engine.evaluator
    if len(hops) < 2:
        return ""
    key = hops[1].key
    own = evaluator.definition(key)
    if own.kind != DefKind.FUNCTION or not own.flags & DefFlags.GENERATOR or own.decorators:
        return ""
    for other, shown in _others(evaluator.module(key[0]), key, own.name):
        definition = evaluator.definition(other)
        is_such = definition.kind == DefKind.ASYNC_FUNCTION and definition.flags & DefFlags.GENERATOR
        if is_such and other != hops[0].key and not definition.decorators and not _stops(view, other):
            return shown
    return ""


def _others(module: Module, key: Key, name: str) -> Iterator[tuple[Key, str]]:
    """What stands beside a function by the name of one for coroutines, or by its own in a class beside its
    own (`AsyncReader` beside `Reader`), with how people call it."""
    scope = module.scope(key)
    names = async_names(name)
    for other in module.children(scope):
        if module.definition(other).name in names:
            yield other, module.definition(other).name
    if module.definition(scope).kind != DefKind.CLASS:
        return
    owner = module.definition(scope).name
    for cls in module.children(module.scope(scope)):
        definition = module.definition(cls)
        if definition.kind == DefKind.CLASS and definition.name in (f"Async{owner}", f"{owner}Async"):
            for other in module.children(cls):
                if module.definition(other).name == name:
                    yield other, f"{definition.name}.{name}"


def _twins(view: ModuleView, caller: Key, function: Function) -> Iterator[str]:
    evaluator = view.engine.evaluator
    own = evaluator.definition(function.key)
    if own.kind != DefKind.FUNCTION or own.flags & DefFlags.GENERATOR or own.decorators:
        return
    for name in async_names(own.name):
        if evaluator.definition(caller).name == name:
            continue  # `async def aload(self): return self.load()`
        for key in _beside(view, function, name):
            definition = evaluator.definition(key)
            plain = definition.kind == DefKind.ASYNC_FUNCTION and not definition.flags
            if (
                plain
                and not definition.decorators
                and _takes_the_same(own, definition)
                and not _stops(view, key)
            ):
                yield name


def _beside(view: ModuleView, function: Function, name: str) -> Iterator[Key]:
    """The functions of a name in the class, or in the module, that a function is of."""
    evaluator = view.engine.evaluator
    if isinstance(function.receiver, Instance):
        for value in evaluator.classes.method(function.receiver.cls, name, function.receiver).values:
            if isinstance(value, Function):
                yield value.key
    elif function.receiver is None:
        module = evaluator.module(function.key[0])
        key = (function.key[0], name)
        if module.scope(function.key) == module.own and module.has(name):
            yield key


def _takes_the_same(first: Def, second: Def) -> bool:
    return [(item.name, item.kind, item.default < 0) for item in first.params] == [
        (item.name, item.kind, item.default < 0) for item in second.params
    ]


def _stops(view: ModuleView, key: Key) -> bool:
    return any(
        effect.kind in _STOPS and effect.mask & ExecutionModel.EVENT_LOOP.bit and effect.family != _MINOR
        for effect in view.engine.effects_of(key)
    )
