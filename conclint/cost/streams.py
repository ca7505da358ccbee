"""Loops that may wait for what they go through: pipes, subscriptions, consumers of a topic. To the worker
such a thing is an argument like any other, so it is looked for where it is handed over, and in what is done
with its items."""

from __future__ import annotations

from typing import Final

from conclint.cost.type_names import stated_name
from conclint.resolve.arguments import Arguments, Passed, StarItem, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Display, Function, Literal, Parameter, Value, ValueSet
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, SiteKind

_PIPES: Final = frozenset(
    {"stdin", "stdout", "stderr", "rfile", "pipe", "stream", "sock", "socket", "connection", "conn"}
)
"""Attributes that hold what is read as it comes."""
_STREAMS: Final = frozenset(
    {
        "IO", "TextIO", "BinaryIO", "TextIOWrapper", "BufferedReader", "BufferedIOBase", "RawIOBase",
        "IOBase", "Iterator", "Generator", "socket", "Connection",
    }
)  # fmt: skip
"""Types of which reading the next item may wait."""
_SAYS: Final = frozenset({"write", "print", "debug", "info", "warning", "error", "log"})
_HANDS_ON: Final = _SAYS | {
    "put", "put_nowait", "append", "appendleft", "emit", "send", "sendall", "publish", "writelines",
}  # fmt: skip
"""What passes an item on as it is; what a text is made of first is no work beside saying it."""
_TEXT: Final = frozenset({"decode", "encode", "lower", "lstrip", "replace", "rstrip", "strip", "upper"})
_THROUGH: Final = (Op.ELEM, Op.ITEM, Op.PHI, Op.TUPLE, Op.LIST)
_DEPTH: Final = 5


def streamed(
    evaluator: Evaluator, function: Function, arguments: Arguments, outer: set[Parameter]
) -> set[Parameter]:
    """The parameters of a function that these arguments may make streams; `outer` are those of the caller."""
    found: set[Parameter] = set()
    definition = evaluator.definition(function.key)
    if function.receiver is not None:
        arguments = arguments.prepend(ValueSet((function.receiver,)))
    for position, param in enumerate(definition.params):
        passed = bind(definition, position, arguments)
        stated = stated_name(evaluator, evaluator.scope(function.key), param.annotation) in _STREAMS
        if passed is None:
            is_stream = stated
        else:
            values = evaluator.passed(passed).values
            is_stream = (
                not outer.isdisjoint(values)
                or _parameter(evaluator, passed) in outer
                or (stated and not _is_at_hand(values))
                or _may_stream(evaluator, passed)
            )
        if is_stream:
            found.add(Parameter(function.key, position))
    return found


def _is_at_hand(values: tuple[Value, ...]) -> bool:
    """Whether all of it is written out: what is declared as an iterator, and is a list, doesn't wait."""
    return bool(values) and all(isinstance(item, (Display, Literal)) for item in values)


def _parameter(evaluator: Evaluator, passed: Passed) -> Parameter | None:
    """The caller's parameter that an argument is."""
    if isinstance(passed, (ValueSet, StarItem)):
        return None
    node = graph.node(evaluator.body(passed[0]), passed[1])
    return Parameter(passed[0], graph.number(node)) if node[0] == Op.PARAM else None


def _is_known(values: tuple[Value, ...]) -> bool:
    return not all(isinstance(item, Parameter) for item in values)


def _may_stream(evaluator: Evaluator, passed: Passed, depth: int = 0) -> bool:
    """Whether an argument is what some unknown call gives, or by its name a pipe."""
    if isinstance(passed, (ValueSet, StarItem)):
        return False
    key, value = passed
    if not depth and _is_known(evaluator.passed(passed).values):
        return False
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] == Op.ATTR:
        return node[2] in _PIPES
    if node[0] in _THROUGH:
        return depth < _DEPTH and any(
            _may_stream(evaluator, (key, item), depth + 1) for item in graph.parts(node)
        )
    site = graph.call(body, value)
    return site is not None and not evaluator.evaluate(key, site.callee).values


def hands_on(body: Body, number: int) -> bool:
    """Whether a loop goes through an argument, or a part of one, and only passes on what comes."""
    region = body.regions[number]
    if region.kind != RegionKind.FOR or not _is_given(body, region.value):
        return False
    inside = [n for n in range(number, len(body.regions)) if graph.is_inside(body, n, number)]
    works = any(body.regions[n].arithmetic for n in inside)
    handed = False
    for site in body.sites:
        if site.region not in inside:
            continue
        if site.kind in (SiteKind.ITERATE, SiteKind.ITEM, SiteKind.ENTER):
            return False
        if site.kind == SiteKind.CALL:
            name = graph.node(body, site.callee)
            if name[0] in (Op.ATTR, Op.GLOBAL) and name[-1] in (_SAYS if works else _HANDS_ON):
                handed = True
            elif name[0] != Op.ATTR or name[2] not in _TEXT:
                return False
    return handed


def _is_given(body: Body, value: int) -> bool:
    node = graph.node(body, value)
    while node[0] == Op.ATTR:
        node = graph.node(body, graph.base(node))
    return node[0] == Op.PARAM
