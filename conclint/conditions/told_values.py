"""What is known of a value: that it is a constant, that it is not None, whether it is true.

Less is taken for certain than what a value may be: a variable that is a switch may be set anew, an attribute
that is stored more than once may hold either, what a function returns may be None.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    Function,
    Instance,
    Key,
    Literal,
    ModuleRef,
    Parameter,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, StoreKind

DEPTH: Final = 12
"""Steps from a value back to what it is made from."""
_TRUTH_METHODS: Final = ("__bool__", "__len__")
_COLLECTIONS: Final = ("array.", "collections.", "numpy.", "pandas.", "torch.", "xml.")
"""Libraries whose objects are false where they are empty, or can't be asked."""
_SHAPELESS: Final = (
    Op.UNKNOWN, Op.FREE, Op.ELEM, Op.ITEM, Op.ENTER, Op.CAUGHT, Op.AWAIT, Op.YIELD, Op.STAR, Op.SLICE,
)  # fmt: skip


class Told(NamedTuple):
    """What is known of a value: the constant that it is; that it is not None; whether it is true; the
    caller's parameter that it is, unchanged."""

    constant: Literal | None = None
    is_something: bool = False
    truth: bool | None = None
    parameter: Parameter | None = None

    @classmethod
    def of_constant(cls, value: object) -> Told:
        """That it is this constant."""
        return cls(Literal(type(value).__name__, value), value is not None, bool(value))

    @classmethod
    def one_of(cls, parts: set[Told]) -> Told:
        """What holds of each of several."""
        if len(parts) == 1:
            return next(iter(parts))
        truths = {part.truth for part in parts}
        return cls(
            is_something=bool(parts) and all(part.is_something for part in parts),
            truth=next(iter(truths)) if len(truths) == 1 else None,
        )


UNTOLD: Final = Told()
MADE: Final = Told(is_something=True, truth=True)
NOT_NONE: Final = Told(is_something=True)


class ToldValues:
    """What is known of values, whoever calls the function that has them."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def of(self, key: Key, value: int, depth: int = 0) -> Told:
        """What is known of a value of a def."""
        if depth > DEPTH or value < 0:
            return UNTOLD
        body = self._evaluator.body(key)
        node = body.values[value]
        if node[0] == Op.PARAM:
            position = graph.number(node)
            return Told(parameter=Parameter(key, position), is_something=self._is_receiver(key, position))
        if node[0] in (Op.NARROW, Op.CAST):
            found = self.of(key, graph.operand(node), depth + 1)
            is_something = node[0] == Op.NARROW and _is_not_none(body, node)
            return found._replace(is_something=True) if is_something else found
        if node[0] == Op.PHI:
            return Told.one_of({self.of(key, part, depth + 1) for part in graph.parts(node)})
        if node[0] == Op.ATTR:
            return self.attribute(key, body, node, depth)
        return self.plain(key, value)

    def _is_receiver(self, key: Key, position: int) -> bool:
        """Whether a parameter is the object, or the class, whose method is called."""
        is_method = position == 0 and self._evaluator.enclosing_class(key) is not None
        return is_method and not self._evaluator.decorations.of(key).is_static

    def attribute(self, key: Key, body: Body, node: graph.Node, depth: int) -> Told:
        """An attribute: of a module or a class, a constant; of the receiver, what its class keeps in it,
        where that is nothing but objects that it makes."""
        name = str(node[2])
        base = graph.base(node)
        owner = self._evaluator.enclosing_class(key)
        if owner is not None and graph.node(body, base) == (Op.PARAM, 0):
            stores = self.stores(owner, name)
            parts = {self.of(method, value, depth + 2) for method, value, _ in stores}
            joined = Told.one_of(parts) if parts else UNTOLD
            return Told(is_something=joined.is_something, truth=joined.truth or None)
        found = self._evaluator.evaluate(key, base).values
        if len(found) != 1 or not isinstance(found[0], (Class, ModuleRef)):
            return UNTOLD
        if isinstance(found[0], Class) and self._evaluator.classes.enum_member(found[0], name) is not None:
            return self._member(found[0], name)
        return self._named(self._evaluator.attribute(ValueSet((found[0],)), name, key))

    def _member(self, cls: Class, name: str) -> Told:
        """A member of an enumeration: by its value, where that is written out."""
        values = self._evaluator.classes.own_members(cls).get(name, [])
        node = graph.node(self._evaluator.body(cls.key), values[-1]) if values else graph.UNKNOWN
        constant = node[1] if node[0] == Op.CONST else (cls.key, name)
        return Told(Literal("enum", constant), is_something=True)

    def plain(self, key: Key, value: int) -> Told:
        """What a value says of itself, by its own node."""
        body = self._evaluator.body(key)
        node = graph.node(body, value)
        if node[0] == Op.TUPLE:
            return MADE if graph.parts(node) else Told.of_constant(())
        if node[0] in (Op.LIST, Op.SET, Op.DICT, Op.TYPED, Op.COMP):
            return NOT_NONE
        if node[0] in _SHAPELESS:
            return UNTOLD
        if node[0] == Op.ATTR:
            return self.attribute(key, body, node, 0)
        if node[0] == Op.GLOBAL and is_set_anew(self._evaluator, key, str(node[1])):
            return UNTOLD
        if node[0] in (Op.GLOBAL, Op.IMPORT):
            return self._named(self._evaluator.evaluate(key, value))
        site = graph.call(body, value)
        if site is not None and not self._makes_instances(key, site.callee):
            return UNTOLD
        found = self.of_values(self._evaluator.evaluate(key, value))
        return NOT_NONE if found == UNTOLD and site is not None else found

    def _named(self, item: ValueSet) -> Told:
        """What a variable is that is set once: a switch may be set anew."""
        kept = (Function, Class, ModuleRef, Literal)
        is_kept = all(isinstance(value, kept) and not _is_switch(value) for value in item.values)
        return self.of_values(item) if is_kept else UNTOLD

    def _makes_instances(self, key: Key, callee: int) -> bool:
        called = self._evaluator.evaluate(key, callee).values
        catalog = self._evaluator.catalog
        return bool(called) and all(
            isinstance(value, Class)
            or (isinstance(value, External) and catalog.klass(value.dotted) is not None)
            for value in called
        )

    def of_values(self, item: ValueSet) -> Told:
        """What is known of what something may be."""
        if len(item.values) != 1 or item.incomplete:
            return UNTOLD
        value = item.values[0]
        if isinstance(value, Literal):
            return NOT_NONE if value.kind == "bytes" else Told.of_constant(value.value)
        if isinstance(value, Parameter):
            return Told(parameter=value)
        if isinstance(value, (Function, Class, ModuleRef)):
            return MADE
        if isinstance(value, Instance) and value.made is not None:
            classes = self._evaluator.classes
            has_truth = any(classes.method(value.cls, name, value).values for name in _TRUTH_METHODS)
            return NOT_NONE if has_truth or classes.ancestry(value.cls).incomplete else MADE
        if isinstance(value, ExternalInstance) and not value.dotted.startswith("builtins."):
            return NOT_NONE if value.dotted.startswith(_COLLECTIONS) else MADE
        return UNTOLD

    def stores(self, owner: Class, name: str) -> list[tuple[Key, int, int]]:
        """The stores to an attribute of the receiver in the methods of a class and its bases."""
        classes = self._evaluator.classes
        return [
            store
            for cls in classes.ancestry(owner).classes
            if isinstance(cls, Class)
            for store in classes.own_stores(cls).get(name, ())
        ]


def is_set_anew(evaluator: Evaluator, key: Key, name: str) -> bool:
    """Whether a module variable is set more than once, or by a function."""
    module = evaluator.module(key[0])
    return len(module.global_stores(name)) > 1 or bool(module.late_global_stores(name))


def is_rebound(evaluator: Evaluator, key: Key, position: int) -> bool:
    """Whether a function inside binds a parameter anew (`nonlocal flag`)."""
    module = evaluator.module(key[0])
    name = evaluator.definition(key).params[position].name
    todo = list(module.children(key))
    while todo:
        inner = todo.pop()
        if any(store.kind == StoreKind.FREE and store.name == name for store in module.body(inner).stores):
            return True
        todo += module.children(inner)
    return False


def _is_not_none(body: Body, node: graph.Node) -> bool:
    """Whether a value is narrowed by a test that found it not to be None."""
    return graph.node(body, graph.number(node, 2)) == (Op.CONST, None) and not node[3]


def _is_switch(value: Value) -> bool:
    """Whether a constant is of the kind that programs set anew: on or off, something or nothing."""
    return isinstance(value, Literal) and (value.value is None or isinstance(value.value, bool))
