"""Classes of the program: method resolution order, members, attributes of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from conclint.link.annotations import annotation_type
from conclint.link.values import (
    UNKNOWN,
    Class,
    External,
    ExternalMethod,
    Function,
    Instance,
    Known,
    Literal,
    Parameter,
    Value,
    to_index,
    union,
    without_none,
)
from conclint.model.summary import DefKind, Op, StoreKind

if TYPE_CHECKING:
    from conclint.link.evaluate import Evaluator

_FUNCTIONS = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)


class Ancestry(NamedTuple):
    """A class's bases in order of look-up, itself first; `partial` where a base is not known."""

    classes: tuple[Class | External, ...]
    partial: bool


class Classes:
    """Answers about classes, remembered."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._ancestry: dict[Class, Ancestry] = {}
        self._stores: dict[Class, dict[str, list[tuple[int, int]]]] = {}
        self._members: dict[Class, dict[str, list[int]]] = {}

    def ancestry(self, cls: Class) -> Ancestry:
        """The class and all its bases, nearest first; a class of several paths comes as late as it can,
        which is Python's order for the hierarchies that Python accepts in practice."""
        found = self._ancestry.get(cls)
        if found is None:
            self._ancestry[cls] = Ancestry((cls,), True)  # a class that inherits from itself
            try:
                found = self._linearise(cls)
            except BaseException:
                del self._ancestry[cls]
                raise
            self._ancestry[cls] = found
        return found

    def _linearise(self, cls: Class) -> Ancestry:
        path, index = cls.key
        module = self._evaluator.module(path)
        definition = module.definition(index)
        parts: list[tuple[Class | External, ...]] = []
        partial = False
        for base in definition.bases:
            item = self._evaluator.evaluate((path, definition.parent), base)
            bases = [value for value in item.values if isinstance(value, (Class, External))]
            if len(bases) != 1 or item.partial:
                partial = partial or item.partial or len(bases) > 1 or not bases
            for value in bases[:1]:
                if isinstance(value, Class):
                    above = self.ancestry(value)
                    parts.append(above.classes)
                    partial = partial or above.partial
                else:
                    parts.append((value,))
        order: list[Class | External] = [cls]
        flat = [item for part in parts for item in part]
        for number, above_item in enumerate(flat):
            if above_item not in flat[number + 1 :] and above_item not in order:
                order.append(above_item)
        return Ancestry(tuple(order), partial)

    def own_members(self, cls: Class) -> dict[str, list[int]]:
        """The names bound in the class body, with their values (of the class body)."""
        members = self._members.get(cls)
        if members is None:
            members = {}
            for store in self._evaluator.body(cls.key).stores:
                if store.kind == StoreKind.LOCAL:
                    members.setdefault(str(store.name), []).append(store.value)
            self._members[cls] = members
        return members

    def own_stores(self, cls: Class) -> dict[str, list[tuple[int, int]]]:
        """The stores to attributes of `self` in the class's own methods: name to (method, value)."""
        stores = self._stores.get(cls)
        if stores is None:
            stores = {}
            path, index = cls.key
            module = self._evaluator.module(path)
            for child in module.children(index):
                if module.definition(child).kind not in _FUNCTIONS:
                    continue
                body = module.body(child)
                for store in body.stores:
                    if store.kind == StoreKind.ATTR and body.values[store.base] == (Op.PARAM, 0):
                        stores.setdefault(str(store.name), []).append((child, store.value))
            self._stores[cls] = stores
        return stores

    def member(self, cls: Class, name: str, receiver: Value, start: int = 0) -> Known:
        """What `receiver.name` is by the class and its bases, methods bound to the receiver."""
        ancestry = self.ancestry(cls)
        for owner in ancestry.classes[start:]:
            if isinstance(owner, External):
                canonical = self._evaluator.catalog.canonical(owner.dotted)
                if self._evaluator.catalog.method(canonical, name) is not None:
                    return Known((ExternalMethod(canonical, name),))
                kind = self._evaluator.catalog.attribute(canonical, name)
                if kind is not None:
                    return self._evaluator.results.type_expression(kind, receiver)
                if self._evaluator.catalog.klass(canonical) is None and canonical != "builtins.object":
                    return Known((), True)
                continue
            values = self.own_members(owner).get(name)
            if self._evaluator.catalog.has_user_facts and self._is_users(owner, name, values):
                return Known((External(self._symbol(owner, name)),))
            if values:
                return union([self._bound(owner, value, receiver) for value in values[-4:]])
        return Known((), True) if ancestry.partial else UNKNOWN

    def _symbol(self, cls: Class, name: str) -> str:
        return f"{self._evaluator.module(cls.key[0]).symbol(cls.key[1])}.{name}"

    def _is_users(self, cls: Class, name: str, values: list[int] | None) -> bool:
        """Whether the user states the method, by name, or all methods of the class by a star."""
        if self._evaluator.catalog.is_users(self._symbol(cls, name)):
            return True
        if name.startswith("__") or not self._evaluator.catalog.is_users(self._symbol(cls, "*")):
            return False
        nodes = self._evaluator.body(cls.key).values
        return all(nodes[value][0] == Op.DEF for value in values or ())

    def method(self, cls: Class, name: str, receiver: Value) -> Known:
        """Like `member`, for a special method that syntax invokes; nothing known is no candidates."""
        found = self.member(cls, name, receiver)
        is_users = self._evaluator.catalog.is_users
        return Known(
            tuple(
                value
                for value in found.values
                if isinstance(value, (Function, ExternalMethod))
                or (isinstance(value, External) and is_users(value.dotted))
            )
        )

    def _bound(self, owner: Class, value: int, receiver: Value) -> Known:
        item = self._evaluator.evaluate(owner.key, value)
        node = self._evaluator.body(owner.key).values[value]
        if node[0] != Op.DEF:
            return item
        key = (owner.key[0], to_index(node[1]))
        decoration = self._evaluator.decorations.of(key)
        bound: list[Value] = []
        for candidate in item.values:
            if isinstance(candidate, Function) and not decoration.is_static and candidate.receiver is None:
                bind_to = receiver
                if decoration.is_class and isinstance(receiver, Instance):
                    bind_to = receiver.cls
                if isinstance(receiver, Class) and not decoration.is_class:
                    bound.append(candidate)
                    continue
                candidate = candidate._replace(receiver=bind_to)
            bound.append(candidate)
        return item._replace(values=tuple(bound))

    def property_of(self, cls: Class, name: str, receiver: Value) -> tuple[Function, ...]:
        """The getter that reading the attribute runs, if it is a property."""
        for owner in self.ancestry(cls).classes:
            if isinstance(owner, External):
                continue
            for value in self.own_members(owner).get(name, ())[:1]:
                node = self._evaluator.body(owner.key).values[value]
                if node[0] != Op.DEF:
                    return ()
                key = (owner.key[0], to_index(node[1]))
                if self._evaluator.decorations.of(key).is_property:
                    return (Function(key, receiver),)
                return ()
        return ()

    def attribute(self, instance: Instance, name: str) -> Known:
        """What reading an attribute of an instance gives: stores to `self.name` anywhere in the class
        and its bases (an annotation first), class variables, methods, properties."""
        getter = self.property_of(instance.cls, name, instance)
        if getter:
            return self._evaluator.results.returned(getter[0], None)
        parts: list[Known] = []
        for owner in self.ancestry(instance.cls).classes:
            if isinstance(owner, External):
                continue
            for method, value in self.own_stores(owner).get(name, ()):
                item = self._evaluator.evaluate((owner.key[0], method), value)
                if any(isinstance(v, Parameter) for v in item.values):
                    # what a constructor was given: only its annotation could tell
                    rest = tuple(v for v in item.values if not isinstance(v, Parameter))
                    item = Known(rest, True, item.reasons)
                parts.append(item)
        if parts:
            declared = self._declared(instance, name)
            if declared is not None:
                return declared
            stored = without_none(union(parts))
            if stored.values or stored.partial:
                return stored
        return self.member(instance.cls, name, instance)

    def _declared(self, instance: Instance, name: str) -> Known | None:
        """The type that the class body declares for an attribute, if any."""
        for owner in self.ancestry(instance.cls).classes:
            if isinstance(owner, External):
                continue
            for value in self.own_members(owner).get(name, ()):
                node = self._evaluator.body(owner.key).values[value]
                if node[0] == Op.CAST and node[1] == -1:
                    stated = without_none(annotation_type(self._evaluator, owner.key, to_index(node[2])))
                    if stated.values and not stated.partial:
                        return stated
        return None

    def is_literal_none(self, item: Known) -> bool:
        """Whether nothing but None is known of a value."""
        return bool(item.values) and all(isinstance(v, Literal) and v.value is None for v in item.values)
