"""The fixpoint by itself: what it does with modules that are not loaded yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from conclint.catalog.loader import Catalog
from conclint.effects.effects import Effects, Kind
from conclint.effects.frame import Frame
from conclint.effects.solver import EffectSolver
from conclint.effects.transfer import Transfer
from conclint.resolve.calls import Target
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import Program
from conclint.resolve.values import ExternalInstance, Key, ValueSet
from conclint.source.modules import ModuleFinder
from conclint.summary_store import SummaryStore
from programs_on_disk import store_with

USES = """\
def wait():
    from other import pause
    pause()
"""
OTHER = """\
import time

def pause():
    time.sleep(1)
"""


KNOT = """\
import requests

def latest(turns):
    sessions = [requests.Session()]
    for _ in turns:
        sessions = [*sessions, sessions[0]]
    v0 = sessions[0]
"""

VISITOR = """\
import ast

class Visitor:
    def bind(self, target, *, alias=None):
        if isinstance(target, ast.Name):
            self.note(target.id)
        elif isinstance(target, ast.Starred):
            self.bind(target.value)
        else:
            for element in target.elts:
                self.bind(element)

    def visit(self, node):
        self.bind(node.target, alias=node.value)
"""


def _engine(path: Path) -> tuple[EffectSolver, SummaryStore]:
    store = store_with(None, 1)
    store.load([str(path)])
    finder = ModuleFinder([str(path.parent)], [str(path)])
    return EffectSolver(Evaluator(Program(store, finder, Catalog(())))), store


def test_links_may_be_asked_for_before_effects(tmp_path: Path) -> None:
    """A function that was only asked for its links, and lacks a module, is taken up once that is loaded."""
    uses = tmp_path / "uses.py"
    uses.write_text(USES)
    (tmp_path / "other.py").write_text(OTHER)
    engine, store = _engine(uses)
    key = (str(uses), "wait")

    assert not engine.links(key)
    engine.run(store.load)

    assert engine.is_settled
    assert [link.site for link in engine.links(key)] == [0]
    assert {effect.kind for effect in engine.effects_of(key)} == {Kind.WAITS}


def test_what_is_made_from_itself_is_evaluated_once(tmp_path: Path) -> None:
    """What comes out of a list that a loop makes from itself is remembered as anything else: not to
    remember it doubles the work with each use of it."""
    uses = tmp_path / "uses.py"
    steps = [f"    v{number + 1} = v{number} or v{number}\n" for number in range(12)]
    uses.write_text(f"{KNOT}{''.join(steps)}    return v12\n")
    engine, _ = _engine(uses)
    evaluator, key = engine.evaluator, (str(uses), "latest")
    asked = 0
    evaluate = evaluator.evaluate

    def counting(key: Key, value: int) -> ValueSet:
        nonlocal asked
        asked += 1
        return evaluate(key, value)

    evaluator.evaluate = counting  # type: ignore[method-assign]
    value, _ = evaluator.body(key).returns[0]

    assert evaluator.evaluate(key, value).values == (ExternalInstance("requests.Session"),)
    assert asked < 100


def test_a_function_has_the_effects_of_all_that_it_calls(tmp_path: Path) -> None:
    """Of hundreds too: it is not taken up again for each of them."""
    count = 400
    names = [f"a{number}" for number in range(count)]
    uses = tmp_path / "uses.py"
    uses.write_text(
        "".join(f"def f{number}(x):\n    x()\n" for number in range(count))
        + f"def every({', '.join(names)}):\n"
        + "".join(f"    f{number}({name})\n" for number, name in enumerate(names))
    )
    engine, store = _engine(uses)
    every = (str(uses), "every")

    engine.demand([every])
    engine.run(store.load)

    called = [effect.parameter for effect in engine.effects_of(every) if effect.kind is Kind.CALLS]
    assert len({parameter.position for parameter in called if parameter is not None}) == count


def test_functions_that_all_call_each_other_are_taken_a_few_times_each(tmp_path: Path) -> None:
    """And have the effects of all of them, however many they are."""
    count = 16
    uses = tmp_path / "uses.py"
    uses.write_text(
        "".join(
            f"def f{number}({', '.join(f'a{other}' for other in range(count))}):\n    a{number}()\n"
            + "".join(
                f"    f{other}({', '.join(f'a{one}' for one in range(count))})\n"
                for other in range(count)
                if other != number
            )
            for number in range(count)
        )
    )
    solver, store = _engine(uses)
    every = [(str(uses), f"f{number}") for number in range(count)]

    solver.demand(every)
    solver.run(store.load)

    for key in every:
        called = [effect.parameter for effect in solver.effects_of(key) if effect.kind is Kind.CALLS]
        assert {parameter.position for parameter in called if parameter is not None} == set(range(count))
    assert max(solver._iterations.values()) <= 5


def test_a_recursive_visitor_is_taken_a_few_times(tmp_path: Path) -> None:
    """What a method does for one kind of node only, it does for others too where it calls itself with a part
    of the node: the second effect comes of the first one, which it must not push aside. Else each takes
    itself back in turn, with a longer chain every time."""
    uses = tmp_path / "visitor.py"
    uses.write_text(VISITOR)
    engine, store = _engine(uses)
    engine.demand([(str(uses), "Visitor.bind"), (str(uses), "Visitor.visit")])
    engine.run(store.load)

    assert {effect.kind for effect in engine.effects_of((str(uses), "Visitor.visit"))} == {Kind.CALLS}
    assert max(engine._iterations.values()) <= 6


def test_calls_of_what_is_passed_on_are_looked_at_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six methods of each object call six of the other's, five calls deep: 6 ** 5 ways, and 36 methods."""
    level = "".join(
        f"    def m{depth}_{number}(self, other):\n"
        + "".join(f"        other.m{depth + 1}_{one}(self)\n" for one in range(6))
        for depth in range(5)
        for number in range(6)
    )
    ends = "".join(f"    def m5_{number}(self, other):\n        other.end()\n" for number in range(6))
    uses = tmp_path / "uses.py"
    uses.write_text(
        f"import time\n\nclass Node:\n{level}{ends}    def end(self):\n        time.sleep(1)\n\n"
        "def first():\n    Node().m0_0(Node())\n"
    )
    engine, store = _engine(uses)
    runs: list[object] = []
    real = Transfer._ran

    def counted(self: Transfer, frame: Frame, target: Target) -> Effects:
        runs.append(target)
        return real(self, frame, target)

    monkeypatch.setattr(Transfer, "_ran", counted)
    engine.demand([(str(uses), "first")])
    engine.run(store.load)

    assert Kind.CALLS not in {effect.kind for effect in engine.effects_of((str(uses), "first"))}
    assert len(runs) < 2_000


APPLYING = """\
def apply(x):
    inner(x)

def inner(x):
    x()
"""


def test_what_several_functions_turn_out_to_need_is_loaded_together(tmp_path: Path) -> None:
    """That a function runs what it is given is found out after all modules were loaded that call it."""
    names = [f"dep{number}" for number in range(20)]
    main = tmp_path / "main.py"
    imports = "".join(f"import {name}\n" for name in names)
    uses = "".join(f"def use_{name}():\n    apply({name}.work)\n\n" for name in names)
    main.write_text(imports + APPLYING + uses)
    for name in names:
        (tmp_path / f"{name}.py").write_text(f"import low_{name}\n\ndef work():\n    low_{name}.go()\n")
        (tmp_path / f"low_{name}.py").write_text("import time\n\ndef go():\n    time.sleep(1)\n")
    engine, store = _engine(main)
    waves: list[int] = []

    def load(paths: list[str]) -> None:
        waves.append(len(paths))
        store.load(paths)

    engine.demand([(str(main), f"use_{name}") for name in names])
    engine.run(load)

    assert waves == [20, 20]
    assert all(engine.effects_of((str(main), f"use_{name}")) for name in names)


def test_functions_that_are_called_as_arguments_are_taken_in_their_order(tmp_path: Path) -> None:
    """Each asks `apply` to run the next ones; the last one waits. Nothing here calls itself, so none need be
    taken many times, whatever they were come upon in."""
    size = 300
    path = tmp_path / "chain.py"
    later = {i: [j for j in (i + 1, i + 4, i + 9, i + 14, i + 23) if j < size] for i in range(size)}
    calls = ["".join(f"    apply(f{j})\n" for j in later[i]) for i in range(size)]
    lines = ["import time", APPLYING, *(f"def f{i}():\n{call}    pass" for i, call in enumerate(calls))]
    lines[-1] = f"def f{size - 1}():\n    time.sleep(1)"
    path.write_text("\n".join(lines) + "\n")
    engine, store = _engine(path)
    taken: dict[Key, int] = {}
    update = engine._update

    def counted(key: Key) -> None:
        taken[key] = taken.get(key, 0) + 1
        update(key)

    engine._update = counted  # type: ignore[method-assign]
    module = engine.evaluator.program.module(str(path))
    assert module is not None
    engine.demand(module.keys)
    engine.run(store.load)

    assert all(engine.effects_of((str(path), f"f{i}")) for i in range(size))
    assert max(taken.values()) <= 8
