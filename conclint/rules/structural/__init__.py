"""The few rules that are no cell of the decision guide: they look at how a module's code is built.

A structural rule is a function from a `ModuleView`, one def's `Code` and the `Habits` of functions to drafts,
made by `reports.found`, each with its own recommendation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from conclint.cost.cost_model import CostModel
from conclint.effects.solver import EffectSolver
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.awaiting import await_in_loop, task_awaited_at_once, to_thread_one_by_one
from conclint.rules.structural.code import Code
from conclint.rules.structural.coroutine_runs import asyncio_run_per_item, detect_run_loop
from conclint.rules.structural.forking import detect_left_thread, fork_after_threads
from conclint.rules.structural.function_traits import Detector, Habit, Habits
from conclint.rules.structural.given_patterns import GivenPatterns, match_of_given_pattern
from conclint.rules.structural.hints import hand_made_thread_list, sequential_cpu_map, sequential_http_calls
from conclint.rules.structural.locked_workers import lock_around_worker_body
from conclint.rules.structural.main_guard import (
    detect_started_process,
    detect_used_interpreter,
    missing_main_guard,
)
from conclint.rules.structural.per_request import pool_per_request
from conclint.rules.structural.pickling import unpicklable_argument, unpicklable_callable
from conclint.rules.structural.pools import (
    detect_any_made_pool,
    detect_made_pool,
    executor_per_item,
    pool_never_closed,
    single_worker_pool,
)
from conclint.rules.structural.process_costs import large_argument_again, many_tiny_tasks
from conclint.rules.structural.serial_work import (
    apply_in_loop,
    detect_joined_start,
    detect_waited_submit,
    join_right_after_start,
    result_right_after_submit,
)
from conclint.rules.structural.shared_state import shared_module_state
from conclint.rules.structural.unshared_locks import lock_of_another_process
from conclint.rules.structural.worker_objects import changed_worker_objects

_Rule: TypeAlias = Callable[[ModuleView, Code, Habits], Iterator[Draft]]

_RULES: Final[tuple[_Rule, ...]] = (
    result_right_after_submit,
    join_right_after_start,
    apply_in_loop,
    executor_per_item,
    pool_per_request,
    await_in_loop,
    task_awaited_at_once,
    asyncio_run_per_item,
    lock_around_worker_body,
    single_worker_pool,
    to_thread_one_by_one,
    unpicklable_callable,
    unpicklable_argument,
    missing_main_guard,
    fork_after_threads,
    shared_module_state,
    changed_worker_objects,
    lock_of_another_process,
    pool_never_closed,
)
_HINTS: Final[dict[str, _Rule]] = {
    "CON801": sequential_http_calls,
    "CON802": sequential_cpu_map,
    "CON803": hand_made_thread_list,
    "CON804": many_tiny_tasks,
    "CON805": large_argument_again,
}
"""Opt-in rules by code: not even looked for unless they are chosen."""
_DETECTORS: Final[dict[Habit, Detector]] = {
    Habit.WAITS_FOR_SUBMIT: detect_waited_submit,
    Habit.JOINS_START: detect_joined_start,
    Habit.MAKES_POOL: detect_made_pool,
    Habit.MAKES_ANY_POOL: detect_any_made_pool,
    Habit.LEAVES_THREAD: detect_left_thread,
    Habit.RUNS_LOOP: detect_run_loop,
    Habit.STARTS_PROCESS: detect_started_process,
    Habit.USES_INTERPRETER: detect_used_interpreter,
}


class StructuralJudge:
    """Judges modules by the structural rules; what it learns of functions it keeps from module to module."""

    def __init__(self, engine: EffectSolver, costs: CostModel, is_chosen: Callable[[str], bool]) -> None:
        self._rules = (*_RULES, *(rule for code, rule in _HINTS.items() if is_chosen(code)))
        self._habits = Habits(engine, costs, _DETECTORS)
        self._patterns = GivenPatterns(engine)

    def judge(self, view: ModuleView, code: Code) -> Iterator[Draft]:
        """All that the structural rules find in a function."""
        for rule in self._rules:
            yield from rule(view, code, self._habits)
        yield from match_of_given_pattern(view, code, self._patterns)
