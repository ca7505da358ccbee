"""CON705: work in a pool that waits for the pool it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from conclint.effects.effects import Placement
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, Key, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.allocation_sites import origins, workers_of
from conclint.rules.structural.code import Code
from conclint.rules.structural.names import Name, names_of
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind

_SUBMITS: Final = frozenset({"submit", "apply_async", "map_async", "starmap_async"})
_MAPS: Final = frozenset({"map", "starmap", "apply", "imap", "imap_unordered"})
_RESULTS: Final = frozenset({"result", "exception", "get"})
_WAITERS: Final = frozenset({"concurrent.futures.wait", "concurrent.futures.as_completed"})
_RUN_IN_EXECUTOR: Final = "run_in_executor"
_DAEMONIC: Final = "multiprocessing.pool.Pool."
_STARTS: Final = frozenset({"multiprocessing.Process.start"})
_POOLS: Final = frozenset(
    {"multiprocessing.Pool", "multiprocessing.pool.Pool", "concurrent.futures.ProcessPoolExecutor"}
)
_AGAIN: Final = ("a worker that imports the module anew has a pool of its own",)
_DEPTH: Final = 3
_STYLES: Final = ("pool", "offload", "thread")
_MODELS: Final = (ExecutionModel.THREAD, ExecutionModel.PROCESS, ExecutionModel.INTERPRETER)
_ENOUGH: Final = ("there may be more workers than work that waits",)
_ONCE: Final = ("it is given one such piece of work here", "there may be workers enough")

_Known: TypeAlias = Mapping[int, frozenset[Name]]
"""By what the arguments of a call are known, by parameter."""


class _Work(NamedTuple):
    """A function that a pool runs: where it was handed over, and by what the pool is known."""

    code: Code
    site: int
    placement: Placement
    function: Function
    pool: frozenset[Name]


def waits_for_own_pool(view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
    """CON705: work that waits for other work in its own pool; two futures that wait for each other; a pool in
    a worker of a pool whose workers may have none."""
    work = [item for code in codes for item in _work(code)]
    reported: set[tuple[Key, int]] = set()
    for item in work:
        known = dict.fromkeys(_passed(item), item.pool)
        for hops in _waits(Code(view.engine, item.function.key), item.pool, known, 0):
            yield from _reported(view, codes, item, hops, _doubts(item, hops[-1]), reported)
        if item.placement.model is ExecutionModel.PROCESS and _is_daemonic(item):
            for hops in _starts_process(Code(view.engine, item.function.key), 0):
                yield from _daemonic(view, codes, item, hops, reported)
    yield from _each_other(view, codes, work)


def _work(code: Code) -> Iterator[_Work]:
    for site, placements in code.placements.items():
        if site < 0 or code.body.sites[site].kind != SiteKind.CALL:
            continue
        pool = code.receiver(site)
        callee = graph.node(code.body, code.body.sites[site].callee)
        if callee[0] == Op.ATTR and callee[2] == _RUN_IN_EXECUTOR and code.body.sites[site].args:
            pool = code.body.sites[site].args[0][1]
        names = frozenset(names_of(code, pool)) if pool >= 0 else frozenset()
        for placement in placements:
            if placement.model not in _MODELS or placement.style not in _STYLES or placement.via:
                continue
            for value in map(unwrapped, placement.callables.values):
                if isinstance(value, Function) and not placement.callables.incomplete:
                    yield _Work(code, site, placement, value, names)


def _passed(item: _Work) -> Iterator[int]:
    """The parameters for which the work is given its own pool."""
    shift = 1 if item.function.receiver is not None else 0
    for place, passed in enumerate(item.placement.arguments.positional):
        if isinstance(passed, tuple) and len(passed) == 2 and isinstance(passed[1], int):
            key, value = passed
            if key == item.code.key and not item.pool.isdisjoint(names_of(item.code, value)):
                yield place + shift


# -- what a function waits for ---------------------------------------------------------------------


def _waits(code: Code, pool: frozenset[Name], known: _Known, depth: int) -> Iterator[tuple[Hop, ...]]:
    """The calls of a function that submit to the pool and wait, each with those down to the submit."""
    for number, site in enumerate(code.body.sites):
        if site.kind != SiteKind.CALL:
            continue
        callee = graph.node(code.body, site.callee)
        if callee[0] == Op.ATTR and callee[2] in _SUBMITS | _MAPS:
            receiver = graph.base(callee)
            if _is_pool(code, receiver, pool, known) and _is_waited_for(code, number, str(callee[2])):
                call = code.calls.get(number)
                name = min(call.names) if call is not None and call.names else str(callee[2])
                yield (Hop(code.key, number, name),)
                continue
        if depth >= _DEPTH:
            continue
        call = code.calls.get(number)
        for value in call.inside if call is not None else ():
            if isinstance(value, Function) and value.key != code.key:
                given = {
                    place + (value.receiver is not None): frozenset(names)
                    for place, names in _arguments(code, number, pool, known)
                }
                for hops in _waits(Code(code.engine, value.key), pool, given, depth + 1):
                    yield (Hop(code.key, number, callable_name(code.evaluator, value)), *hops)


def _is_pool(code: Code, value: int, pool: frozenset[Name], known: _Known) -> bool:
    node = graph.node(code.body, value)
    if node[0] == Op.PARAM:
        return graph.number(node) in known
    # What this def makes itself is another one each time that it is called.
    elsewhere = {name for name in pool if name[0] not in ("value", "local") or name[1] != code.key}
    return not elsewhere.isdisjoint(names_of(code, value))


def _arguments(
    code: Code, number: int, pool: frozenset[Name], known: _Known
) -> Iterator[tuple[int, frozenset[Name]]]:
    for slot, value in code.body.sites[number].args:
        if isinstance(slot, int) and slot >= 0 and _is_pool(code, value, pool, known):
            yield slot, pool


def _is_waited_for(code: Code, number: int, method: str) -> bool:
    """Whether the def that submits waits for what it submitted."""
    if method == "apply":
        return True
    result = code.results.get(number, -1)
    if method in ("map", "starmap") and code.is_all(code.receiver(number), "multiprocessing.pool.Pool"):
        return True
    if result < 0:
        return False
    if method in _MAPS:
        used = (site for site in code.body.sites if site.kind != SiteKind.ATTR)
        return any(site.callee == result or any(v == result for _, v in site.args) for site in used)
    submitted = _made_with(code, result)
    for site in code.body.sites:
        callee = graph.node(code.body, site.callee)
        asks = site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in _RESULTS
        if asks and submitted & _behind(code, graph.base(callee)):
            return True
    return any(
        submitted & code.made_from([value])
        for call in code.calls_to(_WAITERS)
        for _, value in code.body.sites[call.site].args
    )


def _behind(code: Code, value: int) -> set[int]:
    """The value, and the collections of which it is an element."""
    found = {value}
    node = graph.node(code.body, value)
    while node[0] in (Op.ELEM, Op.ITEM, Op.PHI) and graph.parts(node):
        value = graph.operand(node)
        found.add(value)
        node = graph.node(code.body, value)
        if node[0] == Op.CALL:
            found |= code.made_from([value])
    return found


def _made_with(code: Code, result: int) -> set[int]:
    """The future, and the collections made in this def that hold it."""
    found = {result}
    for value, node in enumerate(code.body.values):
        if node[0] in (Op.LIST, Op.SET, Op.TUPLE, Op.COMP, Op.DICT) and result in (
            *graph.parts(node),
            *graph.kept_elements(code.body, value),
        ):
            found.add(value)
    for store in code.body.stores:
        if store.value == result:
            found.add(store.base)
    return found


def _doubts(item: _Work, submit: Hop) -> tuple[str, ...]:
    """Why some worker may be free: none where there is one alone, or processes, where it does not work at
    all."""
    pool = item.code.receiver(item.site)
    callee = graph.node(item.code.body, item.code.body.sites[item.site].callee)
    if callee[2] == _RUN_IN_EXECUTOR:
        pool = item.code.body.sites[item.site].args[0][1]
    made = origins(item.code, pool)
    if made and all(workers_of(origin) == 1 for origin in made):
        return ()
    if item.placement.model is not ExecutionModel.THREAD:
        is_global = any(name[0] == "global" for name in item.pool)
        return _AGAIN if is_global else ()
    is_many = (
        item.placement.each or graph.loop_of(item.code.body, item.code.body.sites[item.site].region) >= 0
    )
    is_many = is_many or _submits_itself(item, submit)
    return _ENOUGH if is_many else _ONCE


def _submits_itself(item: _Work, submit: Hop) -> bool:
    """Whether the work hands itself over again, for each part of what it is given."""
    evaluator = item.code.evaluator
    given = evaluator.body(submit.key).sites[submit.site].args
    return any(
        isinstance(unwrapped(found), Function) and unwrapped(found)[0] == item.function.key
        for _, value in given
        for found in evaluator.evaluate(submit.key, value).values
    )


# -- processes that may have no children ------------------------------------------------------------


def _is_daemonic(item: _Work) -> bool:
    """Whether a process may have no children: a worker of `multiprocessing.Pool`, or one made so."""
    if item.placement.style != "thread":
        return item.placement.symbol.startswith(_DAEMONIC)
    passed = item.code.body.sites[item.site].args
    return any(slot == "daemon" and item.code.body.values[v] == (Op.CONST, True) for slot, v in passed)


def _starts_process(code: Code, depth: int) -> Iterator[tuple[Hop, ...]]:
    """The calls by which a function makes a pool of processes, or starts one."""
    for number, call in code.calls.items():
        if call.names and call.names <= _POOLS | _STARTS and not call.incomplete and not call.inside:
            yield (Hop(code.key, number, min(call.names)),)
        elif depth < _DEPTH and len(call.inside) == 1 and isinstance(call.inside[0], Function):
            value = call.inside[0]
            if value.key != code.key and not call.incomplete:
                for hops in _starts_process(Code(code.engine, value.key), depth + 1):
                    yield (Hop(code.key, number, callable_name(code.evaluator, value)), *hops)


# -- two futures that wait for each other ------------------------------------------------------------


def _short(view: ModuleView, key: Key) -> str:
    return short_name(view.module.symbol(key))


def _asked_for(code: Code) -> Iterator[tuple[int, Name]]:
    """The sites that wait for a result without a timeout, each with a name of what they ask."""
    for number, site in enumerate(code.body.sites):
        callee = graph.node(code.body, site.callee)
        if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in _RESULTS and not site.args:
            for name in names_of(code, graph.base(callee)):
                yield number, name


def _each_other(view: ModuleView, codes: Sequence[Code], work: Sequence[_Work]) -> Iterator[Draft]:
    """Work that waits for a future whose work waits for its own."""
    futures: dict[Name, Key] = {}
    for item in work:
        result = item.code.results.get(item.site, -1)
        for name in names_of(item.code, result) if result >= 0 else ():
            if name[0] != "value":
                futures[name] = item.function.key
    waited: dict[Key, list[tuple[int, Key]]] = {}
    by_key = {code.key: code for code in codes}
    for key in dict.fromkeys(futures.values()):
        if key in by_key:
            waits = [(site, futures[name]) for site, name in _asked_for(by_key[key]) if name in futures]
            waited.setdefault(key, []).extend(waits)
    for key, waits in waited.items():
        for number, other in waits:
            if other == key or any(back == key for _, back in waited.get(other, ())):
                yield found(
                    view,
                    by_key[key],
                    number,
                    "CON705",
                    f"it waits for `{_short(view, other)}`, which waits for this: a deadlock",
                    Advice(ExecutionModel.THREAD, "hand the result of one to the other, once it is there."),
                    cause="concurrent.futures.Future.result",
                    model=ExecutionModel.THREAD,
                    effect=EffectKind.WAITS_FOR_ITSELF,
                    family="pool",
                )


# -- findings ----------------------------------------------------------------------------------------


def _reported(
    view: ModuleView,
    codes: Sequence[Code],
    item: _Work,
    hops: tuple[Hop, ...],
    doubts: tuple[str, ...],
    reported: set[tuple[Key, int]],
) -> Iterator[Draft]:
    """In the function that waits, where that is in this module, else where it is handed over."""
    in_process = item.placement.model is ExecutionModel.PROCESS
    why = (
        "it does not work in its own workers"
        if in_process
        else "once all workers wait, none is left to do it"
    )
    yield from _draft(
        view,
        codes,
        item,
        hops,
        f"it waits for work in the pool that it runs in: {why}",
        Advice(
            item.placement.model,
            "let the function that hands out the work hand out this work too, or give it a pool of its own.",
        ),
        doubts,
        reported,
    )


def _daemonic(
    view: ModuleView,
    codes: Sequence[Code],
    item: _Work,
    hops: tuple[Hop, ...],
    reported: set[tuple[Key, int]],
) -> Iterator[Draft]:
    yield from _draft(
        view,
        codes,
        item,
        hops,
        f"`{hops[-1].symbol}` fails here: this runs in a daemonic process, which may have no processes",
        Advice(
            ExecutionModel.PROCESS,
            "hand out all work from one place, or use a `concurrent.futures.ProcessPoolExecutor` outside: "
            "its workers are not daemonic.",
        ),
        (),
        reported,
    )


def _draft(
    view: ModuleView,
    codes: Sequence[Code],
    item: _Work,
    hops: tuple[Hop, ...],
    message: str,
    advice: Advice,
    doubts: tuple[str, ...],
    reported: set[tuple[Key, int]],
) -> Iterator[Draft]:
    code = next((code for code in codes if code.key == item.function.key), None)
    site, chain = hops[0].site, hops
    if code is None:
        code, site = item.code, item.site
        chain = (Hop(code.key, site, callable_name(code.evaluator, item.function)), *hops)
    if (code.key, site) in reported:
        return
    reported.add((code.key, site))
    yield found(
        view,
        code,
        site,
        "CON705",
        message,
        advice,
        cause=hops[-1].symbol,
        model=item.placement.model,
        effect=EffectKind.WAITS_FOR_ITSELF,
        family="pool",
        reasons=(*doubts, *item.placement.callables.reasons),
        chain=chain,
    )
