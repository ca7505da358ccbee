"""`functools.singledispatch`, `singledispatchmethod`: which implementation the type of an argument chooses.

The implementations are registered all over the program. Those are known that stand in the module of the
function, in the one that calls it, in the packages that these are in, and in what one of these imports at
its top level; a registration that nothing of that imports is not known of.
"""

from __future__ import annotations

import builtins
import collections.abc
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from conclint.resolve.arguments import Arguments, Passed, StarItem
from conclint.resolve.fixpoint import Memo
from conclint.resolve.interpreter import Choice, DispatchedOn, Interpreter
from conclint.resolve.program import Module
from conclint.resolve.values import (
    NONE,
    TOP,
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    Function,
    Instance,
    Key,
    Literal,
    Value,
    ValueSet,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, Site, SiteKind, StoreKind

_REGISTER: Final = "register"
_MOST: Final = 12
"""Of more implementations nobody can say which is meant."""
_MOST_MODULES: Final = 200
_UNSURE: Final = "its implementation is registered in a place that may not be run"
_OBJECT: Final = External("builtins.object")
_NONE_TYPE: Final = External("types.NoneType")
_UNIONS: Final = ((External("typing.Optional"),), (External("typing.Union"),))
_NO_BASES: Final = frozenset(
    {"abc.ABC", "builtins.object", "enum.Enum", "typing.Generic", "typing.Protocol", "types.NoneType"}
)
"""Classes outside the program of which it is known that they derive from nothing else that is registered."""
_BUILTINS: Final = {
    name: getattr(builtins, name)
    for name in (
        "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "memoryview",
        "object", "range", "set", "slice", "str", "tuple", "type",
    )
}  # fmt: skip
_PROTOCOLS: Final = {
    name: getattr(collections.abc, name)
    for name in (
        "Callable", "Collection", "Container", "Hashable", "Iterable", "Iterator", "Mapping",
        "MutableMapping", "MutableSequence", "MutableSet", "Reversible", "Sequence", "Set", "Sized",
    )
}  # fmt: skip


class Registration(NamedTuple):
    """That a function has an implementation for some types (none where they are not known), by the module at
    `path`, which does it whatever happens if `is_certain`."""

    function: Key
    types: tuple[Class | External, ...]
    implementation: Value
    path: str
    is_certain: bool = False


class _Lineage(NamedTuple):
    """The class of an object and those above it, nearest first. `is_exact`: the object is of no class derived
    from it; `is_complete`: there are no other classes above it."""

    classes: tuple[Class | External, ...]
    is_exact: bool
    is_complete: bool


class SingleDispatch:
    """Answers about functions that have an implementation for each type; what a module registers is
    remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._registered: Memo[str, tuple[Registration, ...]] = Memo(lambda _: (), lambda _: ())
        self._imported: dict[str, tuple[str, ...]] = {}

    def choose(self, function: Function, arguments: Arguments, asker: str) -> Choice | None:
        """What a call in the module `asker` may run; None for a function that is no such one. Raises
        NeedModule."""
        on = self._evaluator.decorations.of(function.key).dispatched_on
        if on is DispatchedOn.NOTHING:
            return None
        first = TOP
        if on is DispatchedOn.FIRST and function.receiver is not None:
            first = ValueSet((function.receiver,))
        elif arguments.positional:
            first = self._passed(arguments.positional[0])
        registrations = self._registrations(function.key, asker)
        chosen: dict[Value, bool] = {}
        for value in first.values:
            lineage = self._lineage(value)
            if lineage is None:
                break
            self._choose_for(lineage, function, registrations, chosen)
        else:
            if first.values and not first.incomplete:
                return self._made(function, chosen)
        for item in registrations:
            _take(chosen, item)
        if not self._refuses(function.key):
            chosen[function] = True
        return self._made(function, chosen if len(chosen) <= _MOST else {})

    def _passed(self, argument: Passed) -> ValueSet:
        """What an argument may be; of `Colour.RED` the member, which has the enumeration's type."""
        if isinstance(argument, (ValueSet, StarItem)):
            return self._evaluator.passed(argument)
        return self._evaluator.read_of(*argument)

    def may_run(self, function: Key, implementation: Key) -> bool:
        """Whether an implementation is one of a function's, as far as the module of the latter knows."""
        if self._evaluator.decorations.of(function).dispatched_on is DispatchedOn.NOTHING:
            return False
        return any(
            isinstance(item.implementation, Function) and item.implementation.key == implementation
            for item in self._registrations(function, implementation[0])
        )

    def registers(self, key: Key, value: int) -> Key | None:
        """The function of which a value is the `register`, or a call of that."""
        body = self._evaluator.body(key)
        call = graph.call(body, value)
        node = graph.node(body, value if call is None else call.callee)
        if node[0] != Op.ATTR or node[2] != _REGISTER:
            return None
        for item in self._evaluator.evaluate(key, graph.base(node)).values:
            if isinstance(item, Function):
                decoration = self._evaluator.decorations.of(item.key)
                if decoration.dispatched_on is not DispatchedOn.NOTHING:
                    return item.key
        return None

    def _made(self, function: Function, chosen: dict[Value, bool]) -> Choice:
        """The implementations, bound as the function is."""
        found: list[Value] = []
        for value in chosen:
            if isinstance(value, Function) and value.key != function.key:
                decoration = self._evaluator.decorations.of(value.key)
                value = value._replace(receiver=None if decoration.is_static else function.receiver)
            found.append(value)
        return Choice(tuple(found), () if all(chosen.values()) else (_UNSURE,))

    def _refuses(self, key: Key) -> bool:
        """Whether the function itself does nothing but say that there is no implementation."""
        body = self._evaluator.body(key)
        called = (body.values[site.callee] for site in body.sites)
        return any(node == (Op.GLOBAL, "NotImplementedError") for node in called)

    # -- types ----------------------------------------------------------------------------------

    def _choose_for(
        self,
        lineage: _Lineage,
        function: Function,
        registrations: list[Registration],
        chosen: dict[Value, bool],
    ) -> None:
        """Notes what an object of a class chooses: the implementation for the nearest of its classes."""
        for item in registrations:
            if not item.types or (not lineage.is_exact and self._is_below(item.types, lineage.classes[0])):
                _take(chosen, item)
        for cls in lineage.classes:
            nearest = [item for item in registrations if cls in item.types]
            if cls == _OBJECT:  # an abstract class comes before it
                nearest = [item for item in registrations if _implements(item.types, lineage)] or nearest
            last = max((at for at, item in enumerate(nearest) if item.is_certain), default=-1)
            for item in nearest[max(last, 0) :]:
                _take(chosen, item)
            if last >= 0:
                return
        if not lineage.is_complete:
            for item in registrations:
                if any(isinstance(cls, External) for cls in item.types):
                    _take(chosen, item)
        chosen[function] = True

    def _lineage(self, value: Value) -> _Lineage | None:
        """The classes of a value; None where they are not known."""
        if isinstance(value, Instance):
            ancestry = self._evaluator.classes.ancestry(value.cls)
            classes = tuple(self._canonical(cls) for cls in ancestry.classes)
            outside = [cls for cls in classes if isinstance(cls, External)]
            is_known = all(cls.dotted in _NO_BASES or _builtin(cls) is not None for cls in outside)
            above = [base for cls in outside for base in _above(cls)]
            rest = [cls for cls in (*classes, *above) if cls != _OBJECT]
            is_exact = value.made is not None or bool(value.given)
            return _Lineage((*dict.fromkeys(rest), _OBJECT), is_exact, is_known and not ancestry.incomplete)
        if isinstance(value, Literal):
            kind = f"{'types' if value == NONE else 'builtins'}.{value.kind}"
            return self._outside(External(kind), is_exact=True)
        if isinstance(value, (Display, Container)):
            return self._outside(External(f"builtins.{self._evaluator.container_kind(value)}"), is_exact=True)
        if isinstance(value, Class):
            return self._outside(External("builtins.type"), is_exact=False)
        if isinstance(value, ExternalInstance) and value.dotted != _OBJECT.dotted:
            return self._outside(External(value.dotted), is_exact=False)
        return None

    def _outside(self, cls: External, is_exact: bool) -> _Lineage:
        first = self._canonical(cls)
        stated = [External(fact.name) for fact in self._evaluator.catalog.ancestry(cls.dotted)]
        is_complete = cls.dotted in _NO_BASES or _builtin(cls) is not None
        rest = [item for item in (first, *stated, *_above(cls)) if item != _OBJECT]
        return _Lineage((*dict.fromkeys(rest), _OBJECT), is_exact, is_complete)

    def _canonical(self, cls: Class | External) -> Class | External:
        return External(self._evaluator.catalog.canonical(cls.dotted)) if isinstance(cls, External) else cls

    def _is_below(self, types: tuple[Class | External, ...], top: Class | External) -> bool:
        """Whether one of the types derives from a class."""
        for cls in types:
            above = self._evaluator.classes.ancestry(cls).classes if isinstance(cls, Class) else _above(cls)
            if cls != top and top in above:
                return True
        return False

    # -- registrations --------------------------------------------------------------------------

    def _registrations(self, function: Key, asker: str) -> list[Registration]:
        """All that are known in a module, those of the function's own module first."""
        paths = dict.fromkeys((function[0], *self._around(function[0]), *self._around(asker)))
        found = [item for path in paths for item in self._registered_in(path) if item.function == function]
        self._evaluator.program.depend(asker, (item.path for item in found))
        return found

    def _around(self, path: str) -> tuple[str, ...]:
        """The modules that have been imported when the code of a module runs, as far as its own imports and
        those of the packages it is in tell."""
        found = self._imported.get(path)
        if found is None:
            own = [path, *self._packages(path)]
            files = dict.fromkeys([*own, *(file for item in own for file in self._imports_of(item))])
            found = self._imported[path] = tuple(files)[:_MOST_MODULES]
        return found

    def _packages(self, path: str) -> Iterator[str]:
        program = self._evaluator.program
        dotted = program.finder.module_name(path)
        while "." in dotted:
            dotted = dotted.rpartition(".")[0]
            package = program.find(dotted, path)
            if package is not None and program.finder.is_package(package):
                yield package

    def _imports_of(self, path: str) -> Iterator[str]:
        """The files that a module imports at its top level, whatever happens."""
        program = self._evaluator.program
        module = program.module(path)
        if module is None or program.finder.is_installed(path):
            return
        body = self._evaluator.body(module.own)
        for store in body.stores:
            node = body.values[store.value]
            if store.kind != StoreKind.GLOBAL or store.region or node[0] != Op.IMPORT:
                continue
            item = module.summary.imports[graph.number(node)]
            dotted = item.module
            if item.level:
                dotted = program.finder.resolve_relative(path, item.level, item.module)
            for name in (dotted, f"{dotted}.{item.name}" if item.name is not None else ""):
                found = program.find(name, path) if name else None
                if found is not None and not program.finder.is_installed(found):
                    yield found

    def _registered_in(self, path: str) -> tuple[Registration, ...]:
        found = self._registered.final.get(path)
        if found is not None:
            return found
        module = self._evaluator.program.module(path)
        if module is None or _REGISTER not in module.summary.bodies[0].literals:
            return ()
        work = partial(self._search, path)
        return self._evaluator.solver.answer(self._registered, path, work)

    def _search(self, path: str) -> tuple[Registration, ...]:
        module = self._evaluator.module(path)
        return tuple(
            item._replace(is_certain=not site.region and self._is_run(module, key))
            for key in module.keys
            for site in self._evaluator.body(key).sites
            if site.kind in (SiteKind.DECORATE, SiteKind.CALL) and site.args
            for item in self._registered_at(key, site)
        )

    def _is_run(self, module: Module, key: Key) -> bool:
        """Whether the code of a def is run when its module is imported."""
        kinds = (module.definition(item).kind for item in (key, *module.around(key)))
        return all(kind in (DefKind.MODULE, DefKind.CLASS) for kind in kinds)

    def _registered_at(self, key: Key, site: Site) -> Iterator[Registration]:
        """What a site registers: as `@f.register`, `@f.register(type)`, `f.register(type, g)`,
        `f.register(g)` or `f.register(type)(g)`."""
        function = self.registers(key, site.callee)
        if function is None:
            return
        call = graph.call(self._evaluator.body(key), site.callee)
        given = [value for _, value in (*(call.args if call is not None else ()), *site.args)]
        stated, implementation = given[:-1], given[-1]
        for value in self._evaluator.evaluate(key, implementation).values:
            if stated:
                yield Registration(function, self._types(key, stated), value, key[0])
            elif isinstance(value, Function):
                yield Registration(function, self._annotated(value.key), value, key[0])

    def _annotated(self, key: Key) -> tuple[Class | External, ...]:
        """The types for which a function is meant, by the first annotation of its parameters."""
        annotations = [param.annotation for param in self._evaluator.definition(key).params]
        stated = [annotation for annotation in annotations if annotation >= 0]
        return self._types(self._evaluator.scope(key), stated[:1])

    def _types(self, key: Key, values: list[int]) -> tuple[Class | External, ...]:
        """The classes that are named by values of a body, the members of unions among them; none where one
        of them is not known."""
        body = self._evaluator.body(key)
        found: dict[Class | External, None] = {}
        todo = list(values)
        while todo:
            value = todo.pop()
            node = graph.node(body, value)
            members = graph.parts(node)
            if (node[0] == Op.ARITH and node[1] == "|") or node[0] == Op.TUPLE:
                todo += members
                continue
            if node[0] == Op.ITEM and self._evaluator.evaluate(key, members[0]).values in _UNIONS:
                todo.append(members[1])
                if self._evaluator.evaluate(key, members[0]).values == _UNIONS[0]:
                    found[_NONE_TYPE] = None
                continue
            item = self._evaluator.evaluate(key, value)
            if item.incomplete or len(item.values) != 1:
                return ()
            (cls,) = item.values
            cls = _NONE_TYPE if cls == NONE else cls
            if not isinstance(cls, (Class, External)):
                return ()
            found[self._canonical(cls)] = None
        return tuple(found)


def _take(chosen: dict[Value, bool], item: Registration) -> None:
    """Notes that an implementation may be run: surely registered, by one registration at least, or not."""
    chosen[item.implementation] = chosen.get(item.implementation, False) or item.is_certain


def _builtin(cls: External) -> type | None:
    module, _, name = cls.dotted.rpartition(".")
    return _BUILTINS.get(name) if module == "builtins" else None


def _above(cls: External) -> list[External]:
    """A builtin class and those that it derives from; none of any other."""
    found = _builtin(cls)
    return [External(f"builtins.{item.__name__}") for item in found.__mro__] if found is not None else []


def _implements(types: tuple[Class | External, ...], lineage: _Lineage) -> bool:
    """Whether one of the types is an abstract class of which one of the lineage's counts as derived."""
    classes = [found for cls in lineage.classes if isinstance(cls, External) and (found := _builtin(cls))]
    for item in types:
        module, _, name = item.dotted.rpartition(".") if isinstance(item, External) else ("", "", "")
        protocol = _PROTOCOLS.get(name) if module == "collections.abc" else None
        if protocol is not None and any(issubclass(cls, protocol) for cls in classes):
            return True
    return False
