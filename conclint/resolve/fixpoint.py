"""Questions whose answers may need each other: each is worked out once, those that lie on a cycle together.

What depends on itself has the answer that the equations of its cycle (a strongly connected component) settle
on when all of them begin with "nothing" and are worked out again, at the same time, from what the others were
last. So an answer doesn't depend on which question of a cycle was asked first. Whatever keeps changing ends
as "unknown".

A question may need so many others, each within the one before, that no stack is deep enough. Then one halfway
down is asked on its own, and the first one again once that is answered. Where that one needs the first one,
they lie on one cycle: what lies deeper waits, and is worked out with the cycle.

The components are found by Tarjan's algorithm while the questions are asked. Which questions an answer needs
depends on other answers: a component may grow while it is worked out, and is then begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, Generic, TypeAlias, TypeVar

from conclint.resolve.stack import with_room

Slot = TypeVar("Slot", bound=Hashable)
Answer = TypeVar("Answer")
Place: TypeAlias = tuple[int, Hashable]

_MAX_DEPTH: Final = 2_000
"""Of questions within questions."""
_MAX_CHANGES: Final = 12
"""More than the candidates that a value may have: an answer that changes as often never settles."""
_MAX_BEGINNINGS: Final = 4
_MAX_NESTING: Final = 16
"""Of tuples within an answer that changes: a list of lists of lists … that is made from itself."""
_STRIDE: Final = 8
"""Of so many questions within questions, one looks whether the stack has room."""
_NEVER: Final = 1 << 60


class Question(Generic[Answer]):
    """A question without a final answer. `low` is the number of the earliest question, asked and not yet
    answered, that its answer needs; `readers` are the questions that have read its answer."""

    __slots__ = ("answer", "changes", "low", "memo", "readers", "slot", "work")

    def __init__(self, memo: Memo[Any, Answer], slot: Any, work: Callable[[], Answer], low: int) -> None:
        self.memo = memo
        self.slot = slot
        self.work = work
        self.low = low
        self.begin()

    def begin(self) -> None:
        """Forgets what was worked out."""
        self.answer: Answer = self.memo.nothing(self.slot)
        self.changes = 0
        self.readers: set[Question[Any]] = set()

    def change(self, answer: Answer) -> bool:
        """Whether the answer is another one now."""
        if self.changes > _MAX_CHANGES or answer == self.answer:
            return False
        self.changes += 1
        if self.changes > _MAX_CHANGES or (self.changes > 2 and _is_deeper(answer, _MAX_NESTING)):
            self.changes = _MAX_CHANGES + 1
            answer = self.memo.unknown(self.slot)
        self.answer = answer
        return True

    @property
    def place(self) -> Place:
        """What tells it from all others."""
        return id(self.memo), self.slot

    @property
    def is_open(self) -> bool:
        """Whether the answer is not final."""
        return self.slot in self.memo.open

    def close(self) -> None:
        """Makes the answer final."""
        self.memo.open.pop(self.slot, None)
        self.memo.final[self.slot] = self.answer
        self.let_go()

    def let_go(self) -> None:
        """Forgets its readers: those of a cycle would hold each other, and all answers of their memos, for as
        long as the collector is off."""
        self.readers = set()


class Memo(Generic[Slot, Answer]):
    """The answers to one kind of question: `final` ones, by the slot that says what is asked; what the answer
    to one is before anything is known, and where nothing can be."""

    __slots__ = ("final", "nothing", "open", "unknown")

    def __init__(self, nothing: Callable[[Slot], Answer], unknown: Callable[[Slot], Answer]) -> None:
        self.nothing = nothing
        self.unknown = unknown
        self.final: dict[Slot, Answer] = {}
        self.open: dict[Slot, Question[Answer]] = {}


class _TooDeep(Exception):  # noqa: N818 - a request, not an error
    """Of the questions within each other, one halfway down has to be asked first: `above` are those that led
    to it, `below` itself and those that it led to."""

    def __init__(self, path: list[Question[Any]]) -> None:
        super().__init__()
        middle = len(path) // 2
        self.above, self.question, self.below = path[:middle], path[middle], path[middle:]


class Solver:
    """Answers questions of any kind that are asked while others are being answered."""

    def __init__(self) -> None:
        self.steps = 0
        """How often an answer was worked out."""
        self._path: list[Question[Any]] = []
        """The questions being answered, each asked by the one before."""
        self._may_wait = False
        """Whether what lies too deep waits."""
        self._asked = 0
        self._outermost = 0
        self._low = _NEVER
        self._reader: Question[Any] | None = None
        self._waiting: list[Question[Any]] = []

    @property
    def is_idle(self) -> bool:
        """Whether no question is being answered."""
        return not self._path

    def answer(self, memo: Memo[Slot, Answer], slot: Slot, work: Callable[[], Answer]) -> Answer:
        """The answer to a question: the final one, what it is so far if the question is being answered, else
        what the work gives."""
        found = memo.final.get(slot)
        if found is not None:
            return found
        question = memo.open.get(slot)
        if question is not None:
            return self._read(question)
        if self._path:
            return self._ask(memo, slot, work)
        self._may_wait = False
        try:
            return self._ask(memo, slot, work)
        except _TooDeep as deep:
            return self._in_parts(Question(memo, slot, work, 0), deep)

    def _in_parts(self, first: Question[Answer], deep: _TooDeep) -> Answer:
        """The answer to a question, once that of the deep one is known, which may take others in turn."""
        led = {question.place for question in deep.above}
        above = set(led)
        """All that leads to the last of the parts. One that leads back there lies on a cycle with it."""
        parts: list[tuple[Question[Any], set[Place]]] = [(first, led), (deep.question, set())]
        while parts:
            question, led = parts.pop()
            above -= led
            if question.slot not in question.memo.final:  # else it lies on a cycle of another one
                try:
                    self._ask(question.memo, question.slot, question.work)
                except _TooDeep as deeper:
                    led = {item.place for item in deeper.above}
                    if led and above.isdisjoint(led | {item.place for item in deeper.below}):
                        above |= led
                        parts += [(question, led), (deeper.question, set())]
                    else:
                        self._may_wait = True
                        parts.append((question, set()))
                    continue
            self._may_wait = False
        return first.memo.final[first.slot]

    def _read(self, question: Question[Answer]) -> Answer:
        if question.low < self._low:
            self._low = question.low
        if self._reader is not None:
            question.readers.add(self._reader)
        return question.answer

    def _ask(self, memo: Memo[Slot, Answer], slot: Slot, work: Callable[[], Answer]) -> Answer:
        depth = len(self._path)
        if depth >= _MAX_DEPTH:
            if not self._may_wait:
                raise _TooDeep(self._path)
            question = memo.open[slot] = Question(memo, slot, work, self._outermost)
            self._waiting.append(question)
            return self._read(question)
        number = self._asked = self._asked + 1
        if not depth:
            self._outermost = number
        question = memo.open[slot] = Question(memo, slot, work, number)
        outer_low, outer_reader = self._low, self._reader
        self._low, self._reader = _NEVER, question
        start = len(self._waiting)
        self._path.append(question)
        self.steps += 1
        low = _NEVER
        try:
            answer = work() if (depth + 1) % _STRIDE else with_room(work)
            if self._low < _NEVER:
                low = self._low if self._low < number else self._settle(question, answer, start)
                answer = question.answer if low == _NEVER else answer
        except BaseException:
            low = _NEVER
            self._forget(start)
            question.let_go()
            raise
        finally:
            self._path.pop()
            self._low, self._reader = outer_low, outer_reader
            if low == _NEVER:  # final; or it failed, and so does all that needs it
                memo.open.pop(slot, None)
        if low == _NEVER:
            memo.final[slot] = answer
            return answer
        question.answer, question.low = answer, low
        self._waiting.append(question)
        return self._read(question)

    # -- components -----------------------------------------------------------------------------

    def _settle(self, head: Question[Answer], answer: Answer, start: int) -> int:
        """Makes the answers of `head`, and of all that waits since `start` and needs it, final; or gives the
        number of an earlier question that one of them turns out to need."""
        base = head.low
        for beginning in range(_MAX_BEGINNINGS):
            members = [*self._waiting[start:], head]
            if beginning or len(members) > 1:
                low = self._iterate(members, base)
            else:  # what it gave is what it gives at first when it begins with nothing
                head.change(answer)
                low = self._iterate(members, base, is_begun=True)
            if low < base:
                return low
            if len(members) == len(self._waiting) - start + 1:
                break
        components = _components([*self._waiting[start:], head])
        for component in components:
            if len(components) > 1:
                low = self._iterate(component, base)
                if low < base:
                    self._waiting[start:] = [item for item in self._waiting[start:] if item.is_open]
                    return low
            for question in component:
                question.close()
        for question in self._waiting[start:]:
            if question.is_open:
                question.close()
        del self._waiting[start:]
        return _NEVER

    def _iterate(self, members: list[Question[Any]], base: int, *, is_begun: bool = False) -> int:
        """Works the answers of the members out until none of them changes. Questions that turn out to need
        them join those that wait. Gives the number of an earlier question that one of them needs, if any."""
        inside = set(members)
        for question in members:
            question.low = base
            if not is_begun:
                question.begin()
        due: Iterable[Question[Any]] = members
        while due:
            joined = len(self._waiting)
            answers = []
            for question in due:
                self._low, self._reader = _NEVER, question
                self.steps += 1
                answers.append((question, question.work()))
                if self._low < base:
                    return self._low
            again: dict[Question[Any], None] = {}
            for question in self._waiting[joined:]:
                question.low = base
                inside.add(question)
                again[question] = None
            for question, answer in answers:
                if question.change(answer):
                    again.update(dict.fromkeys(question.readers))
            due = [question for question in again if question in inside and question.changes <= _MAX_CHANGES]
        return _NEVER

    def _forget(self, start: int) -> None:
        for question in self._waiting[start:]:
            question.memo.open.pop(question.slot, None)
            question.let_go()
        del self._waiting[start:]


def _components(members: list[Question[Any]]) -> list[list[Question[Any]]]:
    """The strongly connected components of what the members read, those first that the others read."""
    # Tarjan's algorithm over the readers, which finds those first that nothing outside them reads.
    order: dict[Question[Any], int] = {}
    low: dict[Question[Any], int] = {}
    inside = set(members)
    found: list[list[Question[Any]]] = []
    done: set[Question[Any]] = set()
    open_ones: list[Question[Any]] = []
    for start in members:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        open_ones.append(start)
        path = [(start, iter(start.readers))]
        while path:
            question, rest = path[-1]
            for reader in rest:
                if reader not in inside or reader in done:
                    continue
                if reader not in order:
                    order[reader] = low[reader] = len(order)
                    open_ones.append(reader)
                    path.append((reader, iter(reader.readers)))
                    break
                low[question] = min(low[question], order[reader])
            else:
                path.pop()
                if path:
                    read = path[-1][0]
                    low[read] = min(low[read], low[question])
                if low[question] == order[question]:
                    component = [open_ones.pop()]
                    while component[-1] is not question:
                        component.append(open_ones.pop())
                    found.append(component)
                    done.update(component)
    return found[::-1]


def _is_deeper(item: object, levels: int) -> bool:
    return isinstance(item, tuple) and (not levels or any(_is_deeper(part, levels - 1) for part in item))
