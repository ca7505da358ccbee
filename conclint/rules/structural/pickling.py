"""CON601, CON602: callables and arguments that can't be sent to a process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.effects import Placement
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.arguments import Passed
from conclint.resolve.calls import callable_name
from conclint.resolve.values import (
    Class,
    Function,
    Generator,
    Instance,
    Key,
    Partial,
    Value,
    ValueSet,
    unwrapped,
)
from conclint.rules.chains import placer_of
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.start_methods import (
    EXECUTORS,
    POOLS,
    PROCESSES,
    StartMethod,
    start_method,
    stated_in_module,
)
from conclint.rules.unpicklable import PICKLE_HOOKS, UNPICKLABLE
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op

_SENT: Final = (
    "concurrent.futures.Executor.",
    "multiprocessing.pool.Pool.",
    "asyncio.AbstractEventLoop.run_in_executor",
)
"""What pickles all it is given, whatever the start method."""
_OWN_PICKLERS: Final = frozenset(
    {"dill", "cloudpickle", "loky", "pathos", "multiprocess", "billiard", "ray", "dask"}
)
_FUNCTIONS: Final = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.LAMBDA)
_INHERITED: Final = (
    "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
    "multiprocessing.synchronize.Semaphore",
    "multiprocessing.synchronize.BoundedSemaphore", "multiprocessing.synchronize.Condition",
    "multiprocessing.synchronize.Event", "multiprocessing.synchronize.Barrier",
    "multiprocessing.queues.Queue",
    "multiprocessing.queues.JoinableQueue", "multiprocessing.queues.SimpleQueue",
)  # fmt: skip
"""What a Process may be given, and a pool may not."""
_PROXIES: Final = "multiprocessing.managers."
_BY_SPAWN: Final = "a process started by fork inherits it instead: only spawn and forkserver pickle it"
_STARTED: Final = POOLS | EXECUTORS
"""What is given a function that each worker runs when it starts."""
_DEPTH: Final = 3


def unpicklable_callable(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON601: a lambda or a nested function handed to a process."""
    for site, placement, reasons in _sent(view, code, started_with=True):
        values = placement.callables.values
        kinds = {_local_function(code, site, value) for value in values}
        if placement.callables.incomplete or len(kinds) != 1:
            continue
        (kind,) = kinds
        if kind is None:
            continue
        name = short_name(callable_name(code.evaluator, values[0]))
        what = "a lambda" if kind == "lambda" else f"`{name}`, a function inside another,"
        yield found(
            view,
            code,
            site,
            "CON601",
            f"{what} can't be pickled, so no {placement.model.value} can receive it",
            Advice(
                placement.model,
                "define the function at the module's top level; bind values with `functools.partial`.",
            ),
            cause=name,
            model=placement.model,
            reasons=[*placement.callables.reasons, *reasons],
        )


def unpicklable_argument(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON602: an argument for a process, or the object of a bound method, that can't be pickled."""
    for site, placement, reasons in _sent(view, code, started_with=True):
        pooled = _is_pooled(code, placement)
        seen: set[str] = set()
        for passed in _passed(placement):
            item = code.evaluator.passed(passed)
            if placement.each:
                item = code.evaluator.element(item)
            what = _unpicklable(code, item, pooled)
            if what is None or what in seen:
                continue
            seen.add(what)
            yield _argument_draft(view, code, site, what, f"{what} can't be sent to a process", reasons)
        for value in placement.callables.values:
            receiver = value.target if isinstance(value, Partial) else value
            if isinstance(receiver, Function) and isinstance(receiver.receiver, Instance):
                held = _held(code, receiver.receiver, pooled, 0)
                if held is not None and len(placement.callables.values) == 1:
                    attribute, what = held
                    name = short_name(callable_name(code.evaluator, receiver))
                    message = f"`{name}` takes its object along: `{attribute}`, {what}, can't be pickled"
                    yield _argument_draft(view, code, site, what, message, reasons, Confidence.MEDIUM)


def _argument_draft(
    view: ModuleView, code: Code, site: int, what: str, message: str, reasons: list[str],
    most: Confidence = Confidence.HIGH,
) -> Draft:  # fmt: skip
    if "multiprocessing" in what:
        advice = Advice(
            ExecutionModel.PROCESS,
            "give it to the workers when they start, or use one of `multiprocessing.Manager()`.",
        )
    else:
        advice = Advice(
            ExecutionModel.PROCESS,
            "send what it is created from (a path, an address, plain values) and create it in the worker; in "
            "place of a bound method, a plain function with the values it needs.",
        )
    return found(
        view,
        code,
        site,
        "CON602",
        message,
        advice,
        cause=what,
        model=ExecutionModel.PROCESS,
        reasons=reasons,
        most=most,
    )


def _sent(
    view: ModuleView, code: Code, *, started_with: bool = False
) -> Iterator[tuple[int, Placement, list[str]]]:
    """The placements that pickle what they hand to a process, with the doubts about that; with `started_with`
    those too of what workers run when they start, and those in interpreters."""
    for site, placements in code.placements.items():
        for placement in placements:
            in_interpreter = started_with and placement.model is ExecutionModel.INTERPRETER
            if in_interpreter and placer_of(code.engine, placement).startswith(_SENT):
                yield site, placement, []
            if placement.model is not ExecutionModel.PROCESS:
                continue
            reasons = _doubts(view, code, site, placement, PROCESSES | (_STARTED if started_with else set()))
            if reasons is not None:
                yield site, placement, reasons


def _doubts(
    view: ModuleView, code: Code, site: int, placement: Placement, makers: frozenset[str]
) -> list[str] | None:
    symbol = placer_of(code.engine, placement).removesuffix(".__init__")
    pickler = any(
        item.module.split(".", 1)[0] in _OWN_PICKLERS
        for item in code.module.summary.imports
        if not item.level
    )
    reasons = ["another pickler may be in use"] * (2 if pickler else 0)
    if symbol.startswith(_SENT):
        return reasons
    call = code.calls.get(site)
    if symbol not in makers or placement.via is not None or call is None or not call.names:
        return None
    method = start_method(code, call) if call.is_one_of(makers) else stated_in_module(code)
    if method in (StartMethod.SPAWN, StartMethod.FORKSERVER):
        return reasons
    if method is StartMethod.DEFAULT:
        return [*reasons, _BY_SPAWN] if view.runtime.version >= (3, 14) else [*reasons, _BY_SPAWN, _BY_SPAWN]
    return None


def _is_pooled(code: Code, placement: Placement) -> bool:
    return placer_of(code.engine, placement).startswith(_SENT)


def _passed(placement: Placement) -> Iterator[Passed]:
    yield from placement.arguments.positional
    for _, passed in placement.arguments.keywords:
        yield passed


def _local_function(code: Code, site: int, value: Value) -> str | None:
    """ "lambda" or "nested" for a function that pickle can't find by its name."""
    value = unwrapped(value)
    if not isinstance(value, Function):
        return None
    module = code.evaluator.module(value.key[0])
    definition = module.definition(value.key)
    if definition.kind == DefKind.LAMBDA:
        return "lambda"
    scope = module.scope(value.key)
    if module.definition(scope).kind not in _FUNCTIONS:
        return None
    # Elsewhere it may be what a decorator made of a function that can be found by its name.
    made_here = value.key[0] == code.key[0] and (scope == code.key or scope in module.around(code.key))
    if made_here:
        return None if _is_global(code, value) else "nested"
    return "nested" if _is_from_factory(code, site, value) else None


def _is_from_factory(code: Code, site: int, function: Function) -> bool:
    """Whether the function is what a call has made that the same def holds: no name of a module stands for
    it."""
    for _, value in code.body.sites[site].args:
        if graph.call(code.body, value) is not None:
            known = code.known(value)
            made = [item for item in known.values if isinstance(item, Function)]
            if not known.incomplete and len(made) == 1 and made[0].key == function.key:
                return True
    return False


def _is_global(code: Code, function: Function) -> bool:
    """Whether the def statement binds a global name (`global worker`), by which pickle finds it."""
    name = code.module.definition(function.key).name
    return bool(code.module.late_global_stores(name))


def _unpicklable(code: Code, item: ValueSet, pooled: bool) -> str | None:
    """What all that an argument may be is, if it can't be pickled."""
    if not item.values or item.incomplete:
        return None
    found_kinds = {_kind_of(code, value, pooled, 0) for value in item.values}
    return found_kinds.pop() if len(found_kinds) == 1 else None


def _kind_of(code: Code, value: Value, pooled: bool, depth: int) -> str | None:
    if isinstance(value, Generator):
        return "a generator"
    if isinstance(value, Function):
        definition = code.evaluator.definition(value.key)
        return "a lambda" if definition.kind == DefKind.LAMBDA else None
    dotted = getattr(value, "dotted", "")
    if isinstance(dotted, str) and dotted.startswith(_PROXIES):
        return None
    if isinstance(value, Instance):
        held = _held(code, value, pooled, depth)
        name = short_name(callable_name(code.evaluator, value))
        return f"`{name}`, which holds {held[1]} (`{held[0]}`)," if held is not None else None
    if getattr(value, "kind", "") == "generator":
        return "a generator"
    for what, names in UNPICKLABLE.items():
        if code.is_instance(value, *names):
            return what
    if pooled and code.is_instance(value, *_INHERITED):
        return "a lock or queue of `multiprocessing`"
    return None


def _held(code: Code, instance: Instance, pooled: bool, depth: int) -> tuple[str, str] | None:
    """An attribute of the object that can't be pickled, and what it is: one that its constructor always sets,
    in a class that does not say how it is pickled."""
    classes = code.evaluator.classes
    ancestry = classes.ancestry(instance.cls)
    if ancestry.incomplete or depth >= _DEPTH:
        return None
    own = [cls for cls in ancestry.classes if isinstance(cls, Class)]
    if any(hook in classes.own_members(cls) for cls in own for hook in PICKLE_HOOKS):
        return None
    for cls in own:
        module = code.evaluator.module(cls.key[0])
        for name, stores in classes.own_stores(cls).items():
            if not any(module.definition(method).name == "__init__" for method, _, _ in stores):
                continue
            kinds = {_stored_kind(code, method, value, pooled, depth) for method, value, _ in stores}
            if len(kinds) == 1 and None not in kinds:
                return name, str(kinds.pop())
    return None


def _stored_kind(code: Code, key: Key, value: int, pooled: bool, depth: int) -> str | None:
    node = code.evaluator.body(key).values[value]
    if node[0] not in (Op.CALL, Op.COMP):
        return None  # only what the class makes itself
    item = code.evaluator.evaluate(key, value)
    if item.incomplete or len(item.values) != 1:
        return None
    return _kind_of(code, item.values[0], pooled, depth + 1)
