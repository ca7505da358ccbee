"""Classes of the program: method resolution order, members, attributes of instances."""

from __future__ import annotations

from functools import partial
from typing import Final

from conclint.resolve import peewee_models
from conclint.resolve.annotations import annotation_type
from conclint.resolve.arguments import Arguments, arguments_of
from conclint.resolve.django_models import related
from conclint.resolve.fixpoint import Memo
from conclint.resolve.in_memory import without_shadowed
from conclint.resolve.interpreter import Accessor, Ancestry, Interpreter
from conclint.resolve.loop_origins import kept as kept_loop
from conclint.resolve.loop_origins import opened_as
from conclint.resolve.values import (
    BOTTOM,
    NONE,
    TOP,
    Above,
    Attribute,
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Parameter,
    Partial,
    Value,
    ValueSet,
    ValueSetMemo,
    join,
    known,
    to_index,
    value_set_memo,
    without_none,
)
from conclint.summary.records import DefFlags, DefKind, Op, Site, SiteKind, StoreKind

_MOST_ANCESTORS: Final = 1_000
"""What lies further up is not known: in a chain of classes each has all of those above it."""
_FUNCTIONS = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)
PROTOCOLS: Final = frozenset({"typing.Protocol", "typing_extensions.Protocol"})


def _is_told_more(declared: ValueSet, joined: ValueSet) -> bool:
    """Whether what is stored is of the declared type, and known to be opened in some way."""
    plain = {v._replace(opened=None) if isinstance(v, ExternalInstance) else v for v in joined.values}
    is_open = any(isinstance(v, ExternalInstance) and v.opened is not None for v in joined.values)
    return is_open and not joined.incomplete and plain == set(declared.values)


def _by_caller(item: ValueSet) -> bool:
    return any(isinstance(value, Parameter) for value in item.values)


def _alone(cls: Class) -> Ancestry:
    """That of a class that inherits from itself."""
    return Ancestry((cls,), True)


def _bounded(classes: tuple[Class | External, ...], incomplete: bool) -> Ancestry:
    if len(classes) > _MOST_ANCESTORS:
        return Ancestry(classes[:_MOST_ANCESTORS], True)
    return Ancestry(classes, incomplete)


def _merge(sequences: list[tuple[Class | External, ...]]) -> list[Class | External] | None:
    """The C3 merge; None where no order keeps to all of the sequences."""
    order: list[Class | External] = []
    rest = [list(reversed(sequence)) for sequence in sequences if sequence]  # what comes first is at the end
    behind: dict[Class | External, int] = {}
    """In how many sequences it is, and not first."""
    for sequence in rest:
        for item in sequence[:-1]:
            behind[item] = behind.get(item, 0) + 1
    while rest:
        for sequence in rest:
            head = sequence[-1]
            if not behind.get(head):
                break
        else:
            return None
        order.append(head)
        for sequence in rest:
            if sequence[-1] == head:
                sequence.pop()
                if sequence:
                    behind[sequence[-1]] -= 1
        rest = [sequence for sequence in rest if sequence]
    return order


class Classes:
    """Answers about classes, remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._ancestry: Memo[Class, Ancestry] = Memo(_alone, _alone)
        self._stores: dict[Class, dict[str, list[tuple[Key, int, int]]]] = {}
        self._members: dict[Class, dict[str, list[int]]] = {}
        self._attributes: ValueSetMemo[tuple[Instance, str]] = value_set_memo()
        self._last_called: tuple[Key, dict[tuple[int, str], list[Site]]] | None = None

    def ancestry(self, cls: Class) -> Ancestry:
        """The class and all its bases in Python's order (C3)."""
        found = self._ancestry.final.get(cls)
        if found is not None:
            return found
        return self._evaluator.solver.answer(self._ancestry, cls, partial(self._linearise, cls))

    def _linearise(self, cls: Class) -> Ancestry:
        definition = self._evaluator.definition(cls.key)
        scope = self._evaluator.scope(cls.key)
        parts: list[tuple[Class | External, ...]] = []
        incomplete = False
        for base in definition.bases:
            item = self._evaluator.evaluate(scope, base)
            bases = [value for value in item.values if isinstance(value, (Class, External))]
            if len(bases) != 1 or item.incomplete:
                incomplete = incomplete or item.incomplete or len(bases) > 1 or not bases
            for value in bases[:1]:
                if isinstance(value, Class):
                    above = self.ancestry(value)
                    parts.append(above.classes)
                    incomplete = incomplete or above.incomplete
                else:
                    parts.append((value,))
        if len(parts) == 1 and cls not in parts[0]:
            return _bounded((cls, *parts[0]), incomplete)
        heads = tuple(part[0] for part in parts)
        order = list(parts[0]) if len(parts) == 1 else _merge([*parts, heads])
        if order is None:
            order, incomplete = list(dict.fromkeys(item for part in parts for item in part)), True
        return _bounded((cls, *(item for item in order if item != cls)), incomplete)

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

    def own_stores(self, cls: Class) -> dict[str, list[tuple[Key, int, int]]]:
        """The stores to attributes of `self` in the class's own methods: name to (method, value, region)."""
        stores = self._stores.get(cls)
        if stores is None:
            stores = {}
            module = self._evaluator.module(cls.key[0])
            for child in module.children(cls.key):
                if module.definition(child).kind not in _FUNCTIONS:
                    continue
                body = module.body(child)
                for store in body.stores:
                    if store.kind == StoreKind.ATTR and body.values[store.base] == (Op.PARAM, 0):
                        stores.setdefault(str(store.name), []).append((child, store.value, store.region))
            self._stores[cls] = stores
        return stores

    def member(self, cls: Class, name: str, receiver: Value, start: int = 0) -> ValueSet:
        """What `receiver.name` is by the class and its bases, methods bound to the receiver."""
        ancestry = self.ancestry(cls)
        for owner in ancestry.classes[start:]:
            if isinstance(owner, External):
                canonical = self._evaluator.catalog.canonical(owner.dotted)
                catalog = self._evaluator.catalog
                stated = catalog.method(canonical, name) or catalog.method_decorator(canonical, name)
                if stated is not None:
                    return ValueSet(
                        (peewee_models.of_model(self._evaluator, cls, ExternalMethod(canonical, name)),)
                    )
                kind = self._evaluator.catalog.attribute(canonical, name)
                if kind is not None:
                    return self._evaluator.results.type_expression(kind, receiver)
                if self._evaluator.catalog.klass(canonical) is None and canonical != "builtins.object":
                    return ValueSet((), True)
                continue
            values = self.own_members(owner).get(name)
            if self._evaluator.catalog.has_user_facts and self._is_users(owner, name, values):
                return ValueSet((External(self._symbol(owner, name)),))
            if values:
                return join([self._bound(owner, value, receiver) for value in values[-4:]])
        return ValueSet((), True) if ancestry.incomplete else TOP

    def is_enum(self, cls: Class) -> bool:
        """Whether the class's members are its instances."""
        return any(
            isinstance(owner, External) and owner.dotted.startswith("enum.")
            for owner in self.ancestry(cls).classes
        )

    def enum_member(self, cls: Class, name: str) -> Instance | None:
        """The member of an enumeration under a name; None for its methods, and in all other classes."""
        if name.startswith("_"):
            return None
        values = self.own_members(cls).get(name)
        nodes = self._evaluator.body(cls.key).values
        if not values or any(nodes[value][0] == Op.DEF for value in values) or not self.is_enum(cls):
            return None
        return Instance(cls)

    def _symbol(self, cls: Class, name: str) -> str:
        return f"{self._evaluator.symbol(cls.key)}.{name}"

    def _is_users(self, cls: Class, name: str, values: list[int] | None) -> bool:
        """Whether the user states the method, by name, or all methods of the class by a star."""
        if self._evaluator.catalog.is_users(self._symbol(cls, name)):
            return True
        if name.startswith("__") or not self._evaluator.catalog.is_users(self._symbol(cls, "*")):
            return False
        nodes = self._evaluator.body(cls.key).values
        return all(nodes[value][0] == Op.DEF for value in values or ())

    def method(self, cls: Class, name: str, receiver: Value) -> ValueSet:
        """Like `member`, for a special method that syntax invokes; nothing known is no candidates."""
        found = self.member(cls, name, receiver)
        is_users = self._evaluator.catalog.is_users
        return ValueSet(
            tuple(
                value
                for value in found.values
                if isinstance(value, (Function, ExternalMethod))
                or (isinstance(value, External) and is_users(value.dotted))
            )
        )

    def makers(self, cls: Class) -> list[Function]:
        """What runs of the program when an instance of a class is made."""
        found = self.method(cls, "__init__", Instance(cls)).values
        return [value for value in found if isinstance(value, Function)]

    def _bound(self, owner: Class, value: int, receiver: Value) -> ValueSet:
        item = self._evaluator.evaluate(owner.key, value)
        node = self._evaluator.body(owner.key).values[value]
        if node[0] != Op.DEF:
            return self._partials_bound(item, receiver)
        key = self._evaluator.module(owner.key[0]).at(node[1])
        bound = [
            self._method_bound(candidate, key, receiver) if isinstance(candidate, Function) else candidate
            for candidate in item.values
        ]
        return ValueSet(tuple(bound), item.incomplete, item.reasons)

    def _method_bound(self, function: Function, key: Key, receiver: Value) -> Function:
        """A function as a method of the receiver, if the def `key` says that it is one."""
        decoration = self._evaluator.decorations.of(key)
        if function.receiver is not None or decoration.is_static:
            return function
        if decoration.is_class:
            receiver = receiver.cls if isinstance(receiver, Instance) else receiver
        elif isinstance(receiver, Class):
            return function
        return Function(function.key, receiver, function.closure)

    def _partials_bound(self, item: ValueSet, receiver: Value) -> ValueSet:
        """The candidates, with what `functools.partialmethod` made of a function bound to the receiver."""
        if not any(isinstance(candidate, Partial) for candidate in item.values):
            return item
        bound = [self._partial_bound(candidate, receiver) for candidate in item.values]
        told = tuple(candidate for candidate in bound if candidate is not None)
        return ValueSet(told, item.incomplete or len(told) < len(bound), item.reasons)

    def _partial_bound(self, candidate: Value, receiver: Value) -> Value | None:
        """None for a `partialmethod` of what is no function, or read from the class: the object is then an
        argument in front of those that were bound."""
        if not isinstance(candidate, Partial) or not self.is_partial_method(candidate):
            return candidate
        target = candidate.target
        if isinstance(target, Function) and target.receiver is None:
            method = self._method_bound(target, target.key, receiver)
            is_called_as_is = (
                method.receiver is not None or self._evaluator.decorations.of(method.key).is_static
            )
            return candidate._replace(target=method) if is_called_as_is else None
        if isinstance(target, Partial) and self.is_partial_method(target):
            inner = self._partial_bound(target, receiver)
            return None if inner is None else candidate._replace(target=inner)
        return None

    def is_partial_method(self, made: Partial) -> bool:
        """Whether `functools.partialmethod` made it, and not `functools.partial`."""
        key, number = made.site
        makers = self._evaluator.evaluate(key, self._evaluator.body(key).sites[number].callee)
        return External("functools.partialmethod") in makers.values

    def property_of(
        self, cls: Class, name: str, receiver: Value, accessor: Accessor = Accessor.GETTER
    ) -> tuple[Function, ...]:
        """What reading (setting, deleting) the attribute runs, if it is a property or another descriptor."""
        for owner in self.ancestry(cls).classes:
            if isinstance(owner, External):
                continue
            values = self.own_members(owner).get(name)
            if values:
                return self._accessors(owner, values, receiver, accessor)
        return ()

    def _accessors(
        self, owner: Class, values: list[int], receiver: Value, accessor: Accessor
    ) -> tuple[Function, ...]:
        nodes = self._evaluator.body(owner.key).values
        if nodes[values[0]][0] != Op.DEF:
            return self._made_accessors(owner, values[-1], receiver, accessor)
        for value in values[:1] if accessor is Accessor.GETTER else reversed(values):
            if nodes[value][0] == Op.DEF:
                key = self._evaluator.module(owner.key[0]).at(nodes[value][1])
                if self._is_accessor(owner, key, accessor):
                    return (Function(key, receiver),)
        return ()

    def _is_accessor(self, owner: Class, key: Key, accessor: Accessor) -> bool:
        if accessor is Accessor.GETTER:
            return self._evaluator.decorations.of(key).is_property
        nodes = self._evaluator.body(owner.key).values
        decorators = self._evaluator.definition(key).decorators
        return any(nodes[item][0] == Op.ATTR and nodes[item][2] == accessor.word for item in decorators)

    def _made_accessors(
        self, owner: Class, value: int, receiver: Value, accessor: Accessor
    ) -> tuple[Function, ...]:
        """Those of `name = property(getter, setter)`, or of an instance that is a descriptor."""
        found: list[Function] = []
        for item in self._evaluator.evaluate(owner.key, value).values:
            if isinstance(item, Instance):
                methods = self.method(item.cls, accessor.special, item).values
                found += [method for method in methods if isinstance(method, Function)]
        node = self._evaluator.body(owner.key).values[value]
        if node[0] == Op.CALL:
            site = self._evaluator.body(owner.key).sites[to_index(node[1])]
            makers = self._evaluator.evaluate(owner.key, site.callee).values
            if External("builtins.property") in makers:
                arguments = arguments_of(owner.key, site.args)
                passed = arguments.keyword(accessor.keyword)
                if passed is None and accessor.position < len(arguments.positional):
                    passed = arguments.positional[accessor.position]
                candidates = self._evaluator.passed(passed).values if passed is not None else ()
                found += [
                    item._replace(receiver=receiver) for item in candidates if isinstance(item, Function)
                ]
        return tuple(found)

    def above(self, cls: Class, name: str, receiver: Value) -> ValueSet:
        """What `super().name` is in a method of `cls`: by the order of the receiver's class."""
        below = cls.key
        start, order = 1, self.ancestry(cls).classes
        if isinstance(receiver, Instance):
            order = self.ancestry(receiver.cls).classes
            start = order.index(cls) + 1 if cls in order else 1
            cls = receiver.cls if cls in order else cls
        found = self.member(cls, name, receiver, start=start)
        if not found.values and isinstance(receiver, Instance) and receiver.own is not None:
            own = receiver.own
            if not own.attributes:  # the next class in the order of a derived class may have it
                return ValueSet((own._replace(attributes=(Above(below, name),)),))
        return found

    def attribute(self, instance: Instance, name: Attribute) -> ValueSet:
        """What reading an attribute of an instance gives: stores to `self.name` anywhere in the class
        and its bases (an annotation first), class variables, methods, properties; for the receiver of a
        method that knows none, or a stub only, whatever it is in the caller's class."""
        if isinstance(name, Above):
            owner = Class(name.cls)
            is_base = owner in self.ancestry(instance.cls).classes
            return self.above(owner, name.name, instance) if is_base else TOP
        work = partial(self._attribute_or_own, instance, name)
        return self._evaluator.solver.answer(self._attributes, (instance, name), work)

    def _attribute_or_own(self, instance: Instance, name: str) -> ValueSet:
        found = self._attribute(instance, name)
        if instance.own is not None and (not found.values or self._is_stub(found)):
            own = instance.own
            return ValueSet((own._replace(attributes=(*own.attributes, name)),), False, found.reasons)
        return found

    def _is_stub(self, item: ValueSet) -> bool:
        """Whether all candidates are methods that derived classes must define."""
        for value in item.values:
            if not isinstance(value, Function):
                return False
            definition = self._evaluator.definition(value.key)
            if not definition.flags & DefFlags.STUB:
                return False
        return True

    def _attribute(self, instance: Instance, name: str) -> ValueSet:
        getter = self.property_of(instance.cls, name, instance)
        if getter:
            return self._evaluator.results.returned(getter[0], None)
        parts: list[ValueSet] = []
        is_initialised = False
        for owner in self.ancestry(instance.cls).classes:
            if isinstance(owner, External):
                continue
            initialises = False
            for method, value, region in self.own_stores(owner).get(name, ()):
                is_init = self._evaluator.definition(method).name == "__init__"
                if is_init and is_initialised:
                    continue  # a derived class's `__init__` has the last word
                stored = self._stored(instance, name, method, value)
                parts.append(stored)
                initialises = initialises or (is_init and region == 0 and stored.values != (NONE,))
            is_initialised = is_initialised or initialises
        if parts:
            declared = self._declared(instance, name)
            joined = without_none(join(parts))
            joined = joined._replace(values=without_shadowed(joined.values))
            is_told = bool(joined.values) and not joined.incomplete
            is_told = is_told and not _by_caller(joined)
            says_more = declared is None or _is_told_more(declared, joined)
            if declared is not None and not says_more and not (is_told and self._says_nothing(declared)):
                return declared
            if joined.values or joined.incomplete:
                return joined
        relation = related(self._evaluator, instance.cls, name)
        if relation is None:
            relation = peewee_models.related(self._evaluator, instance.cls, name)
        if relation is not None:
            return relation
        found = self.member(instance.cls, name, instance)
        if not found.values and instance.made is not None:
            field = self._field(instance, name)
            if field is not None:
                return field
        return found

    def _says_nothing(self, declared: ValueSet) -> bool:
        """Whether nothing is known of the declared types but what others must have: a class of a library
        that is not known (of stubs, say), or a protocol."""
        for value in declared.values:
            if isinstance(value, ExternalInstance):
                if self._evaluator.catalog.klass(value.dotted) is not None:
                    return False
            elif not isinstance(value, Instance) or not self.is_protocol(value.cls):
                return False
        return True

    def has(self, cls: Class, name: str) -> bool:
        """Whether an attribute of instances is bound in the class or one of its bases, or stored to `self` by
        their methods; or may come from a base that is not the program's."""
        ancestry = self.ancestry(cls)
        return ancestry.incomplete or any(
            owner.dotted != "builtins.object"
            if isinstance(owner, External)
            else name in self.own_members(owner) or name in self.own_stores(owner)
            for owner in ancestry.classes
        )

    def is_protocol(self, cls: Class) -> bool:
        """Whether a class says in its header that it is a protocol."""
        scope = self._evaluator.scope(cls.key)
        return any(
            isinstance(value, External) and value.dotted in PROTOCOLS
            for base in self._evaluator.definition(cls.key).bases
            for value in self._evaluator.evaluate(scope, base).values
        )

    def _stored(self, instance: Instance, name: str, method: Key, value: int) -> ValueSet:
        """What a method of the class stores under a name, seen from an instance."""
        item = self._evaluator.evaluate(method, value)
        kept: list[Value] = []
        given: list[ValueSet] = []
        incomplete = item.incomplete
        for candidate in item.values:
            if isinstance(candidate, Parameter):
                # what a constructor was given: the call that made the instance tells, or the caller
                bound = self._given(instance, method, candidate)
                if bound is not None:
                    given.append(bound)
                elif instance.own is not None:
                    kept.append(instance.own._replace(attributes=(*instance.own.attributes, name)))
                else:
                    incomplete = True
            elif isinstance(candidate, Instance) and candidate.own is not None:
                kept.append(Instance(candidate.cls))
            elif isinstance(candidate, ExternalInstance) and isinstance(candidate.opened, Parameter):
                bound = self._given(instance, method, candidate.opened)
                if bound is None and instance.own is not None:
                    # as the attribute itself says, once the receiver is known
                    bound = known(instance.own._replace(attributes=(*instance.own.attributes, name)))
                kept.append(opened_as(candidate, bound or BOTTOM))
            elif isinstance(candidate, ExternalInstance):
                kept.append(kept_loop(candidate))
            else:
                kept.append(candidate)
        return join([ValueSet(tuple(dict.fromkeys(kept)), incomplete, item.reasons), *given])

    def _given(self, instance: Instance, method: Key, parameter: Parameter) -> ValueSet | None:
        """What the call that made the instance passes for a parameter of its `__init__`; of another method,
        what calls of that pass which are made where the instance was."""
        if (instance.made is None and not instance.given) or parameter.key != method:
            return None
        if instance.made is not None and self._evaluator.definition(method).name != "__init__":
            return self._given_later(instance, instance.made, method, parameter)
        makers = self.method(instance.cls, "__init__", instance).values
        if len(makers) != 1 or not isinstance(makers[0], Function) or makers[0].key != method:
            return None
        maker = makers[0]._replace(receiver=Instance(instance.cls))
        if instance.made is not None:
            key, number = instance.made
            arguments = arguments_of(key, self._evaluator.body(key).sites[number].args)
        else:
            arguments = Arguments(tuple(ValueSet((value,)) for value in instance.given))
        found = self._evaluator.results.argument(parameter, maker, arguments)
        for value in found.values:
            if isinstance(value, Parameter) and not self.is_of_constructor(value, instance.made):
                return None
        return found if found.values else None

    def is_of_constructor(self, parameter: Parameter, made: tuple[Key, int] | None) -> bool:
        """Whether a parameter is one of the constructor in which an object was made: it stands for what the
        object around that one was made with."""
        if made is None or parameter.key != made[0] or not parameter.position:
            return False
        return self._evaluator.definition(parameter.key).name == "__init__"

    def given(self, instance: Instance, parameter: Parameter) -> ValueSet | None:
        """What the call that made an instance passes for its constructor's parameter, or a part of that."""
        plain = parameter._replace(attributes=())
        found = self._given(instance, parameter.key, plain)
        if found is None:
            return None
        return self._evaluator.results.read(found, parameter.attributes, parameter.key)

    def _given_later(
        self, instance: Instance, made: tuple[Key, int], method: Key, parameter: Parameter
    ) -> ValueSet | None:
        """What is passed to a method of an instance in the def that made it (`c = C(a); c.change(b)`)."""
        key, number = made
        name = self._evaluator.definition(method).name
        found: list[ValueSet] = []
        for site in self._called_on_results(key).get((number, name), ()):
            function = Function(method, Instance(instance.cls))
            arguments = arguments_of(key, site.args)
            found.append(self._evaluator.results.argument(parameter, function, arguments))
        if not found or any(isinstance(value, Parameter) for item in found for value in item.values):
            return None
        return join(found)

    def _called_on_results(self, key: Key) -> dict[tuple[int, str], list[Site]]:
        """The calls of methods of what calls of a def give, by these calls' sites and the methods' names. The
        last one is kept: generated code makes ten thousand objects in one def."""
        if self._last_called is None or self._last_called[0] != key:
            body = self._evaluator.body(key)
            found: dict[tuple[int, str], list[Site]] = {}
            for site in body.sites:
                callee = body.values[site.callee] if site.kind == SiteKind.CALL else (Op.UNKNOWN,)
                if callee[0] == Op.ATTR:
                    made = body.values[to_index(callee[1])]
                    if made[0] == Op.CALL and len(made) == 2:
                        found.setdefault((to_index(made[1]), str(callee[2])), []).append(site)
            self._last_called = key, found
        return self._last_called[1]

    def _field(self, instance: Instance, name: str) -> ValueSet | None:
        """What the call that made an instance passes for a field (of a dataclass or named tuple)."""
        assert instance.made is not None
        names: list[str] = []
        for owner in reversed(self.ancestry(instance.cls).classes):
            if isinstance(owner, Class):
                nodes = self._evaluator.body(owner.key).values
                names += [
                    member
                    for member, values in self.own_members(owner).items()
                    if any(nodes[value][0] == Op.CAST for value in values) and member not in names
                ]
        if name not in names or self.method(instance.cls, "__init__", instance).values:
            return None
        key, number = instance.made
        arguments = arguments_of(key, self._evaluator.body(key).sites[number].args)
        passed = arguments.keyword(name)
        position = names.index(name)
        if passed is None and position < len(arguments.positional):
            passed = arguments.positional[position]
        found = self._evaluator.passed(passed) if passed is not None else TOP
        return found if found.values and not any(isinstance(v, Parameter) for v in found.values) else None

    def _declared(self, instance: Instance, name: str) -> ValueSet | None:
        """The type that the class body declares for an attribute, if any."""
        for owner in self.ancestry(instance.cls).classes:
            if isinstance(owner, External):
                continue
            for value in self.own_members(owner).get(name, ()):
                node = self._evaluator.body(owner.key).values[value]
                if node[0] == Op.CAST and node[1] == -1:
                    stated = without_none(annotation_type(self._evaluator, owner.key, to_index(node[2])))
                    if stated.values and not stated.incomplete:
                        return stated
        return None
