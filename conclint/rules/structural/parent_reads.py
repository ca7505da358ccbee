"""Whether a variable that workers change is read afterwards where they were started, and not filled there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from conclint.resolve.values import Function, Key, is_module
from conclint.rules.drafts import ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.module_variables import CHANGES, COLLECTIONS, Variable
from conclint.rules.structural.names import file_module, is_variable
from conclint.rules.structural.own_changes import fills_own, reads_own
from conclint.rules.structural.worker_changes import filled_by
from conclint.rules.structural.worker_items import changes_parameter
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, SiteKind, Store, StoreKind

_CALLERS: Final = 2
_FILLING: Final = CHANGES - {"clear"}
_SHOWING: Final = frozenset(
    {f"builtins.{name}" for name in ("format", "len", "list", "print", "repr", "sorted", "str", "vars")}
    | {"dataclasses.asdict", "dataclasses.astuple", "pprint.pprint"}
)
"""What reads an object as a whole."""


Filled: TypeAlias = dict[Key, frozenset[Variable]]
"""The variables that functions change, as far as was asked."""


def is_read_after(view: ModuleView, code: Code, variable: Variable, site: int, filled: Filled) -> bool:
    """Whether the def that starts a worker at a site, or one of its module that calls that def, reads a
    variable afterwards, and has not filled it itself."""
    todo, seen = [(code, site)], {code.key}
    for _ in range(_CALLERS + 1):
        outer: list[tuple[Code, int]] = []
        for inner, at in todo:
            reads = _Reader(inner, variable, filled).reads_after(at)
            if reads is not None:
                return reads
            outer += _calls_of(view, inner, seen)
        todo = outer
    return False


def _calls_of(view: ModuleView, code: Code, seen: set[Key]) -> Iterator[tuple[Code, int]]:
    """The defs of the module that call a def, each with its call."""
    if is_module(code.key):
        return
    for key in view.keys:
        body = view.module.body(key)
        if key in seen or not any(_is_named(graph.node(body, site.callee), code) for site in body.sites):
            continue
        caller = Code(code.engine, key)
        for call in caller.calls.values():
            if isinstance(target := _one(call), Function) and target.key == code.key:
                seen.add(key)
                yield caller, call.site
                break


def _is_named(callee: graph.Node, code: Code) -> bool:
    return callee[0] in (Op.GLOBAL, Op.ATTR, Op.FREE, Op.DEF) and (
        callee[-1] == code.definition.name or callee[0] == Op.DEF
    )


def _one(call: Call) -> Function | None:
    """The function of the program that a call runs, if it is one."""
    target = call.inside[0] if len(call.inside) == 1 else None
    return target if isinstance(target, Function) else None


class _Values(NamedTuple):
    """The values of a def that are the variable, and those that are the object whose attribute it is."""

    wanted: frozenset[int]
    held: frozenset[int]


class _Reader:
    """What one def does with a variable."""

    def __init__(self, code: Code, variable: Variable, filled: Filled) -> None:
        self._code = code
        self._filled = filled
        self._variable = variable
        self._values = self._of_variable(code)

    def reads_after(self, site: int) -> bool | None:
        """Whether the def reads the variable after a site; False where it fills it, None for neither."""
        code = self._code
        if any(self._is_filled_by(store) for store in code.body.stores):
            return False
        if any(self._fills(number, site) for number in range(len(code.body.sites))):
            return False
        if any(self._calls_filling(call, site) for call in code.calls.values()):
            return False
        placed = code.results.get(site, 1 << 30)
        wanted = self._values.wanted
        if not self._variable.attribute and any(number > placed for number in wanted):
            return True
        here = code.ends(site)
        if any(self._uses(number) for number in range(len(code.body.sites)) if code.starts(number) >= here):
            return True
        later = (call for call in code.calls.values() if code.starts(call.site) >= here)
        return True if any(self._calls_reading(call) for call in later) else None

    def _of_variable(self, code: Code) -> _Values:
        path, name, attribute = self._variable
        found = {value for value in range(len(code.body.values)) if is_variable(code, value, path, name)}
        if is_module(code.key) and path == code.key[0]:
            found |= {store.value for store in code.body.stores if store.name == name and store.value >= 0}
        if not attribute:
            return _Values(frozenset(found), frozenset())
        wanted = {
            value
            for value, node in enumerate(code.body.values)
            if node[0] == Op.ATTR and node[2] == attribute and graph.base(node) in found
        }
        return _Values(frozenset(wanted), frozenset(found))

    # -- what fills it --------------------------------------------------------------------------

    def _is_filled_by(self, store: Store) -> bool:
        code, (path, name, attribute) = self._code, self._variable
        if store.kind == StoreKind.ITEM:
            return store.base in self._values.wanted
        if attribute:
            is_it = store.kind == StoreKind.ATTR and store.name == attribute
            return is_it and store.base in self._values.held and not self._is_empty(store.value)
        if store.kind == StoreKind.GLOBAL and store.name == name and path == code.key[0]:
            return not is_module(code.key) and not self._is_empty(store.value)
        is_given = store.kind == StoreKind.ATTR and store.name == name and path != code.key[0]
        return is_given and file_module(code, store.base) == path

    def _is_empty(self, value: int) -> bool:
        """Whether it begins anew with that."""
        node = graph.node(self._code.body, value)
        return node[0] == Op.CONST or node in tuple((kind,) for kind in COLLECTIONS)

    def _fills(self, number: int, site: int) -> bool:
        code = self._code
        other = code.body.sites[number]
        callee = graph.node(code.body, other.callee)
        if callee == (Op.GLOBAL, "setattr"):
            return self._variable.attribute != "" or self._variable.path != code.key[0]
        own = other.kind == SiteKind.CALL and code.receiver(number) in self._values.wanted
        return own and callee[2] in _FILLING

    def _calls_filling(self, call: Call, site: int) -> bool:
        """Whether a call that may run besides the one at a site changes the variable."""
        target = _one(call)
        if target is None or graph.are_alternatives(self._code.body, call.site, site) or call.site == site:
            return False
        code = self._code
        if code.receiver(call.site) in self._values.held:
            return fills_own(code, target.key, self._variable.attribute)
        shift = 1 if target.receiver is not None else 0
        body = code.evaluator.body(target.key)
        given = self._values.wanted | self._values.held
        if any(
            isinstance(place, int) and value in given and changes_parameter(body, place + shift) is not None
            for place, value in code.body.sites[call.site].args
        ):
            return True
        if target.key not in self._filled:
            self._filled[target.key] = filled_by(code, target)
        return self._variable in self._filled[target.key]

    # -- what reads it --------------------------------------------------------------------------

    def _uses(self, number: int) -> bool:
        """Whether a site calls, reads or passes the variable on."""
        code = self._code
        wanted, held = self._values
        site = code.body.sites[number]
        given = {value for _, value in site.args}
        if site.callee in wanted or given & wanted or code.receiver(number) in wanted:
            return True
        call = code.calls.get(number)
        if call is None or not held:
            return False
        if given & held and call.is_one_of(_SHOWING):
            return True
        target = _one(call)
        is_method = target is not None and target.receiver is not None and code.receiver(number) in held
        return (
            is_method
            and target is not None
            and reads_own(code.evaluator.body(target.key), self._variable.attribute)
        )

    def _calls_reading(self, call: Call) -> bool:
        """Whether a function of the program that is called reads it."""
        target = _one(call)
        if target is None or target.key == self._code.key:
            return False
        inner = _Reader(Code(self._code.engine, target.key), self._variable, self._filled)
        if inner._values.wanted:
            return True
        return any(inner._uses(number) for number in range(len(inner._code.body.sites)))
