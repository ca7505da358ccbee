"""The concurrency map: which functions run on which execution models, and what they do there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import pairwise

from conclint.model.execution import ExecutionModel
from conclint.model.finding import Finding


class EdgeKind(Enum):
    """How one function leads to another."""

    CALL = "call"  # runs it here and now
    AWAIT = "await"  # starts it as a coroutine
    PLACE = "place"  # hands it to an execution model


@dataclass(frozen=True, slots=True, order=True)
class MapEdge:
    """One function leading to another; `model` is where a placed one goes, `by` what places it.
    `is_external`: what is called is of a library or the standard library."""

    caller: str
    callee: str
    kind_value: str
    model_value: str
    by: str
    line: int
    is_external: bool = False

    @property
    def kind(self) -> EdgeKind:
        """How it leads there."""
        return EdgeKind(self.kind_value)

    @property
    def model(self) -> ExecutionModel | None:
        """The model that a placed function goes to."""
        return ExecutionModel(self.model_value) if self.model_value else None


@dataclass(frozen=True, slots=True)
class ReachedModel:
    """A model that a function runs on, and the symbol of the function that brought it there; None where it
    runs there by itself (a coroutine, a method that a library calls)."""

    model: ExecutionModel
    source: str | None


@dataclass(frozen=True, slots=True)
class MapEffect:
    """What a function does, itself or through what it calls: `kind` and `family` as in findings, `cause`
    the primitive's public name."""

    kind: str
    family: str
    cause: str


@dataclass(frozen=True, slots=True, order=True)
class MapProblem:
    """What is reported in a function: the rule's code, the line, and the primitive's public name, if any."""

    line: int
    code: str
    cause: str


@dataclass(frozen=True, slots=True)
class MapFunction:
    """One function. `path` is as shown in findings; `models` is empty where nothing brings it to an event
    loop, a thread, a process or an interpreter: it runs where its callers run. `problems` are the findings
    that stand in it."""

    symbol: str
    path: str
    line: int
    is_coroutine: bool
    models: tuple[ReachedModel, ...]
    effects: tuple[MapEffect, ...]
    problems: tuple[MapProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class ConcurrencyMap:
    """The functions, ordered by path, line and symbol, and the edges between them, in order. `steps` are the
    pairs of caller and callee that the chains of findings pass."""

    functions: tuple[MapFunction, ...]
    edges: tuple[MapEdge, ...]
    steps: Set[tuple[str, str]] = field(default_factory=frozenset)

    def with_problems(self, findings: Iterable[Finding]) -> ConcurrencyMap:
        """The same, with what is reported in the functions."""
        problems: dict[tuple[str, str], set[MapProblem]] = {}
        steps: set[tuple[str, str]] = set()
        for finding in findings:
            if not finding.symbol:
                continue
            problem = MapProblem(finding.position.line, finding.code, finding.cause or "")
            problems.setdefault((finding.path, finding.symbol), set()).add(problem)
            symbols = [finding.symbol, *(step.symbol for step in finding.chain)]
            steps.update(pairwise(symbols))
        functions = (
            replace(item, problems=tuple(sorted(problems.get((item.path, item.symbol), ()))))
            for item in self.functions
        )
        return replace(self, functions=tuple(functions), steps=frozenset(steps))

    def reached(self) -> ConcurrencyMap:
        """The part that runs on some model, and what leads there."""
        placing = {edge.caller for edge in self.edges if edge.kind is EdgeKind.PLACE}
        return self.part(
            item.symbol for item in self.functions if item.models or item.problems or item.symbol in placing
        )

    def only_problems(self) -> ConcurrencyMap:
        """The functions with a finding, and those on the way to its cause."""
        found = self.part(
            {item.symbol for item in self.functions if item.problems}
            | {symbol for step in self.steps for symbol in step}
        )
        edges = tuple(
            edge for edge in found.edges if (edge.caller, edge.callee) in self.steps or edge.is_external
        )
        return replace(found, edges=edges)

    def around(self, symbol: str, depth: int | None = None) -> ConcurrencyMap:
        """The function, its callers and what it leads to, at most so many calls away."""
        callees, callers = self._steps(forwards=True), self._steps(forwards=False)
        return self.part({*_within([symbol], callees, depth), *_within([symbol], callers, depth)})

    def within(self, depth: int) -> ConcurrencyMap:
        """What is at most so many calls away from a function that no other one calls."""
        called = {edge.callee for edge in self.edges if edge.kind is not EdgeKind.PLACE}
        starts = [item.symbol for item in self.functions if item.symbol not in called]
        return self.part(_within(starts, self._steps(forwards=True), depth))

    def by_weight(self) -> list[str]:
        """The symbols, those first that should be seen: functions with findings, those on the way to their
        causes, then what is nearest to these."""
        bad = [item.symbol for item in self.functions if item.problems]
        on_way = [symbol for step in sorted(self.steps) for symbol in step]
        near: dict[str, set[str]] = {}
        for steps in (self._steps(forwards=True), self._steps(forwards=False)):
            for symbol, others in steps.items():
                near.setdefault(symbol, set()).update(others)
        known = {item.symbol for item in self.functions}
        order = _within(list(dict.fromkeys([*bad, *on_way])), near, None)
        order.update(dict.fromkeys(item.symbol for item in self.functions))
        return [symbol for symbol in order if symbol in known]

    def part(self, symbols: Iterable[str]) -> ConcurrencyMap:
        """The functions with these symbols, and the edges between them."""
        kept = set(symbols)
        return replace(
            self,
            functions=tuple(item for item in self.functions if item.symbol in kept),
            edges=tuple(
                edge
                for edge in self.edges
                if edge.caller in kept and (edge.callee in kept or edge.is_external)
            ),
        )

    def _steps(self, *, forwards: bool) -> dict[str, set[str]]:
        steps: dict[str, set[str]] = {}
        for edge in self.edges:
            start, end = (edge.caller, edge.callee) if forwards else (edge.callee, edge.caller)
            steps.setdefault(start, set()).add(end)
        return steps


def _within(starts: Iterable[str], steps: Mapping[str, set[str]], depth: int | None) -> dict[str, None]:
    """What the steps lead to from the starts, the nearest first."""
    found = dict.fromkeys(starts)
    last = list(found)
    while last and depth != 0:
        last = [end for start in last for end in sorted(steps.get(start, ())) if end not in found]
        last = list(dict.fromkeys(last))
        found.update(dict.fromkeys(last))
        depth = depth - 1 if depth is not None else None
    return found
