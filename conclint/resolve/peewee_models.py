"""Models of peewee: in which database their rows are, and what their attributes fetch that are no more than a
field in the class, of their own (a foreign key) or of another model that leads to them (its `backref`)."""

from __future__ import annotations

from typing import Final

from conclint.resolve.arguments import arguments_of
from conclint.resolve.handing import called_at
from conclint.resolve.in_memory import Opened, opened_by
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Instance,
    Key,
    Literal,
    ValueSet,
    known,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op

MODEL: Final = "peewee.Model"
FOREIGN_KEY: Final = "peewee.ForeignKeyField"
SELECT: Final = "peewee.ModelSelect"
_QUERIES: Final = frozenset({MODEL, SELECT})
_ROWS: Final = frozenset({"get", "get_by_id", "get_or_none", "first", "peek"})
_JOINED: Final = frozenset({"join", "join_from", "left_outer_join", "switch", "select_extend", "objects"})
"""Methods of a query whose rows may hold the rows that they lead to."""
_NO_ROWS: Final = frozenset({"dicts", "tuples", "namedtuples", "scalar", "prefetch"})
_MOST_STEPS: Final = 20


def is_model(evaluator: Interpreter, cls: Class) -> bool:
    """Whether a class is one of peewee's models."""
    return any(
        isinstance(base, External) and base.dotted == MODEL
        for base in evaluator.classes.ancestry(cls).classes
    )


def database_of(evaluator: Interpreter, cls: Class) -> Opened | None:
    """Where the rows of a model are, by the `database` of its `Meta`, or of the nearest base's; None:
    in a file or on a server, or not known."""
    for owner in evaluator.classes.ancestry(cls).classes:
        if not isinstance(owner, Class):
            continue
        for value in evaluator.classes.own_members(owner).get("Meta", ())[-1:]:
            for meta in evaluator.evaluate(owner.key, value).values:
                stated = (
                    evaluator.classes.own_members(meta).get("database") if isinstance(meta, Class) else None
                )
                if isinstance(meta, Class) and stated:
                    return opened_by(evaluator.evaluate(meta.key, stated[-1]))
    return None


def of_model(evaluator: Interpreter, cls: Class | None, method: ExternalMethod) -> ExternalMethod:
    """A method of all models as one of this model."""
    if cls is None or method.dotted != MODEL:
        return method
    opened = database_of(evaluator, cls)
    return method._replace(receiver=ExternalInstance(MODEL, opened)) if opened is not None else method


def related(evaluator: Interpreter, cls: Class, name: str) -> ValueSet | None:
    """What an attribute of a model's row gives by a relation; None for any other attribute."""
    if not is_model(evaluator, cls):
        return None
    field = _field(evaluator, cls, name)
    if field is not None:
        found = tuple(Instance(target) for target in _targets(evaluator, *field))
        return known(*found) if found else None
    if evaluator.classes.own_members(cls).get(name) or not _leads_back(evaluator, cls, name):
        return None
    return known(ExternalInstance(SELECT, database_of(evaluator, cls)))


def fetches(evaluator: Interpreter, value: Instance, name: str) -> ExternalMethod | None:
    """What reading an attribute of a row that a query gave does: it fetches the row that a foreign key leads
    to, where the query has not selected that along."""
    if value.made is None:
        return None
    field = _field(evaluator, value.cls, name)
    if field is None or not _is_plain_query(evaluator, *value.made):
        return None
    opened = database_of(evaluator, value.cls)
    return ExternalMethod(FOREIGN_KEY, "__get__", ExternalInstance(FOREIGN_KEY, opened) if opened else None)


def row_of(evaluator: Interpreter, callee: ExternalMethod, site: tuple[Key, int]) -> Instance | None:
    """The row that a query gives, by the class that it begins with."""
    if callee.dotted not in _QUERIES or callee.name not in _ROWS:
        return None
    key, number = site
    cls = _model_of(evaluator, key, called_at(evaluator, key, number))
    return Instance(cls, made=site) if cls is not None else None


def row_in(evaluator: Interpreter, key: Key, value: int) -> Instance | None:
    """The row that iterating a query gives."""
    body = evaluator.body(key)
    value = graph.without_items(body, value)  # a slice of it
    site = graph.called_site(graph.node(body, value))
    cls = _model_of(evaluator, key, value) if site >= 0 else None
    return Instance(cls, made=(key, site)) if cls is not None else None


def _is_plain_query(evaluator: Interpreter, key: Key, number: int) -> bool:
    """Whether a call is a query for rows of one model alone, and makes no new row."""
    value = called_at(evaluator, key, number)
    callees = evaluator.evaluate(key, value).values
    if not any(isinstance(item, ExternalMethod) and item.dotted in _QUERIES for item in callees):
        return False
    body = evaluator.body(key)
    for _ in range(_MOST_STEPS):
        node = graph.node(body, value)
        if node[0] == Op.CALL:
            site = body.sites[graph.called_site(node)]
            named = graph.node(body, site.callee)
            if named[-1] == "select" and any(
                isinstance(item, Class) and item != _model_of(evaluator, key, value)
                for _, argument in site.args
                for item in evaluator.evaluate(key, argument).values
            ):
                return False
            value = site.callee
        elif node[0] == Op.ATTR:
            if node[2] in _JOINED | _NO_ROWS:
                return False
            value = graph.base(node)
        else:
            return True
    return False


def _model_of(evaluator: Interpreter, key: Key, value: int) -> Class | None:
    """The model that a query, or a method of one, begins with; None of what gives no rows of it."""
    body = evaluator.body(key)
    for _ in range(_MOST_STEPS):
        node = graph.node(body, value)
        if node[0] == Op.CALL:
            value = body.sites[graph.called_site(node)].callee
            continue
        if node[0] == Op.ATTR and node[2] in _NO_ROWS:
            return None
        owners = evaluator.evaluate(key, value).values if value >= 0 else ()
        if len(owners) == 1 and isinstance(owners[0], Class):
            return owners[0] if is_model(evaluator, owners[0]) else None
        if node[0] != Op.ATTR:
            return None
        value = graph.base(node)
    return None


def _field(evaluator: Interpreter, cls: Class, name: str) -> tuple[Class, int] | None:
    """The class whose body declares a foreign key under a name, and the call there; of one that fetches
    nothing by itself, too, None."""
    for owner in evaluator.classes.ancestry(cls).classes:
        if not isinstance(owner, Class):
            continue
        for value in evaluator.classes.own_members(owner).get(name, ())[-1:]:
            body = evaluator.body(owner.key)
            number = graph.called_site(body.values[value])
            return (owner, number) if number >= 0 and _is_foreign_key(evaluator, owner, number) else None
    return None


def _is_foreign_key(evaluator: Interpreter, owner: Class, number: int) -> bool:
    body = evaluator.body(owner.key)
    site = body.sites[number]
    is_lazy = graph.node(body, dict(site.args).get("lazy_load", -1)) != (Op.CONST, False)
    return is_lazy and any(
        isinstance(item, External) and evaluator.catalog.canonical(item.dotted) == FOREIGN_KEY
        for item in evaluator.evaluate(owner.key, site.callee).values
    )


def _targets(evaluator: Interpreter, owner: Class, number: int) -> list[Class]:
    """The models that a foreign key leads to, where they are named as classes or as the model itself."""
    arguments = arguments_of(owner.key, evaluator.body(owner.key).sites[number].args)
    given = arguments.positional[0] if arguments.positional else arguments.keyword("model")
    values = evaluator.passed(given).values if given is not None else ()
    found = [owner if item == Literal("str", "self") else item for item in values]
    return [item for item in found if isinstance(item, Class)]


def _leads_back(evaluator: Interpreter, cls: Class, name: str) -> bool:
    """Whether a foreign key of a model beside this one leads to it, and is named so from here."""
    module = evaluator.module(cls.key[0])
    for key in module.keys:
        if module.definition(key).kind != DefKind.CLASS:
            continue
        owner = Class(key)
        body = evaluator.body(key)
        for number, site in enumerate(body.sites):
            if graph.node(body, site.callee)[-1] != FOREIGN_KEY.rpartition(".")[2]:
                continue
            stated = graph.node(body, dict(site.args).get("backref", -1))
            told = stated[1] if stated[0] == Op.CONST else f"{module.definition(key).name.lower()}_set"
            targets = _targets(evaluator, owner, number) if told == name else []
            if any(target in evaluator.classes.ancestry(cls).classes for target in targets):
                return True
    return False
