"""Tests for a private attribute of the object that its class leaves empty: `self._mirror = None` in
`__init__`, and nothing in the module gives it anything else."""

from __future__ import annotations

from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, Key
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, SiteKind, StoreKind

_NOTHING: Final = ((Op.CONST, None), (Op.CONST, False), (Op.CONST, 0), (Op.CONST, ""))
_MOST: Final = 12
"""Classes of one base's name that are looked at."""
_SETTERS: Final = frozenset({"setattr", "__setattr__", "__dict__", "vars"})


class NeverGiven:
    """Whether a test finds something in an attribute to which the module gives nothing."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._empty: dict[tuple[Class, str], bool] = {}
        self._stored: dict[str, dict[str, bool]] = {}

    def is_asked_for(self, key: Key, value: int, polarity: bool) -> bool:
        """Whether a test that came out so has found something there."""
        body = self._evaluator.body(key)
        return any(self._finds(key, body, *part) for part in graph.outcomes(body, value, polarity))

    def _finds(self, key: Key, body: Body, value: int, polarity: bool) -> bool:
        node = graph.node(body, value)
        if node[0] == Op.COMPARE and node[1] in ("is", "is not"):
            left, right = graph.operands(node)
            is_none = graph.node(body, right) == (Op.CONST, None)
            return is_none and self.is_asked_for(key, left, polarity == (node[1] == "is not"))
        return polarity and node[0] == Op.ATTR and self._is_empty(key, body, node)

    def _is_empty(self, key: Key, body: Body, node: graph.Node) -> bool:
        name = str(node[2])
        if not name.startswith("_") or name.endswith("__"):
            return False
        owner = self._evaluator.enclosing_class(key)
        if owner is None or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
            return False
        found = self._empty.get((owner, name))
        if found is None:
            found = self._empty[owner, name] = self._is_left_empty(owner, name)
        return found

    def _is_left_empty(self, owner: Class, name: str) -> bool:
        path = owner.key[0]
        if not self._stores(path).get(name, False) or self._may_be_given(owner, name):
            return False
        return self._evaluator.program.knows_subclasses(path) and not self._is_derived_from(owner, path)

    def _is_derived_from(self, owner: Class, asker: str) -> bool:
        """Whether a class of the project has this one among its bases, or very many may."""
        program = self._evaluator.program
        named = program.derived_from(self._evaluator.definition(owner.key).name, asker)
        if len(named) > _MOST:
            return True
        program.depend(asker, (path for path, _ in named))
        for path, name in named:
            module = program.module(path)
            for key in module.keys if module is not None else ():
                item = self._evaluator.definition(key)
                is_class = item.kind == DefKind.CLASS and item.name == name and key != owner.key
                if is_class and owner in self._evaluator.classes.ancestry(Class(key)).classes:
                    return True
        return False

    def _may_be_given(self, owner: Class, name: str) -> bool:
        """Whether a base may give it, or a method that sets attributes by their names."""
        ancestry = self._evaluator.classes.ancestry(owner)
        if ancestry.incomplete or any(base != owner for base in ancestry.classes):
            return True
        module = self._evaluator.module(owner.key[0])
        return any(
            site.kind == SiteKind.CALL and graph.node(body, site.callee)[-1] in _SETTERS
            for child in module.children(owner.key)
            for body in [self._evaluator.body(child)]
            for site in body.sites
        )

    def _stores(self, path: str) -> dict[str, bool]:
        """The private names that a module stores to, as attributes or in class bodies: whether that is always
        nothing."""
        stored = self._stored.get(path)
        if stored is None:
            stored = self._stored[path] = {}
            module = self._evaluator.module(path)
            for key in module.keys:
                body = self._evaluator.body(key)
                for store in body.stores:
                    if store.kind in (StoreKind.ATTR, StoreKind.LOCAL) and str(store.name).startswith("_"):
                        is_nothing = graph.node(body, store.value) in _NOTHING
                        stored[str(store.name)] = stored.get(str(store.name), True) and is_nothing
        return stored
