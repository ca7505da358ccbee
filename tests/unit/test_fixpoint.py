"""Questions that need each other: the answer is the same whichever is asked first, and none is worked out
more often than its answer changes."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conclint.process.gc_control import uncollected
from conclint.resolve import fixpoint
from conclint.resolve.fixpoint import Memo, Question, Solver
from harness.longer import LONGER

Equations = Mapping[int, tuple[frozenset[str], tuple[int, ...]]]
"""By number: what an answer holds of itself, and the numbers of those whose answers it holds too."""


class System:
    """A system of equations, whose answers are sets."""

    def __init__(self, equations: Equations) -> None:
        self.equations = equations
        self.solver = Solver()
        self._memo: Memo[int, frozenset[str]] = Memo(lambda _: frozenset(), lambda _: frozenset({"unknown"}))

    def ask(self, number: int) -> frozenset[str]:
        return self.solver.answer(self._memo, number, partial(self._work, number))

    def _work(self, number: int) -> frozenset[str]:
        own, needed = self.equations[number]
        return own.union(*map(self.ask, needed))

    def answers(self, order: Iterable[int]) -> dict[int, frozenset[str]]:
        return dict(sorted((number, self.ask(number)) for number in order))


def reached(equations: Equations, number: int) -> frozenset[str]:
    """What the answer must be."""
    seen = {number}
    todo = [number]
    while todo:
        new = set(equations[todo.pop()][1]) - seen
        seen |= new
        todo += new
    return frozenset().union(*(equations[one][0] for one in seen))


def systems() -> st.SearchStrategy[Equations]:
    number = st.integers(0, 8)
    one = st.tuples(st.frozensets(st.sampled_from("abc")), st.lists(number, max_size=3).map(tuple))
    return st.fixed_dictionaries(dict.fromkeys(range(9), one))


@given(systems(), st.permutations(range(9)))
@settings(max_examples=100 * LONGER)
def test_answers_are_all_that_is_reached_whatever_is_asked_first(
    equations: Equations, order: list[int]
) -> None:
    assert System(equations).answers(order) == {number: reached(equations, number) for number in equations}


@pytest.mark.parametrize("size", [100, 200, 400])
def test_a_ring_takes_steps_in_proportion_to_its_length(size: int) -> None:
    ring = {n: (frozenset("x" if n == 0 else ""), ((n + 1) % size,)) for n in range(size)}
    system = System(ring)
    assert set(system.answers(ring).values()) == {frozenset("x")}
    assert system.solver.steps < 6 * size


@pytest.mark.parametrize("size", [10, 20, 40])
def test_a_knot_in_which_each_needs_each_takes_few_steps_for_each(size: int) -> None:
    knot = {n: (frozenset(str(n % 3)), tuple(range(size))) for n in range(size)}
    system = System(knot)
    assert set(system.answers(knot).values()) == {frozenset("012")}
    assert system.solver.steps < 8 * size


def test_a_chain_may_be_as_long_as_it_likes() -> None:
    chain = {n: (frozenset("end" if n == 0 else ""), (max(n - 1, 0),)) for n in range(5_000)}
    system = System(chain)
    assert system.ask(4_999) == frozenset("end")
    assert system.solver.steps < 6 * len(chain)


@given(systems(), st.permutations(range(9)), st.integers(1, 6))
@settings(max_examples=100 * LONGER)
def test_answers_are_the_same_however_deep_a_question_may_lie(
    equations: Equations, order: list[int], depth: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fixpoint, "_MAX_DEPTH", depth)
        answers = System(equations).answers(order)
    assert answers == {number: reached(equations, number) for number in equations}


@pytest.mark.parametrize("size", [3_000, 6_000])
def test_a_deep_chain_takes_steps_in_proportion_to_its_length(size: int) -> None:
    chain = {n: (frozenset("end" if n == 0 else ""), (n - 1,) if n else ()) for n in range(size)}
    system = System(chain)
    assert system.ask(size - 1) == frozenset("end")
    assert system.solver.steps < 4 * size


def test_a_deep_knot_takes_steps_in_proportion_to_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked halfway down may lead back to any question above it."""
    monkeypatch.setattr(fixpoint, "_MAX_DEPTH", 500)
    for size in (800, 1_600):
        needed = {n: ((7 * n + 1) % size, (3 * n + 2) % size, (5 * n + 3) % size) for n in range(size)}
        knot = {n: (frozenset("x" if n == 1 else ""), needed[n]) for n in range(size)}
        system = System(knot)
        assert system.answers([0]) == {0: reached(knot, 0)}
        assert system.solver.steps < 10 * size


def test_what_many_questions_deep_down_need_is_not_asked_for_again_by_each() -> None:
    depth, leaves = 1_999, 1_000
    spine = {n: (frozenset[str](), (n + 1,)) for n in range(depth)}
    ends = {10_000 + n: (frozenset("end"), (20_000 + n,)) for n in range(leaves)}
    system = System(
        {**spine, depth: (frozenset(), tuple(ends)), **ends}
        | {20_000 + n: (frozenset("end"), ()) for n in range(leaves)}
    )
    assert system.ask(0) == frozenset("end")
    assert system.solver.steps < 4 * (depth + 2 * leaves)


def test_what_never_settles_is_unknown() -> None:
    solver = Solver()
    memo: Memo[str, int] = Memo(lambda _: 0, lambda _: -1)

    def more() -> int:
        return solver.answer(memo, "a", more) + 1

    assert solver.answer(memo, "a", more) == -1


def test_a_list_of_lists_of_itself_is_unknown() -> None:
    solver = Solver()
    memo: Memo[str, tuple[object, ...]] = Memo(lambda _: (), lambda _: ("unknown",))

    def nested() -> tuple[object, ...]:
        inner = solver.answer(memo, "a", nested)
        return (inner, inner, "x")

    assert solver.answer(memo, "a", nested) == ("unknown",)


def test_a_question_that_fails_is_asked_anew() -> None:
    solver = Solver()
    memo: Memo[str, int] = Memo(lambda _: 0, lambda _: -1)
    failing = [True]

    def first() -> int:
        return solver.answer(memo, "second", second)

    def second() -> int:
        value = solver.answer(memo, "first", first)
        if failing:
            failing.clear()
            raise LookupError
        return max(value, 7)

    with pytest.raises(LookupError):
        solver.answer(memo, "first", first)
    assert solver.is_idle
    assert solver.answer(memo, "second", second) == 7
    assert solver.answer(memo, "first", first) == 7


def test_questions_of_a_cycle_are_freed_without_the_collector() -> None:
    """Else they hold each other, and with their memo all that was ever answered."""
    ring = {n: (frozenset(str(n % 3)), ((n + 1) % 9, (n + 4) % 9)) for n in range(9)}
    gc.collect()
    with uncollected():
        System(ring).answers(ring)
        assert not [item for item in gc.get_objects() if isinstance(item, Question)]
