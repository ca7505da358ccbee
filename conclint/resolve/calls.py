"""Call sites to their targets: what a site of a body may run, with what arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.catalog.facts import ASSIGNED, Access
from conclint.resolve import peewee_models
from conclint.resolve.arguments import Arguments, StarItem, arguments_of
from conclint.resolve.builtin_calls import EXIT_STACKS
from conclint.resolve.django_models import FOREIGN_KEY, fetches, is_lazy_slice
from conclint.resolve.interpreter import Accessor, Interpreter
from conclint.resolve.values import (
    CALLED,
    ITERATED,
    NONE,
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
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
    known,
    merge_reasons,
)
from conclint.summary import body_graph as graph
from conclint.summary.kinds import assert_never
from conclint.summary.records import (
    OPERATOR_METHODS,
    Body,
    DefFlags,
    DefKind,
    Op,
    ParamKind,
    Site,
    SiteKind,
    Slot,
    Use,
)

_NAMELESS: Final = "._"
"""Ends the name of an implementation that is known only as one of the function it was registered with."""
_REPEATED: Final = re.compile(r"#\d+")


class Target(NamedTuple):
    """One thing that a site may run."""

    value: Value
    arguments: Arguments


class Link(NamedTuple):
    """A site with all it may run.

    `groups` are run one after the other (entering, then leaving, a context manager); within a group the
    targets exclude each other. `incomplete` where something unknown may be run instead.
    """

    site: int
    groups: tuple[tuple[Target, ...], ...]
    incomplete: bool
    reasons: tuple[str, ...]
    awaited: bool


def link_site(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    """What the site runs; None where it runs nothing that matters. Raises NeedModule."""
    kind = site.kind
    match kind:
        case SiteKind.CALL:
            return _call(evaluator, key, number, site)
        case SiteKind.ENTER:
            return _special(evaluator, key, number, site, ("__enter__", "__exit__"))
        case SiteKind.ITERATE:
            return _iteration(evaluator, key, number, site)
        case SiteKind.ITEM:
            return _special(evaluator, key, number, site, ("__getitem__",))
        case SiteKind.ATTR:
            return _attribute(evaluator, key, number, site, Accessor.GETTER)
        case SiteKind.SET_ATTR:
            return _attribute(evaluator, key, number, site, Accessor.SETTER)
        case SiteKind.SET_ITEM:
            return _special(evaluator, key, number, site, ("__setitem__",))
        case SiteKind.CONTAINS:
            return _special(evaluator, key, number, site, ("__contains__",))
        case SiteKind.RAISE:
            return _raised(evaluator, key, number, site)
        case SiteKind.DELETE:
            if site.args:
                return _special(evaluator, key, number, site, ("__delitem__",))
            return _attribute(evaluator, key, number, site, Accessor.DELETER)
        case SiteKind.AUGMENT:
            return _augmented(evaluator, key, number, site)
        case SiteKind.OPERATE:
            return _operation(evaluator, key, number, site)
        case SiteKind.DISCARD:
            if _is_held(evaluator.body(key), site.callee):
                return None
            link = _special(evaluator, key, number, site, ("__del__",))
            return link and link._replace(reasons=(*link.reasons, _PERHAPS_HELD))
        case SiteKind.DECORATE:
            return _decoration(evaluator, key, number, site)
        case SiteKind.AWAIT:  # what is awaited ran where it was made, but for objects that say how
            item = evaluator.evaluate(key, site.callee)
            run = _awaited(evaluator, item)
            return Link(number, tuple(run), item.incomplete, item.reasons, False) if run else None
        case SiteKind.SPIN:
            return None  # a loop that does nothing runs nothing
        case _:
            return assert_never(kind)


def _call(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    callee = evaluator.evaluate(key, site.callee)
    arguments = arguments_of(key, site.args)
    targets, reasons = _chosen(evaluator, key[0], callee, arguments)
    groups = [tuple(group) for group in _unpacked(evaluator, key, site) if group]
    if targets:
        groups.append(targets)
        groups += _entered(evaluator, targets, is_kept=_is_of_object(evaluator.body(key), site))
    elif not callee.values:
        groups += _looked_up(evaluator, key, site)
    awaited = bool(site.use & Use.AWAITED)
    if awaited and any(isinstance(target.value, Class) for target in targets):
        groups += _awaited(evaluator, evaluator.results.call_result(key, number))
    if not groups:
        return None
    return Link(number, tuple(groups), callee.incomplete and bool(targets), reasons, awaited)


def _chosen(
    evaluator: Interpreter, path: str, callee: ValueSet, arguments: Arguments
) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """What a call in a module runs, with the assumptions: of a function under `singledispatch`, the
    implementations that its argument's type chooses."""
    targets: list[Target] = []
    reasons = callee.reasons
    for value in callables(callee):
        choice = None
        if isinstance(value, MethodCaller):
            targets += methods_called(evaluator, value, arguments)
            continue
        if isinstance(value, Function):
            if not takes_keywords(evaluator, value, arguments):
                continue  # a method of that name, but of something else
            choice = evaluator.single_dispatch.choose(value, arguments, path)
        if choice is not None:
            reasons = merge_reasons(reasons, choice.reasons)
        targets += [Target(item, arguments) for item in ((value,) if choice is None else choice.targets)]
    return tuple(targets), reasons


def takes_keywords(evaluator: Interpreter, function: Function, arguments: Arguments) -> bool:
    """Whether a function has a parameter for each keyword of a call, as far as its `def` tells."""
    definition = evaluator.definition(function.key)
    if not arguments.keywords or definition.decorators:
        return True
    named = {
        param.name for param in definition.params if param.kind in (ParamKind.NORMAL, ParamKind.KEYWORD_ONLY)
    }
    return any(param.kind == ParamKind.DOUBLE_STAR for param in definition.params) or all(
        name in named for name, _ in arguments.keywords
    )


_PERHAPS_HELD = "something else may still hold the object"
_AUGMENTED = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
    "@": "matmul", "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor",
}  # fmt: skip


def methods_called(evaluator: Interpreter, caller: MethodCaller, arguments: Arguments) -> list[Target]:
    """What a call of `operator.methodcaller(name, …)` runs: the methods that its first argument may have."""
    if not arguments.positional:
        return []
    key, number = caller.site
    bound = arguments_of(key, evaluator.body(key).sites[number].args).drop(1)
    methods = evaluator.attribute(evaluator.passed(arguments.positional[0]), caller.name, key)
    return [Target(value, bound) for value in callables(methods)]


def _is_of_object(body: Body, site: Site) -> bool:
    """Whether a method is called of what an object keeps under an attribute."""
    return graph.node(body, graph.receiver(body, site))[0] == Op.ATTR


def _entered(
    evaluator: Interpreter, targets: tuple[Target, ...], *, is_kept: bool
) -> list[tuple[Target, ...]]:
    """What `stack.enter_context(manager)` runs of the manager, now and when the stack is left; what
    `stack.push(manager)` and `stack.callback(function)` leave to be run then. A stack that an object keeps
    is left elsewhere."""
    groups: list[tuple[Target, ...]] = []
    for value, arguments in targets:
        if not isinstance(value, ExternalMethod) or not arguments.positional:
            continue
        if value.dotted not in EXIT_STACKS:
            continue
        given = evaluator.passed(arguments.positional[0])
        if is_kept and value.name in ("callback", "push"):
            continue
        if value.name == "callback":
            rest = Arguments(arguments.positional[1:], arguments.keywords, arguments.spread)
            groups.append(tuple(Target(item, rest) for item in callables(given)))
        if value.name == "push":
            groups.append(tuple(t for item in given.values for t in invoked(evaluator, item, "__exit__")))
        if value.name != "enter_context":
            continue
        first = arguments.positional[0]
        if not is_kept and isinstance(first, tuple) and not isinstance(first, (ValueSet, StarItem)):
            groups.append(tuple(_closed(evaluator, *first)))
        entered = evaluator.passed(arguments.positional[0]).values
        groups.extend(
            tuple(target for item in entered for target in invoked(evaluator, item, name))
            for name in (("__enter__",) if is_kept else ("__enter__", "__exit__"))
        )
    return [group for group in groups if group]


def _is_held(body: Body, value: int) -> bool:
    """Whether anything but a name may keep an object that a def made: it was passed on, stored, returned,
    or is part of something else."""
    return (
        any(value in (item for _, item in site.args) for site in body.sites)
        or any(value == item for item, _ in (*body.returns, *body.yields))
        or any(value == store.value for store in body.stores)
        or any(value in graph.operands(node) for node in body.values if node[0] != Op.ATTR)
    )


def _raised(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    """A class that is raised is called without arguments."""
    item = evaluator.evaluate(key, site.callee)
    targets = tuple(Target(value, Arguments()) for value in item.values if isinstance(value, Class))
    return Link(number, (targets,), item.incomplete, item.reasons, False) if targets else None


def _decoration(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    """What a decorator does at the def, within a function. (What modules and classes do once, on import, is
    nobody's call; what decorating gives, the def's value says.)"""
    if evaluator.definition(key).kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION):
        return None
    decorator = evaluator.evaluate(key, site.callee)
    called = [value for value in decorator.values if isinstance(value, (Function, Class, Instance))]
    node = evaluator.body(key).values[site.args[0][1]] if called else (Op.UNKNOWN,)
    if node[0] != Op.DEF:
        return None
    decorated = evaluator.module(key[0]).at(node[1])
    given = Arguments((evaluator.decorations.given_to(decorated, site.callee),))
    targets = tuple(Target(value, given) for value in called)
    return Link(number, (targets,), decorator.incomplete, decorator.reasons, False)


def _augmented(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    """`x += y`: `__iadd__`, or `__add__` of what has none."""
    name = _AUGMENTED[str(site.args[0][0])]
    item = evaluator.evaluate(key, site.callee)
    targets: list[Target] = []
    for value in item.values:
        found = invoked(evaluator, value, f"__i{name}__") or invoked(evaluator, value, f"__{name}__")
        targets.extend(found)
    return Link(number, (tuple(targets),), item.incomplete, item.reasons, False) if targets else None


def _looked_up(evaluator: Interpreter, key: Key, site: Site) -> list[tuple[Target, ...]]:
    """What finding a method runs that the class of the object does not have: its `__getattr__`."""
    node = evaluator.body(key).values[site.callee]
    if node[0] != Op.ATTR:
        return []
    name = Arguments((known(Literal("str", str(node[2]))),))
    targets = tuple(
        Target(method, name)
        for value in evaluator.evaluate(key, graph.base(node)).values
        if isinstance(value, Instance)
        for method in _intercepted(evaluator, value, str(node[2]), Accessor.GETTER)
    )
    return [targets] if targets else []


def _awaited(evaluator: Interpreter, item: ValueSet) -> list[tuple[Target, ...]]:
    """What awaiting an object of the program's own runs: its `__await__`."""
    values = [value for value in item.values if isinstance(value, Instance)]
    targets = tuple(target for value in values for target in invoked(evaluator, value, "__await__"))
    return [targets] if targets else []


def _closed(evaluator: Interpreter, key: Key, manager: int) -> list[Target]:
    """What leaving `closing(x)` runs, a value of a body: `x.close()`."""
    made = graph.call(evaluator.body(key), manager)
    if made is None or External("contextlib.closing") not in evaluator.evaluate(key, made.callee).values:
        return []
    arguments = arguments_of(key, made.args)
    if not arguments.positional:
        return []
    closed = evaluator.attribute(evaluator.passed(arguments.positional[0]), "close", key)
    return [Target(value, Arguments()) for value in callables(closed)]


def _operation(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    """What an operator runs of the class of an operand: of two operands, the left one's method, else the
    right one's."""
    word, other = site.args[0]
    methods = OPERATOR_METHODS[str(word)]
    item = evaluator.evaluate(key, site.callee)
    if word == "class":
        above = (evaluator.classes.above(v, methods[0], v) for v in item.values if isinstance(v, Class))
        made = [Target(v, Arguments(spread=True)) for found in above for v in callables(found)]
        return Link(number, (tuple(made),), item.incomplete, item.reasons, False) if made else None
    if word in _ON_ONE or str(word).startswith("u"):
        targets = [target for value in item.values for target in _first_of(evaluator, value, methods)]
    else:
        left = methods[:1] if word != "!=" else methods
        targets = [target for value in item.values for target in _first_of(evaluator, value, left)]
        if not targets:
            item = evaluator.evaluate(key, other)
            right = methods[1:] or methods
            targets = [target for value in item.values for target in _first_of(evaluator, value, right)]
    return Link(number, (tuple(targets),), item.incomplete, item.reasons, False) if targets else None


_ON_ONE = frozenset({"bool", "str", "repr"})


def _special(
    evaluator: Interpreter, key: Key, number: int, site: Site, names: tuple[str, ...]
) -> Link | None:
    if site.use & Use.ASYNC:
        return None
    item = evaluator.evaluate(key, site.callee)
    groups: list[tuple[Target, ...]] = []
    values = [value for value in item.values if value != NONE]
    if site.kind == SiteKind.ENTER and (closed := _closed(evaluator, key, site.callee)):
        return Link(number, (tuple(closed),), item.incomplete, item.reasons, False)
    for name in names:
        targets: list[Target] = []
        for value in values:
            if name == "__getitem__" and is_lazy_slice(evaluator.body(key), site, value):
                continue
            if isinstance(value, Class) and name == "__getitem__":
                made = evaluator.classes.method(value, "__class_getitem__", value).values
                targets.extend(Target(method, Arguments(spread=True)) for method in made)
            targets.extend(invoked(evaluator, value, name))
        if targets:
            groups.append(tuple(targets))
    if not groups:
        return None
    return Link(number, tuple(groups), item.incomplete, item.reasons, False)


def _iteration(evaluator: Interpreter, key: Key, number: int, site: Site) -> Link | None:
    item = evaluator.evaluate(key, site.callee)
    if site.use & Use.ASYNC:  # `__aiter__` is a plain method, `__anext__` a coroutine that is awaited
        made = [value for value in item.values if isinstance(value, Instance)]
        begun = tuple(target for value in made for target in invoked(evaluator, value, "__aiter__"))
        awaited = tuple(target for value in made for target in invoked(evaluator, value, "__anext__"))
        parts = tuple(group for group in (begun, awaited) if group)
        return Link(number, parts, item.incomplete, item.reasons, bool(awaited)) if parts else None
    groups: list[list[Target]] = [[], []]
    for value in item.values:
        for group, targets in zip(groups, iterated(evaluator, value), strict=True):
            group.extend(targets)
    kept = tuple(tuple(group) for group in groups if group)
    return Link(number, kept, item.incomplete, item.reasons, False) if kept else None


def _unpacked(evaluator: Interpreter, key: Key, site: Site) -> Iterator[list[Target]]:
    """What the `*x` among the arguments run: they are iterated before the call."""
    for slot, index in site.args:
        if slot == Slot.STAR:
            for value in evaluator.evaluate(key, index).values:
                if isinstance(value, (Instance, Generator)):
                    yield from iterated(evaluator, value)


def iterated(evaluator: Interpreter, value: Value) -> tuple[list[Target], list[Target]]:
    """What iterating a value runs: `__iter__`, then `__next__` of what that gives; a generator's body;
    `__getitem__` of a class that has no `__iter__`."""
    if not isinstance(value, Instance):
        return invoked(evaluator, value, "__iter__"), invoked(evaluator, value, "__next__")
    first = invoked(evaluator, value, "__iter__")
    if not first:
        return [], invoked(evaluator, value, "__getitem__")
    second: list[Target] = []
    for iterator in evaluator.results.of_method(value, "__iter__").values:
        second.extend(invoked(evaluator, iterator, "__next__"))
    bodies = {target.value.function.key for target in first if isinstance(target.value, Generator)}
    return first, [
        target
        for target in second
        if not (isinstance(target.value, Generator) and target.value.function.key in bodies)
    ]


_INVOKED = {
    "builtins.len": ("__len__",),
    "builtins.str": ("__str__", "__repr__"),
    "builtins.repr": ("__repr__",),
    "builtins.bool": ("__bool__", "__len__"),
    "builtins.int": ("__int__", "__index__"),
    "builtins.float": ("__float__",),
    "builtins.abs": ("__abs__",),
    "builtins.hash": ("__hash__",),
    "builtins.iter": ("__iter__",),
    "builtins.reversed": ("__reversed__",),
    "builtins.format": ("__format__", "__str__", "__repr__"),
    "builtins.bytes": ("__bytes__",),
    "builtins.round": ("__round__",),
    "builtins.dir": ("__dir__",),
    "builtins.print": ("__str__", "__repr__"),
    "builtins.any": ("__bool__", "__len__"),
    "builtins.all": ("__bool__", "__len__"),
    "builtins.sorted": ("__lt__", "__gt__"),
    "builtins.min": ("__lt__", "__gt__"),
    "builtins.max": ("__gt__", "__lt__"),
    "builtins.sum": ("__radd__", "__add__"),
    "builtins.range": ("__index__",),
    "os.fspath": ("__fspath__",),
}
"""What builtin calls run of the class of their first argument: the first method that it has."""


def protocol_targets(evaluator: Interpreter, dotted: str, arguments: Arguments) -> list[Target]:
    """What a builtin call such as `len(x)` runs of the program's classes; `iter(f, end)` calls f."""
    if not arguments.positional:
        return []
    first = evaluator.passed(arguments.positional[0])
    if dotted == "builtins.iter" and len(arguments.positional) == 2:
        return [Target(value, Arguments()) for value in callables(first)]
    if dotted in ("builtins.getattr", "builtins.hasattr") and len(arguments.positional) > 1:
        return _got(evaluator, first, evaluator.passed(arguments.positional[1]))
    names = _INVOKED.get(dotted)
    if names is None:
        return []
    values = list(first.values)
    if dotted == "builtins.print":
        values += [v for item in arguments.positional[1:] for v in evaluator.passed(item).values]
    elif dotted in _OF_ELEMENTS and len(arguments.positional) == 1:
        values = list(evaluator.element(first).values)
    elif dotted in _OF_ELEMENTS:
        values += list(evaluator.passed(arguments.positional[1]).values)
    if dotted in _COMPARING and arguments.keyword("key") is not None:
        return []
    return [target for value in values for target in _first_of(evaluator, value, names)]


_COMPARING = frozenset({"builtins.sorted", "builtins.min", "builtins.max"})
_OF_ELEMENTS = _COMPARING | {"builtins.any", "builtins.all", "builtins.sum"}


def _first_of(evaluator: Interpreter, value: Value, names: tuple[str, ...]) -> list[Target]:
    """The first of these methods that the value's class has, if it is one of the program."""
    if not isinstance(value, Instance):
        return []
    found = (invoked(evaluator, value, name) for name in names)
    return next((item for item in found if item), [])


def _got(evaluator: Interpreter, base: ValueSet, names: ValueSet) -> list[Target]:
    """What `getattr(x, "name")` runs: a property, or what the class does for names that it lacks."""
    name = names.values[0] if len(names.values) == 1 else None
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        return []
    targets: list[Target] = []
    for value in base.values:
        if isinstance(value, Instance):
            run = evaluator.classes.property_of(value.cls, name.value, value)
            run = run or _intercepted(evaluator, value, name.value, Accessor.GETTER)
            targets += [Target(method, Arguments(spread=True)) for method in run]
    return targets


def invoked(evaluator: Interpreter, value: Value, name: str) -> list[Target]:
    if isinstance(value, (Generator, ContextManager)):
        wanted = "__next__" if isinstance(value, Generator) else "__enter__"
        if name != wanted:
            return []
        arguments = Arguments(spread=True)
        if value.site is not None:
            key, number = value.site
            arguments = arguments_of(key, evaluator.body(key).sites[number].args)
        return [Target(value, arguments)]
    if isinstance(value, Instance):
        methods = evaluator.classes.method(value.cls, name, value).values
        return [Target(_started(evaluator, method), Arguments(spread=True)) for method in methods]
    if isinstance(value, Parameter) and name == "__next__" and _is_whole(evaluator, value):
        return [Target(value._replace(attributes=(*value.attributes, ITERATED)), Arguments(spread=True))]
    if isinstance(value, ExternalInstance) and evaluator.catalog.method(value.dotted, name) is not None:
        receiver = value if value.opened is not None else None
        return [Target(ExternalMethod(value.dotted, name, receiver), Arguments())]
    return []


def _is_whole(evaluator: Interpreter, value: Parameter) -> bool:
    """Whether it is an argument itself, what a method's object keeps, or what calling one of these, or a
    method of one, gives: not where only collections and texts have such a method."""
    if value.attributes[-1:] == (CALLED,):
        return value.attributes[0] not in _OF_BUILTINS
    is_kept = len(value.attributes) == 1 and not value.position and isinstance(value.attributes[0], str)
    return not value.attributes or (is_kept and evaluator.enclosing_class(value.key) is not None)


_OF_BUILTINS: Final = frozenset(
    name for kind in (dict, frozenset, list, str, bytes) for name in vars(kind) if not name.startswith("__")
)


def _started(evaluator: Interpreter, method: Value) -> Value:
    """The method, or what runs when it is a generator that is iterated at once."""
    if isinstance(method, Function):
        definition = evaluator.definition(method.key)
        if definition.flags & DefFlags.GENERATOR:
            return Generator(method, ())
    return method


def _attribute(evaluator: Interpreter, key: Key, number: int, site: Site, accessor: Accessor) -> Link | None:
    node = evaluator.body(key).values[site.callee]
    if node[0] != Op.ATTR:
        return None
    base = evaluator.read_of(key, graph.base(node))
    arguments = arguments_of(key, site.args)
    targets: list[Target] = []
    for value in base.values:
        if isinstance(value, Instance):
            name = str(node[2])
            run = evaluator.classes.property_of(value.cls, name, value, accessor)
            targets.extend(Target(method, arguments) for method in run)
            if not run:
                named = arguments.prepend(known(Literal("str", name)))
                targets += [Target(item, named) for item in _intercepted(evaluator, value, name, accessor)]
            if accessor is Accessor.GETTER and fetches(evaluator, value, name):
                targets.append(Target(ExternalMethod(FOREIGN_KEY, "__get__"), Arguments()))
            fetching = peewee_models.fetches(evaluator, value, name) if accessor is Accessor.GETTER else None
            if fetching is not None:
                targets.append(Target(fetching, Arguments()))
    if node[2] in evaluator.catalog.accessed:
        targets += _accessed(evaluator, key, site.callee, base, accessor, arguments)
    if not targets:
        return None
    return Link(number, (tuple(targets),), base.incomplete, base.reasons, False)


def _accessed(
    evaluator: Interpreter, key: Key, at: int, base: ValueSet, accessor: Accessor, arguments: Arguments
) -> Iterator[Target]:
    """What reading or assigning an attribute of a library's object, a value of a body, does by what the
    library says of it: where reading loads all of the object's attributes, the first such reading."""
    nodes = evaluator.body(key).values
    name = str(nodes[at][2])
    before = {str(node[2]) for node in nodes[:at] if node[0] == Op.ATTR and node[1] == nodes[at][1]}
    word = name + ASSIGNED if accessor is Accessor.SETTER else name
    for value in base.values:
        owners = (
            [
                item.dotted
                for item in evaluator.classes.ancestry(value.cls).classes
                if isinstance(item, External)
            ]
            if isinstance(value, Instance)
            else [value.dotted]
            if isinstance(value, ExternalInstance)
            else []
        )
        for dotted in owners:
            fact = evaluator.catalog.method(dotted, word)
            if fact is not None and not fact.by_star and _IS_ABOUT[accessor] is fact.access:
                is_loaded = fact.loaded_by and not before.isdisjoint(
                    {*fact.loaded_by, *evaluator.catalog.accessed}
                )
                if not is_loaded:
                    yield Target(ExternalMethod(dotted, word), arguments)
                break


_IS_ABOUT: Final = {
    Accessor.GETTER: Access.READ, Accessor.SETTER: Access.SET, Accessor.DELETER: None
}  # fmt: skip
_INTERCEPTING: Final = {Accessor.SETTER: "__setattr__", Accessor.DELETER: "__delattr__"}


def _intercepted(
    evaluator: Interpreter, value: Instance, name: str, accessor: Accessor
) -> tuple[Function, ...]:
    """What the class itself runs for attributes: for reading, `__getattribute__`, or `__getattr__` of what
    is nowhere stored."""
    methods: tuple[Value, ...] = ()
    if accessor is not Accessor.GETTER:
        methods = evaluator.classes.method(value.cls, _INTERCEPTING[accessor], value).values
    elif value.own is None:
        methods = evaluator.classes.method(value.cls, "__getattribute__", value).values
        if not methods and not evaluator.classes.has(value.cls, name):
            methods = evaluator.classes.method(value.cls, "__getattr__", value).values
    return tuple(method for method in methods if isinstance(method, Function))


def parameter_name(evaluator: Interpreter, parameter: Parameter) -> str:
    """A parameter, with the attributes of what is bound to it that are meant."""
    name = evaluator.definition(parameter.key).params[parameter.position].name
    return ".".join((name, *map(str, parameter.attributes)))


def callable_name(evaluator: Interpreter, value: Value) -> str:
    """The dotted name by which a reader knows a callable; without the number of a name defined again."""
    if isinstance(value, (Function, Class)):
        symbol = evaluator.symbol(value.key)
        if symbol.endswith(_NAMELESS) or _NAMELESS + "#" in symbol:
            function = _implemented(evaluator, value.key)
            symbol = symbol if function is None else evaluator.symbol(function)
        return _REPEATED.sub("", symbol) if "#" in symbol else symbol
    if isinstance(value, (Generator, ContextManager)):
        return callable_name(evaluator, value.function)
    if isinstance(value, Instance):
        return callable_name(evaluator, value.cls)
    if isinstance(value, ExternalMethod):
        return f"{value.dotted}.{value.name}"
    if isinstance(value, (Display, Container)):
        return evaluator.container_kind(value)
    if isinstance(value, (External, ExternalInstance)):
        return evaluator.catalog.canonical(value.dotted)
    if isinstance(value, Partial):
        return callable_name(evaluator, value.target)
    if isinstance(value, MethodCaller):
        return f"methodcaller({value.name!r})"
    if isinstance(value, (Parameter, ModuleRef, SuperOf, Literal, Awaitable)):
        return "a parameter"
    return assert_never(value)


def _implemented(evaluator: Interpreter, key: Key) -> Key | None:
    """The function of which a def is an implementation for some type, registered by a decorator."""
    scope = evaluator.scope(key)
    found = (
        evaluator.single_dispatch.registers(scope, item) for item in evaluator.definition(key).decorators
    )
    return next((function for function in found if function is not None), None)


def callables(item: ValueSet) -> list[Value]:
    """The candidates that can be called at all."""
    return [value for value in item.values if not isinstance(value, Literal)]
