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
    Class,
    Container,
    Display,
    External,
    ExternalInstance,
    Function,
    Generator,
    Instance,
    Value,
    known,
)
from conclint.rules.advice.loop_bound import public_names
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
_DEPTH: Final = 3
"""Objects that hold objects."""
_CANT: Final = " can't be sent there"
_MOST_ATTRIBUTES: Final = 60
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
            if found := _told(view, item, 0):
                return found
    for called in evaluator.evaluate(hop.key, site.callee).values:
        if isinstance(called, Function):
            for item in _declared(view, called, site):
                if found := _told(view, item, 0):
                    return found
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
    return next((found for value in values if (found := _told(view, value, 0))), "")


def _declared(view: ModuleView, function: Function, site: Site) -> Iterator[Value]:
    """What the parameters of a function are declared to be that a call passes by position or by name."""
    evaluator = view.engine.evaluator
    body, params = evaluator.body(function.key), evaluator.definition(function.key).params
    first = 0 if function.receiver is None else 1
    given = {slot + first for slot, _ in site.args if isinstance(slot, int) and slot >= 0}
    named = {slot for slot, _ in site.args if isinstance(slot, str)}
    if any(slot in (Slot.STAR, Slot.DOUBLE_STAR) for slot, _ in site.args):
        return
    for number, node in enumerate(body.values):
        if node[0] == Op.PARAM:
            index = graph.number(node)
            if index in given or (index < len(params) and params[index].name in named):
                yield from evaluator.evaluate(function.key, number).values


def _told(view: ModuleView, value: Value, depth: int) -> str:
    """That a value can't be pickled, and why."""
    evaluator = view.engine.evaluator
    if kind := _kind_of(view, value):
        return f"{kind}{_CANT}"
    if isinstance(value, (Display, Container)):
        for item in evaluator.element(known(value)).values if depth < _DEPTH else ():
            if found := _told(view, item, depth + 1):
                return found
    if not isinstance(value, Instance):
        return ""
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
        for item in (
            *evaluator.classes.attribute(value, attribute).values,
            *_passed(view, value, own, attribute),
        ):
            if found := _told(view, item, depth + 1):
                return f"{name}{_CANT} (its `{attribute}` may be {found.partition(_CANT)[0]})"
    return ""


def _one(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOUaeio' else 'a'} `{name}`"


def _passed(view: ModuleView, instance: Instance, own: list[Class], attribute: str) -> Iterator[Value]:
    """What the call that made an object passes for an attribute, whatever that is declared to be."""
    if instance.made is None:
        return
    evaluator = view.engine.evaluator
    key, site = instance.made
    itself = (key, -1)
    arguments = arguments_of(key, evaluator.body(key).sites[site].args).prepend(itself)
    for cls in own:
        for method, value, _ in evaluator.classes.own_stores(cls).get(attribute, ()):
            definition, node = evaluator.definition(method), graph.node(evaluator.body(method), value)
            if definition.name == "__init__" and node[0] == Op.PARAM:
                passed = bind(definition, graph.number(node), arguments)
                if passed is not None and passed != itself:
                    yield from evaluator.passed(passed).values


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
