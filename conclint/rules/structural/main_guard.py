"""CON603: processes that are started while a module is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import Function, is_module, unwrapped
from conclint.rules.advice.forms import Form
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.reports import Advice, found
from conclint.rules.structural.start_methods import POOLS, StartMethod, start_method, stated_in_module
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, RegionKind

_STARTS: Final = frozenset({"multiprocessing.Process.start", "multiprocessing.Manager"})
_SUBMITS: Final = frozenset({"concurrent.futures.Executor.submit", "concurrent.futures.Executor.map"})
_INTERPRETERS: Final = "concurrent.futures.InterpreterPoolExecutor"
_TESTS_PROCESS: Final = "multiprocessing."
_LINUX: Final = "Linux forks before 3.14, and a fork does not import the module again"
_SCRIPT: Final = "__main__.py"
_CONDITION: Final = "it stands under a condition"


def missing_main_guard(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON603: a process that is started by a module's own code, outside of `if __name__ == "__main__"`."""
    if not _is_import_time(code) or not code.calls:
        return
    if code.key[0].endswith((_SCRIPT, ".ipynb")) or stated_in_module(code) not in _IMPORTING:
        return
    for site, chain, habit in _starting(code, habits):
        if habit is Habit.USES_INTERPRETER and chain[-1].key[0] != code.key[0]:
            continue  # they import another module
        doubts = _guards(code, site)
        if doubts is None:
            continue
        started, model = "a process", ExecutionModel.PROCESS
        if habit is Habit.USES_INTERPRETER:
            started, model = "an interpreter", ExecutionModel.INTERPRETER
        elif view.runtime.version < (3, 14):
            doubts.append(_LINUX)
        name = short_name(chain[0].symbol)
        indirect = f": `{name}` starts one" if len(chain) > 1 else ""
        yield found(
            view,
            code,
            site,
            "CON603",
            f"{started} is started while the module is imported{indirect}; it imports it again",
            Advice(
                model,
                "start it in a function that is called under the guard.",
                Form.GUARD,
            ),
            cause=chain[-1].symbol,
            chain=chain,
            model=model,
            reasons=doubts,
        )
        return  # the first one fails; the rest is the same mistake


_IMPORTING: Final = (StartMethod.DEFAULT, StartMethod.SPAWN, StartMethod.FORKSERVER)


def detect_started_process(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the sites of a def that start a process."""
    for call in code.calls_to(POOLS | _STARTS | _SUBMITS):
        if call.names <= _SUBMITS:
            if not code.is_all(code.receiver(call.site), "concurrent.futures.ProcessPoolExecutor"):
                continue
        elif call.names <= POOLS and start_method(code, call) not in _IMPORTING:
            continue
        yield call.site, min(call.names)


def detect_used_interpreter(code: Code) -> Iterator[tuple[int, str]]:
    """For `Habits`: the sites that give a pool of interpreters a function of the same module: these import
    that."""
    for call in code.calls_to(_SUBMITS):
        if not (call.names <= _SUBMITS and code.is_all(code.receiver(call.site), _INTERPRETERS)):
            continue
        handed = [
            unwrapped(value)
            for placement in code.placements.get(call.site, ())
            for value in placement.callables.values
        ]
        if any(isinstance(value, Function) and value.key[0] == code.key[0] for value in handed):
            yield call.site, _INTERPRETERS


def _starting(code: Code, habits: Habits) -> Iterator[tuple[int, list[Hop], Habit]]:
    direct = {
        site: ([Hop(code.key, site, name)], habit)
        for habit, detect in _DETECTORS.items()
        for site, name in detect(code)
    }
    for call in code.calls.values():
        if call.site in direct:
            yield call.site, *direct[call.site]
        elif call.inside:
            for habit in _DETECTORS:
                chain = habits.chain(habit, call)
                if chain:
                    name = callable_name(code.evaluator, call.inside[0])
                    yield call.site, [Hop(code.key, call.site, name), *chain], habit


_DETECTORS: Final = {
    Habit.STARTS_PROCESS: detect_started_process,
    Habit.USES_INTERPRETER: detect_used_interpreter,
}


def _is_import_time(code: Code) -> bool:
    """Whether the def's code runs when the module is imported: the module's own, and its classes'."""
    if is_module(code.key):
        return True
    around = (code.key, *code.module.around(code.key))
    return all(code.module.definition(key).kind == DefKind.CLASS for key in around)


def _guards(code: Code, site: int) -> list[str] | None:
    """The doubts that the conditions around a site give; None where they ask whether it is the main module,
    or which process it is."""
    doubts: list[str] = []
    for number in code.around(code.body.sites[site].region):
        region = code.body.regions[number]
        if region.kind not in (RegionKind.IF, RegionKind.AFTER, RegionKind.WHILE, RegionKind.CASE):
            continue
        for value in code.made_from((region.value,)):
            node = code.body.values[value]
            if node == (Op.GLOBAL, "__name__"):
                return None
            call = code.calls.get(graph.called_site(node))
            if call is not None and any(name.startswith(_TESTS_PROCESS) for name in call.names):
                return None
        doubts.append(_CONDITION)
    return doubts
