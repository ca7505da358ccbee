"""Attributes of Django's models that are no more than a field in the class: managers of relations, and the
objects that foreign keys lead to, which a first read fetches."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import arguments_of
from conclint.resolve.handing import called_at
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    Class,
    Container,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Literal,
    Value,
    ValueSet,
    known,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site

MODEL: Final = "django.db.models.Model"
FOREIGN_KEY: Final = "django.db.models.ForeignKey"
_MANAGER: Final = "django.db.models.Manager"
QUERY_SET: Final = "django.db.models.QuerySet"
_QUERIES: Final = frozenset({_MANAGER, QUERY_SET})
_TO_ONE: Final = frozenset({FOREIGN_KEY, "django.db.models.OneToOneField"})
_TO_MANY: Final = frozenset({"django.db.models.ManyToManyField"})
_ROWS: Final = frozenset({"get", "first", "last", "latest", "earliest", "create"})
_ROWS_AND_WHETHER: Final = frozenset({"get_or_create", "update_or_create"})
_SHORTCUTS: Final = frozenset({"django.shortcuts.get_object_or_404", "django.shortcuts.aget_object_or_404"})
_NO_ROWS: Final = frozenset({"values", "values_list", "dates", "datetimes"})
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
        if evaluator.classes.own_members(cls).get(name):
            return None
        is_reverse = name.endswith("_set") or name in _names_from_others(evaluator, cls)
        return known(ExternalInstance(_MANAGER)) if is_reverse else None
    kind, owner, site = field
    if kind in _TO_MANY:
        return known(ExternalInstance(_MANAGER))
    found = tuple(Instance(target) for target in _targets(evaluator, owner, site))
    return known(*found) if found else None


def _targets(evaluator: Interpreter, owner: Class, site: int) -> list[Class]:
    """The models that a relation leads to, where they are named as classes."""
    return [target for target in _named_targets(evaluator, owner, site) if isinstance(target, Class)]


def _named_targets(evaluator: Interpreter, owner: Class, site: int) -> tuple[Value, ...]:
    """What a relation leads to: a model, or its name."""
    arguments = arguments_of(owner.key, evaluator.body(owner.key).sites[site].args)
    given = arguments.positional[0] if arguments.positional else arguments.keyword("to")
    return evaluator.passed(given).values if given is not None else ()


def _names_from_others(evaluator: Interpreter, cls: Class) -> set[str]:
    """The `related_name` of each relation to many that other models of the module declare to a model."""
    found: set[str] = set()
    module = evaluator.module(cls.key[0])
    for key in module.keys:
        if module.definition(key).kind != DefKind.CLASS:
            continue
        body = evaluator.body(key)
        for number, site in enumerate(body.sites):
            given = dict(site.args).get("related_name", -1)
            node = graph.node(body, given)
            if node[0] != Op.CONST or not isinstance(node[1], str):
                continue
            # One to one leads to a row, which is no manager.
            callee = graph.node(body, site.callee)
            is_many = str(callee[2] if callee[0] == Op.ATTR else callee[1]) != "OneToOneField"
            if is_many and _leads_to(evaluator, Class(key), number, cls):
                found.add(node[1])
    return found


def _leads_to(evaluator: Interpreter, owner: Class, site: int, cls: Class) -> bool:
    name = evaluator.definition(cls.key).name
    return any(
        item == cls or (isinstance(item, Literal) and item.value == ("self" if owner == cls else name))
        for item in _named_targets(evaluator, owner, site)
    )


def fetches(evaluator: Interpreter, value: Instance, name: str) -> bool:
    """Whether reading the attribute of what a query gave fetches another row: a foreign key that the query
    has not selected along."""
    if value.made is None or not is_query(evaluator, *value.made):
        return False
    field = _field(evaluator, value.cls, name)
    return field is not None and field[0] in _TO_ONE


def is_query(evaluator: Interpreter, key: Key, number: int) -> bool:
    """Whether a call is one of a manager or a query set, and so makes no new instance."""
    callees = evaluator.evaluate(key, called_at(evaluator, key, number)).values
    return any(
        item.dotted in _QUERIES if isinstance(item, ExternalMethod) else _is_shortcut(evaluator, item)
        for item in callees
    )


def row_of(evaluator: Interpreter, callee: Value, site: tuple[Key, int]) -> Value | None:
    """The instance that a query gives, by the class whose `objects` it begins with; None of another method,
    and where relations were selected along."""
    key, number = site
    body = evaluator.body(key)
    if _is_shortcut(evaluator, callee):
        first = next((value for slot, value in body.sites[number].args if slot in (0, "klass")), -1)
        cls = _model_of(evaluator, key, first)
        return Instance(cls, made=site) if cls is not None else None
    if not isinstance(callee, ExternalMethod) or callee.dotted not in _QUERIES:
        return None
    method = callee.name.removeprefix("a")
    if method not in _ROWS | _ROWS_AND_WHETHER:
        return None
    cls = _model_of(evaluator, key, called_at(evaluator, key, number))
    if cls is None:
        return None
    row = Instance(cls, made=site)
    if method in _ROWS:
        return row
    return Container((row, ExternalInstance("builtins.bool")), "tuple", fixed=True)


def row_in(evaluator: Interpreter, key: Key, value: int) -> Instance | None:
    """The instance that iterating a query set gives, as `row_of`."""
    body = evaluator.body(key)
    value = graph.without_items(body, value)  # a slice of it
    site = graph.called_site(graph.node(body, value))
    if site < 0 or not is_query(evaluator, key, site):
        return None
    cls = _model_of(evaluator, key, value)
    return Instance(cls, made=(key, site)) if cls is not None else None


def is_lazy_slice(body: Body, site: Site, value: Value) -> bool:
    """Whether a subscript is a slice of a query set, which sends no query."""
    is_one = isinstance(value, ExternalInstance) and value.dotted == QUERY_SET and bool(site.args)
    return is_one and graph.node(body, site.args[0][1])[0] == Op.SLICE


def _is_shortcut(evaluator: Interpreter, callee: Value) -> bool:
    return isinstance(callee, External) and evaluator.catalog.canonical(callee.dotted) in _SHORTCUTS


def _model_of(evaluator: Interpreter, key: Key, value: int) -> Class | None:
    """The model whose rows a query gives that a value is, or is a method of; None where relations were
    selected along, and of what gives no rows."""
    body = evaluator.body(key)
    for _ in range(_MOST_STEPS):
        node = graph.node(body, value)
        if node[0] == Op.CALL:
            value = body.sites[graph.called_site(node)].callee
        elif node[0] == Op.ATTR and node[2] in _SELECTED | _NO_ROWS:
            return None
        elif node[0] == Op.ATTR:
            value = graph.base(node)
            if node[2] in _MANAGERS:
                return _only_class(evaluator, key, value)
        else:
            return _only_class(evaluator, key, value)
    return None


def _only_class(evaluator: Interpreter, key: Key, value: int) -> Class | None:
    owners = evaluator.evaluate(key, value).values if value >= 0 else ()
    return owners[0] if len(owners) == 1 and isinstance(owners[0], Class) else None


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
