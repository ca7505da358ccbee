"""Components of call graphs: which functions call each other in a circle, and in which order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conclint.effects.components import Components
from conclint.resolve.values import Key

GRAPHS = st.integers(1, 9).flatmap(
    lambda size: st.lists(
        st.lists(st.integers(0, size - 1), max_size=3, unique=True), min_size=size, max_size=size
    )
)


def _key(number: int) -> Key:
    return ("m.py", str(number))


def _reached(graph: list[list[int]], start: int) -> set[int]:
    seen, todo = {start}, [start]
    while todo:
        for callee in graph[todo.pop()]:
            if callee not in seen:
                seen.add(callee)
                todo.append(callee)
    return seen


def _components(graph: list[list[int]]) -> Components:
    return Components(lambda key: map(_key, graph[int(key[1])]))


@given(GRAPHS)
def test_functions_are_together_that_lead_to_each_other(graph: list[list[int]]) -> None:
    """And each comes once, after all that it leads to, wherever the graph is entered."""
    components = _components(graph)
    reached = [_reached(graph, number) for number in range(len(graph))]
    met: list[Key] = []
    for number in reversed(range(len(graph))):
        found = components.explore(_key(number))
        components.keep(found)
        met += [key for component in found for key in component]

    assert sorted(met) == [_key(number) for number in range(len(graph))]
    for number, leads_to in enumerate(reached):
        together = tuple(_key(other) for other in sorted(leads_to) if number in reached[other])
        assert components.of(_key(number)) == together
        outside = leads_to - {int(key[1]) for key in together}
        assert all(met.index(_key(other)) < met.index(_key(number)) for other in outside)


def test_a_chain_longer_than_the_stack_of_python() -> None:
    graph = [[number + 1] for number in range(5_000)] + [[0]]
    assert len(_components(graph).explore(_key(0))) == 1


def test_what_is_forgotten_is_looked_at_anew() -> None:
    components = _components([[1], [0]])
    found = components.explore(_key(0))
    components.keep(found)
    assert components.explore(_key(1)) == []

    components.forget(found)

    assert components.of(_key(1)) == (_key(1),)
    assert components.explore(_key(1)) == found
