"""State that a module keeps: its variables, and the attributes of the objects and classes that they are."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.resolve.values import Class, External, Instance
from conclint.rules.structural.code import Code
from conclint.rules.structural.names import variable_of
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

CHANGES: Final = frozenset(
    {
        "append",
        "extend",
        "add",
        "update",
        "insert",
        "setdefault",
        "pop",
        "remove",
        "discard",
        "clear",
        "popitem",
    }
)
COLLECTIONS: Final = (Op.LIST, Op.DICT, Op.SET)
MAKERS: Final = frozenset(
    {f"builtins.{name}" for name in ("list", "dict", "set")}
    | {f"collections.{name}" for name in ("defaultdict", "Counter", "deque", "OrderedDict")}
)
_PLAIN_BASES: Final = ("abc.", "builtins.object", "pydantic.", "typing.")
_SETTING: Final = ("__setattr__", "__getattribute__")


class Variable(NamedTuple):
    """A variable of a module, or an attribute of the one object or class that it is."""

    path: str
    name: str
    attribute: str = ""

    @property
    def words(self) -> str:
        """As code that reads it."""
        return f"{self.name}.{self.attribute}" if self.attribute else self.name


def variable_at(code: Code, value: int) -> Variable | None:
    """The variable that a value is, or the attribute of one; None for anything else."""
    held = variable_of(code, value)
    if held is not None:
        return Variable(*held)
    node = graph.node(code.body, graph.bare(code.body, value))
    if node[0] != Op.ATTR:
        return None
    holder = variable_of(code, graph.base(node))
    return Variable(*holder, str(node[2])) if holder is not None else None


def is_bound(code: Code, variable: Variable) -> bool:
    """Whether the variable's module binds it."""
    return bool(code.evaluator.module(variable.path).global_stores(variable.name))


def is_collection(code: Code, variable: Variable) -> bool:
    """Whether the module, or the class, binds it once, to a collection of its own."""
    if variable.attribute:
        return _is_collection_of_class(code, variable)
    module = code.evaluator.module(variable.path)
    stores = module.global_stores(variable.name)
    return len(stores) == 1 and makes_collection(Code(code.engine, module.own), stores[0][1].value)


def makes_collection(code: Code, value: int) -> bool:
    """Whether a value is a plain collection that the def makes."""
    value = graph.bare(code.body, value)  # `found: list[int] = []`
    if graph.node(code.body, value)[0] in COLLECTIONS:
        return True
    call = code.calls.get(code.call_of(value))
    return call is not None and call.is_one_of(MAKERS)


def _is_collection_of_class(code: Code, variable: Variable) -> bool:
    holder = holder_of(code, variable)
    if not isinstance(holder, Class):
        return False
    values = code.evaluator.classes.own_members(holder).get(variable.attribute, ())
    return len(values) == 1 and makes_collection(Code(code.engine, holder.key), values[0])


def holder_of(code: Code, variable: Variable) -> Class | Instance | None:
    """The class of the program that a variable is, or its one object: one whose attributes are nothing but
    that, so that what is stored there stays in the process."""
    module = code.evaluator.module(variable.path)
    stores = module.global_stores(variable.name)
    if len(stores) != 1 or module.late_global_stores(variable.name):
        return None
    values = Code(code.engine, module.own).known(stores[0][1].value).values
    held = values[0] if len(values) == 1 else None
    if not isinstance(held, (Class, Instance)):
        return None
    cls = held.cls if isinstance(held, Instance) else held
    classes = code.evaluator.classes
    ancestry = classes.ancestry(cls)
    if ancestry.incomplete:
        return None
    for owner in ancestry.classes:
        if isinstance(owner, External):
            if not owner.dotted.startswith(_PLAIN_BASES):
                return None
        elif any(name in classes.own_members(owner) for name in _SETTING):
            return None
    if variable.attribute and classes.property_of(cls, variable.attribute, held):
        return None
    return held
