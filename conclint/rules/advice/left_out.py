"""Methods that do nothing but call another, in whose place a library's class would run that in a thread."""

from __future__ import annotations

from typing import NamedTuple

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, Function, Key
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Param, ParamKind, SiteKind, Slot


class Default(NamedTuple):
    """A class of a library, and the plain method that its own coroutine method runs in a thread."""

    owner: str
    method: str


def default_of(view: ModuleView, key: Key) -> Default | None:
    """What runs in the place of a coroutine method, if that is left out."""
    evaluator = view.engine.evaluator
    owner = view.module.enclosing_class(key)
    if owner is None or view.module.definition(key).decorators:
        return None
    name = view.module.definition(key).name
    for base in evaluator.classes.ancestry(owner).classes:
        if isinstance(base, Class) and base != owner and name in evaluator.classes.own_members(base):
            return None
        if not isinstance(base, External):
            continue
        for fact in evaluator.catalog.ancestry(base.dotted):
            method = fact.in_threads.get(name)
            if method is not None and _only_calls(evaluator, key, method):
                return Default(fact.name.rpartition(".")[2], method)
    return None


def _only_calls(evaluator: Evaluator, key: Key, method: str) -> bool:
    """Whether a method returns what another of the receiver gives for the method's own arguments, each at its
    place, and that is all: then whoever calls it may call the other in just the same way."""
    body = evaluator.body(key)
    if len(body.sites) != 1 or len(body.returns) != 1 or body.sites[0].kind != SiteKind.CALL:
        return False
    (site,) = body.sites
    callee = graph.node(body, site.callee)
    is_own = callee[0] == Op.ATTR and callee[2] == method
    if not is_own or graph.node(body, graph.base(callee)) != (Op.PARAM, 0):
        return False
    if graph.call(body, body.returns[0][0]) is not site:
        return False
    own = evaluator.definition(key).params[1:]
    given = [(slot, graph.node(body, graph.bare(body, value))) for slot, value in site.args]
    if [param.kind for param in own] == [ParamKind.STAR, ParamKind.DOUBLE_STAR]:
        return given == [(Slot.STAR, (Op.PARAM, 1)), (Slot.DOUBLE_STAR, (Op.PARAM, 2))]
    called = evaluator.evaluate(key, site.callee)
    return (
        bool(called.values)
        and not called.incomplete
        and given == [(_slot(own, slot, at), (Op.PARAM, at + 1)) for at, (slot, _) in enumerate(given)]
        and len(given) == len(own)
        and all(isinstance(value, Function) and _takes(evaluator, value.key, key) for value in called.values)
    )


def _slot(own: tuple[Param, ...], given: int | str, at: int) -> int | str | None:
    """How the parameter at a place is to be passed on, `given` being one of two ways where both will do."""
    if at >= len(own):
        return None
    param = own[at]
    if param.kind in (ParamKind.STAR, ParamKind.DOUBLE_STAR):
        return Slot.STAR if param.kind == ParamKind.STAR else Slot.DOUBLE_STAR
    by_name = isinstance(given, str) or param.kind == ParamKind.KEYWORD_ONLY
    return param.name if by_name else at


def _takes(evaluator: Evaluator, function: Key, key: Key) -> bool:
    """Whether a method has the same parameters as another. A default must be `None`, as the library's class
    has one of its own, which it would pass on (`k=4`)."""
    definition, other = evaluator.definition(function), evaluator.definition(key)
    if definition.decorators:
        return False
    first, second = definition.params[1:], other.params[1:]
    return [(param.name, param.kind) for param in first] == [
        (param.name, param.kind) for param in second
    ] and all(
        _is_none(evaluator, function, ours) and _is_none(evaluator, key, theirs)
        if ours.default >= 0 and theirs.default >= 0
        else ours.default == theirs.default
        for ours, theirs in zip(first, second, strict=True)
    )


def _is_none(evaluator: Evaluator, key: Key, param: Param) -> bool:
    return graph.node(evaluator.body(evaluator.scope(key)), param.default) == (Op.CONST, None)
