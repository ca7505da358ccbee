"""Attributes of Django's models that are no more than a field in the class: managers of relations, and the
objects that foreign keys lead to, which a first read fetches."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import arguments_of
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Value,
    ValueSet,
    known,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

MODEL: Final = "django.db.models.Model"
FOREIGN_KEY: Final = "django.db.models.ForeignKey"
_MANAGER: Final = "django.db.models.Manager"
_QUERIES: Final = frozenset({_MANAGER, "django.db.models.QuerySet"})
_TO_ONE: Final = frozenset({FOREIGN_KEY, "django.db.models.OneToOneField"})
_TO_MANY: Final = frozenset({"django.db.models.ManyToManyField"})
_ROWS: Final = frozenset({"get", "first", "last", "latest", "earliest", "create"})
_MANAGERS: Final = frozenset({"objects", "_default_manager"})
_SELECTED: Final = frozenset({"select_related", "prefetch_related", "raw", "union"})
_MOST_STEPS: Final = 20


def is_model(evaluator: Interpreter, cls: Class) -> bool:
    """Whether a class is one of Django's models."""
    return any(
        isinstance(base, External)
        and base.dotted.startswith("django.")
        and any(fact.name == MODEL for fact in evaluator.catalog.ancestry(base.dotted))
        for base in evaluator.classes.ancestry(cls).classes
    )


def related(evaluator: Interpreter, cls: Class, name: str) -> ValueSet | None:
    """What an attribute of a model's instance gives by the relation that its class declares, or that another
    class does (`document_set`); None for any other attribute."""
    if not is_model(evaluator, cls):
        return None
    field = _field(evaluator, cls, name)
    if field is None:
        is_reverse = name.endswith("_set") and not evaluator.classes.own_members(cls).get(name)
        return known(ExternalInstance(_MANAGER)) if is_reverse else None
    kind, owner, site = field
    if kind in _TO_MANY:
        return known(ExternalInstance(_MANAGER))
    arguments = arguments_of(owner.key, evaluator.body(owner.key).sites[site].args)
    given = arguments.positional[0] if arguments.positional else arguments.keyword("to")
    targets = evaluator.passed(given).values
    found = tuple(Instance(target) for target in targets if isinstance(target, Class))
    return known(*found) if found else None


def fetches(evaluator: Interpreter, value: Instance, name: str) -> bool:
    """Whether reading the attribute of what a query gave fetches another row: a foreign key that the query
    has not selected along."""
    if value.made is None or not is_query(evaluator, *value.made):
        return False
    field = _field(evaluator, value.cls, name)
    return field is not None and field[0] in _TO_ONE


def is_query(evaluator: Interpreter, key: Key, number: int) -> bool:
    """Whether a call is one of a manager or a query set, and so makes no new instance."""
    callees = evaluator.evaluate(key, evaluator.body(key).sites[number].callee).values
    return any(isinstance(item, ExternalMethod) and item.dotted in _QUERIES for item in callees)


def row_of(evaluator: Interpreter, method: ExternalMethod, site: tuple[Key, int]) -> Value | None:
    """The instance that a query gives, by the class whose `objects` it begins with; None of another method,
    and where relations were selected along."""
    if method.dotted not in _QUERIES or method.name.removeprefix("a") not in _ROWS:
        return None
    key, number = site
    body = evaluator.body(key)
    value = body.sites[number].callee
    for _ in range(_MOST_STEPS):
        node = body.values[value]
        if node[0] == Op.CALL:
            value = body.sites[graph.called_site(node)].callee
        elif node[0] == Op.ATTR and node[2] in _SELECTED:
            return None
        elif node[0] == Op.ATTR:
            value = graph.base(node)
            owners = evaluator.evaluate(key, value).values if node[2] in _MANAGERS else ()
            if len(owners) == 1 and isinstance(owners[0], Class):
                return Instance(owners[0], made=site)
        else:
            return None
    return None


def _field(evaluator: Interpreter, cls: Class, name: str) -> tuple[str, Class, int] | None:
    """The kind of relation that the class body declares under a name, the class, and the call there."""
    for owner in evaluator.classes.ancestry(cls).classes:
        if not isinstance(owner, Class):
            continue
        for value in evaluator.classes.own_members(owner).get(name, ())[-1:]:
            body = evaluator.body(owner.key)
            site = graph.called_site(body.values[value])
            if site < 0:
                return None
            for item in evaluator.evaluate(owner.key, body.sites[site].callee).values:
                kind = evaluator.catalog.canonical(item.dotted) if isinstance(item, External) else ""
                if kind in _TO_ONE | _TO_MANY:
                    return kind, owner, site
            return None
    return None
