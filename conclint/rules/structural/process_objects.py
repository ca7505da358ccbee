"""What a process of a class derived from `Process` sets in its `run`, read where it was started: in its own
process it is another object."""

from __future__ import annotations

from conclint.resolve.values import NONE, Class, Function, Instance, Key
from conclint.rules.drafts import ModuleView
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, StoreKind


def is_read_elsewhere(view: ModuleView, code: Code, run: Function, name: str) -> bool:
    """Whether another function of the module reads an attribute of such objects that only `run` sets."""
    if not isinstance(run.receiver, Instance):
        return False
    cls = run.receiver.cls
    inside = set(view.module.children(cls.key)) if cls.key[0] == view.module.path else set()
    if any(_sets(code, key, cls, name) for key in inside | {code.key} if not _is_own_start(view, key, run)):
        return False
    return any(_reads(code, key, cls, name) for key in view.keys if key not in inside and key != code.key)


def _is_own_start(view: ModuleView, key: Key, run: Function) -> bool:
    """Whether a method is `run`, prepares the object, or is one that `run` may call."""
    name = view.module.definition(key).name
    return key == run.key or name == "__init__" or name.startswith("_")


def _sets(code: Code, key: Key, cls: Class, name: str) -> bool:
    body = code.evaluator.body(key)
    return any(
        store.kind == StoreKind.ATTR and store.name == name and _is_one(code, key, store.base, cls)
        for store in body.stores
    )


def _reads(code: Code, key: Key, cls: Class, name: str) -> bool:
    body = code.evaluator.body(key)
    # What is given such an object may be called by its `run`.
    return any(
        node[0] == Op.ATTR
        and node[2] == name
        and graph.node(body, graph.base(node))[0] != Op.PARAM
        and _is_one(code, key, graph.base(node), cls)
        for node in body.values
    )


def _is_one(code: Code, key: Key, value: int, cls: Class) -> bool:
    values = [item for item in code.evaluator.evaluate(key, value).values if item != NONE]
    return bool(values) and all(isinstance(item, Instance) and item.cls == cls for item in values)
