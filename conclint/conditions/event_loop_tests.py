"""What a test says about the execution model: "is a loop running here?", in the ways people ask it."""

from __future__ import annotations

from conclint.conditions.denied_tests import denied_by_both
from conclint.conditions.thread_identities import ThreadIdentities
from conclint.model.execution import ALL_MODELS, ExecutionModel
from conclint.resolve.calls import callables
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.external_facts import may_be_one_of
from conclint.resolve.values import External, ExternalMethod, Function, Instance, Key, Value
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, RegionKind, Site, SiteKind

LOOP = ExecutionModel.EVENT_LOOP.bit
_THREAD = ExecutionModel.THREAD.bit
_RAISES_OFF_LOOP = frozenset(
    {
        "asyncio.get_running_loop", "asyncio.current_task", "asyncio.events.get_running_loop",
        "sniffio.current_async_library", "anyio.get_current_task", "trio.lowlevel.current_task",
        "trio.lowlevel.current_trio_token", "asyncio.all_tasks",
    }
)  # fmt: skip
_FAILS_OFF_LOOP = _RAISES_OFF_LOOP | {"asyncio.get_event_loop", "asyncio.events.get_event_loop"}
"""What may raise where no loop runs, and gives a loop, which need not run, where it doesn't."""
_NONE_OFF_LOOP = frozenset(
    {"asyncio._get_running_loop", "asyncio.events._get_running_loop", "asyncio.current_task"}
)
_FORKS = frozenset({"os.fork"})
"""What gives 0 in a new process, in which no loop runs: the running loop is that of the parent's process."""
_ASKING = _RAISES_OFF_LOOP | _NONE_OFF_LOOP
_MAX_DEPTH = 3
_MAX_SITES = 12
_EITHER = (None, False)
_SAME = ("is", "==", "in")
_OTHER = ("is not", "!=", "not in")


class LoopTests:
    """Masks of the models on which a test can come out true, or false; predicates of the program are
    looked into (`def in_loop(): try: get_running_loop() … return True`)."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._threads = ThreadIdentities(evaluator)
        self._active: set[Key] = set()

    def mask(self, key: Key, body: Body, value: int, polarity: bool) -> int:
        """The models on which the value can be true (with `polarity` false: be false)."""
        if value < 0:
            return ALL_MODELS
        value = graph.bare(body, value)
        node = graph.node(body, value)
        op = node[0]
        if op == Op.CONST:
            return ALL_MODELS if bool(node[1]) == polarity else 0
        if op == Op.BOOL:
            return self._of_bool(key, body, node, polarity)
        if op == Op.COMPARE and node[1] in _SAME + _OTHER:
            return self._of_comparison(key, body, node, polarity)
        if op == Op.PHI:
            return self._of_phi(key, body, node, polarity)
        if (site := graph.call(body, value)) is not None:
            return self._of_call(key, body, site, polarity)
        if op in (Op.GLOBAL, Op.IMPORT, Op.ATTR):
            return self._of_name(key, body, value, polarity)
        return ALL_MODELS

    def asks_for_loop(
        self, key: Key, body: Body, try_region: int, names: frozenset[str] = _RAISES_OFF_LOOP
    ) -> bool:
        """Whether a try block calls one of these, by default what raises where no loop runs."""
        return any(
            site.kind == SiteKind.CALL and site.region == try_region and self._calls(key, site, names)
            for site in body.sites
        )

    def _fails_to_ask(self, key: Key, body: Body, handler: int) -> bool:
        """Whether a handler is for a failure to get the loop, among others."""
        return self.asks_for_loop(key, body, body.regions[handler].extra, _FAILS_OFF_LOOP)

    def finds_it_idle(self, key: Key, body: Body, region: int) -> bool:
        """Whether a test around a region has asked a loop whether it is running, or closed, and found that
        nothing runs there: nobody's work is disturbed, whatever the thread."""
        for number in graph.around(body, region):
            item = body.regions[number]
            is_test = item.kind in (RegionKind.IF, RegionKind.AFTER) and item.value >= 0
            if is_test and self._says_idle(key, body, item.value, bool(item.extra)):
                return True
        return False

    def _says_idle(self, key: Key, body: Body, value: int, polarity: bool) -> bool:
        node = body.values[value]
        if node[0] == Op.BOOL:
            if node[1] == "not":
                return self._says_idle(key, body, graph.operands(node)[0], not polarity)
            # `loop and loop.is_running()`: that there is none is as good
            return any(self._says_idle(key, body, item, polarity) for item in graph.operands(node))
        site = graph.call(body, value)
        if site is None:
            return False
        asked = "is_closed" if polarity else "is_running"
        targets = callables(self._evaluator.evaluate(key, site.callee))
        return any(isinstance(method, ExternalMethod) and method.name == asked for method in targets)

    def _of_bool(self, key: Key, body: Body, node: tuple[object, ...], polarity: bool) -> int:
        operands = graph.operands(node)
        if node[1] == "not":
            return self.mask(key, body, operands[0], not polarity)
        masks = [self.mask(key, body, item, polarity) for item in operands]
        everyone = (node[1] == "and") == polarity  # all of them came out so, else at least one
        result = ALL_MODELS if everyone else 0
        for item in masks:
            result = result & item if everyone else result | item
        return result

    def _of_comparison(self, key: Key, body: Body, node: tuple[object, ...], polarity: bool) -> int:
        left, right = (graph.bare(body, side) for side in graph.operands(node))
        equal = (node[1] in _SAME) == polarity
        if self._threads.is_among(key, body, left, right):
            # on another thread than the one that owns this: not on its loop; else in none that it must ask
            return ALL_MODELS & ~_THREAD if equal else ~LOOP
        if node[1] in ("in", "not in"):
            return ALL_MODELS
        if body.values[right] == (Op.CONST, 0) and self._is_fork(key, body, left):
            return ~LOOP if equal else ALL_MODELS
        other = body.values[right]
        if other[0] == Op.CONST and other[1] is None and self._is_running_loop(key, body, left):
            return ~LOOP if equal else LOOP
        if other[0] == Op.CONST and isinstance(other[1], bool):
            return self.mask(key, body, left, other[1] == equal)
        if equal and any(self._is_running_loop(key, body, side) for side in (left, right)):
            return LOOP
        if other[0] == Op.CONST and other[1] is None and not equal:
            return self._where_made(key, body, graph.node(body, left))
        return ALL_MODELS

    def _where_made(self, key: Key, body: Body, node: graph.Node) -> int:
        """The models on which a value can be other than None, where it is what a call gives or None
        (`found = None if in_loop() else find()`): those that reach the call."""
        if node[0] != Op.PHI or key in self._active or len(self._active) >= _MAX_DEPTH:
            return ALL_MODELS
        mask = 0
        self._active.add(key)
        try:
            for part in graph.parts(node):
                if body.values[part] == (Op.CONST, None):
                    continue
                site = graph.call(body, graph.bare(body, part))
                mask |= self.where(key, body, site.region) if site is not None else ALL_MODELS
        finally:
            self._active.discard(key)
        return mask

    def _is_fork(self, key: Key, body: Body, value: int) -> bool:
        site = graph.call(body, value)
        return site is not None and self._calls(key, site, _FORKS)

    def _of_phi(self, key: Key, body: Body, node: tuple[object, ...], polarity: bool) -> int:
        """A loop or None; or a flag that a try block sets and its handlers clear, or the other way round:
        the first operand is what holds at the try block's end."""
        operands = tuple(graph.bare(body, part) for part in graph.parts(node))
        if self._are_loop_or_none(key, body, operands):
            return LOOP if polarity else ~LOOP
        flags = [body.values[item] for item in operands]
        if len(flags) == 2 and all(flag[0] == Op.CONST and isinstance(flag[1], bool) for flag in flags):
            tries = (number for number, item in enumerate(body.regions) if item.kind == RegionKind.TRY)
            if any(self.asks_for_loop(key, body, region) for region in tries):
                return ALL_MODELS if bool(flags[0][1]) == polarity else ~LOOP
        asked = graph.call(body, operands[0])
        others = [body.values[item] for item in operands[1:]]
        if asked is not None and all(item[0] == Op.CONST for item in others) and _is_tried(body, asked):
            return self._of_call(key, body, asked, polarity)  # the rest is for where asking fails
        return self._where_made(key, body, node) if polarity else ALL_MODELS

    def _of_call(self, key: Key, body: Body, site: Site, polarity: bool) -> int:
        if self._calls(key, site, _NONE_OFF_LOOP):
            return LOOP if polarity else ~LOOP
        if self._calls(key, site, _FORKS):
            return ALL_MODELS if polarity else ~LOOP
        if self._calls(key, site, _RAISES_OFF_LOOP):
            return LOOP if polarity else 0  # it gives a loop, which is true, or fails
        targets = callables(self._evaluator.evaluate(key, site.callee))
        for method in targets:
            if isinstance(method, ExternalMethod) and method.name == "is_running":
                return ALL_MODELS if polarity else ~LOOP
        return self._of_predicates(targets, polarity)

    def _of_name(self, key: Key, body: Body, value: int, polarity: bool) -> int:
        for tested in self._evaluator.evaluate(key, value).values:
            if isinstance(tested, External) and tested.dotted.endswith(".TYPE_CHECKING"):
                return 0 if polarity else ALL_MODELS
        node = body.values[value]
        if node[0] != Op.ATTR:
            return ALL_MODELS
        getters: list[Value] = []
        for base in self._evaluator.evaluate(key, graph.base(node)).values:
            if isinstance(base, Instance):
                getters += self._evaluator.classes.property_of(base.cls, str(node[2]), base)
        return self._of_predicates(getters, polarity)

    def _of_predicates(self, targets: list[Value], polarity: bool) -> int:
        """Where any of the functions can return something true (or false)."""
        if not targets or not all(isinstance(target, Function) for target in targets):
            return ALL_MODELS
        mask = 0
        for target in targets:
            assert isinstance(target, Function)
            mask |= self._of_returns(target.key, polarity)
        return mask

    def _of_returns(self, key: Key, polarity: bool) -> int:
        definition = self._evaluator.definition(key)
        body = self._evaluator.body(key)
        if (
            definition.kind != DefKind.FUNCTION
            or key in self._active
            or len(self._active) >= _MAX_DEPTH
            or not self._speaks_of_loops(key, body)
        ):
            return ALL_MODELS
        self._active.add(key)
        try:
            mask = 0
            for value, region in body.returns:
                mask |= self.mask(key, body, value, polarity) & self.where(key, body, region)
            return mask if body.returns else ALL_MODELS
        finally:
            self._active.discard(key)

    def _speaks_of_loops(self, key: Key, body: Body, depth: int = 0) -> bool:
        """Whether it is a short function that asks for the running loop, itself or through another one;
        the constants that other predicates return are no promise."""
        if len(body.sites) > _MAX_SITES:
            return False
        for site in body.sites:
            if site.kind != SiteKind.CALL:
                continue
            if self._calls(key, site, _ASKING) or self._threads.is_asked(key, site):
                return True
            for target in self._evaluator.evaluate(key, site.callee).values:
                if isinstance(target, ExternalMethod) and target.name == "is_running":
                    return True
                if (
                    isinstance(target, Function)
                    and depth < _MAX_DEPTH
                    and self._speaks_of_loops(target.key, self._evaluator.body(target.key), depth + 1)
                ):
                    return True
        return False

    def where(self, key: Key, body: Body, region: int) -> int:
        """The models that can reach a region, as far as handlers and tests around it say."""
        mask = ALL_MODELS
        for number in graph.around(body, region):
            mask &= self.of_region(key, body, number)
        return mask

    def of_region(self, key: Key, body: Body, number: int) -> int:
        """What the region's own handler or test says."""
        region = body.regions[number]
        if region.kind == RegionKind.EXCEPT:
            return ~LOOP if self._fails_to_ask(key, body, number) else ALL_MODELS
        if region.kind == RegionKind.TRY:
            return LOOP if self.asks_for_loop(key, body, number) else ALL_MODELS
        if region.kind == RegionKind.TRY_ELSE:
            return LOOP if self.asks_for_loop(key, body, region.extra) else ALL_MODELS
        if region.kind == RegionKind.AFTER_TRY:
            came = body.regions[region.extra]
            if came.kind == RegionKind.EXCEPT:
                return ~LOOP if self._fails_to_ask(key, body, region.extra) else ALL_MODELS
            return LOOP if self.asks_for_loop(key, body, region.extra) else ALL_MODELS
        if region.kind in (RegionKind.IF, RegionKind.AFTER):
            mask = self.mask(key, body, region.value, bool(region.extra))
            for value in denied_by_both(body, number):
                mask &= self.mask(key, body, value, False)
            return mask
        if region.kind == RegionKind.WHILE:
            return self.mask(key, body, region.value, True)
        return ALL_MODELS

    def _are_loop_or_none(self, key: Key, body: Body, operands: tuple[int, ...]) -> bool:
        loops = 0
        for item in operands:
            node = body.values[item]
            if node[0] == Op.CONST and node[1] in _EITHER:
                continue
            site = graph.call(body, item)
            if site is None or not self._calls(key, site, _RAISES_OFF_LOOP):
                return False
            loops += 1
        return 0 < loops < len(operands)

    def _is_running_loop(self, key: Key, body: Body, value: int) -> bool:
        """Whether the value is the running loop, or None where none runs."""
        value = graph.bare(body, value)
        site = graph.call(body, value)
        if site is not None:
            return self._calls(key, site, _NONE_OFF_LOOP) or self._gives_running_loop(key, site)
        node = graph.node(body, value)
        return node[0] == Op.PHI and self._are_loop_or_none(key, body, graph.parts(node))

    def _gives_running_loop(self, key: Key, site: Site) -> bool:
        """Whether the call is of a function of the program that returns the running loop, or None where
        asking for it fails."""
        targets = self._evaluator.evaluate(key, site.callee).values
        return bool(targets) and all(
            isinstance(target, Function) and self._returns_loop_or_none(target.key) for target in targets
        )

    def _returns_loop_or_none(self, key: Key) -> bool:
        is_function = self._evaluator.definition(key).kind == DefKind.FUNCTION
        if not is_function or key in self._active or len(self._active) >= _MAX_DEPTH:
            return False
        self._active.add(key)
        try:
            return self._all_return_loop_or_none(key, self._evaluator.body(key))
        finally:
            self._active.discard(key)

    def _all_return_loop_or_none(self, key: Key, body: Body) -> bool:
        loops = 0
        for value, region in body.returns:
            value = graph.bare(body, value)
            node = body.values[value] if value >= 0 else (Op.CONST, None)
            if node[0] == Op.CONST and node[1] is None:
                if self.where(key, body, region) & LOOP:
                    return False
                continue
            if not self._evaluator.definition(key).params:  # nothing but the loop itself decides
                value = _unless_closed(body, value)
            site = graph.call(body, value)
            if site is None or not self._calls(key, site, _FAILS_OFF_LOOP):
                return False
            loops += 1
        return loops > 0

    def _calls(self, key: Key, site: Site, names: frozenset[str]) -> bool:
        return may_be_one_of(self._evaluator, key, site.callee, names)


def _unless_closed(body: Body, value: int) -> int:
    """The loop of `None if loop.is_closed() else loop`: one that runs is not closed; any other value as it
    is."""
    node = graph.node(body, value)
    if node[0] != Op.PHI:
        return value
    others = [graph.bare(body, part) for part in graph.parts(node) if body.values[part] != (Op.CONST, None)]
    asked = (graph.node(body, site.callee) for site in body.sites)
    is_asked = len(others) == 1 and any(
        callee[-1] == "is_closed" and graph.bare(body, graph.base(callee)) == others[0] for callee in asked
    )
    return others[0] if is_asked else value


def _is_tried(body: Body, site: Site) -> bool:
    """Whether a site stands in a `try`."""
    return any(body.regions[number].kind == RegionKind.TRY for number in graph.around(body, site.region))
