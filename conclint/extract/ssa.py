"""Pending values made real: what a name is where branches meet, where a loop begins, and once narrowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclint.extract.graph import Graph
from conclint.extract.pending import UNBOUND, IncompletePhi
from conclint.summary.records import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conclint.extract.graph import Value

MAX_PENDING_DEPTH: Final = 30
"""Pending values whose operands are pending are solved recursively; deeper ones are solved at once."""

MAX_FLAT: Final = 8
"""Joins of joins are written as one PHI up to this many operands; beyond, the size would be quadratic."""


class SsaGraph(Graph):
    """A graph with pending values, each known by its marker until it is read."""

    __slots__ = ("_heads", "_pending")

    def __init__(self) -> None:
        super().__init__()
        self._pending: list[IncompletePhi] = []
        self._heads: set[int] = set()  # PHI of loops, which may lead back to themselves

    def _unbound(self, name: str) -> Value:
        """What a name is that no way binds."""
        raise NotImplementedError

    def _defer(self, name: str, operands: list[int]) -> IncompletePhi:
        depth = 0
        for position, operand in enumerate(operands):
            if operand < UNBOUND:
                inner = self._pending[UNBOUND - 1 - operand]
                if inner.value < UNBOUND and inner.depth >= depth:
                    if inner.depth >= MAX_PENDING_DEPTH:
                        operands[position] = self._solve(operand)
                    else:
                        depth = inner.depth + 1
        pending = IncompletePhi(name, UNBOUND - 1 - len(self._pending), operands, depth)
        self._pending.append(pending)
        return pending

    def _solve(self, value: int) -> int:
        """The value itself, made if it was pending; UNBOUND where the name has none."""
        if value >= UNBOUND:
            return value
        pending = self._pending[UNBOUND - 1 - value]
        if pending.value < UNBOUND:
            if pending.loop is not None:
                self._make_head(pending)
            elif pending.narrowing is not None:
                pending.value = self._narrowed(self._solve(pending.operands[0]), *pending.narrowing)
            else:
                pending.value = self._merge(pending.operands)
        return pending.value

    def _narrowed(self, base: int, kind: int, polarity: int) -> int:
        if base == UNBOUND or (
            self.values[base][0] == Op.NARROW and self.values[base][2:] == (kind, polarity)
        ):
            return base
        return self.pure((Op.NARROW, base, kind, polarity))

    def _make_head(self, head: IncompletePhi) -> None:
        assert head.loop is not None
        if head.closed and all(self._root(operand) >= UNBOUND for operand in head.operands):
            head.value = self._merge(head.operands)
        else:
            head.value = self.add((Op.PHI,))
            self._heads.add(head.value)
            if head.closed:
                self._close(head)
            else:
                head.loop.made.append(head)

    def _merge(self, operands: Iterable[int]) -> int:
        """One of several values: what narrowing told of each is forgotten where they are one again."""
        roots: dict[int, None] = {}
        distinct: dict[int, None] = {}
        for operand in self._flat(operands):
            root = self._root(operand)
            if root != UNBOUND:
                roots[root] = None
                distinct[operand] = None
        if not roots:
            return UNBOUND
        if len(roots) == 1 and not all(map(self._is_instance, distinct)):
            return self._solve(next(iter(roots)))
        found = [self._only(self._solve(operand)) for operand in distinct]
        solved = [value for value in dict.fromkeys(found) if value != UNBOUND]  # a join of none has no value
        if not solved:
            return UNBOUND
        return solved[0] if len(solved) == 1 else self.pure((Op.PHI, *solved))

    def _flat(self, operands: Iterable[int]) -> list[int]:
        """The operands with those of joins among them in place of the joins, unless there are many."""
        flat: dict[int, None] = {}
        for operand in operands:
            parts: Sequence[int] = (operand,)
            if operand < UNBOUND:
                pending = self._pending[UNBOUND - 1 - operand]
                if pending.value >= UNBOUND:
                    operand = pending.value
                    parts = (operand,)
                elif pending.loop is None and pending.narrowing is None:
                    parts = pending.operands
            if operand >= 0 and operand not in self._heads:
                found = self.values[operand]
                if found[0] == Op.PHI:
                    parts = found[1:]
            if len(parts) + len(flat) > MAX_FLAT:
                parts = (operand,)
            flat.update(dict.fromkeys(parts))
        return list(flat)

    def _root(self, value: int) -> int:
        """The value without what branches found out about it."""
        while value != UNBOUND:
            if value < UNBOUND:
                pending = self._pending[UNBOUND - 1 - value]
                if pending.value >= UNBOUND:
                    value = pending.value
                elif pending.narrowing is not None:
                    value = pending.operands[0]
                else:
                    break
            else:
                found = self.values[value]
                if found[0] == Op.NARROW or (found[0] == Op.PHI and len(found) == 2):
                    value = found[1]
                else:
                    break
        return value

    def _only(self, value: int) -> int:
        """What a PHI of one value stands for."""
        while value >= 0 and self.values[value][0] == Op.PHI and len(self.values[value]) == 2:
            value = self.values[value][1]
        return value

    def _is_instance(self, value: int) -> bool:
        """Whether the value is narrowed to a class, or to None."""
        if value < UNBOUND:
            pending = self._pending[UNBOUND - 1 - value]
            if pending.value < UNBOUND:
                return pending.narrowing is not None and pending.narrowing[1] == 1
            value = pending.value
        if value == UNBOUND:
            return False
        found = self.values[value]
        return bool(found[0] == Op.NARROW and found[3] == 1)

    def _close(self, head: IncompletePhi) -> bool:
        """Gives a head that was read its operands. True if one comes from an earlier iteration."""
        operands: dict[int, None] = {}
        for operand in head.operands:
            if self._root(operand) not in (head.value, UNBOUND):
                solved = self._only(self._solve(operand))
                if solved != UNBOUND:  # a join of none has no value
                    operands[solved] = None
        operands.pop(head.value, None)
        if not operands:
            self.values[head.value] = self._unbound(head.name)
            return False
        self.values[head.value] = (Op.PHI, *operands)
        first = self._only(self._solve(head.operands[0]))
        return any(operand != first for operand in operands)
