"""CON605: module variables that workers change in their own process, and the parent reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, is_module, unwrapped
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.names import is_file_module, is_variable
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, StoreKind

CHANGES: Final = frozenset(
    {
        "append",
        "extend",
        "add",
        "update",
        "insert",
        "setdefault",
        "pop",
        "remove",
        "discard",
        "clear",
        "popitem",
    }
)
COLLECTIONS: Final = (Op.LIST, Op.DICT, Op.SET)
MAKERS: Final = frozenset(
    {f"builtins.{name}" for name in ("list", "dict", "set")}
    | {f"collections.{name}" for name in ("defaultdict", "Counter", "deque", "OrderedDict")}
)
_DEPTH: Final = 2


def shared_module_state(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON605: a worker in a process changes a module variable that is read afterwards where it was placed."""
    for site, placements in code.placements.items():
        for placement in placements:
            if placement.model is not ExecutionModel.PROCESS or _is_initializer(code, site):
                continue
            for value in map(unwrapped, placement.callables.values):
                if not isinstance(value, Function):
                    continue
                for name, inner, at in _changed(code, value, 0):
                    if not _reads_after(code, inner.key[0], name, site):
                        continue
                    worker = callable_name(code.evaluator, value)
                    chain = [Hop(code.key, site, worker)]
                    if at >= 0:
                        chain.append(Hop(inner.key, at, name))
                    yield found(
                        view,
                        code,
                        site,
                        "CON605",
                        f"`{short_name(worker)}` changes `{name}` in its own process, not here",
                        Advice(
                            ExecutionModel.PROCESS,
                            "let the worker return what it found, or share it through "
                            "`multiprocessing.Value`, a `Queue` or a `Manager`.",
                        ),
                        cause=name,
                        chain=chain,
                        model=ExecutionModel.PROCESS,
                        reasons=placement.callables.reasons,
                        most=Confidence.HIGH if len(placement.callables.values) == 1 else Confidence.MEDIUM,
                    )
                    break


def _is_initializer(code: Code, site: int) -> bool:
    call = code.calls.get(site)
    return call is not None and code.argument(site, "initializer") is not None


def _changed(code: Code, worker: Function, depth: int) -> Iterator[tuple[str, Code, int]]:
    """The module variables that a function, or one of its module that it calls, assigns or changes in place;
    with the site of the change, -1 for an assignment."""
    inner = Code(code.engine, worker.key)
    for store in inner.body.stores:
        if store.kind == StoreKind.GLOBAL and _is_module_variable(inner, str(store.name)):
            yield str(store.name), inner, -1
        elif store.kind == StoreKind.ITEM:
            node = graph.node(inner.body, graph.without_items(inner.body, store.base))
            if node[0] == Op.GLOBAL and _is_collection(inner, str(node[1])):
                yield str(node[1]), inner, -1
    for number, site in enumerate(inner.body.sites):
        if site.kind != SiteKind.CALL:
            continue
        callee = inner.body.values[site.callee]
        if callee[0] == Op.ATTR and callee[2] in CHANGES:
            node = graph.node(inner.body, graph.without_items(inner.body, graph.base(callee)))
            if node[0] == Op.GLOBAL and _is_collection(inner, str(node[1])):
                yield str(node[1]), inner, number
    if depth < _DEPTH:
        for call in inner.calls.values():
            for target in call.inside:
                if (
                    isinstance(target, Function)
                    and target.key[0] == worker.key[0]
                    and target.key != worker.key
                ):
                    yield from _changed(code, target, depth + 1)


def _is_module_variable(code: Code, name: str) -> bool:
    return bool(code.module.global_stores(name))


def _is_collection(code: Code, name: str) -> bool:
    """Whether the module binds the name once, to a collection of its own."""
    stores = code.module.global_stores(name)
    if len(stores) != 1:
        return False
    value = stores[0][1].value
    own = Code(code.engine, code.module.own)
    if own.body.values[value][0] == Op.CAST:  # `found: list[int] = []`
        value = graph.operand(own.body.values[value])
    if own.body.values[value][0] in COLLECTIONS:
        return True
    call = own.calls.get(own.call_of(value))
    return call is not None and call.is_one_of(MAKERS)


def _reads_after(code: Code, path: str, name: str, site: int) -> bool:
    """Whether the def reads a module's variable after the site, without having filled it itself since."""
    is_own = path == code.key[0]
    wanted = {value for value in range(len(code.body.values)) if is_variable(code, value, path, name)}
    if is_module(code.key) and is_own:
        wanted |= {store.value for store in code.body.stores if store.name == name and store.value >= 0}
    if not wanted and is_own:
        return _helper_reads(code, path, name, site)
    placed = code.results.get(site, 1 << 30)
    here = code.ends(site)
    for store in code.body.stores:
        if store.kind == StoreKind.GLOBAL and store.name == name and is_own and not is_module(code.key):
            return False
        if store.kind == StoreKind.ITEM and store.base in wanted:
            return False
        is_given = store.kind == StoreKind.ATTR and store.name == name and not is_own
        if is_given and is_file_module(code, store.base, path):
            return False  # the parent gives it what the workers return
    reads = any(number > placed for number in wanted)
    for number, other in enumerate(code.body.sites):
        if graph.node(code.body, other.callee) == (Op.GLOBAL, "setattr") and not is_own:
            return False
        own = other.kind == SiteKind.CALL and code.receiver(number) in wanted
        if own and code.body.values[other.callee][2] in CHANGES:
            return False  # the parent fills it from what the workers return
        later = code.starts(number) >= here
        used = other.callee in wanted or any(value in wanted for _, value in other.args)
        reads = reads or (later and (used or code.receiver(number) in wanted))
    return reads or _helper_reads(code, path, name, site)


def _helper_reads(code: Code, path: str, name: str, site: int) -> bool:
    """Whether a function of the variable's module that is called after the site reads it, no more."""
    for call in code.calls.values():
        if code.starts(call.site) < code.ends(site) or len(call.inside) != 1:
            continue
        target = call.inside[0]
        if not isinstance(target, Function) or target.key[0] != path:
            continue
        body = code.evaluator.body(target.key)
        if (Op.GLOBAL, name) in body.values and not any(
            changed == name for changed, _, _ in _changed(code, target, _DEPTH)
        ):
            return True
    return False
