"""Decorators: what a def is once they were applied."""

from __future__ import annotations

from functools import partial

from conclint.catalog.facts import DecoratorFact
from conclint.resolve.arguments import Arguments
from conclint.resolve.external_facts import external_fact
from conclint.resolve.fixpoint import Memo
from conclint.resolve.interpreter import Decoration, DispatchedOn, Interpreter
from conclint.resolve.set_anew import is_set_anew
from conclint.resolve.values import (
    TOP,
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Instance,
    Key,
    Partial,
    Value,
    ValueSet,
    join,
    known,
    merge_reasons,
    to_index,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op

_KEEPING = frozenset(
    {
        "abc.abstractmethod", "functools.lru_cache", "functools.cache", "functools.wraps", "typing.override",
        "typing_extensions.override", "typing.final", "typing.no_type_check", "typing.overload",
        "functools.total_ordering", "dataclasses.dataclass", "enum.unique",
        "typing.runtime_checkable", "warnings.deprecated", "typing_extensions.deprecated",
    }
)  # fmt: skip
_CACHING = frozenset({"functools.lru_cache", "functools.cache", "functools.cached_property"})
_ABSTRACT = frozenset({"abc.abstractmethod", "abc.abstractproperty"})
_DISPATCHING = {
    "functools.singledispatch": DispatchedOn.FIRST,
    "functools.singledispatchmethod": DispatchedOn.AFTER_RECEIVER,
}
_MANAGERS = frozenset(
    {
        "contextlib.asynccontextmanager", "contextlib.contextmanager",
        "fastapi.concurrency.asynccontextmanager",
    }
)  # fmt: skip
_PROPERTIES = frozenset({"builtins.property", "functools.cached_property", "abc.abstractproperty"})
_RECEIVERS = frozenset({"self", "cls"})


class Decorations:
    """Answers about decorated defs, remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._decorations: Memo[Key, Decoration] = Memo(self._undecorated, self._undecorated)

    def of(self, key: Key) -> Decoration:
        """What a def is once its decorators were applied."""
        found = self._decorations.final.get(key)
        if found is None:
            plain = self._plain(key)
            if not self._evaluator.definition(key).decorators:
                found = self._decorations.final[key] = Decoration(known(plain))
            else:
                work = partial(self._decorate, key, plain)
                found = self._evaluator.solver.answer(self._decorations, key, work)
        return found

    def names(self, key: Key) -> frozenset[str]:
        """The public names of a def's decorators that come from outside the program."""
        parent = self._evaluator.scope(key)
        found = (self._name(parent, item) for item in self._evaluator.definition(key).decorators)
        return frozenset(name for name in found if name is not None)

    def given_to(self, key: Key, decorator: int) -> ValueSet:
        """What one of the def's decorators is called with: what those below it made of the def."""
        parent = self._evaluator.scope(key)
        value = known(self._plain(key))
        for below in reversed(self._evaluator.definition(key).decorators):
            if below == decorator:
                break
            value = self._apply_decorator(parent, below, value, None)
        return value

    def _plain(self, key: Key) -> Value:
        return Class(key) if self._evaluator.definition(key).kind == DefKind.CLASS else Function(key)

    def _undecorated(self, key: Key) -> Decoration:
        return Decoration(known(self._plain(key)))

    def _decorate(self, key: Key, plain: Value) -> Decoration:
        definition = self._evaluator.definition(key)
        parent = self._evaluator.scope(key)
        value = known(plain)
        moved: ValueSet | None = None
        flags: dict[str, bool] = {}
        dispatched_on = DispatchedOn.NOTHING
        twin: Key | None = None
        if isinstance(plain, Class):
            return Decoration(value)
        for decorator in reversed(definition.decorators):
            node = self._evaluator.body(parent).values[decorator]
            if node[0] == Op.ATTR and node[2] in ("setter", "deleter", "getter", "register"):
                continue
            if self._evaluator.single_dispatch.registers(parent, decorator) is not None:
                continue
            name = self._name(parent, decorator)
            if name in _CACHING:
                flags["is_cached"] = True
            if name in _ABSTRACT:
                flags["is_abstract"] = True
            if name in _PROPERTIES:
                flags["is_property"] = True
            elif name == "builtins.staticmethod":
                flags["is_static"] = True
            elif name == "builtins.classmethod":
                flags["is_class"] = True
            elif name in _DISPATCHING:
                dispatched_on = _DISPATCHING[name]
            elif name in _KEEPING:
                continue
            elif name in _MANAGERS:
                flags["is_manager"] = True
            elif (stated := self.stated(parent, decorator)) is not None:
                if stated.moves:
                    moved = moved or value
            else:
                value = self._apply_decorator(parent, decorator, value, name)
                twin = twin or self._twin(key, parent, decorator)
        value = value if moved is None else TOP
        return Decoration(value, moved, dispatched_on=dispatched_on, twin=twin, **flags)

    def _name(self, parent: Key, decorator: int) -> str | None:
        """The public name of a decorator that comes from outside the program."""
        target = self._evaluator.evaluate(parent, self._callee(parent, decorator))
        name = next((v.dotted for v in target.values if isinstance(v, External)), None)
        return None if name is None else self._evaluator.catalog.canonical(name)

    def stated(self, parent: Key, decorator: int) -> DecoratorFact | None:
        """What the catalog knows of a decorator, a value of the body of `parent`: of a function, or of a
        method of an instance (`@app.get("/")`)."""
        catalog = self._evaluator.catalog
        callee = self._callee(parent, decorator)
        for value in self._evaluator.evaluate(parent, callee).values:
            fact = None
            if isinstance(value, External):
                fact = catalog.decorator(value.dotted)
            elif isinstance(value, ExternalMethod):
                fact = catalog.method_decorator(value.dotted, value.name)
            elif isinstance(value, ExternalInstance):
                fact = catalog.method_decorator(value.dotted, "__call__")
            if fact is not None:
                return None if is_set_anew(self._evaluator, parent, callee) else fact
            named = external_fact(self._evaluator, value)
            if named is not None and named.registering is not None:
                return DecoratorFact(named.name, named.library, source=named.source)
        return None

    def _callee(self, key: Key, decorator: int) -> int:
        """The thing that is called by `@thing(…)`, or `thing` itself."""
        node = self._evaluator.body(key).values[decorator]
        if node[0] == Op.CALL:
            return self._evaluator.body(key).sites[to_index(node[1])].callee
        return decorator

    def _object_of(self, parent: Key, decorator: int, name: str | None) -> ValueSet | None:
        """What a decorator from outside makes of a function: an object whose calls are known."""
        made = ValueSet()
        if name is not None:
            made = self._evaluator.results.external_result(name)
        for method in self._evaluator.evaluate(parent, self._callee(parent, decorator)).values:
            if isinstance(method, ExternalMethod):
                fact = self._evaluator.catalog.method(method.dotted, method.name)
                if fact is not None and fact.returns is not None:
                    made = self._evaluator.results.type_expression(fact.returns, method)
        for value in made.values:
            fact = (
                self._evaluator.catalog.method(value.dotted, "__call__")
                if isinstance(value, ExternalInstance)
                else None
            )
            if fact is None or fact.by_star:
                return None
        return made if made.values else None

    def _twin(self, key: Key, parent: Key, decorator: int) -> Key | None:
        """The coroutine function with the parameters of a plain one, which a decorator from outside is given
        (`@dispatch(afetch) def fetch`). Without parameters, or given by a name, it may as well be something
        that is called before or after the def; then its name must tell."""
        definition = self._evaluator.definition(key)
        call = graph.call(self._evaluator.body(parent), decorator)
        if call is None or definition.kind != DefKind.FUNCTION:
            return None
        names = [param.name for param in definition.params]
        for slot, argument in call.args:
            for value in self._evaluator.evaluate(parent, argument).values:
                if not isinstance(value, Function):
                    continue
                given = self._evaluator.definition(value.key)
                if (
                    given.kind == DefKind.ASYNC_FUNCTION
                    and not given.flags & DefFlags.GENERATOR
                    and [param.name for param in given.params] == names
                    and (
                        _is_named_after(given.name, definition.name)
                        or (isinstance(slot, int) and slot >= 0 and not _RECEIVERS.issuperset(names))
                    )
                    and not self._called_by_name(parent, call.callee)
                ):
                    return value.key
        return None

    def _called_by_name(self, parent: Key, callee: int) -> bool:
        """Whether a decorator is a function of the program, which tells by itself what it makes."""
        values = self._evaluator.evaluate(parent, callee).values
        return any(isinstance(value, (Function, Class, Partial)) for value in values)

    def _called(self, decorator: Value) -> list[Function]:
        """The functions that applying a decorator calls."""
        if isinstance(decorator, Instance):
            methods = self._evaluator.classes.method(decorator.cls, "__call__", decorator).values
            return [method for method in methods if isinstance(method, Function)]
        return [decorator] if isinstance(decorator, Function) else []

    def _apply_decorator(self, parent: Key, decorator: int, value: ValueSet, name: str | None) -> ValueSet:
        applied: list[ValueSet] = []
        for candidate in self._evaluator.evaluate(parent, decorator).values:
            if isinstance(candidate, Class) and len(value.values) == 1:
                made = Instance(candidate, given=value.values)
                if self._evaluator.classes.method(candidate, "__call__", made).values:
                    applied.append(known(made))
            for function in self._called(candidate):
                result = self._evaluator.results.returned(function, Arguments((value,)))
                if result.values and all(isinstance(v, (Function, Partial, Instance)) for v in result.values):
                    applied.append(result)
        if applied:
            return join(applied)
        if (wrapping := self._object_of(parent, decorator, name)) is not None:
            return wrapping
        what = name or "an unresolved decorator"
        return value._replace(
            reasons=merge_reasons(value.reasons, (f"the decorator {what} is taken to keep it",))
        )


def _is_named_after(twin: str, name: str) -> bool:
    """Whether a coroutine function is named as the one that does what a plain one does (`afetch`)."""
    twin, name = twin.lstrip("_"), name.lstrip("_")
    return twin in {f"a{name}", f"a_{name}", f"async_{name}", f"{name}_async", f"aio_{name}", f"{name}_aio"}
