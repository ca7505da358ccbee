"""How bad a finding on the event loop is, by the fact behind its primitive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Family, Weight
from conclint.model.severity import Severity
from conclint.resolve.arguments import StarItem, arguments_of, stated_argument
from conclint.resolve.values import Literal, ValueSet
from conclint.rules.chains import Hop
from conclint.rules.registry import Rule
from conclint.rules.small_files import is_small_file

_INDIRECT: Final = 2  # steps of a chain that leads through a helper
_YIELDS: Final = 0.001  # a sleep in seconds that is there to let other threads run
_FILES: Final = (Family.FILES, Family.CHEAP_FILES, Family.CONSOLE)


def severity_of_call(
    engine: EffectSolver, rule: Rule, fact: CallableFact | None, chain: Sequence[Hop]
) -> Severity:
    """By the measured time, by how long a sleep is, by where a database is; else the rule's own. A file that
    is opened once in the life of the program, nobody notices, nor a small one that a helper reads."""
    severity = _severity_of_fact(engine, rule, fact, chain)
    if fact is None or fact.family not in _FILES or fact.milliseconds is not None:
        return severity
    if severity is not Severity.WARNING or len(chain) < _INDIRECT:
        return severity
    key, number, _ = chain[-1]
    if any(_runs_once(engine, hop) for hop in chain[1:]):
        return Severity.INFO
    is_small = is_small_file(engine.evaluator, fact, key, engine.evaluator.body(key).sites[number])
    return Severity.INFO if is_small else severity


def _runs_once(engine: EffectSolver, hop: Hop) -> bool:
    """Whether the function that a step of a chain is in keeps what it returns, and takes no arguments."""
    evaluator = engine.evaluator
    is_cached = evaluator.decorations.of(hop.key).is_cached
    return is_cached and not evaluator.definition(hop.key).params


def _severity_of_fact(
    engine: EffectSolver, rule: Rule, fact: CallableFact | None, chain: Sequence[Hop]
) -> Severity:
    if fact is None:
        return rule.severity
    if fact.milliseconds is not None:
        return Severity.of_milliseconds(fact.milliseconds)
    if fact.family is Family.SLEEP:
        seconds = _constant_argument(engine, fact, chain[-1])
        if seconds is not None and seconds <= _YIELDS:
            return Severity.INFO
        return rule.severity if seconds is None else Severity.of_milliseconds(1000 * seconds)
    if fact.family is Family.DATABASE and fact.remote:
        return Severity.CRITICAL
    if fact.weight in (Weight.LIGHT, Weight.MODERATE):
        return min(rule.severity, Severity.WARNING)
    return rule.severity


def _constant_argument(engine: EffectSolver, fact: CallableFact, hop: Hop) -> float | None:
    """The first argument of the primitive's call, where it is one number."""
    key, number, _ = hop
    site = engine.evaluator.body(key).sites[number]
    arguments = arguments_of(key, site.args)
    if fact.signature:
        given = stated_argument(fact.signature, fact.signature[0].name, arguments)
    else:
        given = arguments.positional[0] if arguments.positional else None
    if given is None or isinstance(given, StarItem):
        return None
    known = given if isinstance(given, ValueSet) else engine.evaluator.passed(given)
    if known.incomplete or len(known.values) != 1 or not isinstance(known.values[0], Literal):
        return None
    value = known.values[0].value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
        return None
    return float(value)
