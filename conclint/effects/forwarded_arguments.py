"""What a wrapper passes on to the callable that it hands to a thread or process: all that it was given beyond
its own parameters (`def run(f, *args, **kwargs): pool.submit(f, *args, **kwargs)`)."""

from __future__ import annotations

from conclint.resolve.arguments import EVERYTHING, Arguments
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Function, Key, Parameter
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, ParamKind, SiteKind, Slot

_OWN = (ParamKind.POSITIONAL_ONLY, ParamKind.NORMAL)


def forwarded_arguments(
    evaluator: Evaluator, function: Function, parameter: Parameter, arguments: Arguments
) -> Arguments:
    """The arguments of what `parameter` (its own, or that of a function around it) is bound to, where a call
    of the wrapper passes `arguments`. Nothing is known where the wrapper passes something else."""
    if parameter.attributes or arguments.spread:
        return EVERYTHING
    params = evaluator.definition(function.key).params
    stars = {param.kind: Parameter(function.key, place) for place, param in enumerate(params)}
    star, double = stars.get(ParamKind.STAR), stars.get(ParamKind.DOUBLE_STAR)
    if star is None and double is None:
        return EVERYTHING
    slots = _slots_passed(evaluator, function.key, parameter, star, double)
    if not slots:
        return EVERYTHING
    own = sum(param.kind in _OWN for param in params) - (function.receiver is not None)
    names = {param.name for param in params if param.kind in (*_OWN, ParamKind.KEYWORD_ONLY)}
    keywords = tuple(item for item in arguments.keywords if item[0] not in names)
    return Arguments(
        arguments.positional[own:] if Slot.STAR in slots else (),
        keywords if Slot.DOUBLE_STAR in slots else (),
    )


def _slots_passed(
    evaluator: Evaluator,
    wrapper: Key,
    parameter: Parameter,
    star: Parameter | None,
    double: Parameter | None,
) -> set[int]:
    """Which of the wrapper's `*args` and `**kwargs` go, unpacked, to a call of the parameter or with it: in
    the wrapper, or in a function that it makes."""
    found: set[int] = set()
    for key in (wrapper, *evaluator.module(wrapper[0]).children(wrapper)):
        for site in evaluator.body(key).sites:
            if site.kind != SiteKind.CALL:
                continue
            values = (site.callee, *(value for _, value in site.args))
            if not any(_is(evaluator, key, value, parameter) for value in values):
                continue
            for slot, value in site.args:
                given = star if slot == Slot.STAR else double if slot == Slot.DOUBLE_STAR else None
                if given is not None and isinstance(slot, int) and _is(evaluator, key, value, given):
                    found.add(slot)
    return found


def _is(evaluator: Evaluator, key: Key, value: int, parameter: Parameter) -> bool:
    """Whether a value of a body is a parameter of it, or of a function around it."""
    body = evaluator.body(key)
    node = graph.node(body, graph.bare(body, value))
    if key == parameter.key:
        return node[:2] == (Op.PARAM, parameter.position)
    name = evaluator.definition(parameter.key).params[parameter.position].name
    return node[0] == Op.FREE and node[2] == name
