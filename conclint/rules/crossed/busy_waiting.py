"""CON710: a loop that asks again and again whether something has happened, without a pause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.effects.effects import WAITING
from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.severity import Severity
from conclint.resolve.values import Function
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, LoopFlags, Op, RegionKind, Site, SiteKind, Use

_OBJECTS: Final = {
    "threading.Thread": ("is_alive",),
    "multiprocessing.Process": ("is_alive",),
    "threading.Event": ("is_set",),
    "threading.Lock": ("locked",),
    "multiprocessing.synchronize.Event": ("is_set",),
    "concurrent.futures.Future": ("done", "running"),
    "multiprocessing.pool.AsyncResult": ("ready",),
    "queue.Queue": ("empty", "full", "qsize"),
    "multiprocessing.queues.Queue": ("empty", "full", "qsize"),
    "subprocess.Popen": ("poll",),
    "asyncio.Event": ("is_set",),
    "asyncio.Future": ("done", "cancelled"),
    "asyncio.Queue": ("empty", "full", "qsize"),
    "asyncio.Lock": ("locked",),
    "pathlib.Path": ("exists", "is_file"),
}
_QUESTIONS: Final = frozenset(f"{cls}.{name}" for cls, names in _OBJECTS.items() for name in names) | {
    "multiprocessing.active_children", "threading.active_count", "threading.enumerate", "os.path.exists",
    "os.path.isfile",
}  # fmt: skip
"""Functions and methods that say how things stand, and don't wait."""
_NAMES: Final = frozenset({"is_alive", "is_set"})
"""Methods that can hardly be of another kind, whatever has them."""
_COUNTING: Final = frozenset(
    f"builtins.{name}" for name in ("any", "all", "len", "bool", "list", "sum", "set", "tuple", "min", "max")
)
_BESIDES: Final = _COUNTING.union(
    {"time.time", "time.monotonic", "time.perf_counter", "asyncio.AbstractEventLoop.time"}
)
"""What may stand beside a question; alone it is none (a loop until a time does not wait for anybody)."""
_YIELDING: Final = frozenset({"time.sleep", "asyncio.sleep", "anyio.sleep", "trio.sleep", "os.sched_yield"})
_LITTLE: Final = ("it lets others have their turn each time",) * 2
_FOR_EVER: Final = ("it may be there to be busy",) * 2
_READING: Final = (SiteKind.ATTR, SiteKind.ITEM, SiteKind.ITERATE, SiteKind.CONTAINS)
_DEPTH: Final = 2


def busy_waiting(view: ModuleView, code: Code) -> Iterator[Draft]:
    """CON710: a `while` loop that only asks."""
    for number, region in enumerate(code.body.regions):
        if region.kind != RegionKind.WHILE or region.extra & LoopFlags.CARRIED:
            continue
        inside = [
            (place, site) for place, site in enumerate(code.body.sites) if code.is_inside(site.region, number)
        ]
        if not inside or any(code.is_inside(store.region, number) for store in code.body.stores):
            continue
        if any(code.is_inside(where, number) for _, where in code.body.yields):
            continue
        doubts = _doubts(view, code, number, inside)
        if doubts is not None:
            yield _draft(view, code, _place(code, inside), doubts)


def _doubts(
    view: ModuleView, code: Code, number: int, inside: Sequence[tuple[int, Site]]
) -> tuple[str, ...] | None:
    """Why the loop may be all right; None where it does anything but ask."""
    asks = False
    yields = False
    for place, _ in inside:
        site = code.body.sites[place]
        if site.kind == SiteKind.SPIN:
            node = graph.node(code.body, site.callee)
            if node[0] == Op.CONST:
                return _FOR_EVER if node[1] else None
            asks = asks or _only_reads(code, site.callee)
        elif site.kind == SiteKind.CALL:
            call = code.calls.get(place)
            if _yields(code, place, call):
                yields = True
            elif site.use & (Use.AWAITED | Use.ASYNC):
                return None
            elif _is_question(code, place, call, 0):
                asks = True
            elif call is None or not call.is_one_of(_BESIDES):
                return None
        elif site.kind not in _READING or _waits(view, code, place):
            return None
    if all(site.kind in _READING for _, site in inside):
        asks = True  # an `if` that leaves the loop by what others set
    if not asks:
        return None
    return _LITTLE if yields else ()


def _only_reads(code: Code, value: int) -> bool:
    """Whether a test calls nothing, or no more than `len` and the like: it reads what others set."""
    made = (code.body.values[item] for item in code.made_from([value]))
    calls = [code.calls.get(graph.called_site(node)) for node in made if node[0] == Op.CALL]
    return all(call is not None and call.is_one_of(_COUNTING) for call in calls)


def _waits(view: ModuleView, code: Code, place: int) -> bool:
    """Whether what a site runs (a property, say) waits by itself."""
    link = view.engine.link_at(code.key, place)
    effects = view.engine.site_effects(code.key, link, []) if link is not None else {}
    return any(effect.kind in WAITING for effect in effects)


def _yields(code: Code, place: int, call: Call | None) -> bool:
    """Whether a call gives others a turn, and no more: a pause of 0."""
    if call is None or not call.is_one_of(_YIELDING):
        return False
    args = code.body.sites[place].args
    return not args or graph.node(code.body, args[0][1]) in ((Op.CONST, 0), (Op.CONST, 0.0))


def _is_question(code: Code, place: int, call: Call | None, depth: int) -> bool:
    if call is not None and call.is_one_of(_QUESTIONS):
        return True
    if call is None or not (call.names or call.inside):
        callee = graph.node(code.body, code.body.sites[place].callee)
        return callee[0] == Op.ATTR and callee[2] in _NAMES and not code.body.sites[place].args
    if call.names or call.incomplete or len(call.inside) != 1 or depth >= _DEPTH:
        return False
    (target,) = call.inside
    if not isinstance(target, Function) or code.evaluator.definition(target.key).kind != DefKind.FUNCTION:
        return False
    inner = Code(code.engine, target.key)
    if inner.body.stores or inner.body.yields or any(r.kind in graph.LOOPS for r in inner.body.regions):
        return False
    return all(
        site.kind in (SiteKind.ATTR, SiteKind.ITEM, SiteKind.CONTAINS)
        or (
            site.kind == SiteKind.CALL
            and (
                _is_question(inner, number, inner.calls.get(number), depth + 1)
                or (number in inner.calls and inner.calls[number].is_one_of(_BESIDES))
            )
        )
        for number, site in enumerate(inner.body.sites)
    )


def _place(code: Code, inside: Sequence[tuple[int, Site]]) -> int:
    """Where the loop is shown: at its test, where that is all that it has, else at the first question."""
    spins = [place for place, _ in inside if code.body.sites[place].kind == SiteKind.SPIN]
    calls = [place for place, _ in inside if code.body.sites[place].kind == SiteKind.CALL]
    return (spins or calls or [inside[0][0]])[0]


def _draft(view: ModuleView, code: Code, place: int, doubts: tuple[str, ...]) -> Draft:
    on_loop = code.definition.kind == DefKind.ASYNC_FUNCTION and doubts != _LITTLE
    message = (
        "this loop asks again and again without a pause: it takes a whole core, and the GIL from the rest"
    )
    if on_loop:
        message = (
            "this loop asks again and again without an `await`: the event loop does nothing else meanwhile"
        )
    text = (
        "await what it waits for: an `asyncio.Event`, a future, `asyncio.wait_for`."
        if code.definition.kind == DefKind.ASYNC_FUNCTION
        else "wait for it: `join()`, `Event.wait()`, `Condition.wait_for()`, `queue.get()`; or pause."
    )
    return found(
        view,
        code,
        place,
        "CON710",
        message,
        Advice(ExecutionModel.EVENT_LOOP if on_loop else ExecutionModel.THREAD, text),
        cause="while",
        model=ExecutionModel.EVENT_LOOP if on_loop else ExecutionModel.THREAD,
        reasons=doubts,
        most=Confidence.HIGH,
        severity=Severity.CRITICAL if on_loop else None,
    )
