"""The program's own function that runs another one in a thread, where a place can name it: its threads, what
it hands on to them and what it counts are what the program wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from conclint.effects.effects import Effect, Kind
from conclint.model.execution import ExecutionModel
from conclint.resolve.values import Awaitable, Class, ExternalInstance, Function, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, ImportFlags, Op, ParamKind, SiteKind, StoreKind, Use

_OFFLOADS: Final = "offload"
"""The style of a placement whose result is waited for."""
_TELLING: Final = re.compile(r"(?i)thread|executor|sync|block|offload|defer|pool|worker")
"""What is in the name of such a function in another file: no file is read for others."""
_AWAITABLES: Final = re.compile(r"(?:^|\.)(?:\w*Future|Task|Deferred)$")


_ADDING: Final = frozenset({"setdefault", "update", "pop"})


_LIBRARIES: Final = {
    "anyio.to_thread.run_sync": (True, False),
    "starlette.concurrency.run_in_threadpool": (True, True),
}
"""Functions of libraries that a module may use for that, and whether they hand on arguments and keywords."""


class Helper(NamedTuple):
    """A function that is given another one, and is awaited: `code` is what a place calls it by.

    `takes_arguments` and `takes_keywords`: it hands these on. Not `is_plain`: it has to be given other things
    too, so that nobody but its users knows how it is called.
    """

    code: str
    takes_arguments: bool = False
    takes_keywords: bool = False
    is_plain: bool = True


def helper_of(view: ModuleView, key: Key) -> Helper | None:
    """The helper that a function's code can name: one that its module uses already, else one of its own
    class, of its module, or imported there."""
    owner = _owner(view, key)
    for wrapper, code in chain(_used(view, key, owner), _others(view, owner)):
        if isinstance(wrapper, str):
            return Helper(code, *_LIBRARIES[wrapper])
        helper = _known(view, wrapper, code) if wrapper != key else None
        if helper is not None:
            return helper
    return None


def _known(view: ModuleView, key: Key, code: str) -> Helper | None:
    """What a function is as a helper, found out once for the places that may use it."""
    if key not in view.memos.helpers:
        found = _described(view, key, code)
        if not view.engine.is_settled:
            return found
        view.memos.helpers[key] = found
    helper = view.memos.helpers[key]
    return helper._replace(code=code) if isinstance(helper, Helper) else None


def _others(view: ModuleView, owner: tuple[Class, Key] | None) -> Iterator[tuple[Key, str]]:
    if owner is not None:
        cls, method = owner
        receiver = view.module.definition(method).params[0].name
        for base in view.engine.evaluator.classes.ancestry(cls).classes:
            if isinstance(base, Class):
                yield from ((item, f"{receiver}.{name}") for item, name in _defined(view, base.key))
    yield from _defined(view, view.module.own)
    yield from _imported(view)


def _owner(view: ModuleView, key: Key) -> tuple[Class, Key] | None:
    """The class whose method a function is or stands in, and that method; None where it has no receiver."""
    for item in (key, *view.module.around(key)):
        cls = view.module.enclosing_class(item)
        if cls is not None:
            definition = view.module.definition(item)
            is_method = definition.kind in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION) and definition.params
            return (cls, item) if is_method and not definition.decorators else None
    return None


def _used(view: ModuleView, key: Key, owner: tuple[Class, Key] | None) -> Iterator[tuple[Key | str, str]]:
    """Those that the module hands something to and awaits, by names that mean the same at the place; a
    library's by its public name."""
    if view.memos.awaited_offloads is None:
        view.memos.awaited_offloads = list(_awaited_offloads(view))
    for other, callee, wrapper in view.memos.awaited_offloads:
        if code := _named_at(view, other, callee, key, owner):
            yield wrapper, code


def _awaited_offloads(view: ModuleView) -> Iterator[tuple[Key, int, Key | str]]:
    """The functions of the module that await what they hand to a thread, the value that is called for that,
    and what it is."""
    for other, placements in view.placements.items():
        if not placements:
            continue
        body = view.engine.evaluator.body(other)
        for placement in placements:
            if placement.model is not ExecutionModel.THREAD or placement.style != _OFFLOADS:
                continue
            wrapper = placement.via[0] if placement.via is not None else placement.symbol
            if body.sites[placement.site].kind != SiteKind.CALL or (
                isinstance(wrapper, str) and wrapper not in _LIBRARIES
            ):
                continue
            if body.sites[placement.site].use & Use.AWAITED:
                yield other, body.sites[placement.site].callee, wrapper


def _named_at(view: ModuleView, other: Key, value: int, key: Key, owner: tuple[Class, Key] | None) -> str:
    """What a function calls something by, if it is the same at another place of its module; else nothing."""
    body = view.engine.evaluator.body(other)
    node = graph.node(body, value)
    parts: list[str] = []
    while node[0] == Op.ATTR:
        parts.insert(0, str(node[2]))
        node = graph.node(body, graph.base(node))
    if node[0] == Op.GLOBAL:
        parts.insert(0, str(node[1]))
    elif node[0] == Op.IMPORT:
        item = view.module.summary.imports[graph.number(node)]
        if not _is_at_top(view, graph.number(node)):
            return ""
        parts.insert(0, item.bound)
    elif node[0] == Op.PARAM and parts:
        position = graph.number(node)
        name = view.module.definition(other).params[position].name
        there = _owner(view, other)
        if position == 0 and there is not None and there[1] == other:
            if owner is None or owner[0] != there[0]:
                return ""
            name = view.module.definition(owner[1]).params[0].name
        elif name not in [item.name for item in view.module.definition(key).params]:
            return ""
        parts.insert(0, name)
    else:
        return ""
    return ".".join(parts)


def _is_at_top(view: ModuleView, number: int) -> bool:
    item = view.module.summary.imports[number]
    inner = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.CLASS)
    is_typing = bool(item.flags & ImportFlags.TYPE_CHECKING)
    return not is_typing and not any(
        definition.start <= item.line <= definition.end
        for definition in view.module.summary.defs[1:]
        if definition.kind in inner
    )


def _defined(view: ModuleView, scope: Key) -> Iterator[tuple[Key, str]]:
    """The functions of a class or module that are such; those of other files by their names."""
    held = view.memos.helpers.get(scope)
    if not isinstance(held, tuple):
        held = tuple(item for item in _candidates(view, scope) if _known(view, *item) is not None)
        if view.engine.is_settled:
            view.memos.helpers[scope] = held
    yield from held


def _candidates(view: ModuleView, scope: Key) -> Iterator[tuple[Key, str]]:
    module = view.engine.evaluator.module(scope[0])
    for item in module.children(scope):
        definition = module.definition(item)
        if definition.kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION) or not definition.params:
            continue
        if scope[0] == view.module.path or _TELLING.search(definition.name):
            yield item, definition.name


def _imported(view: ModuleView) -> Iterator[tuple[Key, str]]:
    for number, item in enumerate(view.module.summary.imports):
        if item.name is None or not _TELLING.search(item.name) or not _is_at_top(view, number):
            continue
        for value in view.engine.evaluator.names.imported(view.module.path, number).values:
            if isinstance(value, Function):
                yield value.key, item.bound


def _described(view: ModuleView, key: Key, code: str) -> Helper | None:
    """What a function is as a helper; None where it is none."""
    definition = view.engine.evaluator.definition(key)
    is_awaited = definition.kind == DefKind.ASYNC_FUNCTION or _gives_awaitable(view, key)
    if not is_awaited or definition.flags & (DefFlags.GENERATOR | DefFlags.STUB):
        return None
    if not _gives_result(view, key) or _adds_keywords(view, key):
        return None
    position = next((at for at in map(_position, view.engine.effects_of(key)) if at is not None), None)
    if position is None:
        return None
    first = int(view.engine.evaluator.enclosing_class(key) is not None)
    rest = definition.params[position + 1 :]
    kinds = [item.kind for item in rest]
    stars = (ParamKind.STAR, ParamKind.DOUBLE_STAR)
    needed = [item for item in rest if item.kind not in stars and item.default < 0]
    in_between = [item for item in rest if item.kind in (ParamKind.NORMAL, ParamKind.POSITIONAL_ONLY)]
    return Helper(
        code,
        ParamKind.STAR in kinds and not in_between,
        ParamKind.DOUBLE_STAR in kinds,
        position == first and not needed and definition.params[position].kind != ParamKind.KEYWORD_ONLY,
    )


def _gives_result(view: ModuleView, key: Key) -> bool:
    """Whether a function returns anything: what was handed over may be wanted for its result."""
    body = view.engine.evaluator.body(key)
    returned = [graph.node(body, value) for value, _ in body.returns if value >= 0]
    return any(node[0] != Op.CONST or node[1] is not None for node in returned)


def _adds_keywords(view: ModuleView, key: Key) -> bool:
    """Whether a function changes the keywords that it hands on (`kwargs["stop"] = event`), so that what is
    handed over must take more than its caller gives."""
    evaluator = view.engine.evaluator
    params = evaluator.definition(key).params
    keywords = {number for number, item in enumerate(params) if item.kind == ParamKind.DOUBLE_STAR}
    body = evaluator.body(key)

    def is_keywords(value: int) -> bool:
        node = graph.node(body, value)
        return node[0] == Op.PARAM and graph.number(node) in keywords

    return any(store.kind == StoreKind.ITEM and is_keywords(store.base) for store in body.stores) or any(
        is_keywords(graph.receiver(body, site)) and graph.node(body, site.callee)[2] in _ADDING
        for site in body.sites
        if graph.receiver(body, site) >= 0
    )


def _position(effect: Effect) -> int | None:
    """The parameter that an effect hands to a thread; None where it hands none to it."""
    is_thread = effect.kind is Kind.PLACES and effect.model is ExecutionModel.THREAD
    if not is_thread or effect.family != _OFFLOADS or effect.parameter is None:
        return None
    return None if effect.parameter.attributes else effect.parameter.position


def _gives_awaitable(view: ModuleView, key: Key) -> bool:
    """Whether a plain function returns what is to be awaited."""
    evaluator = view.engine.evaluator
    for value, _ in evaluator.body(key).returns:
        for item in evaluator.evaluate(key, value).values if value >= 0 else ():
            if isinstance(item, Awaitable):
                return True
            if isinstance(item, ExternalInstance) and _AWAITABLES.search(item.dotted):
                return True
    return False
