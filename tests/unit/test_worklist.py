"""Which function the fixpoint takes next."""

from __future__ import annotations

from collections.abc import Iterable

from conclint.effects.worklist import Worklist
from conclint.resolve.values import Key


def _key(name: str) -> Key:
    return "module.py", name


class _Graph:
    """A call graph whose functions a worklist has come upon, in the order in which they are named."""

    def __init__(self, calls: dict[str, str]) -> None:
        self.calls = calls
        self.worklist = Worklist()
        for name in calls:
            self.worklist.come_upon(_key(name))
        self.worklist.arrange(self.callers)

    def callers(self, key: Key) -> Iterable[Key]:
        return [_key(name) for name, called in self.calls.items() if key[1] in called.split()]

    def push(self, names: str) -> None:
        for name in names.split():
            self.worklist.push(_key(name))

    def pop(self) -> str:
        return self.worklist.pop()[1]

    def pop_all(self) -> list[str]:
        names = []
        while self.worklist:
            names.append(self.pop())
        return names


def test_what_is_called_comes_before_what_calls_it() -> None:
    graph = _Graph({"main": "left right", "left": "deep", "deep": "", "right": "deep"})
    graph.push("main right left deep")
    taken = graph.pop_all()
    assert taken[0] == "deep"
    assert taken[-1] == "main"


def test_the_order_in_which_they_were_come_upon_says_nothing_of_who_calls_whom() -> None:
    graph = _Graph({"deep": "", "middle": "deep", "main": "middle"})
    graph.push("main middle deep")
    assert graph.pop_all() == ["deep", "middle", "main"]


def test_a_circle_settles_before_its_callers_are_taken() -> None:
    graph = _Graph({"main": "ping", "ping": "pong", "pong": "ping"})
    graph.push("main ping")
    assert graph.pop() == "ping"
    graph.push("pong")
    assert graph.pop() == "pong"
    graph.push("ping")
    assert graph.pop_all() == ["ping", "main"]


def test_a_function_is_taken_once_in_a_sweep_of_its_circle() -> None:
    graph = _Graph({"first": "second", "second": "third", "third": "first"})
    graph.push("first second third")
    assert graph.pop() == "third"
    graph.push("third")  # has changed what it calls itself
    assert graph.pop() == "second"
    assert graph.pop() == "first"
    assert graph.pop() == "third"


def test_what_is_dear_waits_until_its_circle_has_settled() -> None:
    graph = _Graph({"cheap": "dear", "other": "cheap", "dear": "other"})
    graph.worklist.cost(_key("dear"), 10_000)
    graph.push("dear cheap")
    assert graph.pop() == "cheap"
    graph.push("other")
    assert graph.pop_all() == ["other", "dear"]


def test_what_is_dear_does_not_wait_for_its_callers() -> None:
    graph = _Graph({"caller": "dear", "dear": ""})
    graph.worklist.cost(_key("dear"), 10_000)
    graph.push("caller dear")
    assert graph.pop_all() == ["dear", "caller"]


def test_a_function_is_due_once_however_often_it_is_pushed() -> None:
    graph = _Graph({"main": ""})
    graph.push("main main")
    assert graph.pop_all() == ["main"]


def test_one_that_nobody_has_come_upon_is_taken_too() -> None:
    graph = _Graph({"main": ""})
    graph.push("stranger main")
    assert sorted(graph.pop_all()) == ["main", "stranger"]


def test_calls_that_are_found_out_later_change_the_order() -> None:
    graph = _Graph({"main": "", "deep": ""})
    order = [name for name, _ in sorted(graph.calls.items())]
    first, last = order
    graph.push(f"{first} {last}")
    earlier, later = graph.pop_all()
    graph.calls[earlier] = later
    graph.worklist.note_call(_key(earlier), _key(later))
    graph.worklist.arrange(graph.callers)
    graph.push(f"{first} {last}")
    assert graph.pop_all() == [later, earlier]


def test_a_function_that_was_dear_once_stays_dear() -> None:
    graph = _Graph({"cheap": "dear", "dear": "cheap"})
    graph.worklist.cost(_key("dear"), 10_000)
    graph.worklist.cost(_key("dear"), 0)
    graph.push("dear cheap")
    assert graph.pop_all() == ["cheap", "dear"]
