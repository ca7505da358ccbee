"""What an attribute is where nobody configures it: the default of a trait or a field that its class declares
(`path = Unicode(":memory:").tag(config=True)`)."""

from __future__ import annotations

from typing import Final

from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import Class, External, Instance, Key, ValueSet
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_DECLARING: Final = ("traitlets.", "dataclasses.field", "pydantic.Field", "pydantic.fields.Field", "attr")
_DEFAULTS: Final = ("default_value", "default")
_MOST: Final = 3  # methods that give the declaration itself, one after the other (`.tag(config=True)`)


def declared_default(evaluator: Interpreter, key: Key, node: graph.Node) -> ValueSet | None:
    """The default that the class of an object declares for an attribute; None where it declares none."""
    if node[0] != Op.ATTR:
        return None
    owners = evaluator.evaluate(key, graph.base(node)).values
    if len(owners) != 1 or not isinstance(owners[0], Instance):
        return None
    for cls in evaluator.classes.ancestry(owners[0].cls).classes:
        if not isinstance(cls, Class):
            continue
        if str(node[2]) in evaluator.classes.own_stores(cls):
            return None
        for value in evaluator.classes.own_members(cls).get(str(node[2]), ()):
            return _of_declaration(evaluator, cls.key, value)
    return None


def _of_declaration(evaluator: Interpreter, key: Key, value: int) -> ValueSet | None:
    body = evaluator.body(key)
    while graph.node(body, value)[0] == Op.CAST:
        value = graph.operand(graph.node(body, value))
    for _ in range(_MOST):
        site = graph.call(body, value)
        if site is None:
            return None
        if _declares(evaluator, key, site):
            default = _default_of(body, site)
            return None if default < 0 else evaluator.evaluate(key, default)
        value = graph.receiver(body, site)
    return None


def _declares(evaluator: Interpreter, key: Key, site: Site) -> bool:
    called = evaluator.evaluate(key, site.callee).values
    return bool(called) and all(isinstance(v, External) and v.dotted.startswith(_DECLARING) for v in called)


def _default_of(body: Body, site: Site) -> int:
    for slot, value in site.args:
        if slot in (0, *_DEFAULTS):
            return value
    return -1
