"""What code uses that runs at any time, in whichever thread is running: finalizers, the callbacks of weak
references, and handlers of signals. A lock that this thread holds already would stop it for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.symbols import short_name
from conclint.resolve.values import External, Function, Key
from conclint.rules.advice.shared_state import Changed, is_of_class
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind

_FINALIZER: Final = "__del__"
_REGISTERS: Final = {
    "weakref.ref": "ref", "weakref.proxy": "proxy", "weakref.finalize": "finalize",
    "weakref.WeakMethod": "WeakMethod", "signal.signal": "signal",
}  # fmt: skip
"""What takes a function to be run at any time as its second argument, and its last name."""
_NAMES: Final = frozenset(_REGISTERS.values())


def finalizer_using(view: ModuleView, changed: Changed) -> str:
    """The function of the same module that runs at any time and uses what is changed, by its name; empty for
    none. A finalizer's own attributes are nobody else's by then."""
    if changed.key is None:
        return ""
    names = {what.rpartition(".")[2] for what in (changed.what, *(what for what, _ in changed.more))}
    for key in _run_at_any_time(view, changed.key[0]):
        if _uses(view, key, names):
            return short_name(view.engine.evaluator.symbol(key))
    return ""


def _run_at_any_time(view: ModuleView, path: str) -> Iterator[Key]:
    """The functions of a module that are run at any time."""
    evaluator = view.engine.evaluator
    module = evaluator.module(path)
    for key in module.keys:
        if module.definition(key).name == _FINALIZER:
            yield key
        body = evaluator.body(key)
        for site in body.sites:
            if site.kind != SiteKind.CALL or graph.node(body, site.callee)[-1] not in _NAMES:
                continue
            given = dict(site.args).get(1, -1)
            called = evaluator.evaluate(key, site.callee).values if given >= 0 else ()
            if any(isinstance(value, External) and value.dotted in _REGISTERS for value in called):
                for value in evaluator.evaluate(key, given).values:
                    if isinstance(value, Function) and value.key[0] == path:
                        yield value.key


def _uses(view: ModuleView, key: Key, names: set[str]) -> bool:
    """Whether a function uses what is named so: a module's name, or an attribute that others have too."""
    body = view.engine.evaluator.body(key)
    is_own = view.engine.evaluator.definition(key).name == _FINALIZER
    for node in body.values:
        if node[0] == Op.GLOBAL and node[1] in names:
            return True
        if node[0] == Op.ATTR and node[2] in names:
            is_self = graph.node(body, graph.base(node)) == (Op.PARAM, 0)
            if not (is_own and is_self) or is_of_class(view, key, body, node):
                return True
    return False
