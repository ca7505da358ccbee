"""From the effects of a package's functions to rows of a catalog file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from conclint.catalog.facts import EffectKind as Stated
from conclint.cost.cost_model import CostModel
from conclint.effects.effects import Effect, Kind, Witness
from conclint.effects.solver import EffectSolver
from conclint.learning.conditions import condition_of
from conclint.learning.public_api import Named
from conclint.model.execution import Confidence, Family
from conclint.resolve.arguments import Arguments
from conclint.resolve.calls import callable_name
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    Function,
    Instance,
    Key,
    Literal,
    ValueSet,
)
from conclint.rules.chains import hops
from conclint.summary.records import DefFlags, DefKind, ParamKind

_SPECIAL = ("__init__", "__enter__", "__exit__", "__iter__", "__next__", "__call__", "__getitem__")
_QUIET = Family.CHEAP_FILES.value
_MOMENTARY = frozenset({"threading.Lock.acquire", "threading.RLock.acquire"})


_TELLING = (Family.HTTP, Family.DATABASE, Family.SUBPROCESS, Family.SOCKETS, Family.QUEUES, Family.JOINS)


def _telling(pair: tuple[Effect, Witness]) -> tuple[int, int, tuple[int, int, int, str, str, int], str]:
    """Of several waits the surest, then what the function is there for: a client that sleeps between its
    attempts, or reads a file that it sends, makes a request."""
    effect, witness = pair
    family = Family(effect.family)
    place = _TELLING.index(family) if family in _TELLING else len(_TELLING)
    return (witness.assumptions, place, witness.rank, effect.family)


class Learned(NamedTuple):
    """One fact: the public name it is about, split at its owner, and the row that states it."""

    owner: str
    name: str
    row: dict[str, Any]

    @property
    def dotted(self) -> str:
        """The whole public name."""
        return f"{self.owner}.{self.name}"


class Learner:
    """Makes rows from what an engine has propagated. `least` is the lowest confidence that is stated."""

    def __init__(self, engine: EffectSolver, named: Iterable[Named], least: Confidence) -> None:
        self._engine = engine
        self._evaluator: Evaluator = engine.evaluator
        self._costs = CostModel(engine)
        self._names = {item.value.key: item.name for item in named}
        self._least = least

    def function(self, item: Named) -> Learned | None:
        """What is learned of a public function; None if it neither waits, computes, runs nor places."""
        assert isinstance(item.value, Function)
        row = self._row(item.value)
        owner, _, name = item.name.rpartition(".")
        return Learned(owner, name, row) if row is not None else None

    def methods(self, item: Named) -> Iterator[Learned]:
        """What is learned of a public class's methods, inherited ones from private bases included."""
        assert isinstance(item.value, Class)
        receiver = Instance(item.value)
        for name in self._method_names(item.value):
            for value in self._evaluator.classes.member(item.value, name, receiver).values:
                if isinstance(value, Function):
                    row = self._row(value)
                    if row is not None:
                        yield Learned(item.name, name, row)
                    break

    def bases(self, item: Named) -> list[str]:
        """The public names of the class's own bases, of this package or another."""
        assert isinstance(item.value, Class)
        found: list[str] = []
        for base in self._evaluator.classes.ancestry(item.value).classes[1:]:
            if isinstance(base, External):
                if not base.dotted.startswith("builtins."):
                    found.append(self._evaluator.catalog.canonical(base.dotted))
            elif base.key in self._names:
                found.append(self._names[base.key])
        return found

    def _method_names(self, cls: Class) -> list[str]:
        names: dict[str, None] = {}
        is_foreign = self._evaluator.program.finder.is_installed
        for base in self._evaluator.classes.ancestry(cls).classes:
            if not isinstance(base, Class) or is_foreign(base.key[0]):
                continue  # what another package gives its classes is that package's to state
            if base == cls or base.key not in self._names:
                for name in self._evaluator.classes.own_members(base):
                    if not name.startswith("_") or name in _SPECIAL:
                        names[name] = None
        return sorted(names)

    def _row(self, function: Function) -> dict[str, Any] | None:
        definition = self._evaluator.definition(function.key)
        if (
            definition.kind == DefKind.ASYNC_FUNCTION
            or self._evaluator.decorations.of(function.key).is_property
        ):
            return None
        if definition.flags & DefFlags.GENERATOR:
            return None  # it does nothing until it is iterated
        row = self._waits(function) or self._computes(function) or self._hands_on(function)
        if row is not None:
            returned = self._returns(function)
            if returned:
                row["returns"] = returned
        return row

    def _waits(self, function: Function) -> dict[str, Any] | None:
        found = [
            (effect, witness)
            for effect, witness in self._engine.effects_of(function.key).items()
            if effect.kind is Kind.WAITS and effect.family != _QUIET
        ]
        for effect, witness in sorted(found, key=_telling):
            condition = self._condition(function, effect)
            doubt = 1 if condition is None else 0
            if witness.cause in _MOMENTARY:
                doubt = 2  # most locks that a library keeps are held for a moment
            confidence = Confidence.of_assumptions(witness.assumptions + doubt)
            if confidence >= self._least:
                row: dict[str, Any] = {
                    "effect": Stated.WAITS.value,
                    "family": effect.family,
                    **(condition or {}),
                }
                return self._stated(row, function, witness, confidence)
        return None

    def _condition(self, function: Function, effect: Effect) -> dict[str, Any] | None:
        """The argument on which the wait depends, as keys of a row; empty for a wait that is always there,
        None where the schema can't say it."""
        depends = effect.dependence
        if depends is None:
            return {}
        parameter = depends.parameter
        signature = self._signature(function)
        if parameter.key != function.key or parameter.attributes or signature is None:
            return None
        definition = self._evaluator.definition(function.key)
        stated = definition.params[parameter.position]
        condition = condition_of(depends, stated.name, self._known_default(function, stated.default))
        return {"signature": signature, **condition} if condition is not None else None

    def _computes(self, function: Function) -> dict[str, Any] | None:
        cost = self._costs.of_call(function, Arguments(spread=True), False)
        if not cost.is_sure or cost.opaque or cost.native:
            return None
        worker = cost.known or self._symbol(cost.worker or function.key)
        return {
            "effect": Stated.COMPUTES_GIL.value,
            "source": f"some {cost.operations:.0e} operations in {worker}",
        }

    def _hands_on(self, function: Function) -> dict[str, Any] | None:
        """A wrapper: it runs one of its parameters, or hands it to a model."""
        signature = self._signature(function)
        if signature is None:
            return None
        definition = self._evaluator.definition(function.key)
        found: list[tuple[Effect, Witness]] = [
            (effect, witness)
            for effect, witness in self._engine.effects_of(function.key).items()
            if effect.parameter is not None
            and effect.parameter.key == function.key
            and not effect.parameter.attributes
            and effect.kind in (Kind.CALLS, Kind.PLACES)
        ]
        if len(found) != 1:  # several parameters, or one that runs here or there: the schema states neither
            return None
        effect, witness = found[0]
        parameter = definition.params[effect.parameter.position if effect.parameter else 0].name
        row: dict[str, Any] = {"signature": signature, "callable": parameter, "arguments": "none"}
        if effect.kind is Kind.CALLS:
            row["effect"] = Stated.CALLS.value
        elif effect.model is not None:
            row |= {"effect": Stated.PLACES.value, "model": effect.model.value, "style": effect.family}
        else:
            return None
        confidence = Confidence.of_assumptions(witness.assumptions)
        return self._stated(row, function, witness, confidence) if confidence >= self._least else None

    def _stated(
        self, row: dict[str, Any], function: Function, witness: Witness, confidence: Confidence
    ) -> dict[str, Any]:
        if confidence is not Confidence.HIGH:
            row["confidence"] = confidence.label
        chain = [
            self._symbol(function.key),
            *(hop.symbol for hop in hops(self._engine, function.key, witness)),
        ]
        return {**row, "source": " > ".join(chain)}

    def _symbol(self, key: Key) -> str:
        return callable_name(self._evaluator, Function(key))

    def _signature(self, function: Function) -> str | None:
        """The parameters as callers see them; None where one can't be written in the schema."""
        definition = self._evaluator.definition(function.key)
        params = definition.params[1:] if function.receiver is not None else definition.params
        parts: list[str] = []
        starred = False
        for param in params:
            if param.kind == ParamKind.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            prefix = {ParamKind.STAR: "*", ParamKind.DOUBLE_STAR: "**"}.get(param.kind, "")
            starred = starred or param.kind == ParamKind.STAR
            default = self._default(function, param.default)
            parts.append(f"{prefix}{param.name}{default}")
        return ", ".join(parts)

    def _default(self, function: Function, default: int) -> str:
        if default < 0:
            return ""
        known = self._known_default(function, default)
        text = repr(known.value) if known is not None else ""
        return f"={text}" if text and "," not in text and "=" not in text else "=..."

    def _known_default(self, function: Function, default: int) -> Literal | None:
        if default < 0:
            return None
        known = self._evaluator.evaluate(self._evaluator.scope(function.key), default).values
        return known[0] if len(known) == 1 and isinstance(known[0], Literal) else None

    def _returns(self, function: Function) -> str | None:
        """The public name of the class of which it returns an instance, where that is sure."""
        found: ValueSet = self._evaluator.results.returned(function, None)
        if len(found.values) != 1 or found.incomplete:
            return None
        value = found.values[0]
        if isinstance(value, Instance):
            return self._names.get(value.cls.key)
        if isinstance(value, ExternalInstance) and not value.dotted.startswith("builtins."):
            return value.dotted
        return None
