"""What an annotation says of a value's type."""

from __future__ import annotations

from typing import TypeAlias

from conclint.resolve.interpreter import Interpreter
from conclint.resolve.stack import with_room
from conclint.resolve.values import (
    TOP,
    Awaitable,
    Class,
    Container,
    External,
    ExternalInstance,
    Instance,
    Key,
    ModuleRef,
    Value,
    ValueSet,
    join,
    known,
    merge_reasons,
    to_index,
)
from conclint.summary.records import Op

_TRANSPARENT = frozenset(
    {"Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly"}
)
_COLLECTIONS = frozenset(
    {
        "list", "List", "set", "Set", "frozenset", "FrozenSet", "Sequence", "Iterable", "Iterator",
        "Collection", "MutableSequence", "deque", "Deque", "Generator", "AbstractSet",
        "AsyncIterator", "AsyncIterable", "AsyncGenerator", "WeakSet",
    }
)  # fmt: skip
_MAPPINGS = frozenset(
    {
        "dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict",
        "WeakKeyDictionary", "WeakValueDictionary",
    }
)  # fmt: skip
_AWAITABLES = frozenset({"Awaitable", "Coroutine", "Future", "Task"})
_TYPING = frozenset({"typing", "typing_extensions", "collections", "builtins", "asyncio", "weakref"})
_ANY_FILES = frozenset({"typing.IO", "typing.TextIO", "typing.BinaryIO"})
_MAY_BE_IN_MEMORY = ("an annotation such as IO is no promise of a file on disk", "it may be in memory")
_BOTO3 = (
    ("ServiceResource", "boto3.resources.base.ServiceResource"),
    ("Client", "botocore.client.BaseClient"),
)
_STUBS = {"mypy_boto3": _BOTO3, "types_boto3": _BOTO3}
"""Packages that hold types of another one alone: which classes theirs are, by the endings of their names."""
Aliases: TypeAlias = tuple[tuple[Key, int], ...]
"""The types under names that are being found out: one may be made with itself (`Tree = list[Tree] | str`)."""
_NAMED = frozenset({"typing.TypeAlias", "typing_extensions.TypeAlias"})
_MOST_NAMES = 4
"""Modules that import a type's name one from the other."""
_NO_TYPE = frozenset({"builtins.object", "typing.Any", "typing.Self", "typing_extensions.Self"})


def annotation_type(evaluator: Interpreter, key: Key, annotation: int, within: Aliases = ()) -> ValueSet:
    """The type that an annotation states, as instances; unknown where it states none we can use.

    `annotation` is a value of the body of `key`. Optional and Union are read as their members.
    """
    if annotation < 0:
        return TOP
    value = evaluator.body(key).values[annotation]
    op = value[0]
    if op == Op.ARITH and value[1] == "|":
        return join(
            [annotation_type(evaluator, key, item, within) for item in _alternatives(evaluator, key, value)]
        )
    if op == Op.CONST:
        return evaluator.evaluate(key, annotation) if value[1] is None else TOP
    if op == Op.ITEM:
        return with_room(lambda: _subscripted(evaluator, key, to_index(value[1]), to_index(value[2]), within))
    types = evaluator.evaluate(key, annotation)
    if len(within) < _MOST_NAMES and all(_may_be_named(value) for value in types.values):
        alias = _alias(evaluator, key, annotation, 0)
        if alias is not None and alias not in within:
            return annotation_type(evaluator, *alias, (*within, alias))
    return _instances(evaluator, types)


def _may_be_named(value: Value) -> bool:
    """Whether what an annotation is may be all that is known of a type that has a name of its own."""
    if isinstance(value, External):
        return value.dotted.split(".", 1)[0] in _TYPING
    return isinstance(value, ExternalInstance) and value.dotted in _NAMED


def _alias(evaluator: Interpreter, key: Key, annotation: int, depth: int) -> tuple[Key, int] | None:
    """The type that a name stands for which a module, perhaps another one, gives (`Store = Disk | Cloud`)."""
    node = evaluator.body(key).values[annotation]
    path: str | None = key[0]
    name = node[1] if node[0] == Op.GLOBAL else None
    if node[0] == Op.IMPORT:
        item = evaluator.module(key[0]).summary.imports[to_index(node[1])]
        finder, name = evaluator.program.finder, item.name
        dotted = finder.resolve_relative(key[0], item.level, item.module)
        path = evaluator.program.find(dotted, key[0])
    elif node[0] == Op.ATTR:
        bases = evaluator.evaluate(key, to_index(node[1])).values
        path = bases[0].path if len(bases) == 1 and isinstance(bases[0], ModuleRef) else None
        name = node[2]
    module = evaluator.program.module(path) if path is not None and isinstance(name, str) else None
    stores = module.global_stores(str(name)) if module is not None else []
    if len(stores) != 1 or depth > _MOST_NAMES:
        return None
    owner, value = stores[0][0], stores[0][1].value
    stated = evaluator.body(owner).values[value] if value >= 0 else (Op.UNKNOWN,)
    if stated[0] == Op.CAST:  # `Store: TypeAlias = …`
        value = to_index(stated[1])
        stated = evaluator.body(owner).values[value] if value >= 0 else (Op.UNKNOWN,)
    if stated[0] in (Op.GLOBAL, Op.IMPORT):
        return _alias(evaluator, owner, value, depth + 1)
    return (owner, value) if stated[0] in (Op.ARITH, Op.ITEM) else None


def _alternatives(evaluator: Interpreter, key: Key, value: tuple[object, ...]) -> list[int]:
    """The members of `A | B | C`, however many and in whatever brackets, in order."""
    values = evaluator.body(key).values
    found: list[int] = []
    todo = [to_index(value[3]), to_index(value[2])]
    while todo:
        index = todo.pop()
        member = values[index] if index >= 0 else (Op.UNKNOWN,)
        if member[0] == Op.ARITH and member[1] == "|":
            todo += (to_index(member[3]), to_index(member[2]))
        else:
            found.append(index)
    return found


def _instances(evaluator: Interpreter, types: ValueSet) -> ValueSet:
    values: list[Value] = []
    incomplete, reasons = types.incomplete, types.reasons
    for item in types.values:
        if isinstance(item, External) and (real := _stands_for(item.dotted)) is not None:
            item = External(real)
        if isinstance(item, External) and item.dotted in _ANY_FILES:
            reasons = merge_reasons(reasons, _MAY_BE_IN_MEMORY)
        if isinstance(item, Class):
            values.append(Instance(item))
        elif isinstance(item, External) and evaluator.catalog.klass(item.dotted) is not None:
            values.append(ExternalInstance(evaluator.catalog.canonical(item.dotted)))
        elif isinstance(item, External) and item.dotted not in _NO_TYPE and _is_type_name(item.dotted):
            values.append(ExternalInstance(item.dotted))
        else:
            incomplete = True
    return ValueSet(tuple(values), incomplete, reasons)


def _stands_for(dotted: str) -> str | None:
    """The class that one of a package of type stubs describes."""
    package, _, _ = dotted.partition(".")
    for prefix, classes in _STUBS.items():
        if package.startswith(prefix):
            return next((real for ending, real in classes if dotted.endswith(ending)), None)
    return None


def _is_type_name(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    if module in ("typing", "typing_extensions", "collections.abc"):
        return False
    return module == "builtins" or name[:1].isupper() or name.endswith("_t") or "." in module or bool(module)


def _arguments(evaluator: Interpreter, key: Key, index: int) -> list[int]:
    value = evaluator.body(key).values[index]
    if value[0] == Op.TUPLE:
        return [to_index(item) for item in value[1:]]
    return [index]


def _tuple_of(evaluator: Interpreter, key: Key, arguments: list[int], within: Aliases) -> Container:
    """A tuple: of any length where an ellipsis says so, else with each element known by itself."""
    values = evaluator.body(key).values
    members = [annotation_type(evaluator, key, item, within) for item in arguments]
    if any(values[item][0] in (Op.STAR, Op.CONST) and values[item][1] is not None for item in arguments):
        return Container(join(members[:4]).values, "tuple")
    elements = tuple(
        item.values[0]
        if len(item.values) == 1 and not item.incomplete
        else ExternalInstance("builtins.object")
        for item in members
    )
    return Container(elements, "tuple", fixed=True)


def _subscripted(evaluator: Interpreter, key: Key, base: int, index: int, within: Aliases) -> ValueSet:
    generic = evaluator.evaluate(key, base)
    if len(generic.values) != 1:
        return TOP
    head = generic.values[0]
    if isinstance(head, Class):
        return known(Instance(head))
    if not isinstance(head, External):
        return TOP
    module, _, name = head.dotted.rpartition(".")
    arguments = _arguments(evaluator, key, index)
    if not arguments:
        return known(Container((), "tuple"))
    if module.split(".", 1)[0] in _TYPING:
        if name in _TRANSPARENT:
            return annotation_type(evaluator, key, arguments[0], within)
        if name == "Union":
            return join([annotation_type(evaluator, key, item, within) for item in arguments])
        if name in ("type", "Type"):
            return evaluator.evaluate(key, arguments[0])
        if name in ("tuple", "Tuple"):
            return known(_tuple_of(evaluator, key, arguments, within))
        if name in _COLLECTIONS:
            return known(Container(annotation_type(evaluator, key, arguments[0], within).values))
        if name in _MAPPINGS and len(arguments) == 2:
            return known(Container(annotation_type(evaluator, key, arguments[1], within).values, "dict"))
        if name in _AWAITABLES:
            return known(Awaitable(annotation_type(evaluator, key, arguments[-1], within).values))
        if name == "Callable":
            return TOP
    return _instances(evaluator, generic)
