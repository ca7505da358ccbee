"""CON709: what a coroutine keeps in a `threading.local` while it is suspended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.effects.deadlocks import suspends
from conclint.effects.solver import EffectSolver
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import External, Function, Key
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.names import Name, names_of
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, Site, SiteKind

_LOCAL: Final = "threading.local"
_MISSING: Final = "builtins.AttributeError"
_DEPTH: Final = 2
_ADVICE: Final = Advice(
    ExecutionModel.EVENT_LOOP,
    "keep it in a `contextvars.ContextVar`: each task has its own. Or hand it on as an argument.",
)


class _Use(NamedTuple):
    """An attribute of a thread-local that a site sets or reads, and the calls down to where it does."""

    names: frozenset[Name]
    attribute: str
    sets: bool
    way: tuple[Hop, ...]


class ThreadLocals:
    """What functions do to thread-locals: of one that many call it is found out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Key, int], tuple[_Use, ...]] = {}

    def across_await(self, view: ModuleView, code: Code) -> Iterator[Draft]:
        """CON709: a coroutine function sets an attribute of a `threading.local`, awaits, and reads it."""
        if code.definition.kind != DefKind.ASYNC_FUNCTION:
            return
        kept: list[_Use] = []
        exposed: list[_Use] = []
        reported: set[tuple[object, ...]] = set()
        for number, site in enumerate(code.body.sites):
            for use in self._uses(code, number, 0):
                if use.sets:
                    exposed = [held for held in exposed if not _is_same(held, use)]
                    kept.append(use)
                elif any(_is_same(held, use) for held in exposed):
                    place = (use.attribute, use.names)
                    if place not in reported:
                        reported.add(place)
                        yield _draft(view, code, number, use)
            if kept and suspends(code.evaluator, code.key, site, 0):
                exposed += kept
                kept = []

    def _uses(self, code: Code, number: int, depth: int) -> Iterator[_Use]:
        """What a site does to thread-locals, by itself or by the function that it calls."""
        site = code.body.sites[number]
        if site.kind in (SiteKind.ATTR, SiteKind.SET_ATTR):
            yield from _own_use(code, number, site)
        elif site.kind == SiteKind.CALL and depth < _DEPTH:
            call = code.calls.get(number)
            for target in call.inside if call is not None and len(call.inside) == 1 else ():
                if not isinstance(target, Function) or target.key == code.key:
                    continue
                if code.evaluator.definition(target.key).kind != DefKind.FUNCTION:
                    continue
                found = self._within(code.engine, target.key, depth + 1)
                if found:
                    hop = Hop(code.key, number, callable_name(code.evaluator, target))
                    yield from (use._replace(way=(hop, *use.way)) for use in found)

    def _within(self, engine: EffectSolver, key: Key, depth: int) -> tuple[_Use, ...]:
        """What a function does to thread-locals."""
        found = self._known.get((key, depth))
        if found is None:
            code = Code(engine, key)
            sites = range(len(code.body.sites))
            found = tuple(use for number in sites for use in self._uses(code, number, depth))
            if engine.is_settled:
                self._known[key, depth] = found
        return found


def _draft(view: ModuleView, code: Code, number: int, use: _Use) -> Draft:
    name = use.way[-1].symbol
    called = f"`{short_name(use.way[0].symbol)}` reads `{name}`" if len(use.way) > 1 else f"`{name}` is read"
    return found(
        view,
        code,
        number,
        "CON709",
        f"{called} after an `await`: another task of the same thread may have set it meanwhile",
        _ADVICE,
        cause=name,
        model=ExecutionModel.EVENT_LOOP,
        chain=use.way,
    )


def _is_same(first: _Use, second: _Use) -> bool:
    return first.attribute == second.attribute and not first.names.isdisjoint(second.names)


def _own_use(code: Code, number: int, site: Site) -> Iterator[_Use]:
    """What a site that sets or reads an attribute does to a thread-local."""
    node = graph.node(code.body, site.callee)
    if node[0] != Op.ATTR:
        return
    base = graph.base(node)
    if code.is_all(base, _LOCAL):
        names = frozenset(name for name in names_of(code, base) if name[0] != "value")
        hop = Hop(code.key, number, f"{_shown(code, base)}.{node[2]}")
        sets = site.kind == SiteKind.SET_ATTR
        if not (sets and _is_made_once(code, site.region)):
            yield _Use(names, str(node[2]), sets, (hop,))


def _is_made_once(code: Code, region: int) -> bool:
    """Whether a region is for what is not there yet (`if not hasattr(local, "client")`, `except
    AttributeError`): what it keeps is of the thread, and as good for one task as for another."""
    if any(_is_for_missing(code, number) for number in graph.around(code.body, region)):
        return True
    tests = [code.body.regions[number].value for number in graph.around(code.body, region)]
    made = graph.made_from(code.body, tests)
    calls = [graph.call(code.body, value) for value in made]
    return any(
        call is not None
        and graph.node(code.body, call.callee)[:2] in ((Op.GLOBAL, "hasattr"), (Op.GLOBAL, "getattr"))
        for call in calls
    )


def _is_for_missing(code: Code, number: int) -> bool:
    region = code.body.regions[number]
    if region.kind != RegionKind.EXCEPT or region.value < 0:
        return False
    caught = code.evaluator.evaluate(code.key, region.value).values
    return any(isinstance(item, External) and item.dotted == _MISSING for item in caught)


def _shown(code: Code, base: int) -> str:
    node = graph.node(code.body, base)
    return str(node[-1]) if node[0] in (Op.GLOBAL, Op.ATTR, Op.FREE) else "local"
