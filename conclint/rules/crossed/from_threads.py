"""CON704: what only code on an event loop may do, done in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from conclint.conditions.cold_paths import FIRST_TIME
from conclint.effects.bindings import Bindings
from conclint.effects.effects import Kind, Placement, Witness
from conclint.effects.loop_affinity import LOOP_BOUND, RUNNING_LOOP_ONLY
from conclint.effects.solver import placed_functions
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.loop_origins import is_completed_by_loop
from conclint.resolve.values import Class, External, ExternalMethod, Function, Key, Partial, Value, unwrapped
from conclint.rules.chains import Hop, hops, position_of
from conclint.rules.crossed.handing_over import on_its_loop
from conclint.rules.crossed.told_kinds import asks
from conclint.rules.drafts import Draft, ModuleView, draft_at
from conclint.rules.registry import rules_by_code
from conclint.rules.structural.reports import Advice, advise_form
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind

_THREAD = ExecutionModel.THREAD
_RUNNING = "asyncio.get_running_loop"
_ASKED = "whether there is anything to await is asked before"


class _Handed(NamedTuple):
    """How a function comes into a thread: what was assumed, and the function whose placement hands it over;
    None where a library starts it."""

    reasons: tuple[str, ...] = ()
    key: Key | None = None
    placement: Placement | None = None


def loop_used_in_threads(view: ModuleView) -> Iterator[Draft]:
    """CON704: in the functions of a module that threads run, and where it hands others to threads."""
    placed: dict[Key, _Handed] = dict.fromkeys(_methods_in_threads(view), _Handed())
    for key, placements in view.placements.items():
        for placement in placements:
            if placement.model is not _THREAD or _is_of_loop(view, key, placement):
                continue
            yield from _bound(view, key, placement)
            for function in placed_functions(placement):
                if function[0] == view.module.path:
                    placed.setdefault(function, _Handed(placement.callables.reasons, key, placement))
                else:
                    yield from _handed_over(view, key, placement, function)
    for function, handed in placed.items():
        if not _is_on_no_loop(view, function):
            continue
        for effects in view.effects[function]:
            for effect, witness in effects.items():
                if effect.kind is Kind.USES_LOOP and effect.mask & _THREAD.bit:
                    yield _draft(view, function, witness, handed.reasons, handed)


def _is_of_loop(view: ModuleView, key: Key, placement: Placement) -> bool:
    """Whether a callback is told of a future of a loop's work (`run_coroutine_threadsafe`): that loop's
    thread calls it."""
    if placement.site < 0 or not placement.symbol.endswith(".add_done_callback"):
        return False
    body = view.engine.evaluator.body(key)
    receiver = graph.receiver(body, body.sites[placement.site])
    return receiver >= 0 and is_completed_by_loop(view.engine.evaluator.evaluate(key, receiver))


def _methods_in_threads(view: ModuleView) -> Iterator[Key]:
    """The methods of the module's classes that a library runs in a thread: `run` of a `Thread`."""
    evaluator = view.engine.evaluator
    for key in view.keys:
        if view.module.definition(key).kind != DefKind.CLASS:
            continue
        for base in evaluator.classes.ancestry(Class(key)).classes:
            if not isinstance(base, External):
                continue
            for fact in evaluator.catalog.ancestry(base.dotted):
                names = [name for runs in fact.runs if runs.model is _THREAD for name in runs.methods]
                for method in view.module.children(key):
                    if any(fnmatchcase(view.module.definition(method).name, name) for name in names):
                        yield method


def _bound(view: ModuleView, key: Key, placement: Placement) -> Iterator[Draft]:
    """What a thread is given to call here: a method of the loop's, or a function with such an object among
    its arguments."""
    evaluator = view.engine.evaluator
    if placement.site < 0:
        return
    for handed in placement.callables.values:
        value = unwrapped(handed)
        arguments = placement.arguments
        if isinstance(handed, Partial):
            arguments = evaluator.results.with_partial(handed, arguments)
        if isinstance(value, (External, ExternalMethod)):
            if (name := loop_bound_name(evaluator, value)) is not None:
                yield _draft(
                    view, key, Witness(0, 1, name, placement.site, name), placement.callables.reasons
                )
        elif isinstance(value, Function) and _is_on_no_loop(view, value.key):
            bindings = Bindings(evaluator, key, value, arguments)
            for effect, inner in view.engine.effects_of(value.key).items():
                if effect.kind is not Kind.CALLS or effect.parameter is None or not effect.mask & _THREAD.bit:
                    continue
                bound = bindings.of_callable(effect.parameter)
                names = [loop_bound_name(evaluator, item) for item in bound.values]
                if not names or None in names or bound.incomplete or effect.dependence is not None:
                    continue
                name = str(names[0])
                called = callable_name(evaluator, value)
                then = Witness(0, 1, name, inner.site, name)
                reasons = (*inner.reasons, *bound.reasons)
                witness = Witness(
                    len(reasons), 2, called, placement.site, name, reasons, (value.key, effect), then
                )
                yield _draft(view, key, witness, placement.callables.reasons)


def loop_bound_name(evaluator: Evaluator, value: Value) -> str | None:
    """The public name of what only code on a loop may call; None for all else."""
    if isinstance(value, External):
        name = evaluator.catalog.canonical(value.dotted)
        return name if name in LOOP_BOUND else None
    if not isinstance(value, ExternalMethod):
        return None
    fact = evaluator.catalog.method(value.dotted, value.name)
    return fact.name if fact is not None and fact.name in LOOP_BOUND else None


def _handed_over(view: ModuleView, key: Key, placement: Placement, function: Key) -> Iterator[Draft]:
    """A function of another file, handed to a thread here."""
    if placement.site < 0 or not _is_on_no_loop(view, function):
        return
    for value in map(unwrapped, placement.callables.values):
        if not isinstance(value, Function) or value.key != function:
            continue
        for effect, inner in view.engine.effects_of(function).items():
            if effect.kind is Kind.USES_LOOP and effect.mask & _THREAD.bit:
                name = callable_name(view.engine.evaluator, value)
                witness = Witness(
                    inner.assumptions,
                    inner.length + 1,
                    name,
                    placement.site,
                    inner.cause,
                    inner.reasons,
                    (function, effect),
                )
                yield _draft(view, key, witness, placement.callables.reasons)


def _is_on_no_loop(view: ModuleView, key: Key) -> bool:
    """Whether a function that a thread runs is plain code that runs no loop of its own there."""
    if view.engine.evaluator.definition(key).kind == DefKind.ASYNC_FUNCTION:
        return False
    if any(effect.kind is Kind.RUNS_LOOP for effect in view.engine.effects_of(key)):
        return False
    return not any(
        _makes_loop(view, target.value)
        for link in view.engine.links(key)
        for group in link.groups
        for target in group
    )


def _makes_loop(view: ModuleView, value: object) -> bool:
    catalog = view.engine.evaluator.catalog
    if isinstance(value, External):
        return catalog.canonical(value.dotted) in ("asyncio.set_event_loop", "asyncio.new_event_loop")
    return isinstance(value, ExternalMethod) and value.name in ("run_forever", "run_until_complete")


def _draft(
    view: ModuleView, key: Key, witness: Witness, assumed: tuple[str, ...], handed: _Handed | None = None
) -> Draft:
    chain = hops(view.engine, key, witness)
    cause = witness.cause
    fails = cause in RUNNING_LOOP_ONLY or _is_of_running_loop(view, chain[-1])
    why = "no event loop runs there" if fails else "only code on the event loop may do that"
    if len(chain) == 1:
        message = f"`{cause}` in a thread{_where(view, key, handed)}: {why}"
    else:
        call = f"`{short_name(chain[0].symbol)}` calls `{cause}`"
        message = f"{call} in a thread{_where(view, key, handed)}: {why}"
    reasons = (*witness.reasons, *assumed)
    if chain[-1].key != key and asks(view.engine.evaluator.body(chain[-1].key)):
        reasons += (_ASKED, _ASKED)
    # The thread must be the one that comes first, which code on the loop mostly is.
    seldom = sum(reason.endswith(FIRST_TIME) for reason in reasons)
    return draft_at(
        view,
        key,
        chain[0].site,
        rules_by_code()["CON704"],
        message,
        advise=advise_form(
            view,
            key,
            Advice(
                ExecutionModel.EVENT_LOOP,
                f"from another thread, {on_its_loop(view, chain[-1].key, chain[-1].site, cause)}.",
            ),
        ),
        reasons=reasons,
        assumptions=witness.assumptions + len(witness.hedges) + reasons.count(_ASKED) + len(assumed) + seldom,
        most=Confidence.HIGH,
        chain=chain,
        model=_THREAD,
        cause=cause,
    )


def _is_of_running_loop(view: ModuleView, hop: Hop) -> bool:
    """Whether it is a method of the loop that runs here, which is asked for on the spot."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    made = graph.call(body, graph.receiver(body, body.sites[hop.site])) if hop.site >= 0 else None
    called = evaluator.evaluate(hop.key, made.callee).values if made is not None else ()
    return any(
        isinstance(value, External) and evaluator.catalog.canonical(value.dotted) == _RUNNING
        for value in called
    )


def _where(view: ModuleView, key: Key, handed: _Handed | None) -> str:
    """Who starts the thread: it may be in another place than what is done there."""
    if handed is None or handed.key is None or handed.placement is None or handed.placement.site < 0:
        return ""
    module = view.engine.evaluator.module(handed.key[0])
    position, _ = position_of(module, handed.key, handed.placement.site)
    name = short_name(view.module.symbol(key))
    file = view.shown(module.path).rsplit("/", 1)[-1]
    by = short_name(handed.placement.symbol).removesuffix(".__init__")
    return f" that `{by}` runs `{name}` in ({file}:{position.line})"
