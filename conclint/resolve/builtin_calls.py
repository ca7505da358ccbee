"""Results of the few builtin and standard calls whose meaning is part of the language, so to speak."""

from __future__ import annotations

from typing import Final

from conclint.resolve.annotations import annotation_type
from conclint.resolve.arguments import Arguments, StarItem
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    NONE,
    TOP,
    TYPED_KEY,
    Awaitable,
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Literal,
    MethodCaller,
    ModuleRef,
    Parameter,
    Partial,
    SuperOf,
    Value,
    ValueSet,
    join,
    known,
)

_SAME_OBJECT = frozenset({"copy.copy", "copy.deepcopy", "contextlib.closing", "contextlib.nullcontext"})
_SAME_ELEMENTS = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "filter"})
_TYPED_KEYS: Final = frozenset({"aiohttp.web.AppKey", "aiohttp.web.RequestKey", "aiohttp.web.ResponseKey"})
_FIELDS: Final = frozenset(
    {"dataclasses.field", "attr.ib", "attr.attrib", "attr.field", "attrs.field", "pydantic.Field"}
)
_OBJECT: Final = ExternalInstance("builtins.object")
EXIT_STACKS = frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"})
"""Whose `enter_context` enters what it is given."""
_AWAIT_LIKE = frozenset(
    {"asyncio.wait_for", "asyncio.shield", "asyncio.create_task", "asyncio.ensure_future"}
)


def result_of(
    evaluator: Interpreter, dotted: str, arguments: Arguments, site: tuple[Key, int]
) -> ValueSet | None:
    """What calling `dotted` gives; None where it is no such call."""
    module, _, name = dotted.rpartition(".")
    first = arguments.positional[0] if arguments.positional else None
    if module == "builtins":
        if name == "super":
            return _super(evaluator, site[0])
        if name in ("globals", "locals") and not arguments.positional:
            return known(ModuleRef(site[0][0])) if name == "globals" else TOP
        if name == "dict" and not arguments.spread:
            return _dict(evaluator, arguments)
        if first is None:
            return None
        if name in ("staticmethod", "classmethod"):
            return evaluator.passed(first)
        if name == "iter" and len(arguments.positional) == 1:
            return _iterator(evaluator, evaluator.passed(first))
        if name in _SAME_ELEMENTS:
            passed = arguments.positional[-1] if name == "filter" else first
            element = evaluator.element(evaluator.passed(passed))
            return known(Container(element.values, name))
        if name == "next":
            return evaluator.element(evaluator.passed(first))
        if name == "enumerate":
            element = evaluator.element(evaluator.passed(first))
            if len(element.values) == 1 and not element.incomplete:
                pair = Container((ExternalInstance("builtins.int"), element.values[0]), "tuple", fixed=True)
                return known(Container((pair,)))
            return None
        if name == "zip":
            columns = [evaluator.element(evaluator.passed(item)) for item in arguments.positional]
            row = Container(tuple(_only(column) for column in columns), "tuple", fixed=True)
            return known(Container((row,)))
        if name == "getattr" and len(arguments.positional) >= 2:
            attribute = evaluator.passed(arguments.positional[1])
            if len(attribute.values) == 1 and isinstance(attribute.values[0], Literal):
                return evaluator.attribute(evaluator.passed(first), str(attribute.values[0].value), site[0])
            return TOP
        if name == "type" and len(arguments.positional) == 1:
            classes: list[Value] = []
            for value in evaluator.passed(first).values:
                if isinstance(value, Instance):
                    classes.append(value.cls)
                elif value == NONE:
                    classes.append(External("types.NoneType"))
                elif isinstance(value, Class):
                    return TOP
            return ValueSet(tuple(classes), not classes)
        return None
    if dotted in ("functools.partial", "functools.partialmethod") and first is not None:
        target = evaluator.passed(first)
        return target._replace(values=tuple(Partial(value, site) for value in target.values))
    if dotted == "operator.methodcaller" and first is not None:
        names = evaluator.passed(first).values
        if len(names) == 1 and isinstance(names[0], Literal) and isinstance(names[0].value, str):
            return known(MethodCaller(names[0].value, site))
        return TOP
    if dotted in _FIELDS:
        return _made_for_field(evaluator, arguments)
    if dotted == "collections.defaultdict" and first is not None:
        return _defaultdict(evaluator, evaluator.passed(first))
    if dotted in ("typing.cast", "typing_extensions.cast") and len(arguments.positional) >= 2:
        stated = arguments.positional[0]
        if isinstance(stated, tuple) and not isinstance(stated, ValueSet):
            typed = annotation_type(evaluator, *stated)
            if typed.values:
                return typed
        return evaluator.passed(arguments.positional[1])
    if dotted in ("typing.TypeVar", "typing_extensions.TypeVar"):
        bound = arguments.keyword("bound")
        return evaluator.passed(bound) if bound is not None else TOP
    if dotted in _TYPED_KEYS:
        return _typed_key(evaluator, arguments)
    if dotted in ("typing.NewType", "typing_extensions.NewType") and len(arguments.positional) == 2:
        return evaluator.passed(arguments.positional[1])
    if dotted in _AWAIT_LIKE and first is not None:
        passed_value = evaluator.passed(first)
        if any(isinstance(value, Awaitable) for value in passed_value.values):
            return passed_value
    if dotted in _SAME_OBJECT and first is not None:
        return evaluator.passed(first)
    return None


def _typed_key(evaluator: Interpreter, arguments: Arguments) -> ValueSet | None:
    """`AppKey(name, type)`: a key under which is an object of that type."""
    passed = arguments.positional[1] if len(arguments.positional) > 1 else arguments.keyword("t")
    if not isinstance(passed, tuple) or isinstance(passed, (ValueSet, StarItem)):
        return None
    stated = annotation_type(evaluator, *passed)
    if not stated.values or stated.incomplete:
        return None
    return known(Container(stated.values, TYPED_KEY))


def _made_for_field(evaluator: Interpreter, arguments: Arguments) -> ValueSet | None:
    """`field(default_factory=make)`: what `make` gives, unless an object is made with something else."""
    factory = arguments.keyword("default_factory") or arguments.keyword("factory")
    made = _made_by(evaluator, evaluator.passed(factory)) if factory is not None else None
    return made._replace(incomplete=True) if made is not None else None


def _defaultdict(evaluator: Interpreter, factory: ValueSet) -> ValueSet | None:
    """`defaultdict(make)`: a mapping of what `make` gives; None where that is a plain value."""
    made = _made_by(evaluator, factory)
    return None if made is None else ValueSet((Container(made.values, "dict"),), reasons=made.reasons)


def _made_by(evaluator: Interpreter, factory: ValueSet) -> ValueSet | None:
    """What a factory gives; None where that is not known for sure, or a plain value."""
    made = evaluator.results.called(factory)
    if made.incomplete or not made.values or any(_is_plain(value) for value in made.values):
        return None
    return made


def _is_plain(value: Value) -> bool:
    """Whether a value is a number, a text or a collection of who knows what."""
    if isinstance(value, ExternalInstance):
        return value.dotted.startswith(("builtins.", "collections."))
    return isinstance(value, (Literal, Parameter, Display))


def _iterator(evaluator: Interpreter, item: ValueSet) -> ValueSet:
    """What `iter(x)` gives: of a collection an iterator, else what goes on as `x` does, or is it."""
    values = [
        Container(evaluator.element(known(value)).values, "iter")
        if isinstance(value, (Display, Container))
        else value
        for value in item.values
    ]
    return item._replace(values=tuple(dict.fromkeys(values)))


def _only(item: ValueSet) -> Value:
    """The one candidate, or an object of which nothing is known."""
    return item.values[0] if len(item.values) == 1 and not item.incomplete else _OBJECT


def _dict(evaluator: Interpreter, arguments: Arguments) -> ValueSet | None:
    """`dict(a=…)`, `dict(mapping, a=…)`; None for what is made from pairs or from nothing."""
    named = [(name, evaluator.passed(item)) for name, item in arguments.keywords]
    keys = tuple(Literal("str", name) for name, item in named for _ in item.values)
    own = known(Container(tuple(v for _, item in named for v in item.values), "dict", bool(keys), keys))
    if not arguments.positional:
        return own if named else None
    base = evaluator.passed(arguments.positional[0])
    if evaluator.containers.mapping(base) is None:
        return None
    return evaluator.containers.merged(base, own) if named else evaluator.containers.merged(base)


def method_result(evaluator: Interpreter, method: ExternalMethod, arguments: Arguments) -> ValueSet:
    """What a method of a builtin collection or of an exit stack gives; unknown for all others."""
    receiver = method.receiver
    if method.dotted in EXIT_STACKS and arguments.positional:
        entered = evaluator.entered(evaluator.passed(arguments.positional[0]))
        if method.name == "enter_context":
            return entered
        return known(Awaitable(entered.values)) if method.name == "enter_async_context" else TOP
    if not isinstance(receiver, (Display, Container)):
        return TOP
    elements = evaluator.containers.values_in(receiver)
    if method.name in ("copy", "union", "values", "__iter__"):
        return ValueSet((Container(elements.values),), elements.incomplete)
    if method.name in ("get", "pop", "setdefault"):
        key = evaluator.passed(arguments.positional[0]).values if arguments.positional else ()
        if len(key) == 1 and isinstance(key[0], Literal) and method.name != "pop":
            elements = evaluator.containers.item_of(receiver, key[0])
        defaults = [evaluator.passed(item) for item in arguments.positional[1:2]]
        return join([elements, *defaults]) if elements.values or not defaults else defaults[0]
    if method.name in ("popleft", "popitem"):
        return elements
    if method.name == "items":
        pairs = tuple(Container((_OBJECT, value), "tuple", fixed=True) for value in elements.values)
        return ValueSet((Container(pairs),), elements.incomplete)
    return TOP


def _super(evaluator: Interpreter, key: Key) -> ValueSet:
    module = evaluator.module(key[0])
    for method in (key, *module.around(key)):
        cls = evaluator.enclosing_class(method)
        if cls is not None:
            is_class = evaluator.decorations.of(method).is_class
            return known(SuperOf(cls, cls if is_class else Instance(cls, Parameter(method, 0))))
    return TOP
