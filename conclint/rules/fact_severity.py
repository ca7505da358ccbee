"""How bad a finding on the event loop is, by the fact behind its primitive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.conditions.cold_paths import FIRST_TIME
from conclint.effects.cached_functions import ONLY_FIRST_CALL
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Family, Weight
from conclint.model.severity import Severity
from conclint.resolve.arguments import StarItem, arguments_of, stated_argument
from conclint.resolve.values import Literal, ValueSet
from conclint.rules.chains import Hop
from conclint.rules.registry import Rule

ONCE: Final = (FIRST_TIME, ONLY_FIRST_CALL)
"""How the reasons end that say that something is done the first time only."""


def severity_of_call(
    engine: EffectSolver, rule: Rule, fact: CallableFact | None, chain: Sequence[Hop], reasons: Sequence[str]
) -> Severity:
    """By the measured time, by how long a sleep is, by where a database is; else the rule's own. What takes
    less than a second and is done the first time only, nobody notices."""
    severity = _severity_of_fact(engine, rule, fact, chain)
    is_once = any(reason.endswith(ONCE) for reason in reasons)
    return Severity.INFO if is_once and severity is Severity.WARNING else severity


def _severity_of_fact(
    engine: EffectSolver, rule: Rule, fact: CallableFact | None, chain: Sequence[Hop]
) -> Severity:
    if fact is None:
        return rule.severity
    if fact.milliseconds is not None:
        return Severity.of_milliseconds(fact.milliseconds)
    if fact.family is Family.SLEEP:
        seconds = _constant_argument(engine, fact, chain[-1])
        return rule.severity if seconds is None else Severity.of_milliseconds(1000 * seconds)
    if fact.family is Family.DATABASE and fact.remote:
        return Severity.CRITICAL
    if fact.weight is Weight.LIGHT:
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
