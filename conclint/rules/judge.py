"""Judging: the forbidden pairs of execution model and effect in the asked modules, as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeAlias

from conclint.cost.cost_model import CostModel
from conclint.cost.worker_profile import WorkerProfiles
from conclint.effects.effects import CALLED, Effect, Effects, Kind, Placement
from conclint.effects.solver import EffectSolver
from conclint.model.execution import ExecutionModel
from conclint.model.runtime import Runtime
from conclint.resolve.program import Module
from conclint.resolve.values import Key, is_module
from conclint.rules.bound_calls import effects_in_coroutines
from conclint.rules.chains import position_of
from conclint.rules.crossed.judge import crossed_in, crossed_in_module, without_replaced
from conclint.rules.crossed.on_loop import crossed_in_callback, crossed_on_loop
from conclint.rules.crossed.thread_locals import ThreadLocals
from conclint.rules.drafts import Draft, ModuleView, doubted
from conclint.rules.entry_points import Starts, find_starts
from conclint.rules.event_loop import effects_of_bound, effects_on_loop
from conclint.rules.fetched_json import parsed_answers
from conclint.rules.given_objects import GivenObjects
from conclint.rules.held_parts import effects_of_parts
from conclint.rules.memos import AdviceMemos
from conclint.rules.never_awaits import coroutines_that_never_await
from conclint.rules.own_computing import computing_on_loop
from conclint.rules.processes import waiting_in_processes
from conclint.rules.program_entries import Entries, ProgramEntries
from conclint.rules.registrations import decorated
from conclint.rules.structural import StructuralJudge
from conclint.rules.structural.code import Code
from conclint.rules.threads import computing_in_threads
from conclint.source.notebook import Notebook
from conclint.summary.records import Assertion, DefKind

_Given = ParamSpec("_Given")
Part: TypeAlias = Callable[[Callable[[], list[Draft]]], list[Draft]]

_BESIDE = "in a notebook's cell it stops only what runs beside the cell"


class Judge:
    """Judges the modules that were asked for. `shown` gives the path as reported, `notebook` the cells of
    a module that is a notebook, `runtime_of` the Python that a file (by its shown path) runs on, `is_chosen`
    whether a code is reported in such a file, or, without one, anywhere. `library`: the async library that
    the program runs on, `loops_nest` whether its loops can run one in another. `part` gives what work about
    one function finds, done again if it asks for something that isn't known yet."""

    def __init__(
        self,
        engine: EffectSolver,
        shown: Callable[[str], str],
        notebook: Callable[[str], Notebook | None],
        runtime_of: Callable[[str], Runtime],
        is_chosen: Callable[[str, str | None], bool],
        library: str = "asyncio",
        *,
        loops_nest: bool = False,
        part: Part = lambda work: work(),
    ) -> None:
        self._engine = engine
        self._evaluator = engine.evaluator
        self._costs = CostModel(engine)
        self._profiles = WorkerProfiles(engine)
        self._shown = shown
        self._notebook = notebook
        self._runtime_of = runtime_of
        self._entries = ProgramEntries(engine)
        self._library = library
        self._loops_nest = loops_nest
        self._is_chosen = is_chosen
        self._part = part
        self._thread_locals = ThreadLocals()
        self._structural = StructuralJudge(engine, self._costs, lambda code: is_chosen(code, None))

    def roots(self, path: str) -> tuple[Key, ...]:
        """The functions of a module whose sites must be looked at: all of them."""
        module = self._evaluator.program.module(path)
        return module.keys if module is not None else ()

    def judge_view(self, view: ModuleView) -> list[Draft]:
        """All that is wrong in one module, unfiltered: what its cells forbid in order of defs and sites,
        then what the structural rules find."""
        codes = [Code(view.engine, key, view.placements[key]) for key in view.keys]
        found = [
            *self._cells(view),
            *self._structurally(view, codes),
            *self._crossed(view, codes),
        ]
        shown = self._shown(view.module.path)
        return without_replaced(found, lambda code: self._is_chosen(code, shown))

    def plain_view(self, path: str) -> ModuleView | None:
        """A module of which no function was looked into."""
        module = self._evaluator.program.module(path)
        return None if module is None else self._view(module, {}, {}, Entries(frozenset(), frozenset()))

    def view(self, path: str) -> ModuleView | None:
        """What the rules look at of a module; None for a file that could not be analysed."""
        module = self._evaluator.program.module(path)
        if module is None:
            return None
        placements: dict[Key, list[Placement]] = {}
        effects: dict[Key, list[Effects]] = {}
        for key in self.roots(path):
            placements[key] = []
            effects[key] = [
                self._engine.site_effects(key, link, placements[key]) for link in self._engine.links(key)
            ]
        view = self._view(module, effects, placements, self._entries.of(module.keys))
        for key, placement in decorated(view):
            placements[key].append(placement)
        return view

    def _view(
        self,
        module: Module,
        effects: dict[Key, list[Effects]],
        placements: dict[Key, list[Placement]],
        entries: Entries,
    ) -> ModuleView:
        return ModuleView(
            self._engine,
            module,
            self._runtime_of(self._shown(module.path)),
            self._shown,
            effects,
            placements,
            self._entries,
            entries,
            self._library,
            self._loops_nest,
            AdviceMemos(),
        )

    def _in_part(
        self, rule: Callable[_Given, Iterator[Draft]], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> list[Draft]:
        return self._part(lambda: list(rule(*args, **kwargs)))

    def _structurally(self, view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
        for code in codes:
            yield from self._in_part(self._structural.judge, view, code)

    def _crossed(self, view: ModuleView, codes: Sequence[Code]) -> Iterator[Draft]:
        for code in codes:
            yield from self._in_part(crossed_in, view, code, self._thread_locals)
        yield from crossed_in_module(view, codes)

    def _cells(self, view: ModuleView) -> Iterator[Draft]:
        starts = find_starts(view)
        given = GivenObjects(view)
        for key in view.effects:
            yield from self._in_part(self._of_function, view, key, starts, given)

    def _of_function(
        self, view: ModuleView, key: Key, starts: Starts, given: GivenObjects
    ) -> Iterator[Draft]:
        if key in starts.on_loop and view.module.definition(key).assertion != Assertion.NONBLOCKING:
            for effects in view.effects[key]:
                yield from effects_on_loop(view, key, effects, starts)
                yield from effects_on_loop(view, key, effects_of_parts(view, key, effects), starts)
                yield from crossed_on_loop(view, key, effects)
            yield from computing_on_loop(view, self._costs, key, starts)
            yield from parsed_answers(view, key, starts)
        elif is_module(key):
            yield from self._in_cells(view, key, starts)
        yield from coroutines_that_never_await(view, self._costs, key)
        for placement in view.placements[key]:
            if placement.style == CALLED:
                yield from effects_in_coroutines(view, key, placement, starts)
            elif placement.model is ExecutionModel.EVENT_LOOP:
                yield from effects_of_bound(view, key, placement, starts)
                yield from crossed_in_callback(view, key, placement, starts)
            yield from computing_in_threads(view, self._costs, self._profiles, key, placement)
            yield from waiting_in_processes(view, self._costs, self._profiles, key, placement)
        for placement in given.placements(key):
            yield from computing_in_threads(view, self._costs, self._profiles, key, placement)
            yield from waiting_in_processes(view, self._costs, self._profiles, key, placement)

    def _in_cells(self, view: ModuleView, key: Key, starts: Starts) -> Iterator[Draft]:
        """What the cells of a notebook do that await at their top level, and so run on the loop. All of them
        run where the kernel's own loop is running."""
        notebook = self._notebook(key[0])
        if notebook is None:
            return
        for link, effects in zip(self._engine.links(key), view.effects[key], strict=True):
            yield from crossed_on_loop(view, key, effects)
            position, _ = position_of(view.module, key, link.site)
            if notebook.awaits_at(position.line):
                doubtful = {effect: doubted(witness, (_BESIDE,)) for effect, witness in effects.items()}
                yield from effects_on_loop(view, key, doubtful, starts)


def wrapper_names(engine: EffectSolver) -> set[tuple[str, str]]:
    """The functions found, since this was last asked, to place a parameter, as (path, name): the names are
    words that make a file a root. Not those that give the loop what parts of their own object do (`start`,
    which tells the loop to call `self.poll`): such names stand in every other file, and who calls them is
    mostly on the loop, and so a root already."""
    names: set[tuple[str, str]] = set()
    for key, effects in engine.drain_changed():
        if any(_places_argument(effect) for effect in effects):
            module = engine.evaluator.module(key[0])
            definition = module.definition(key)
            reachable = module.definition(module.scope(key)).kind in (DefKind.MODULE, DefKind.CLASS)
            if reachable and definition.kind != DefKind.LAMBDA and not definition.name.startswith("__"):
                names.add((key[0], definition.name))
    return names


def _places_argument(effect: Effect) -> bool:
    is_placed = effect.kind is Kind.PLACES and effect.family != CALLED
    is_part = effect.parameter is not None and effect.parameter.is_part
    return is_placed and not (is_part and effect.model is ExecutionModel.EVENT_LOOP)
