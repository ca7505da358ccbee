"""Judging: the forbidden pairs of execution model and effect in the asked modules, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from conclint.catalog.facts import CallableFact
from conclint.link.calls import callable_name
from conclint.link.program import Module
from conclint.link.values import Class as ClassValue
from conclint.link.values import External, Function, Instance, Key, Partial, Value
from conclint.model.execution import Confidence, EffectKind, ExecutionModel
from conclint.model.finding import Finding, Step
from conclint.model.summary import Assertion, DefKind
from conclint.propagate.cost import HEAVY, Cost, CostModel
from conclint.propagate.effects import Effects, Kind, Placement, Witness
from conclint.propagate.engine import Engine, placed_functions
from conclint.rules.chains import Hop, hops, position_of
from conclint.rules.guide import guide, rule_for
from conclint.rules.recommend import AsyncLibrary
from conclint.rules.registry import Rule

_LOOP = ExecutionModel.EVENT_LOOP
_WAIT_WORDS = {
    "http": "an HTTP request",
    "sleep": "a blocking sleep",
    "subprocess": "waiting for a subprocess",
    "files": "file access",
    "database": "a database call",
    "sockets": "a blocking socket, TLS or DNS call",
    "locks": "waiting for a lock",
    "queues": "waiting for a queue",
    "joins": "waiting for another thread, process or future",
    "console": "waiting for console input",
    "other": "a blocking call",
    "cheap-files": "a file-system call",
}
_FAR = (5, 8)
_CONDITIONS = (3, 6)
"""Beyond these numbers of calls and of conditions a chain is a step less sure each."""
_STYLE_CONFIDENCE = {"offload": 1}
_UNSIZED = "how far it counts is not known"
_OFFLOADED = "moving it off the event loop keeps the loop alive, which may be all that is wanted"


class Draft(NamedTuple):
    """A finding before its recommendation is written: with what the recommendation needs."""

    finding: Finding
    path: str
    fact: CallableFact | None
    cause_receiver: str
    direct: bool
    callable_name: str
    library: AsyncLibrary


class Judge:
    """Judges the modules that were asked for. `shown` gives the path as reported."""

    def __init__(self, engine: Engine, shown: Callable[[str], str]) -> None:
        self._engine = engine
        self._evaluator = engine.evaluator
        self._costs = CostModel(engine)
        self._shown = shown

    def roots(self, path: str) -> list[Key]:
        """The functions of a module whose sites must be looked at: all of them."""
        module = self._evaluator.program.module(path)
        if module is None:
            return []
        return [(path, index) for index in range(len(module.summary.defs))]

    def judge_module(self, path: str) -> list[Draft]:
        """All that is wrong in one module, unfiltered, in order of defs and sites."""
        module = self._evaluator.program.module(path)
        if module is None:
            return []
        drafts: list[Draft] = []
        placements: dict[Key, list[Placement]] = {}
        effects: dict[Key, list[Effects]] = {}
        for index in range(len(module.summary.defs)):
            key = (path, index)
            placements[key] = []
            effects[key] = [
                self._engine.site_effects(key, link, placements[key]) for link in self._engine.links(key)
            ]
        on_loop = self._on_loop(module, placements)
        for key, found in effects.items():
            definition = module.definition(key[1])
            if key in on_loop and definition.assertion != Assertion.NONBLOCKING:
                for site_effects in found:
                    drafts.extend(self._waits(module, key, site_effects))
            for placement in placements[key]:
                drafts.extend(self._placed(module, key, placement, on_loop))
        return drafts

    # -- what runs on the loop by itself ----------------------------------------------------------

    def _on_loop(self, module: Module, placements: dict[Key, list[Placement]]) -> set[Key]:
        found: set[Key] = set()
        for index, definition in enumerate(module.summary.defs):
            if definition.kind == DefKind.ASYNC_FUNCTION:
                found.add((module.path, index))
            elif definition.kind == DefKind.CLASS:
                found.update(self._loop_methods(module, index))
        for items in placements.values():
            for placement in items:
                if placement.model is _LOOP and placement.style == "callback":
                    found.update(key for key in placed_functions(placement) if key[0] == module.path)
        return found

    def _loop_methods(self, module: Module, index: int) -> Iterator[Key]:
        """The methods of a class that a library calls on the loop (asyncio.Protocol)."""
        cls = ClassValue((module.path, index))
        for base in self._evaluator.classes.ancestry(cls).classes:
            if not isinstance(base, External):
                continue
            for fact in self._evaluator.catalog.ancestry(base.dotted):
                for runs in fact.runs:
                    if runs.model is not _LOOP:
                        continue
                    for name in runs.methods:
                        for value in self._evaluator.classes.method(cls, name, Instance(cls)).values:
                            if isinstance(value, Function) and value.key[0] == module.path:
                                yield value.key

    # -- waits on the event loop ------------------------------------------------------------------

    def _waits(self, module: Module, key: Key, effects: Effects) -> Iterator[Draft]:
        for effect, witness in effects.items():
            if effect.kind is not Kind.WAITS or not effect.mask & _LOOP.bit:
                continue
            rule = rule_for(EffectKind.WAITS, _LOOP, effect.family)
            if rule is None:
                continue
            depends = effect.dependence
            if depends is not None and depends.is_doubtful and not depends.is_branch:
                witness = witness._replace(
                    assumptions=witness.assumptions + 1,
                    reasons=(*witness.reasons, "it blocks for some values of an argument only"),
                )
            yield self._wait_draft(module, key, rule, effect.family, witness)

    def _wait_draft(self, module: Module, key: Key, rule: Rule, family: str, witness: Witness) -> Draft:
        witness = _doubting(witness)
        chain = hops(self._engine, key, witness)
        direct = len(chain) == 1
        what = _WAIT_WORDS[family]
        if direct:
            message = f"`{witness.cause}` blocks the event loop ({what})"
        else:
            first = _short(chain[0].symbol)
            message = f"`{first}` blocks the event loop: it leads to `{witness.cause}` ({what})"
        return self._draft(
            module, key, rule, message, chain, witness, EffectKind.WAITS, _LOOP, family, witness.cause
        )

    def _draft(
        self,
        module: Module,
        key: Key,
        rule: Rule,
        message: str,
        chain: list[Hop],
        witness: Witness,
        effect: EffectKind,
        model: ExecutionModel,
        family: str,
        cause: str | None,
    ) -> Draft:
        position, logical = position_of(module, key[1], chain[0].site)
        confidence = Confidence.of_assumptions(witness.assumptions)
        finding = Finding(
            code=rule.code,
            name=rule.name,
            message=message,
            path=self._shown(module.path),
            position=position,
            symbol=module.symbol(key[1]),
            confidence=confidence,
            model=model,
            effect=effect,
            family=family,
            cause=cause,
            chain=tuple(self._step(hop) for hop in chain),
            reasons=tuple(dict.fromkeys(witness.reasons)),
            logical_line=logical,
            source_hash=module.summary.source_hash,
        )
        fact = self._fact(cause) if cause else None
        receiver = cause.rsplit(".", 1)[0] if cause and "." in cause else ""
        return Draft(finding, module.path, fact, receiver, len(chain) == 1, chain[0].symbol, _library(module))

    def _fact(self, cause: str) -> CallableFact | None:
        return self._evaluator.catalog.function(cause)

    def _step(self, hop: Hop) -> Step:
        module = self._evaluator.module(hop.key[0])
        position, _ = position_of(module, hop.key[1], hop.site)
        return Step(hop.symbol, self._shown(module.path), position.line, position.column)

    # -- computing in threads ---------------------------------------------------------------------

    def _placed(self, module: Module, key: Key, placement: Placement, on_loop: set[Key]) -> Iterator[Draft]:
        if placement.model is _LOOP:
            yield from self._placed_on_loop(module, key, placement, on_loop)
        if placement.model is not ExecutionModel.THREAD:
            return
        cell = guide()[EffectKind.COMPUTES_GIL.value, ExecutionModel.THREAD]
        rule = rule_for(EffectKind.COMPUTES_GIL, ExecutionModel.THREAD, placement.style)
        if rule is None or cell.verdict != "bad":
            return
        values = placement.callables.values
        costs = [self._computes(value, placement) for value in values]
        if not costs or any(cost is None for cost in costs):
            return  # report only what every candidate forbids
        cost = costs[0]
        assert cost is not None
        reasons = list(placement.callables.reasons)
        if placement.callables.partial:
            reasons.append("what is handed over may be something else too")
        if cost.operations < HEAVY:
            reasons.append(_UNSIZED)
            if cost.unsized < 2:
                reasons.append("it may take only a moment")
        reasons += [_OFFLOADED] * _STYLE_CONFIDENCE.get(placement.style, 0)
        yield self._compute_draft(module, key, placement, rule, values[0], cost, reasons)

    def _computes(self, value: Value, placement: Placement) -> Cost | None:
        """The cost, where the callable computes for long and does nothing else that would count."""
        target = value
        while isinstance(target, Partial):
            target = target.target
        if not isinstance(target, Function):
            return None
        definition = self._evaluator.module(target.key[0]).definition(target.key[1])
        if definition.kind == DefKind.ASYNC_FUNCTION:
            return None
        for effect in self._engine.effects_of(target.key):
            if effect.kind is Kind.WAITS and effect.family != "cheap-files":
                return None
            if effect.kind is Kind.COMPUTES_NOGIL:
                return None
        cost = self._costs.of_call(value, placement.arguments, placement.each)
        if (
            cost.opaque
            or cost.native
            or (cost.operations < HEAVY and not cost.unsized and cost.over_data < 2)
        ):
            return None
        return cost

    def _compute_draft(
        self,
        module: Module,
        key: Key,
        placement: Placement,
        rule: Rule,
        value: Value,
        cost: Cost,
        reasons: list[str],
    ) -> Draft:
        name = callable_name(self._evaluator, value)
        much = f" (some {_round(cost.operations)} operations)" if cost.operations >= HEAVY else ""
        gain = (
            "moving it to a thread makes nothing faster"
            if placement.style == "offload"
            else ("threads give it no speed-up")
        )
        message = f"`{_short(name)}` computes in pure Python{much}: {gain} while the GIL is held"
        chain = [Hop(key, placement.site, name)]
        for hop_key, site in cost.chain:
            inner = self._engine.links(hop_key)
            target = next((item for item in inner if item.site == site), None)
            if target is not None and target.groups:
                symbol = callable_name(self._evaluator, target.groups[0][0].value)
                chain.append(Hop(hop_key, site, symbol))
        witness = Witness(len(reasons), len(chain), name, placement.site, name, tuple(reasons))
        worker = cost.worker
        cause = self._evaluator.module(worker[0]).symbol(worker[1]) if worker else name
        draft = self._draft(
            module, key, rule, message, chain, witness,
            EffectKind.COMPUTES_GIL, ExecutionModel.THREAD, placement.style, cause,
        )  # fmt: skip
        return draft._replace(fact=None, callable_name=name)

    # -- callables that a wrapper runs on the loop --------------------------------------------------

    def _placed_on_loop(
        self, module: Module, key: Key, placement: Placement, on_loop: set[Key]
    ) -> Iterator[Draft]:
        """What is bound here and runs on the loop: reported here, unless its own file can see it."""
        for value in placement.callables.values:
            target = value
            while isinstance(target, Partial):
                target = target.target
            if isinstance(target, Function):
                if target.key in on_loop:
                    continue
                definition = self._evaluator.module(target.key[0]).definition(target.key[1])
                if definition.kind == DefKind.ASYNC_FUNCTION:
                    continue
                for effect, inner in self._engine.effects_of(target.key).items():
                    if effect.kind is not Kind.WAITS or not effect.mask & _LOOP.bit:
                        continue
                    rule = rule_for(EffectKind.WAITS, _LOOP, effect.family)
                    if rule is None:
                        continue
                    name = callable_name(self._evaluator, target)
                    witness = Witness(
                        inner.assumptions + len(placement.callables.reasons) + placement.callables.partial,
                        inner.length + 1,
                        name,
                        placement.site,
                        inner.cause,
                        (*placement.callables.reasons, *inner.reasons),
                        (target.key, effect),
                    )
                    yield self._wait_draft(module, key, rule, effect.family, witness)


def _library(module: Module) -> AsyncLibrary:
    """The async library that a module speaks: what it imports, asyncio if in doubt."""
    tops = {item.module.split(".", 1)[0] for item in module.summary.imports if not item.level}
    if "asyncio" in tops:
        return AsyncLibrary.ASYNCIO
    if "trio" in tops:
        return AsyncLibrary.TRIO
    return AsyncLibrary.ANYIO if "anyio" in tops else AsyncLibrary.ASYNCIO


def _doubting(witness: Witness) -> Witness:
    """The witness with a doubt for each thing that makes it likely that some branch on the way rules the
    chain out: many calls, many conditions."""
    doubts = [f"it is {witness.length} calls away"] * sum(witness.length > far for far in _FAR)
    many = [f"it takes {witness.conditions} conditions on the way"]
    doubts += many * sum(witness.conditions > count for count in _CONDITIONS)
    return witness._replace(
        assumptions=witness.assumptions + len(doubts), reasons=(*witness.reasons, *doubts)
    )


def _short(symbol: str) -> str:
    """The last two parts of a dotted name."""
    return ".".join(symbol.rsplit(".", 2)[-2:]) if symbol.count(".") > 1 else symbol


def _round(operations: float) -> str:
    if operations >= 1e12:
        return "10^" + str(len(str(int(min(operations, 1e300)))) - 1)
    digits = max(0, len(str(int(operations))) - 2)
    return f"{round(operations / 10**digits) * 10**digits:,.0f}"


def wrapper_names(engine: Engine) -> set[str]:
    """The names of functions that place a parameter: words that make a file a root."""
    names: set[str] = set()
    for key, effects in engine.all_effects():
        if any(effect.kind is Kind.PLACES for effect in effects):
            module = engine.evaluator.module(key[0])
            definition = module.definition(key[1])
            reachable = module.definition(definition.parent).kind in (DefKind.MODULE, DefKind.CLASS)
            if reachable and definition.kind != DefKind.LAMBDA and not definition.name.startswith("__"):
                names.add(definition.name)
    return names
