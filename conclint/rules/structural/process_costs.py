"""CON804, CON805: opt-in hints about what it costs to hand work to processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.resolve.values import ExternalInstance
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habits
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, RegionKind

_MAP: Final = frozenset({"concurrent.futures.Executor.map"})
_LAZY_MAPS: Final = frozenset({"multiprocessing.pool.Pool.imap", "multiprocessing.pool.Pool.imap_unordered"})
_SUBMITS: Final = frozenset({"concurrent.futures.Executor.submit", "multiprocessing.pool.Pool.apply_async"})
_PROCESS_POOLS: Final = ("concurrent.futures.ProcessPoolExecutor", "multiprocessing.pool.Pool")
_MANY: Final = 10_000
_LARGE: Final = ("numpy.", "pandas.", "polars.", "torch.", "pyarrow.", "scipy.")
_COLLECTED: Final = (Op.COMP,)


def many_tiny_tasks(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON804: `map` over very many items on a pool of processes, one item a message."""
    for call in code.calls_to(_MAP | _LAZY_MAPS):
        site = code.body.sites[call.site]
        if not code.is_all(code.receiver(call.site), *_PROCESS_POOLS):
            continue
        in_chunks = any(slot == "chunksize" for slot, _ in site.args)
        if in_chunks or (call.names & _LAZY_MAPS and len(site.args) > 2):
            continue
        items = [value for slot, value in site.args if isinstance(slot, int) and slot > 0]
        count = max((_length(code, value) for value in items), default=0)
        if count < _MANY:
            continue
        yield found(
            view,
            code,
            call.site,
            "CON804",
            f"each of {count:,} items is sent to a process by itself: that may take longer than the work",
            Advice(ExecutionModel.PROCESS, "give `map` a `chunksize`, such as 1,000."),
            cause=min(call.names),
            model=ExecutionModel.PROCESS,
            most=Confidence.MEDIUM,
        )


def _length(code: Code, value: int) -> int:
    """How many items a value is known to have: `range(1_000_000)`, or a list made from it."""
    node = graph.node(code.body, value)
    call = code.calls.get(code.call_of(value))
    if call is None:
        if node[0] == Op.COMP:
            regions = [region for region in code.body.regions if region.kind == RegionKind.COMP]
            return _length(code, regions[0].value) if len(regions) == 1 else 0
        return 0
    args = code.body.sites[call.site].args
    if call.is_one_of({"builtins.list", "builtins.tuple"}) and len(args) == 1:
        return _length(code, args[0][1])
    if not call.is_one_of({"builtins.range"}) or not args:
        return 0
    numbers = [code.literal((code.key, value)) for _, value in args]
    if not all(isinstance(number, int) for number in numbers):
        return 0
    return len(range(*[number for number in numbers if isinstance(number, int)][:3]))


def large_argument_again(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON805: the same large object pickled for each piece of work."""
    for call in code.calls_to(_SUBMITS):
        site = code.body.sites[call.site]
        loop = code.loop_of(site.region)
        if loop < 0 or not code.is_all(code.receiver(call.site), *_PROCESS_POOLS):
            continue
        todo = [value for slot, value in site.args if slot != 0]
        while todo:
            value = todo.pop()
            node = graph.node(code.body, value)
            if node[0] in (Op.TUPLE, Op.LIST, Op.DICT):
                todo += graph.parts(node)
            elif _is_large(code, value) and not _changes_in(code, value, loop):
                yield found(
                    view,
                    code,
                    call.site,
                    "CON805",
                    "the same large object is pickled and sent for each piece of work",
                    Advice(
                        ExecutionModel.PROCESS,
                        "send it once, by the pool's `initializer`, or let each worker load it.",
                    ),
                    cause=min(call.names),
                    model=ExecutionModel.PROCESS,
                    most=Confidence.MEDIUM,
                )
                break


def _is_large(code: Code, value: int) -> bool:
    """Whether a value is data that is likely large: an array or table, or a collection made of all of one."""
    if graph.node(code.body, value)[0] in _COLLECTED or _length(code, value) >= _MANY:
        return True
    values = code.known(value).values
    return bool(values) and all(
        isinstance(item, ExternalInstance) and item.dotted.startswith(_LARGE) for item in values
    )


def _changes_in(code: Code, value: int, loop: int) -> bool:
    """Whether a value is made anew in each round of a loop."""
    made = code.made_from([value])
    for item in made:
        node = code.body.values[item]
        if node[0] == Op.ELEM and node[1] == code.body.regions[loop].value:
            return True
        if node[0] == Op.CALL and code.is_inside(code.body.sites[graph.called_site(node)].region, loop):
            return True
        if node[0] == Op.PHI:
            return True
    return False
