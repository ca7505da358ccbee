"""Objects made without a part that their methods look for (`Cache()` of a `Cache(remote=None)`)."""

from __future__ import annotations

from collections.abc import Iterable

from conclint.resolve.arguments import arguments_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Function, Instance, Key, Literal, Parameter, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op

_NOTHING = (Op.CONST, None)


class MissingParts:
    """Whether a method tests for an attribute that its receiver, as it was made, does not have."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._required: dict[tuple[Key, int], frozenset[str]] = {}
        self._missing: dict[tuple[Instance, str], tuple[str, ...]] = {}

    def reasons(self, receiver: Value | None, steps: Iterable[tuple[Key, int]]) -> tuple[str, ...]:
        """Why a call on the receiver may not come to the last of the sites, each a phrase for the reader: the
        first is in the called function, each other in a method that the one before calls on `self`. Never a
        certainty: whoever has the object may store the part later."""
        if not isinstance(receiver, Instance) or receiver.made is None:
            return ()
        for key, site in steps:
            if site < 0:
                break
            region = self._evaluator.body(key).sites[site].region
            for name in sorted(self._names(key, region)):
                found = self._look(receiver, name)
                if found:
                    return found
        return ()

    def _names(self, key: Key, region: int) -> frozenset[str]:
        """The attributes of `self` that are there wherever the region runs, by the tests around it."""
        slot = (key, region)
        found = self._required.get(slot)
        if found is None:
            body = self._evaluator.body(key)
            tests = [
                item
                for number in graph.around(body, region)
                if (item := body.regions[number]).kind in graph.TESTS
            ]
            names = [_found_there(body, item.value, bool(item.extra)) for item in tests]
            found = self._required[slot] = frozenset().union(*names)
        return found

    def _look(self, receiver: Instance, name: str) -> tuple[str, ...]:
        slot = (receiver, name)
        found = self._missing.get(slot)
        if found is None:
            found = self._reasons(receiver, name)
            if self._evaluator.solver.is_idle:
                self._missing[slot] = found
        return found

    def _reasons(self, receiver: Instance, name: str) -> tuple[str, ...]:
        stores = [
            (method, value, region)
            for owner in self._evaluator.classes.ancestry(receiver.cls).classes
            if isinstance(owner, Class)
            for method, value, region in self._evaluator.classes.own_stores(owner).get(name, ())
        ]
        makers = self._evaluator.classes.method(receiver.cls, "__init__", receiver).values
        if len(makers) != 1 or not isinstance(makers[0], Function):
            return ()
        initial = [(value, region) for key, value, region in stores if key == makers[0].key]
        if len(initial) != 1 or initial[0][1] != 0 or not self._is_none(receiver, makers[0], initial[0][0]):
            return ()
        missing = f"the object is made without {name}"
        return (missing,) if len(stores) > 1 else (missing, f"no method of its class gives it {name} later")

    def _is_none(self, receiver: Instance, maker: Function, value: int) -> bool:
        """Whether what `__init__` stores is a parameter for which the call that made the object passes None
        or nothing, None being the default."""
        node = self._evaluator.body(maker.key).values[value]
        if node[0] != Op.PARAM or receiver.made is None:
            return False
        key, site = receiver.made
        arguments = arguments_of(key, self._evaluator.body(key).sites[site].args)
        bound = self._evaluator.results.argument(
            Parameter(maker.key, graph.number(node)),
            maker._replace(receiver=Instance(receiver.cls)),
            arguments,
        )
        return not bound.incomplete and [v.value for v in bound.values if isinstance(v, Literal)] == [None]


def _found_there(body: Body, value: int, polarity: bool) -> frozenset[str]:
    """The attributes of `self` that are true, or not None, where a test comes out so."""
    node = graph.node(body, value)
    if (inner := graph.negated(node)) >= 0:
        return _found_there(body, inner, not polarity)
    if node[0] == Op.BOOL and (node[1] == "and") == polarity:
        return frozenset().union(*[_found_there(body, item, polarity) for item in graph.parts(node)])
    if node[0] == Op.COMPARE:
        left, right = graph.operands(node)
        differs = node[1] in ("is not", "!=")
        is_about_none = node[1] in ("is", "==", "is not", "!=") and graph.node(body, right) == _NOTHING
        return _own_attribute(body, left) if is_about_none and differs == polarity else frozenset()
    return _own_attribute(body, value) if polarity else frozenset()


def _own_attribute(body: Body, value: int) -> frozenset[str]:
    node = graph.node(body, value)
    if node[0] in graph.WRAPPERS:
        return _own_attribute(body, graph.operand(node))
    if graph.node(body, graph.base(node)) != (Op.PARAM, 0):
        return frozenset()
    return frozenset({str(node[2])})
