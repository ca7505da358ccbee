"""The concurrency map: which functions run on which execution models, and what they do there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from conclint.model.execution import ExecutionModel


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


@dataclass(frozen=True, slots=True)
class MapFunction:
    """One function. `path` is as shown in findings; `models` is empty where nothing brings it to an event
    loop, a thread, a process or an interpreter: it runs where its callers run."""

    symbol: str
    path: str
    line: int
    is_coroutine: bool
    models: tuple[ReachedModel, ...]
    effects: tuple[MapEffect, ...]


@dataclass(frozen=True, slots=True)
class ConcurrencyMap:
    """The functions, ordered by path, line and symbol, and the edges between them, in order."""

    functions: tuple[MapFunction, ...]
    edges: tuple[MapEdge, ...]

    def reached(self) -> ConcurrencyMap:
        """The part that runs on some model, and what leads there."""
        placing = {edge.caller for edge in self.edges if edge.kind is EdgeKind.PLACE}
        return self._part(item.symbol for item in self.functions if item.models or item.symbol in placing)

    def around(self, symbol: str) -> ConcurrencyMap:
        """The function, all its callers and all that it leads to, at any distance."""
        kept = {symbol}
        for forwards in (True, False):
            steps: dict[str, set[str]] = {}
            for edge in self.edges:
                start, end = (edge.caller, edge.callee) if forwards else (edge.callee, edge.caller)
                steps.setdefault(start, set()).add(end)
            todo, seen = [symbol], {symbol}
            while todo:
                for following in steps.get(todo.pop(), set()) - seen:
                    seen.add(following)
                    todo.append(following)
            kept |= seen
        return self._part(kept)

    def _part(self, symbols: Iterable[str]) -> ConcurrencyMap:
        kept = set(symbols)
        return ConcurrencyMap(
            tuple(item for item in self.functions if item.symbol in kept),
            tuple(
                edge
                for edge in self.edges
                if edge.caller in kept and (edge.callee in kept or edge.is_external)
            ),
        )
