"""What is in a collection that is written out: in a test, in a variable of a class that is meant to stay
(`NAMES = {*Base.NAMES, "volume"}`)."""

from __future__ import annotations

from typing import Final, TypeAlias

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Display, Instance, Key, Literal, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op

Members: TypeAlias = tuple[object, ...]

_DISPLAYS: Final = (Op.TUPLE, Op.LIST, Op.SET)
_MAKERS: Final = frozenset({"set", "frozenset", "tuple", "list"})
_FIXED: Final = frozenset({"frozenset", "tuple"})
_JOINING: Final = frozenset({"|", "+"})
_MAX_DEPTH: Final = 8


class ConstantMembers:
    """Knows the members of such collections; None of any other value."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, key: Key, value: int, receiver: Value | None, depth: int = 0) -> Members | None:
        """The members of a value of a def, which is called on the receiver."""
        if depth > _MAX_DEPTH or value < 0:
            return None
        body = self._evaluator.body(key)
        value = graph.bare(body, value)
        node = graph.node(body, value)
        if node[0] in _DISPLAYS:
            return self._joined([self._item(key, body, item, depth) for item in graph.operands(node)])
        if node[0] == Op.ARITH and node[1] in _JOINING:
            return self._joined([self.of(key, part, receiver, depth + 1) for part in graph.operands(node)])
        if node[0] == Op.ATTR:
            cls = self._class_of(key, body, graph.base(node), receiver)
            return self._of_class(cls, str(node[2]), depth) if cls is not None else None
        if node[0] in (Op.GLOBAL, Op.IMPORT):
            shown = self._evaluator.evaluate(key, value).values
            only = shown[0] if len(shown) == 1 else None
            return self.of(only.key, only.value, None, depth + 1) if isinstance(only, Display) else None
        made = graph.call(body, value)
        if made is None or _maker(body, made.callee) not in _MAKERS or len(made.args) > 1:
            return None
        return self.of(key, made.args[0][1], receiver, depth + 1) if made.args else ()

    def _joined(self, parts: list[Members | None]) -> Members | None:
        found: list[object] = []
        for part in parts:
            if part is None:
                return None
            found += part
        return tuple(found)

    def _item(self, key: Key, body: Body, item: int, depth: int) -> Members | None:
        """What an item of a display adds."""
        node = graph.node(body, item)
        if node[0] == Op.STAR:
            return self.of(key, graph.operand(node), None, depth + 1)
        found = self._evaluator.evaluate(key, item).values
        return (found[0].value,) if len(found) == 1 and isinstance(found[0], Literal) else None

    def _class_of(self, key: Key, body: Body, value: int, receiver: Value | None) -> Class | None:
        """The class whose variable an attribute of a value is: of the receiver, that which it is known by."""
        node = graph.node(body, value)
        made = graph.call(body, value)
        if node[0] == Op.ATTR and node[2] == "__class__":
            value = graph.base(node)
        elif made is not None and body.values[made.callee] == (Op.GLOBAL, "type") and len(made.args) == 1:
            value = made.args[0][1]
        if graph.node(body, value) == (Op.PARAM, 0) and receiver is not None:
            held: tuple[Value, ...] = (receiver,)
        else:
            held = self._evaluator.evaluate(key, value).values
        only = held[0] if len(held) == 1 else None
        if isinstance(only, Instance):
            return only.cls
        return only if isinstance(only, Class) else None

    def _of_class(self, cls: Class, name: str, depth: int) -> Members | None:
        """The members of a variable of a class, where it is set once and meant to stay."""
        for owner in self._evaluator.classes.ancestry(cls).classes:
            if not isinstance(owner, Class) or self._evaluator.classes.own_stores(owner).get(name):
                return None
            values = self._evaluator.classes.own_members(owner).get(name, ())
            if not values:
                continue
            body = self._evaluator.body(owner.key)
            value = graph.bare(body, values[0])
            is_fixed = name.isupper() or body.values[value][0] == Op.TUPLE or _is_fixed(body, value)
            return self.of(owner.key, value, None, depth + 1) if len(values) == 1 and is_fixed else None
        return None


def _is_fixed(body: Body, value: int) -> bool:
    made = graph.call(body, value)
    return made is not None and _maker(body, made.callee) in _FIXED


def _maker(body: Body, callee: int) -> object:
    node = graph.node(body, callee)
    return node[1] if node[0] == Op.GLOBAL else None
