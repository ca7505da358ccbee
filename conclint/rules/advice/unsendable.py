"""What of a call is known not to go to a process: an argument that can't be pickled, or an object of the
program that holds such a thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.catalog.facts import Trait
from conclint.effects.effects import Placement
from conclint.model.symbols import short_name
from conclint.resolve.arguments import arguments_of, bind
from conclint.resolve.calls import callable_name
from conclint.resolve.values import (
    TOP,
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    Function,
    Generator,
    Instance,
    Key,
    Parameter,
    Value,
    ValueSet,
    known,
)
from conclint.rules.advice.loop_bound import decorators_of, public_names
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.rules.unpicklable import PICKLE_HOOKS, UNPICKLABLE
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, DefKind, Op, Site, SiteKind, Slot, Use

_FUNCTIONS: Final = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION)
_RAISING: Final = ("__getstate__", "__reduce__", "__reduce_ex__")
_PYPLOT: Final = "matplotlib.pyplot."
_CURRENT: Final = frozenset(f"{_PYPLOT}{name}" for name in ("gca", "gcf"))
_FIGURES: Final = frozenset(
    f"{_PYPLOT}{name}" for name in ("figure", "subplot", "subplot_mosaic", "subplots")
)
_DEPTH: Final = 2
"""Objects that hold objects."""
_MOST_ITEMS: Final = 50
_CANT: Final = " can't be sent there"
_MOST_ATTRIBUTES: Final = 50
_WRAPS: Final = "functools.wraps"
_USED: Final = Use.AWAITED | Use.RETURNED | Use.BOUND | Use.DROPPED | Use.YIELDED


def unsendable_in(view: ModuleView, hop: Hop) -> str:
    """That something which the call at a place is given can't be pickled, in words that end a sentence on a
    process; empty where nothing is known."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    if hop.site < 0 or body.sites[hop.site].kind != SiteKind.CALL:
        return ""
    site = body.sites[hop.site]
    for _, value in site.args:
        for item in evaluator.evaluate(hop.key, value).values:
            if found := _told(view, item):
                return found
    for called in evaluator.evaluate(hop.key, site.callee).values:
        if isinstance(called, Function):
            for declared in _declared(view, hop.key, called, site):
                told = [_told(view, item) for item in declared.values]
                if told and all(told):
                    return told[0]
    return ""


def needs_current_figure(view: ModuleView, hops: Sequence[Hop], cause: str) -> bool:
    """Whether a chain of calls works on pyplot's current figure, and makes none: each process has another
    one."""
    names = {
        name for hop in hops[1:] for link in view.engine.links(hop.key) for name in public_names(view, link)
    }
    if not cause.startswith(_PYPLOT) and names.isdisjoint(_CURRENT):
        return False
    return names.isdisjoint(_FIGURES)


def unsendable_to(view: ModuleView, placement: Placement) -> str:
    """The same of what is handed over with a callable: its arguments, and the object of a method."""
    evaluator = view.engine.evaluator
    passed = [*placement.arguments.positional, *(value for _, value in placement.arguments.keywords)]
    items = [evaluator.passed(value) for value in passed]
    if placement.each:
        items = [evaluator.element(item) for item in items]
    values = [value for item in items for value in item.values]
    values += [
        called.receiver
        for called in placement.callables.values
        if isinstance(called, Function) and isinstance(called.receiver, Instance)
    ]
    return next((found for value in values if (found := _told(view, value))), "")


def _declared(view: ModuleView, key: Key, function: Function, site: Site) -> Iterator[ValueSet]:
    """What the parameters of a function are declared to be that a call passes by position or by name, where
    nobody knows what it passes."""
    evaluator = view.engine.evaluator
    body, params = evaluator.body(function.key), evaluator.definition(function.key).params
    first = 0 if function.receiver is None else 1
    if any(slot in (Slot.STAR, Slot.DOUBLE_STAR) for slot, _ in site.args):
        return
    unknown = [slot for slot, value in site.args if not _is_known(evaluator.evaluate(key, value))]
    given = {slot + first for slot in unknown if isinstance(slot, int) and slot >= 0}
    named = {slot for slot in unknown if isinstance(slot, str)}
    for number, node in enumerate(body.values) if unknown else ():
        if node[0] == Op.PARAM:
            index = graph.number(node)
            if index in given or (index < len(params) and params[index].name in named):
                yield evaluator.evaluate(function.key, number)


def _is_known(item: ValueSet) -> bool:
    return bool(item.values) and not any(isinstance(value, Parameter) for value in item.values)


def _told(view: ModuleView, value: Value) -> str:
    """That a value can't be pickled, or an item of it, and why."""
    return _of_one(view, value, 0) or _of_items(view, value, 0)


def _of_items(view: ModuleView, value: Value, depth: int) -> str:
    """The same of the items of a collection; of those of its collections nothing is asked."""
    if not isinstance(value, (Display, Container)):
        return ""
    items = view.engine.evaluator.element(known(value)).values[:_MOST_ITEMS]
    return next((found for item in items if (found := _of_one(view, item, depth))), "")


def _of_one(view: ModuleView, value: Value, depth: int) -> str:
    """The same of a value itself; of an object of the program found out once."""
    if kind := _kind_of(view, value):
        return f"{kind}{_CANT}"
    if not isinstance(value, Instance):
        return ""
    found = view.memos.unsendable.get((value, depth))
    if found is None:
        found = _of_object(view, value, depth)
        if view.engine.is_settled:
            view.memos.unsendable[value, depth] = found
    return found


def _of_object(view: ModuleView, value: Instance, depth: int) -> str:
    evaluator = view.engine.evaluator
    ancestry = evaluator.classes.ancestry(value.cls).classes
    name = _one(short_name(callable_name(evaluator, value)).rsplit(".", 1)[-1])
    own = [cls for cls in ancestry if isinstance(cls, Class)]
    for cls in own:
        hooks = [hook for hook in PICKLE_HOOKS if hook in evaluator.classes.own_members(cls)]
        hook = next((hook for hook in hooks if hook in _RAISING and _raises(view, cls, hook)), "")
        if hook:
            return f"{name}{_CANT} (its `{hook}` raises)"
        if hooks:
            return ""
    outside = [ExternalInstance(cls.dotted) for cls in ancestry if isinstance(cls, External)]
    if any(_kind_of(view, item) for item in outside):
        return f"{name}{_CANT}"
    if depth >= _DEPTH:
        return ""
    for attribute in _attributes(view, value, own):
        for item in _held(view, value, own, attribute):
            if found := _of_one(view, item, depth + 1) or _of_items(view, item, depth + 1):
                return f"{name}{_CANT} (its `{attribute}` may be {found.partition(_CANT)[0]})"
    return ""


def _one(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOUaeio' else 'a'} `{name}`"


def _held(view: ModuleView, instance: Instance, own: list[Class], attribute: str) -> tuple[Value, ...]:
    """What an attribute may be: what the call that made the object passes for it, where that is known and
    nothing else is stored there; what it is declared to be says more than that is."""
    evaluator = view.engine.evaluator
    found: list[Value] = []
    is_all = True
    for method, value, _ in (
        store for cls in own for store in evaluator.classes.own_stores(cls).get(attribute, ())
    ):
        passed = _passed(view, instance, method, value)
        found += passed.values
        is_all = is_all and _is_known(passed)
    if found and is_all:
        return tuple(found)
    return (*evaluator.classes.attribute(instance, attribute).values, *found)


def _passed(view: ModuleView, instance: Instance, method: Key, value: int) -> ValueSet:
    """What the call that made an object passes for what its `__init__` stores."""
    evaluator = view.engine.evaluator
    definition, node = evaluator.definition(method), graph.node(evaluator.body(method), value)
    if instance.made is None or definition.name != "__init__" or node[0] != Op.PARAM:
        return TOP
    key, site = instance.made
    itself = (key, -1)
    arguments = arguments_of(key, evaluator.body(key).sites[site].args).prepend(itself)
    passed = bind(definition, graph.number(node), arguments)
    return evaluator.passed(passed) if passed is not None and passed != itself else TOP


def _attributes(view: ModuleView, instance: Instance, own: list[Class]) -> list[str]:
    """The attributes that methods set, and the fields that the header of a record declares."""
    classes = view.engine.evaluator.classes
    found: dict[str, None] = {}
    is_record = not classes.method(instance.cls, "__init__", instance).values
    for cls in own:
        found.update(dict.fromkeys(classes.own_stores(cls)))
        nodes = view.engine.evaluator.body(cls.key).values
        for name, values in classes.own_members(cls).items() if is_record else ():
            if any(nodes[value][0] == Op.CAST for value in values):
                found[name] = None
    return list(found)[:_MOST_ATTRIBUTES]


def _kind_of(view: ModuleView, value: Value) -> str:
    """What people call a thing that isn't of the program and can't be pickled; empty for any other."""
    evaluator = view.engine.evaluator
    if isinstance(value, Generator) or getattr(value, "kind", "") == "generator":
        return "a generator"
    if isinstance(value, Function):
        definition = evaluator.definition(value.key)
        if definition.kind == DefKind.LAMBDA:
            return "a lambda"
        if _WRAPS in decorators_of(view, value.key):
            return ""  # pickled by the name of what it wraps
        is_inner = evaluator.definition(evaluator.scope(value.key)).kind in _FUNCTIONS
        return "a function inside another" if is_inner and value.receiver is None else ""
    if not isinstance(value, ExternalInstance):
        return ""
    catalog = evaluator.catalog
    name = catalog.canonical(value.dotted)
    ancestry = catalog.ancestry(name)
    above = {name, *(fact.name for fact in ancestry)}
    for what, names in UNPICKLABLE.items():
        if not above.isdisjoint(names):
            return what
    return _one(name) if any(Trait.UNPICKLABLE in fact.traits for fact in ancestry) else ""


def _raises(view: ModuleView, cls: Class, method: str) -> bool:
    """Whether a method of a class does nothing but raise, whatever is asked."""
    evaluator = view.engine.evaluator
    for value in evaluator.evaluate(cls.key, evaluator.classes.own_members(cls)[method][-1]).values:
        if not isinstance(value, Function):
            return False
        definition, body = evaluator.definition(value.key), evaluator.body(value.key)
        if definition.kind != DefKind.FUNCTION or body.returns or definition.flags & DefFlags.GENERATOR:
            return False
        last = next((site for site in reversed(body.sites) if site.region == 0), None)
        if last is None:
            return False
        return last.kind == SiteKind.RAISE or (last.kind == SiteKind.CALL and not last.use & _USED)
    return False
