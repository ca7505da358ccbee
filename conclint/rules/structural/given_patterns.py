"""CON302 for patterns that others write: what a regular expression costs, its author decides, and one that
goes back and tries again stops the event loop for minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.effects.solver import EffectSolver
from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.severity import Severity
from conclint.model.symbols import short_name
from conclint.resolve.arguments import Passed, StarItem, arguments_of, bind
from conclint.resolve.calls import callable_name
from conclint.resolve.program import Module
from conclint.resolve.values import External, Function, Instance, Key, Value, ValueSet, known
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Call, Code
from conclint.rules.structural.outsiders import is_from_outside
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind, StoreKind

_MATCHING: Final = frozenset(
    f"re.{name}" for name in ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")
)
_METHODS: Final = frozenset(name.replace("re.", "re.Pattern.") for name in _MATCHING)
_COMPILE: Final = frozenset({"re.compile"})
_INVALID: Final = frozenset({"re.error", "re.PatternError"})
_HARMLESS: Final = frozenset({"escape", "quote", "replace", "translate"})
"""What makes of a text a pattern that matches in linear time; or with wildcards for all that others write."""
_BUILTIN: Final = (Op.GLOBAL, "str")
_DEPTH: Final = 3
_MOST_STEPS: Final = 12
_INSTEAD: Final = (
    "match it in a process that is ended after a while: a match holds the GIL, so a thread does not help. "
    "Or use a library whose matches take linear time (google-re2) or a timeout (regex)."
)
_SLOW: Final = "not every pattern is slow"
_UNKNOWN: Final = "where the pattern comes from is not known"


class _Given(NamedTuple):
    """That a function matches a pattern of which a parameter, or what is read from it by `names`, is the
    source. `is_tried`: it is prepared for a pattern that is none."""

    position: int
    names: tuple[str, ...]
    is_tried: bool
    chain: tuple[Hop, ...]


class GivenPatterns:
    """What functions match that they are given; remembered."""

    def __init__(self, engine: EffectSolver) -> None:
        self._engine = engine
        self._memo: dict[Key, tuple[_Given, ...]] = {}
        self._using_re: dict[str, bool] = {}

    def of(self, code: Code, depth: int = 0) -> tuple[_Given, ...]:
        """Those of a def; not those of coroutines that it calls, which are where it stops."""
        held = self._memo.get(code.key)
        if held is None:
            self._memo[code.key] = ()  # for a recursion
            held = self._memo[code.key] = tuple(self._search(code, depth))
        return held

    def _search(self, code: Code, depth: int) -> Iterator[_Given]:
        imports_re = self._imports_re(code.module)
        for call in code.calls.values():
            if imports_re and call.names and not call.inside:
                yield from _matched(code, call)
            elif depth < _DEPTH and len(call.inside) == 1 and not call.names:
                yield from self._passed(code, call, depth)

    def _imports_re(self, module: Module) -> bool:
        """Whether a module uses regular expressions, so that its functions are worth a look."""
        found = self._using_re.get(module.path)
        if found is None:
            found = any(item.module == "re" for item in module.summary.imports)
            self._using_re[module.path] = found
        return found

    def _passed(self, code: Code, call: Call, depth: int) -> Iterator[_Given]:
        """What one function of the program that is called matches of what it is given, or its object was."""
        target = _one_function(code, call.inside[0])
        if target is None or not self._imports_re(code.evaluator.module(target.key[0])):
            return
        inner = Code(self._engine, target.key)
        if inner.definition.kind != DefKind.FUNCTION:
            return
        hop = Hop(code.key, call.site, callable_name(code.evaluator, target))
        arguments = arguments_of(code.key, code.body.sites[call.site].args)
        if target.receiver is not None:
            arguments = arguments.prepend(known(target.receiver))
        for given in self.of(inner, depth + 1):
            chain = (hop, *given.chain)
            if given.position == 0 and isinstance(target.receiver, Instance):
                for held in self._held(code, target.receiver, given):
                    yield held._replace(chain=chain)
                continue
            passed = bind(inner.definition, given.position, arguments)
            is_tried = given.is_tried or _is_tried(code, call.site)
            for position, names in _sources_of(code, passed):
                yield _Given(position, (*names, *given.names), is_tried, chain)

    def _held(self, code: Code, instance: Instance, given: _Given) -> Iterator[_Given]:
        """The same of patterns that an object which the def has made compiled when it was made."""
        if instance.made is None or instance.made[0] != code.key or not given.names:
            return
        key, number = instance.made
        arguments = arguments_of(key, code.body.sites[number].args).prepend(known(instance))
        for maker in code.evaluator.classes.makers(instance.cls):
            made = Code(self._engine, maker.key)
            for store in made.body.stores:
                if store.kind == StoreKind.ATTR and store.name == given.names[0]:
                    for compiled in _compiled(made, store.value):
                        is_tried = given.is_tried or _is_tried(made, compiled) or _is_tried(code, number)
                        for position, names in _sources(made, _pattern_at(made, compiled)):
                            passed = bind(made.definition, position, arguments)
                            for outer, read in _sources_of(code, passed):
                                yield _Given(outer, (*read, *names), is_tried, ())


def match_of_given_pattern(view: ModuleView, code: Code, patterns: GivenPatterns) -> Iterator[Draft]:
    """A coroutine that matches a pattern which it was given, itself or by a function that it calls."""
    if code.definition.kind != DefKind.ASYNC_FUNCTION:
        return
    for given in patterns.of(code):
        hop = given.chain[0]
        is_outside = is_from_outside(code, given.position, given.names)
        if is_outside is False or (given.position == 0 and not is_outside and _is_method(code)):
            continue
        if is_outside:
            doubts = [_SLOW]
        elif given.is_tried:
            doubts = ["a pattern that may be wrong comes from outside"]
        else:
            doubts = [_UNKNOWN, _SLOW]
        yield found(
            view,
            code,
            hop.site,
            "CON302",
            f"`{short_name(hop.symbol)}` matches a pattern that comes from outside: one that backtracks "
            "stops the event loop for minutes",
            Advice(ExecutionModel.PROCESS, _INSTEAD),
            cause=given.chain[-1].symbol,
            model=ExecutionModel.EVENT_LOOP,
            effect=EffectKind.COMPUTES_GIL,
            family="compute",
            severity=Severity.WARNING,
            reasons=doubts,
            chain=given.chain,
        )


def _is_method(code: Code) -> bool:
    return code.evaluator.enclosing_class(code.key) is not None


def _one_function(code: Code, value: Value) -> Function | None:
    """The function of the program that calling a value runs."""
    if isinstance(value, Instance):
        called = code.evaluator.classes.method(value.cls, "__call__", value).values
        value = called[0] if len(called) == 1 else value
    return value if isinstance(value, Function) else None


def _matched(code: Code, call: Call) -> Iterator[_Given]:
    """The patterns of a call that matches one."""
    if call.is_one_of(_MATCHING):
        yield from _given(code, call, _pattern_at(code, call.site), call.site)
    elif call.is_one_of(_METHODS):
        receiver = code.receiver(call.site)
        compiled = list(_compiled(code, receiver))
        for site in compiled:
            yield from _given(code, call, _pattern_at(code, site), site)
        if not compiled and _is_method(code):
            for given in _given(code, call, receiver, call.site):
                if given.position == 0:  # what the object compiled before
                    yield given


def _given(code: Code, call: Call, pattern: int, compiled: int) -> Iterator[_Given]:
    hop = Hop(code.key, call.site, min(call.names))
    for position, names in _sources(code, pattern):
        yield _Given(position, names, _is_tried(code, compiled), (hop,))


def _pattern_at(code: Code, site: int) -> int:
    """The pattern that a call of `re` is given; -1 where that is not written out."""
    return next((value for slot, value in code.body.sites[site].args if slot in (0, "pattern")), -1)


def _sources_of(code: Code, passed: Passed | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    if isinstance(passed, tuple) and not isinstance(passed, (ValueSet, StarItem)) and passed[0] == code.key:
        yield from _sources(code, passed[1])


def _compiled(code: Code, value: int) -> Iterator[int]:
    """The calls of `re.compile` that a value may be the result of."""
    if value < 0:
        return
    for item in code.made_from([value]):
        site = code.call_of(item)
        if site in code.calls and code.calls[site].is_one_of(_COMPILE):
            yield site


def _sources(
    code: Code, value: int, names: tuple[str, ...] = (), steps: int = 0
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The parameters that a text is made from, each with what is read from it."""
    if value < 0 or steps > _MOST_STEPS:
        return
    node = graph.node(code.body, value)
    inner: tuple[int, ...] = ()
    if node[0] == Op.PARAM:
        yield graph.number(node), names
    elif node[0] == Op.ATTR:
        inner, names = (graph.base(node),), (str(node[2]), *names)
    elif node[0] in (Op.ITEM, Op.AWAIT, Op.ELEM, Op.NARROW, Op.CAST):
        inner = (graph.operand(node),)
    elif node[0] in (Op.PHI, Op.ARITH) or (node[0] == Op.BOOL and node[1] != "not"):
        inner = graph.parts(node)
    elif node[0] == Op.CALL:
        site = code.body.sites[graph.called_site(node)]
        callee = graph.node(code.body, site.callee)
        if callee[0] == Op.ATTR and callee[2] not in _HARMLESS:
            inner, names = (graph.base(callee),), (str(callee[2]), *names)
        elif callee == _BUILTIN and len(site.args) == 1:
            inner = (site.args[0][1],)
    for item in inner:
        yield from _sources(code, item, names, steps + 1)


def _is_tried(code: Code, site: int) -> bool:
    """Whether it is caught that a pattern is none."""
    around = set(graph.around(code.body, code.body.sites[site].region))
    for region in code.body.regions:
        if region.kind == RegionKind.EXCEPT and region.extra in around and region.value >= 0:
            node = graph.node(code.body, region.value)
            caught = graph.parts(node) if node[0] == Op.TUPLE else (region.value,)
            for item in caught:
                if any(
                    isinstance(value, External) and value.dotted in _INVALID
                    for value in code.known(item).values
                ):
                    return True
    return False
