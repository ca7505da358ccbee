"""How bad a finding on the event loop is, by the fact behind its primitive."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from conclint.catalog.facts import CallableFact, EffectKind
from conclint.conditions.cold_paths import FIRST_TIME, NOW_AND_THEN
from conclint.conditions.failures import FAILED
from conclint.effects.solver import EffectSolver
from conclint.model.execution import Confidence, Family, Weight
from conclint.model.severity import Severity
from conclint.resolve.arguments import arguments_of, stated_argument
from conclint.rules.brief_commands import is_brief_command
from conclint.rules.brief_waits import is_asked_to_end, is_killed, most_of_wait
from conclint.rules.chains import Hop
from conclint.rules.client_files import is_called_by_library
from conclint.rules.file_openers import opening_of
from conclint.rules.registry import Rule
from conclint.rules.repeated_steps import is_repeated
from conclint.rules.small_files import is_of_one_file, is_small_file
from conclint.rules.sqlite_statements import is_small_statement
from conclint.rules.stated_numbers import number_of

_YIELDS: Final = 0.001  # a sleep in seconds that is there to let other threads run
_ENDED_WITH_PROGRAM: Final = frozenset(
    {
        "concurrent.futures.Executor.shutdown", "logging.handlers.QueueListener.stop",
        "multiprocessing.managers.BaseManager.shutdown",
    }
)  # fmt: skip
"""Ends of what a program makes once and keeps: in a function that ends something, they end the program."""
_ENDING: Final = re.compile(
    r"_*(?:\w+_)?(?:stop|close|aclose|shutdown|shut_down|terminate|teardown|tear_down|cleanup|clean_up|dispose"
    r"|finalize|finish|quit|exit|aexit|unload|del)(?:_\w+)?_*"
)
_BEGINNING: Final = re.compile(
    r"_*(?:async_|on_|do_|cog_|pre_|post_)?(?:start|startup|start_up|setup|set_up|init|initiali[sz]e|configure"
    r"|bootstrap|launch|boot|connect|login|load_config|load_settings|read_config|install|aenter)"
    r"(?:_(?:all|app|application|bot|client|config|configuration|db|database|server|service|services|settings"
    r"|storage|storages|logging|environment|components|plugins|modules))?_*"
)
_BUFFERED: Final = frozenset(
    f"{kind}.{method}"
    for kind in (
        "io.TextIOWrapper",
        "io.BufferedWriter",
        "io.BufferedRandom",
        "tempfile._TemporaryFileWrapper",
        "tempfile.SpooledTemporaryFile",
    )
    for method in ("write", "flush", "readline")
)
"""Calls of an open file that mostly go to its buffer, or to the system's."""
_FEW: Final = 5
"""Milliseconds for which nobody changes a call that is made once."""
_COMPUTING: Final = (EffectKind.COMPUTES_GIL, EffectKind.COMPUTES_NOGIL)
_FILES: Final = (Family.FILES, Family.CHEAP_FILES, Family.CONSOLE)


def severity_of_call(
    engine: EffectSolver,
    rule: Rule,
    fact: CallableFact | None,
    chain: Sequence[Hop],
    reasons: Sequence[str] = (),
) -> Severity:
    """By the measured time, by how long a sleep is, by where a database is; else the rule's own. A file that
    is opened once in the life of the program, or of an object, nobody notices, nor a small one, unless it is
    one of many."""
    severity = _severity_of_fact(engine, rule, fact, chain)
    is_served = not _ends(engine, chain[0]) and is_called_by_library(engine.evaluator, chain[0].key)
    ends = not is_served and any(_ends(engine, hop) for hop in chain)  # for a client, often
    if fact is not None and fact.name in _ENDED_WITH_PROGRAM and ends:
        return Severity.INFO
    if fact is not None and fact.family is Family.CONSOLE and any(_begins(engine, hop) for hop in chain):
        return Severity.INFO  # whoever starts the program is asked
    if fact is not None and is_killed(engine, fact, chain[-1]):
        return Severity.INFO
    if fact is not None and severity is Severity.CRITICAL:
        if is_brief_command(engine.evaluator, fact, chain[-1]):
            return Severity.WARNING
        severity = most_of_wait(engine, fact, chain)
        if ends and is_asked_to_end(engine, fact, chain):
            return Severity.INFO
    if severity is not Severity.WARNING or fact is None:
        return severity
    if any(reason.endswith(FIRST_TIME) for reason in reasons):
        return Severity.INFO  # under a second, once in the life of the program
    repeated = any(is_repeated(engine, hop) for hop in chain)
    if fact.family is Family.DATABASE and not repeated:
        is_seldom = fact.name.endswith(".rollback") or any(reason.endswith(FAILED) for reason in reasons)
        is_small = is_seldom or is_small_statement(engine.evaluator, fact, chain[-1])
        return Severity.INFO if is_small else severity
    if fact.milliseconds is not None:
        return Severity.INFO if fact.milliseconds < _FEW and not repeated else severity
    if fact.family not in _FILES:
        return severity
    if fact.name in _BUFFERED and not repeated:
        return Severity.INFO
    if any(_runs_once(engine, hop) for hop in chain[1:]):
        return Severity.INFO
    if repeated:
        return severity
    if is_of_one_file(fact) and (
        any(reason.endswith((NOW_AND_THEN, *FAILED)) for reason in reasons)
        or ends
        or any(_begins(engine, hop) for hop in chain)
    ):
        return Severity.INFO
    if (opened := opening_of(engine.evaluator, fact, chain[-1])) is not None:
        fact, chain = opened[0], (*chain[:-1], opened[1])
    return Severity.INFO if is_small_file(engine.evaluator, fact, chain) else severity


def _begins(engine: EffectSolver, hop: Hop) -> bool:
    """Whether the function of a step is, by its name, the beginning of what it belongs to: of more than the
    making of an object, of which there may be many."""
    name = engine.evaluator.definition(hop.key).name
    return not name.endswith("init__") and _BEGINNING.fullmatch(name) is not None


def _ends(engine: EffectSolver, hop: Hop) -> bool:
    """Whether the function of a step is, by its name, the end of what it belongs to."""
    return _ENDING.fullmatch(engine.evaluator.definition(hop.key).name) is not None


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
    is_unsure_of_size = fact.effect in _COMPUTING and fact.confidence < Confidence.HIGH
    if fact.weight in (Weight.LIGHT, Weight.MODERATE) or is_unsure_of_size:
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
    return number_of(engine.evaluator, given)
