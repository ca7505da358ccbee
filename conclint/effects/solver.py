"""The fixpoint: effects of every function that is asked for, and of all that these need.

Functions are taken until nothing changes, what is called before what calls it (`conclint.effects.worklist`).
Mostly effects only grow and witnesses only improve, so that the order decides nothing; effects that exclude
each other in a circle of calls may settle in more than one way, which no finding of the measured projects
hangs on. Modules are loaded in waves: everything the current wave lacked, together (CORE.md section 1).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from conclint.conditions.failures import ExpectedFailures
from conclint.conditions.model_guards import Guards
from conclint.conditions.no_loop_failures import NoLoopFailures
from conclint.conditions.path_conditions import Hedges
from conclint.conditions.stated_conditions import ArgumentCondition
from conclint.effects.assertions import as_asserted
from conclint.effects.dask_delayed import computes_delayed, dask_placement
from conclint.effects.effects import (
    WAITING,
    WORK,
    Effect,
    Effects,
    Kind,
    Placement,
    Pointer,
    Witness,
    add,
    add_all,
    subsume,
)
from conclint.effects.executor_exits import FUTURE_RESULTS
from conclint.effects.finished_futures import FinishedFutures
from conclint.effects.free_locks import FreeLocks
from conclint.effects.joblib_delayed import delayed_placement, runs_delayed
from conclint.effects.must_effects import Occurrence, raised
from conclint.effects.transfer import Transfer
from conclint.effects.worklist import Worklist
from conclint.model.execution import Family
from conclint.process.failure import describe_failure
from conclint.resolve.calls import Link, link_site
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import NeedModule
from conclint.resolve.values import Function, Key, unwrapped
from conclint.summary.records import SiteKind

_NOTHING: Effects = {}
_LOCKS = Family.LOCKS.value
_NESTED = "builtins.RuntimeError"
_WAITING_SITES = (SiteKind.CALL, SiteKind.ENTER)
"""What running an event loop inside another one raises."""
_LATE = 8
"""A function that was taken more often is looked at for what only circles of others hold up, or led to what
is gone."""
_RUN_DELAYED = ((runs_delayed, delayed_placement), (computes_delayed, dask_placement))
_PATIENCE = 256
"""How many functions are taken on with, once one turns out to need a module: what others need is loaded with
it."""
_WIDEN_AFTER = 60
"""A function that was taken so often keeps each effect that it has had: some effects of functions that call
each other exclude each other in turn (five of chia-blockchain's 10,464, some of 404 that call each other in
pandas). From then on they only grow, and there are only so many."""


class EffectSolver:
    """Computes effects on demand; `recalled` gives those that an earlier run found and that still hold.
    `wanted` is told of each module that will be needed, as soon as that turns out."""

    def __init__(
        self,
        evaluator: Evaluator,
        recalled: Callable[[Key], Effects | None] = lambda key: None,
        wanted: Callable[[str], object] = lambda path: None,
    ) -> None:
        self.evaluator = evaluator
        self._recalled = recalled
        self._wanted = wanted
        self._shared: dict[Key, None] = {}
        self.guards = Guards(evaluator)
        self.hedges = Hedges(evaluator)
        self._expected = ExpectedFailures(evaluator)
        self._no_loop = NoLoopFailures(evaluator)
        self._free_locks = FreeLocks(evaluator, self.effects_of)
        self._finished_futures = FinishedFutures(evaluator, self.effects_of)
        self.transfer = Transfer(evaluator, self.effects_of)
        self._effects: dict[Key, Effects] = {}
        self._links: dict[Key, tuple[Link, ...]] = {}
        self._half_linked: dict[Key, dict[int, Link | None]] = {}
        """The sites, of functions of which others need a module, that are known."""
        # What each site was found to do; a site is asked anew only if something that it runs has changed.
        self._sites: dict[Key, dict[int, tuple[Effects, tuple[Placement, ...]]]] = {}
        self._dependents: dict[Key, dict[tuple[Key, int], None]] = {}
        self._changed: dict[Key, None] = {}
        self._todo: dict[Key, None] = {}
        self._again = Worklist()
        self._iterations: dict[Key, int] = {}
        self._blocked: dict[Key, None] = {}
        self._needs: dict[str, dict[Key, None]] = {}
        """The modules that are lacking, and the functions that need them."""
        self._current: tuple[Key, int] | None = None
        self.asking: str | None = None
        self.failed: dict[str, str] = {}
        """The modules of which a function could not be worked on, and why: nothing is said of that function,
        and not all that there is of the module."""

    def demand(self, keys: Iterable[Key]) -> None:
        """Ask for the effects of these functions."""
        for key in keys:
            if key not in self._effects:
                recalled = self._recalled(key)
                self._effects[key] = recalled or {}
                if recalled is None:
                    self._todo[key] = None
                    self._again.come_upon(key)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to work on."""
        return not (self._todo or self._again or self._blocked)

    def run(self, load: Callable[[list[str]], None]) -> None:
        """Work until nothing changes; `load` is given the paths of each wave of modules."""
        left = 0  # takes before what they turn out to need is loaded
        while True:
            self.advance()
            if self._needs and not (left and self._again):
                needs, self._needs = self._needs, {}
                self.evaluator.program.load(needs, load)
                self._todo, self._blocked = self._blocked, {}
                left = 0
            elif self._again:
                left = left - 1 if self._needs else _PATIENCE
                self._again.arrange(self._callers)
                key = self._again.pop()
                self._iterations[key] = self._iterations.get(key, 0) + 1
                self._take(key)
            else:
                self._blocked.clear()
                return

    @property
    def lacking(self) -> Iterable[str]:
        """The modules that functions need, and that are not loaded."""
        return self._needs.keys()

    def resume(self, loaded: Iterable[str]) -> None:
        """Take the functions again that needed these modules, which are loaded now."""
        for path in loaded:
            for key in self._needs.pop(path, ()):
                if key in self._blocked:
                    del self._blocked[key]
                    self._todo[key] = None
        self.advance()

    def advance(self) -> None:
        """Come upon all functions that can be reached in the modules that are loaded. What their effects
        change waits until no module is lacking: what comes of a part of the calls would be found again with
        each module that arrives."""
        while self._todo:
            key, _ = self._todo.popitem()
            self._take(key)

    def _take(self, key: Key) -> None:
        try:
            self._update(key)
        except NeedModule as need:
            self._lack(key, need)
        except Exception as error:
            self.fail(key, error)

    def _callers(self, key: Key) -> Iterable[Key]:
        return {caller: None for caller, _ in self._dependents.get(key, ())}

    def fail(self, key: Key, error: Exception) -> None:
        """Notes that a function could not be worked on: what comes of the rest stands."""
        self.failed.setdefault(key[0], describe_failure(error))
        self._links[key] = ()
        self._effects.setdefault(key, {})

    def drain_changed(self) -> list[tuple[Key, Effects]]:
        """The functions whose effects have changed since this was last asked, with these."""
        changed, self._changed = self._changed, {}
        return [(key, self._effects[key]) for key in changed]

    def drain_shared(self) -> list[tuple[Key, Effects]]:
        """The functions whose effects were asked for by other modules since this was last asked, with
        these: once nothing is left to work on, they are what every run finds."""
        shared, self._shared = self._shared, {}
        return [(key, self._effects[key]) for key in shared]

    def effects_of(self, key: Key) -> Effects:
        """The effects known so far; whoever asks is taken again when they change."""
        self.demand((key,))
        if self._current is not None:
            dependents = self._dependents.setdefault(key, {})
            if self._current not in dependents:
                dependents[self._current] = None
                self._again.note_call(self._current[0], key)
            if self._current[0][0] != key[0]:
                self._shared[key] = None
        elif self.asking is not None and self.asking != key[0]:
            self._shared[key] = None
        return self._effects[key]

    def _update(self, key: Key) -> None:
        iterations = self._iterations.get(key, 0)
        runs = self.transfer.runs
        placements: list[Placement] = []
        new: Effects = {}
        conditional: list[Occurrence] = []
        for link in self.links(key):
            self._current = (key, link.site)
            try:
                for effect, witness in self.site_effects(key, link, placements).items():
                    region = self.evaluator.body(key).sites[link.site].region
                    if region and self._is_up_to_branches(key, region, effect):
                        conditional.append(Occurrence(region, effect, witness))
                    else:
                        add(new, effect, witness)
            except NeedModule as need:
                self._lack(key, need)
            finally:
                self._current = None
        for placement in placements:
            self.demand(placed_functions(placement))
        for region, item in raised(self.evaluator.body(key), conditional):
            add(new, *self._in_region(key, region, item))
        new = as_asserted(self.evaluator, key, new)
        new = subsume(new, lambda witness, effect: self._leads_to(witness, (key, effect)))
        if iterations > _WIDEN_AFTER:
            add_all(new, self._effects.get(key, _NOTHING))
        else:
            self._drop_circular(key, new, iterations > _LATE)
        self._again.cost(key, self.transfer.runs - runs)
        # a function that was only asked for its links is taken here too, when these needed a module
        if new != self._effects.setdefault(key, {}):
            self._effects[key] = new
            self._changed[key] = None
            for dependent, site in self._dependents.get(key, ()):
                self._sites.get(dependent, {}).pop(site, None)
                if dependent not in self._todo:
                    self._again.push(dependent)

    def _drop_circular(self, key: Key, new: Effects, is_late: bool) -> None:
        """Takes out effects that only a circle of calls still holds up: what led to the primitive is gone, so
        each function of the circle has the effect from the next one, with a chain that grows with every turn.
        Where another way is left, it is found once the circle is broken.

        A function that was taken often may hold what only a circle of others holds up, or what led to an
        effect that is gone; it is taken again when one of these changes, as it must: no circle of lengths
        can be right.
        """
        old = self._effects.get(key, _NOTHING)
        for effect, witness in list(new.items()):
            before = old.get(effect)
            if before is not None and witness.length <= before.length:
                continue
            if not is_late:
                if before is not None and self._leads_to(witness, (key, effect)):
                    del new[effect]
            elif unfounded := self._unfounded(witness, (key, effect)):
                del new[effect]
                for member, _ in unfounded:
                    if member != key:
                        self._dependents.setdefault(member, {})[key, witness.site] = None

    def _unfounded(self, witness: Witness, end: Pointer) -> Iterable[Pointer]:
        """The effects by which a witness of the effect `end` comes back to this, or to one of them, or to one
        that is gone; none where it comes to primitives alone."""
        path = {end: None}
        pending = [_pointers(witness)]
        done: set[Pointer] = set()
        while pending:
            for pointer in pending[-1]:
                if pointer in path:
                    return path
                if pointer in done:
                    continue
                held = self._effects.get(pointer[0])
                if held is None:  # only what was recalled leads there, and that is final
                    done.add(pointer)
                    continue
                path[pointer] = None
                inner = held.get(pointer[1])
                if inner is None:
                    return path
                pending.append(_pointers(inner))
                break
            else:
                pending.pop()
                done.add(path.popitem()[0])
        return ()

    def _leads_to(self, witness: Witness, end: Pointer) -> bool:
        """Whether the calls of a witness come to an effect of a function: those of what a function calls by
        a parameter, too."""
        seen: set[Pointer] = set()
        pending = [*_pointers(witness)]
        while pending:
            pointer = pending.pop()
            if pointer == end:
                return True
            if pointer not in seen:
                seen.add(pointer)
                pending += _pointers(self._effects.get(pointer[0], _NOTHING).get(pointer[1]))
        return False

    def _is_up_to_branches(self, key: Key, region: int, effect: Effect) -> bool:
        """Whether an effect of a site is there or not by the branches around it alone, not by what the
        site passes."""
        if effect.kind not in WAITING:
            return False
        return effect.dependence is None or effect.dependence == self.hedges.dependence(key, region)

    def _in_region(self, key: Key, region: int, item: Occurrence) -> tuple[Effect, Witness]:
        """The effect under the conditions of an outer region only, where that does not run without it."""
        if region == item.region:
            return item.effect, item.witness
        here = self.hedges.conditions(key, item.region)
        above = self.hedges.conditions(key, region) if region else 0
        return (
            item.effect._replace(dependence=self.hedges.dependence(key, region) if region else None),
            item.witness._replace(
                hedges=self.hedges.of(key, region, ask_arguments=True) if region else (),
                conditions=max(item.witness.conditions - here + above, 0),
            ),
        )

    def _lack(self, key: Key, need: NeedModule) -> None:
        if need.path not in self._needs:
            self._needs[need.path] = {}
            self._wanted(need.path)
        self._needs[need.path][key] = None
        self._blocked[key] = None

    def links(self, key: Key) -> tuple[Link, ...]:
        """The sites of a def that may run something, with their targets."""
        found = self._links.get(key)
        if found is None:
            sites = self.evaluator.body(key).sites
            linked = self._half_linked.pop(key, None) or {}
            for number, site in enumerate(sites):
                if number not in linked:
                    try:
                        linked[number] = link_site(self.evaluator, key, number, site)
                    except NeedModule as need:
                        self._lack(key, need)
            found = tuple([link for _, link in sorted(linked.items()) if link is not None])
            if len(linked) == len(sites):
                self._links[key] = found
            else:
                self._half_linked[key] = linked
        return found

    def link_at(self, key: Key, site: int) -> Link | None:
        """What a site of a def runs; None where that is nothing."""
        links = self.links(key)
        place = bisect_left(links, site, key=lambda link: link.site)
        return links[place] if place < len(links) and links[place].site == site else None

    def site_effects(self, key: Key, link: Link, placements: list[Placement]) -> Effects:
        """What the site does, on the models that can reach it; placements it makes are appended."""
        effects, made = self._known_site(key, link)
        placements.extend(placement for placement in made if not placement.unbound)
        return effects

    def unbound_placements(self, key: Key, link: Link) -> Iterator[Placement]:
        """The placements that the site makes of methods of what the function is given."""
        return (placement for placement in self._known_site(key, link)[1] if placement.unbound)

    def _known_site(self, key: Key, link: Link) -> tuple[Effects, tuple[Placement, ...]]:
        held = self._sites.setdefault(key, {})
        known = held.get(link.site)
        if known is None:
            made: list[Placement] = []
            effects = self._site_effects(key, link, made)
            known = (effects or _NOTHING, tuple(made))
            if self._current is not None:  # nobody would tell that a result asked for from outside is old
                held[link.site] = known
        return known

    def _site_effects(self, key: Key, link: Link, placements: list[Placement]) -> Effects:
        site = self.evaluator.body(key).sites[link.site]
        mask = self.guards.mask(key, site.region)
        if site.kind == SiteKind.ITERATE:
            mask &= self.guards.iteration_mask(key, site)
        result: Effects = {}
        if not mask or (site.kind in _WAITING_SITES and self.guards.never_waits(key, site)):
            return result
        found: list[Placement] = []
        effects = self.transfer.link_effects(key, link, found)
        placements.extend(found)
        for runs, placing in _RUN_DELAYED:
            if any(runs(target.value) for group in link.groups for target in group):
                placements.extend(filter(None, [placing(self.evaluator, key, link.site)]))
        if not effects:  # most sites: what stands around them need not be known
            return result
        dependence = self.hedges.dependence(key, site.region) if site.region else None
        conditions = self.hedges.conditions(key, site.region) if site.region else 0
        for effect, witness in effects.items():
            if effect.kind is Kind.RUNS_LOOP and self._expected.covers(key, site.region, _NESTED):
                continue
            if effect.kind is Kind.USES_LOOP and (
                self.guards.finds_loop_idle(key, site.region) or self._no_loop.prevent(key, link.site)
            ):
                continue
            if (
                effect.kind is Kind.WAITS
                and effect.family == _LOCKS
                and self._free_locks.is_free(key, witness)
            ):
                continue
            if (
                effect.kind in WAITING
                and witness.cause in FUTURE_RESULTS
                and self._finished_futures.is_asked(key, witness)
            ):
                continue
            if effect.mask & mask:
                effect = effect._replace(mask=effect.mask & mask)
                if site.region and effect.kind is not Kind.PLACES:
                    asks = effect.kind in WAITING
                    settled = effect.dependence is not None and not effect.dependence.is_about_memory
                    hedges = self.hedges.of(key, site.region, ask_arguments=asks and not settled)
                    witness = witness._replace(hedges=hedges)
                if conditions:
                    witness = witness._replace(conditions=witness.conditions + conditions)
                if dependence is not None and _may_depend(effect, dependence):
                    held = effect.dependence
                    both = dependence if held is None else held.along_with(dependence)
                    effect = effect._replace(dependence=both)
                add(result, effect, witness)
        return result


def _pointers(witness: Witness | None) -> Iterator[Pointer]:
    """The effects that a witness comes of: of the called function, and of what a parameter is bound to."""
    while witness is not None:
        if witness.next is not None:
            yield witness.next
        witness = witness.then


def _may_depend(effect: Effect, dependence: ArgumentCondition) -> bool:
    """Whether a test around a site says when its effect is there: not where a callable is tested for being
    there before it is called."""
    if effect.kind is Kind.CALLS and effect.parameter is not None:
        return effect.parameter._replace(attributes=()) != dependence.parameter._replace(attributes=())
    return effect.kind in WORK


def placed_functions(placement: Placement) -> list[Key]:
    """The functions of the program that a placement hands over."""
    keys: list[Key] = []
    for value in placement.callables.values:
        function = unwrapped(value)
        if isinstance(function, Function):
            keys.append(function.key)
    return keys


__all__ = ["Effect", "EffectSolver", "placed_functions"]
