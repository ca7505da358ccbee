"""Collections: what indexing or iterating a value gives."""

from __future__ import annotations

import ast
from functools import partial
from typing import Final

from conclint.resolve.fixpoint import Memo
from conclint.resolve.interpreter import Interpreter, Items
from conclint.resolve.puts import NO_PUTS, Put, Puts, seen_from
from conclint.resolve.values import (
    NONE,
    TOP,
    TYPED_KEY,
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    Generator,
    Instance,
    Key,
    Literal,
    ModuleRef,
    Parameter,
    Value,
    ValueSet,
    ValueSetMemo,
    is_module,
    join,
    known,
    to_index,
    value_set_memo,
)
from conclint.summary.records import Body, DefKind, Op, Site, SiteKind, StoreKind

_ANY: Final = object()
DISPLAYS = {Op.TUPLE: "tuple", Op.LIST: "list", Op.SET: "set", Op.DICT: "dict"}
_PUTS_FIRST = frozenset({"append", "appendleft", "add"})
_PUTS_SECOND = frozenset({"insert", "setdefault"})
_PUTS_ALL = frozenset({"extend", "update", "extendleft"})
PUTS = _PUTS_FIRST | _PUTS_SECOND | _PUTS_ALL
"""Methods that put something into a collection."""


class Containers:
    """Answers about collections; what is put into them after they were made is remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._held: ValueSetMemo[tuple[Display, bool]] = value_set_memo()
        self._items: Memo[Display, Items] = Memo(lambda _: (), lambda _: ((None, TOP),))
        self._named: dict[Display, tuple[Items, dict[object, ValueSet]]] = {}
        self._puts: dict[Key, dict[int, list[Put]]] = {}
        self._puts_here: dict[tuple[Key, int], Puts] = {}
        self._puts_of: dict[Display, Puts] = {}
        self._global_puts: dict[str, dict[str, list[tuple[tuple[object, ...], Put]]]] = {}
        self._class_puts: dict[Key, dict[str, list[Put]]] = {}

    # -- items ----------------------------------------------------------------------------------

    def item(self, key: Key, value: int) -> ValueSet:
        """What a subscript `base[index]`, a value of a body, gives."""
        _, base_index, index = map(to_index, self._evaluator.body(key).values[value])
        position = self.literal(key, index)
        base = self._evaluator.evaluate(key, base_index)
        if position is None and (under := self._under_typed_key(key, index)) is not None:
            return under
        if self._evaluator.body(key).values[index][0] == Op.SLICE:
            parts = [self._slice_of(item, key, index) for item in base.values if item != NONE]
            return join(parts).reached_through(base) if parts else TOP
        here: list[Put] = []
        has_ended = False
        if position is not None:
            place = written_place(self._evaluator.body(key), base_index)
            put_here = self._put_here(key, place).at(position.value)
            here, has_ended = seen_from((p for p in put_here if self._under(p, position)), (key, value))
        stored = [self._evaluator.evaluate(put.key, put.value) for put in here]
        if has_ended:
            return join(stored)
        parts = [self.item_of(item, position, (key, value)) for item in base.values if item != NONE]
        found = join(parts) if parts else TOP
        if stored:
            return join([*stored, found]) if found.values else join(stored)
        if not parts:
            return TOP
        return found.reached_through(base)

    def _under_typed_key(self, key: Key, index: int) -> ValueSet | None:
        """What is under a key that says it by its type, whatever the mapping is."""
        values = self._evaluator.evaluate(key, index).values
        if len(values) == 1 and isinstance(values[0], Container) and values[0].kind == TYPED_KEY:
            return known(*values[0].elements)
        return None

    def literal(self, key: Key, index: int) -> Literal | None:
        """The constant that an index is, if it is one."""
        values = self._evaluator.evaluate(key, index).values
        return values[0] if len(values) == 1 and isinstance(values[0], Literal) else None

    def item_of(
        self, value: Value, position: Literal | None, place: tuple[Key, int] | None = None
    ) -> ValueSet:
        """What an item of a value may be; of any position, if that is None. `place` is where it is read, as a
        value of a body."""
        if isinstance(value, Class) and self._evaluator.classes.is_enum(value):
            return known(Instance(value))  # the member of a name
        if isinstance(value, (Class, External)):
            return known(value)  # a generic class with its argument
        if isinstance(value, Container):
            return self._item_of_container(value, position)
        if isinstance(value, Display):
            return self._item_of_display(value, position, place)
        if isinstance(value, ExternalInstance):
            fact = self._evaluator.catalog.method(value.dotted, "__getitem__")
            if fact is not None and fact.returns:
                return self._evaluator.results.type_expression(fact.returns, value)
            return self.element_of(value)
        if isinstance(value, Instance):
            return self._evaluator.results.of_method(value, "__getitem__")
        if isinstance(value, ModuleRef) and position is not None:  # globals()["name"]
            return self._evaluator.names.module_attribute(value.path, str(position.value))
        if isinstance(value, Parameter) and position is not None and len(value.attributes) < 2:
            return known(value._replace(attributes=(*value.attributes, f"[{position.value!r}]")))
        return TOP

    def item_named(self, base: ValueSet, name: str) -> ValueSet:
        """The item that an attribute of a `Parameter` stands for: "[0]", "['key']"."""
        try:
            position = ast.literal_eval(name[1:-1])
        except (ValueError, SyntaxError):
            return TOP
        literal = Literal(type(position).__name__, position)
        parts = [self.item_of(value, literal) for value in base.values if value != NONE]
        return join(parts) if parts else TOP

    def _item_of_container(self, value: Container, position: Literal | None) -> ValueSet:
        if value.fixed and position is not None:
            if value.keys:
                named = [
                    item
                    for name, item in zip(value.keys, value.elements, strict=True)
                    if isinstance(name, Literal) and name.value == position.value
                ]
                return known(*named) if named else TOP
            number = position.value
            if isinstance(number, int) and -len(value.elements) <= number < len(value.elements):
                return known(value.elements[number])
        return ValueSet(value.elements, not value.elements)

    def _item_of_display(
        self, display: Display, position: Literal | None, place: tuple[Key, int] | None
    ) -> ValueSet:
        if position is None:
            return self.values_in(display)
        node = self._evaluator.body(display.key).values[display.value]
        if node[0] == Op.DICT:
            return self._item_of_dict(display, position, place)
        items = [to_index(item) for item in node[1:]]
        number = position.value
        if isinstance(number, int) and -len(items) <= number < len(items):
            nodes = self._evaluator.body(display.key).values
            ahead = items[: number + 1] if number >= 0 else items[number:]
            puts = self.puts(display)
            if all(nodes[item][0] != Op.STAR for item in ahead) and all(map(self._keeps_order, puts.every)):
                written = [self._evaluator.evaluate(display.key, items[number])]
                found, has_ended = seen_from(puts.at(number), place)
                put_in = [self._put_value(display, put) for put in found]
                return join(put_in if has_ended else [*written, *put_in])
        return self.values_in(display)

    def _keeps_order(self, put: Put) -> bool:
        """Whether a put takes the place of one known element, counted from the start."""
        literal = self.literal(put.key, put.under) if put.under >= 0 else None
        return literal is not None and isinstance(literal.value, int) and literal.value >= 0

    def _item_of_dict(self, display: Display, position: Literal, place: tuple[Key, int] | None) -> ValueSet:
        written = self._written_under(display)
        is_complete = _ANY not in written
        matching: dict[Put, list[ValueSet]] = {}
        for put in self.puts(display).at(position.value):
            if put.all_of:
                taken = self.mapping(self._evaluator.evaluate(put.key, put.value))
                is_complete = is_complete and taken is not None
                held = [item for name, item in taken or () if name and name.value == position.value]
                if held:
                    matching[put] = held
            elif self._under(put, position):
                matching[put] = [self._put_value(display, put)]
            elif self.literal(put.key, put.under) is None:
                is_complete = False
        seen, has_ended = seen_from(matching, place)
        found = [item for put in seen for item in matching[put]]
        if not has_ended and position.value in written:
            found.insert(0, written[position.value])
        if found:
            return join(found)
        return TOP if is_complete else self.values_in(display)

    def _pairs(self, display: Display) -> Items:
        """The items of a dict written out, with those of the mappings it takes over by `**`."""
        return self._evaluator.solver.answer(self._items, display, partial(self._pairs_of, display))

    def _pairs_of(self, display: Display) -> Items:
        node = self._evaluator.body(display.key).values[display.value]
        items: dict[Literal | None, ValueSet] = {}
        for name, item in zip(node[1::2], node[2::2], strict=False):
            value = self._evaluator.evaluate(display.key, to_index(item))
            inner: Items | None = None
            if to_index(name) >= 0:
                inner = ((self.literal(display.key, to_index(name)), value),)
            else:
                inner = self.mapping(value)
            for key, held in inner if inner is not None else ((None, self._union_of_values(value)),):
                items[key] = join([items[key], held]) if key is None and key in items else held
        return tuple(items.items())

    def _written_under(self, display: Display) -> dict[object, ValueSet]:
        """The items of a dict written out by the values of their keys; any other ones under `_ANY`."""
        pairs = self._pairs(display)
        known_pairs, named = self._named.get(display, (None, {}))
        if known_pairs is not pairs:  # they may change while the dict is part of a cycle
            named = {name.value if name is not None else _ANY: item for name, item in pairs}
            self._named[display] = (pairs, named)
        return named

    def mapping(self, item: ValueSet) -> Items | None:
        """The items of a mapping, if all are known."""
        if len(item.values) != 1 or item.incomplete:
            return None
        value = item.values[0]
        if isinstance(value, Display):
            node = self._evaluator.body(value.key).values[value.value]
            return self._pairs(value) if node[0] == Op.DICT and not self.puts(value) else None
        if isinstance(value, Container) and value.keys:
            return tuple(
                (name if isinstance(name, Literal) else None, known(element))
                for name, element in zip(value.keys, value.elements, strict=True)
            )
        return None

    def merged(self, *mappings: ValueSet) -> ValueSet:
        """A mapping of the items of some others, the later ones winning."""
        items: dict[Literal | None, ValueSet] = {}
        for mapping in mappings:
            inner = self.mapping(mapping)
            if inner is None:
                parts = [self._union_of_values(one) for one in mappings]
                return known(Container(join(parts).values, "dict"))
            items.update(inner)
        keys: list[Value] = []
        elements: list[Value] = []
        for name, item in items.items():
            for value in item.values:
                keys.append(name if name is not None else ExternalInstance("builtins.object"))
                elements.append(value)
        return known(Container(tuple(elements), "dict", fixed=bool(keys), keys=tuple(keys)))

    def joined(self, left: ValueSet, right: ValueSet) -> ValueSet:
        """A list (or tuple …) of the elements of two."""
        parts = [self.element(side) for side in (left, right) if side.values]
        kind = next((self.kind(v) for v in left.values if isinstance(v, (Display, Container))), "list")
        return known(Container(join(parts).values if parts else (), kind))

    def _union_of_values(self, item: ValueSet) -> ValueSet:
        parts = [
            self.values_in(value, as_made=True)  # collections may be put into each other
            for value in item.values
            if isinstance(value, (Display, Container))
        ]
        return join(parts) if parts else TOP

    def _slice_of(self, value: Value, key: Key, index: int) -> ValueSet:
        if isinstance(value, (Display, Container)):
            part = self._part_of(value, key, index)
            if part is not None:
                return known(part)
            return known(Container(self.element_of(value).values, self.kind(value)))
        return known(value) if isinstance(value, ExternalInstance) else TOP

    def _part_of(self, value: Display | Container, key: Key, index: int) -> Container | None:
        """The elements between two constants, where each element is known by itself."""
        ends: list[int | None] = []
        for end in map(to_index, self._evaluator.body(key).values[index][1:]):
            literal = self.literal(key, end) if end >= 0 else None
            if end >= 0 and (literal is None or not isinstance(literal.value, (int, type(None)))):
                return None
            ends.append(literal.value if literal is not None and isinstance(literal.value, int) else None)
        if isinstance(value, Container):
            is_row = value.fixed and not value.keys
            return value._replace(elements=value.elements[slice(*ends)]) if is_row else None
        node = self._evaluator.body(value.key).values[value.value]
        nodes = self._evaluator.body(value.key).values
        items = [to_index(item) for item in node[1:]]
        if node[0] == Op.DICT or self.puts(value) or any(nodes[item][0] == Op.STAR for item in items):
            return None
        chosen = [self._evaluator.evaluate(value.key, item) for item in items[slice(*ends)]]
        if any(len(item.values) != 1 or item.incomplete for item in chosen):
            return None
        return Container(tuple(item.values[0] for item in chosen), self.kind(value), fixed=bool(chosen))

    # -- iteration ------------------------------------------------------------------------------

    def element(self, base: ValueSet) -> ValueSet:
        """What iterating gives."""
        parts = [self.element_of(value) for value in base.values if value != NONE]
        if not parts:
            return TOP
        found = join(parts)
        return found.reached_through(base)

    def element_of(self, value: Value) -> ValueSet:
        """What iterating one candidate gives."""
        if isinstance(value, Container):
            if value.kind == "dict" and not value.keys:
                return TOP  # its values are known, and not what they are under
            return ValueSet(value.keys or value.elements, not value.elements)
        if isinstance(value, Class) and self._evaluator.classes.is_enum(value):
            return known(Instance(value))
        if isinstance(value, Generator):
            return ValueSet(value.elements, not value.elements)
        if isinstance(value, Display):
            node = self._evaluator.body(value.key).values[value.value]
            if node[0] != Op.DICT:
                return self.values_in(value)
            items = [to_index(item) for item in node[1::2] if to_index(item) >= 0]
            return join([self._evaluator.evaluate(value.key, item) for item in items]) if items else TOP
        if isinstance(value, ExternalInstance):
            for fact in self._evaluator.catalog.ancestry(value.dotted):
                if fact.element:
                    return self._evaluator.results.type_expression(fact.element, value)
        if isinstance(value, Instance):
            iterator = self._evaluator.results.of_method(value, "__iter__")
            parts = [
                self._evaluator.results.of_method(item, "__next__")
                if isinstance(item, Instance)
                else self.element_of(item)
                for item in iterator.values
            ]
            return join(parts) if parts else TOP
        return TOP

    def values_in(self, collection: Display | Container, *, as_made: bool = False) -> ValueSet:
        """What the elements of a collection, or the values of a mapping, may be; `as_made`: without those
        that are put in later."""
        if isinstance(collection, Container):
            return ValueSet(collection.elements, not collection.elements)
        work = partial(self._values_in, collection, as_made=as_made)
        return self._evaluator.solver.answer(self._held, (collection, as_made), work)

    def _values_in(self, collection: Display, *, as_made: bool) -> ValueSet:
        node = self._evaluator.body(collection.key).values[collection.value]
        if node[0] == Op.DICT:
            parts = [item for _, item in self._pairs(collection)]
        else:
            parts = self._written(collection, node)
        for put in () if as_made else self.puts(collection).every:
            value = self._put_value(collection, put)
            if not put.all_of:
                parts.append(value)
            else:
                parts.append(self._union_of_values(value))
        return join(parts) if parts else TOP

    def _written(self, collection: Display, node: tuple[object, ...]) -> list[ValueSet]:
        parts: list[ValueSet] = []
        nodes = self._evaluator.body(collection.key).values
        for item in map(to_index, node[1:]):
            if nodes[item][0] == Op.STAR:
                inner = self._evaluator.evaluate(collection.key, to_index(nodes[item][1]))
                parts.append(self.element(inner))
            else:
                parts.append(self._evaluator.evaluate(collection.key, item))
        return parts

    def kind(self, value: Display | Container) -> str:
        """The builtin type's name of a display or container."""
        if isinstance(value, Container):
            return value.kind
        return DISPLAYS[to_index(self._evaluator.body(value.key).values[value.value][0])]

    # -- what is put in later -------------------------------------------------------------------

    def puts(self, display: Display) -> Puts:
        """What statements of the same body (for a module's variable: of the module; for an attribute: of the
        class) put into it."""
        found = self._puts_of.get(display)
        if found is None:
            found = self._puts_of[display] = self._indexed(self._find_puts(display))
        return found

    def _put_here(self, key: Key, place: int) -> Puts:
        """What statements of a body put into a value of it."""
        found = self._puts_here.get((key, place))
        if found is None:
            found = self._puts_here[key, place] = self._indexed(self._puts_in(key).get(place, []))
        return found

    def _indexed(self, puts: list[Put]) -> Puts:
        return Puts((put, self._evaluator.body(put.key)) for put in puts) if puts else NO_PUTS

    def _find_puts(self, display: Display) -> list[Put]:
        found = self._puts_in(display.key).get(display.value, [])
        if not is_module(display.key):
            return found + self._attribute_puts(display)
        path = display.key[0]
        named = self._global_puts.get(path)
        if named is None:
            named = self._global_puts[path] = self._find_global_puts(path)
        if not named:
            return found
        body = self._evaluator.body(display.key)
        for store in body.stores:
            if store.kind == StoreKind.GLOBAL and (puts := named.get(str(store.name))):
                place = written_value(body, store.value)
                found += [put for path, put in puts if _place_within(body, place, path) == display.value]
        return found

    def _attribute_puts(self, display: Display) -> list[Put]:
        """What the methods of a class put into a collection that is an attribute of it or of `self`."""
        key = display.key
        body = self._evaluator.body(key)
        is_class = self._evaluator.definition(key).kind == DefKind.CLASS
        owner = Class(key) if is_class else self._evaluator.enclosing_class(key)
        if owner is None:
            return []
        names = {
            str(store.name)
            for store in body.stores
            if written_value(body, store.value) == display.value
            and (
                store.kind == StoreKind.LOCAL
                if is_class
                else store.kind == StoreKind.ATTR and body.values[store.base] == (Op.PARAM, 0)
            )
        }
        if not names:
            return []
        named = self._class_puts.get(owner.key)
        if named is None:
            named = self._class_puts[owner.key] = self._find_class_puts(owner.key)
        return [put for name in sorted(names) for put in named.get(name, ())]

    def _put_value(self, display: Display, put: Put) -> ValueSet:
        """What is put in, as the body that made the collection may see it.

        Of what another method puts in, only what it makes there of a class that is named: what it was given
        is for its own callers to say, and what it took from attributes may come from this very collection.
        """
        if put.key == display.key or is_module(display.key):
            return self._evaluator.evaluate(put.key, put.value)
        if not self._makes(put):
            return ValueSet((), True)
        found = self._evaluator.evaluate(put.key, put.value)
        kept = tuple(v._replace(own=None) if isinstance(v, Instance) else v for v in found.values)
        return found._replace(values=kept)

    def _makes(self, put: Put) -> bool:
        """Whether what is put in is made there, by a call of classes."""
        body = self._evaluator.body(put.key)
        node = body.values[put.value]
        if node[0] != Op.CALL:
            return False
        callee = body.sites[to_index(node[1])].callee
        root = body.values[callee]
        if root[0] == Op.ATTR and root[2] == _OF_A_LOOP:
            return True
        while root[0] == Op.ATTR:
            root = body.values[to_index(root[1])]
        if root[0] not in _NAMES:
            return False
        made = self._evaluator.evaluate(put.key, callee).values
        return bool(made) and all(isinstance(value, (Class, External)) for value in made)

    def is_told(self, display: Display) -> bool:
        """Whether what is written or put into a collection says what it holds."""
        node = self._evaluator.body(display.key).values[display.value]
        if len(node) == 1 and not self.puts(display):
            return False
        held = self.values_in(display)
        return bool(held.values) and not held.incomplete

    def _under(self, put: Put, position: Literal) -> bool:
        if put.under < 0:
            return False
        literal = self.literal(put.key, put.under)
        return literal is not None and literal.value == position.value

    def _puts_in(self, key: Key) -> dict[int, list[Put]]:
        """By the value that the collection is in the body."""
        found = self._puts.get(key)
        if found is None:
            found = self._puts[key] = {}
            body = self._evaluator.body(key)
            for store in body.stores:
                if store.kind == StoreKind.ITEM:
                    place = written_place(body, store.base)
                    put = Put(key, to_index(store.name), store.value, False, store.region, store.at)
                    found.setdefault(place, []).append(put)
            calls: dict[int, int] = {}
            for number, site in enumerate(body.sites):
                if site.kind == SiteKind.CALL and body.values[site.callee][0] == Op.ATTR:
                    base, method = body.values[site.callee][1:3]
                    called = _put(key, site, str(method))
                    if called is None:
                        continue
                    if not calls:
                        calls = _calls_in(body)
                    put = called._replace(region=site.region, at=calls.get(number, 0))
                    found.setdefault(written_place(body, to_index(base)), []).append(put)
            if calls:
                for puts in found.values():
                    puts.sort(key=lambda item: item.at)
        return found

    def _find_global_puts(self, path: str) -> dict[str, list[tuple[tuple[object, ...], Put]]]:
        """What functions put into module variables, or into collections that are written out in these: then
        with the constants that lead there."""
        named: dict[str, list[tuple[tuple[object, ...], Put]]] = {}
        for key in self._evaluator.module(path).keys[1:]:
            nodes = self._evaluator.body(key).values
            for base, puts in self._puts_in(key).items():
                under: tuple[object, ...] = ()
                node = nodes[base]
                while node[0] == Op.ITEM and nodes[to_index(node[2])][0] == Op.CONST:
                    under = (nodes[to_index(node[2])][1], *under)
                    node = nodes[to_index(node[1])]
                if node[0] == Op.GLOBAL:
                    named.setdefault(str(node[1]), []).extend((under, put) for put in puts)
        return named

    def _find_class_puts(self, owner: Key) -> dict[str, list[Put]]:
        named: dict[str, list[Put]] = {}
        module = self._evaluator.module(owner[0])
        for key in module.children(owner):
            if module.definition(key).kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION):
                continue
            nodes = self._evaluator.body(key).values
            for base, puts in self._puts_in(key).items():
                if nodes[base][0] == Op.ATTR and nodes[to_index(nodes[base][1])] == (Op.PARAM, 0):
                    named.setdefault(str(nodes[base][2]), []).extend(puts)
        return named


_NAMES = (Op.GLOBAL, Op.FREE, Op.IMPORT, Op.DEF)
_OF_A_LOOP = "create_future"
"""A method that makes an object, and whose own object is never in a collection of such."""


def written_value(body: Body, value: int) -> int:
    """The value itself, where an annotated assignment states a type for it."""
    node = body.values[value]
    while node[0] == Op.CAST and to_index(node[1]) >= 0:
        value = to_index(node[1])
        node = body.values[value]
    return value


def written_place(body: Body, value: int) -> int:
    """The same, where it is an item of a collection written out: that item (`d["a"]` of `{"a": {}}`)."""
    value = written_value(body, value)
    node = body.values[value]
    if node[0] != Op.ITEM:
        return value
    index = body.values[to_index(node[2])]
    if index[0] != Op.CONST:
        return value
    inner = _place_within(body, written_place(body, to_index(node[1])), (index[1],))
    return value if inner is None else inner


def _place_within(body: Body, place: int, path: tuple[object, ...]) -> int | None:
    """The collection that is written out in another one under these constants."""
    for constant in path:
        found = _written_item(body, body.values[place], constant)
        if found is None:
            return None
        place = written_value(body, found)
        if body.values[place][0] not in DISPLAYS:
            return None
    return place


def _written_item(body: Body, node: tuple[object, ...], constant: object) -> int | None:
    if node[0] == Op.DICT:
        under = (
            to_index(item)
            for name, item in zip(node[1::2], node[2::2], strict=False)
            if to_index(name) >= 0 and body.values[to_index(name)] == (Op.CONST, constant)
        )
        return next(under, None)
    is_row = node[0] in DISPLAYS and isinstance(constant, int) and 0 <= constant < len(node) - 1
    return to_index(node[constant + 1]) if is_row and isinstance(constant, int) else None


def _calls_in(body: Body) -> dict[int, int]:
    """The values that calls give, by site."""
    return {to_index(node[1]): index for index, node in enumerate(body.values) if node[0] == Op.CALL}


def _put(key: Key, site: Site, method: str) -> Put | None:
    positional = [value for slot, value in site.args if isinstance(slot, int) and slot >= 0]
    if method in _PUTS_FIRST and len(positional) == 1:
        return Put(key, -1, positional[0])
    if method in _PUTS_SECOND and len(positional) == 2:
        return Put(key, positional[0] if method == "setdefault" else -1, positional[1])
    if method in _PUTS_ALL and len(positional) == 1:
        return Put(key, -1, positional[0], all_of=True)
    return None
