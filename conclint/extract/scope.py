"""A def being walked: its body's graph, and what each name is bound to.

Names are solved as in Braun et al., *Simple and Efficient Construction of Static Single Assignment Form*:
`env` maps each name to its value at this point of the walk. Where branches meet and where loops begin it
holds pending values (`conclint.extract.pending`), which become PHI only when they are read.

A name that isn't bound on the way here is looked up in the enclosing functions, then taken for a global
one. (In a function where it is bound elsewhere, Python would raise UnboundLocalError.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclint.extract.graph import Graph
from conclint.extract.pending import UNBOUND, Loop, Pending
from conclint.model.summary import DefKind, LoopFlags, Op, StoreKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from libcst import CSTNode

    from conclint.extract.module import ModuleRecord

MAX_PENDING_DEPTH: Final = 30
"""Pending values whose operands are pending are solved recursively; deeper ones are solved at once."""

MAX_FLAT: Final = 8
"""Joins of joins are written as one PHI up to this many operands; beyond, the size would be quadratic."""

_FUNCTIONS: Final = frozenset((DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.LAMBDA))
_CONSTANTS: Final[dict[str, object]] = {"None": None, "True": True, "False": False, "__debug__": True}


class Scope(Graph):
    """A def under construction.

    The fields up to `returned` are those of `Def`, with values of the parent's body; `header` is the number
    of its header's logical line, -1 for lambdas and the module.
    """

    __slots__ = (
        "_heads",
        "_pending",
        "attribute_sites",
        "bases",
        "bound",
        "captured",
        "captured_hidden",
        "comprehension_names",
        "declared",
        "decorators",
        "env",
        "flags",
        "header",
        "hidden_bindings",
        "index",
        "inside_comprehension",
        "isinstance_arguments",
        "key",
        "keywords",
        "kind",
        "loops",
        "module",
        "node",
        "outer",
        "params",
        "parent",
        "returned",
        "type_checking",
        "type_names",
        "written",
    )

    def __init__(
        self, module: ModuleRecord, parent: Scope | None, kind: int, key: str, node: CSTNode
    ) -> None:
        super().__init__()
        self.module = module
        self.parent = parent
        self.kind = kind
        self.key = key
        self.node = node
        self.index = len(module.scopes)
        module.scopes.append(self)
        self.flags = 0
        self.decorators: list[int] = []
        self.bases: list[int] = []
        self.keywords: list[tuple[str, int]] = []
        self.params: list[tuple[str, int, int, int]] = []
        self.returned = -1
        self.header = -1

        self.env: dict[str, int] = {}
        self.written: list[str] = []  # names whose `env` changed, in order
        self.loops: list[Loop] = []
        self.declared: dict[str, tuple[int, int]] = {}  # `global`, `nonlocal`: kind of store, owner
        self.type_names: frozenset[str] = frozenset()  # type parameters
        self.bound: set[str] = set()  # all names bound here, once the body has been walked
        self.captured: set[str] = set()  # those that inner defs read
        # A comprehension's targets are seen by lambdas inside it alone.
        self.inside_comprehension: frozenset[str] = frozenset()
        self.comprehension_names = parent.inside_comprehension if parent is not None else frozenset()
        self.hidden_bindings: list[tuple[str, int, int]] = []
        self.captured_hidden: set[str] = set()

        self.type_checking = 0  # how many `if TYPE_CHECKING` the walk is in
        self.attribute_sites: set[int] = set()  # ATTR values that have a site
        self.isinstance_arguments: dict[int, tuple[int, int]] = {}  # by the id of the call's node
        self.outer: dict[str, int] = {}  # names read that aren't bound here, found once
        self._pending: list[Pending] = []
        self._heads: set[int] = set()  # PHI of loops, which may lead back to themselves

    @property
    def is_function(self) -> bool:
        """Whether the def is a function or lambda."""
        return self.kind in _FUNCTIONS

    # Binding --------------------------------------------------------------------------------------------

    def bind(self, name: str, value: int) -> None:
        """Binds a name here, as an assignment does."""
        self.env[name] = value
        self.written.append(name)
        if name in self.declared:
            kind, owner = self.declared[name]
            self.stores.append((kind, owner, name, value, self.region))
        else:
            self.bindings.append((name, value, self.region))

    def bind_hidden(self, name: str, value: int) -> None:
        """Binds a comprehension's target, which only the comprehension sees."""
        self.env[name] = value
        self.hidden_bindings.append((name, value, self.region))

    def unbind(self, name: str) -> None:
        """Makes a name unbound, as `del` does."""
        self.env[name] = UNBOUND
        self.written.append(name)

    def declare(self, name: str, kind: int, owner: int) -> None:
        """From here on, bindings of the name are stores elsewhere: `global` and `nonlocal`."""
        self.declared[name] = (kind, owner)
        self.env.pop(name, None)
        self.outer.pop(name, None)

    # Reading --------------------------------------------------------------------------------------------

    def read(self, name: str) -> int:
        """The value of a name here."""
        value = self.env.get(name, UNBOUND)
        if value < UNBOUND:
            value = self.env[name] = self._solve(value)
        return self._read_outer(name) if value == UNBOUND else value

    def is_bound(self, name: str) -> bool:
        """Whether the name has a value of this scope's own here."""
        return self.env.get(name, UNBOUND) != UNBOUND

    def _read_outer(self, name: str) -> int:
        found = self.outer.get(name)
        if found is None:
            found = self.outer[name] = self._find_outer(name)
        return found

    def _find_outer(self, name: str) -> int:
        if name in _CONSTANTS:
            return self.constant(_CONSTANTS[name])
        if name in self.declared:
            kind, owner = self.declared[name]
            return self.pure((Op.FREE, owner, name) if kind == StoreKind.FREE else (Op.GLOBAL, name))
        if name in self.type_names:
            return self.unknown()
        return self._find_enclosing(name)

    def _find_enclosing(self, name: str) -> int:
        """A variable of an enclosing function, or a global one.

        Enclosing functions have been walked to their end when a def inside them is walked.
        """
        scope = self
        while scope.parent is not None:
            outer = scope.parent
            if name in scope.comprehension_names:
                outer.captured_hidden.add(name)
                return self.pure((Op.FREE, outer.index, name))
            if name in outer.type_names:
                return self.unknown()
            if outer.kind in _FUNCTIONS:
                declared = outer.declared.get(name)
                if declared is not None and declared[0] == StoreKind.GLOBAL:
                    break
                if declared is None and name in outer.bound:
                    outer.captured.add(name)
                    return self.pure((Op.FREE, outer.index, name))
            scope = outer
        return self.pure((Op.GLOBAL, name))

    def nonlocal_owner(self, name: str) -> int:
        """The enclosing function whose variable a `nonlocal` statement means, as its index; or 0."""
        outer = self.parent
        while outer is not None:
            if outer.kind in _FUNCTIONS and name in outer.bound and name not in outer.declared:
                outer.captured.add(name)
                return outer.index
            outer = outer.parent
        return 0

    # Narrowing ------------------------------------------------------------------------------------------

    def narrow(self, name: str, kind: int, polarity: int) -> tuple[str, int, int]:
        """From here on the name's value is known (not) to be an instance of the class, or (not) None.

        The name must be bound. Gives what `restore` takes.
        """
        before = self.env[name]
        pending = self._defer(name, [before])
        pending.narrowing = (kind, polarity)
        self.env[name] = pending.marker
        self.written.append(name)
        return name, before, pending.marker

    def restore(self, changes: Iterable[tuple[str, int, int]]) -> None:
        """Takes narrowings back, latest first, but for names bound since."""
        for name, before, marker in changes:
            if self.env[name] in (marker, self._pending[UNBOUND - 1 - marker].value):
                self.env[name] = before

    # Branches and loops ---------------------------------------------------------------------------------

    def join(self, states: Sequence[dict[str, int]], since: int) -> None:
        """Continues from several states that meet; `since` is the length of `written` when they parted.

        The states are used up. Without any, as after a return, nothing changes.
        """
        if not states:
            return
        env = states[0]
        if len(states) > 1:
            others = states[1:]
            for name in dict.fromkeys(self.written[since:]):
                first = env.get(name, UNBOUND)
                values = [first]
                for other in others:
                    value = other.get(name, UNBOUND)
                    if value not in values:
                        values.append(value)
                if len(values) > 1:
                    env[name] = self._defer(name, values).marker
        self.env = env

    def begin_loop(self, region: int, flags: int, names: Iterable[str]) -> Loop:
        """Enters a loop that binds `names` somewhere in it."""
        loop = Loop(region, flags)
        env = self.env
        for name in names:
            head = self._defer(name, [env.get(name, UNBOUND)])
            head.loop = loop
            loop.heads.append(head)
            env[name] = head.marker
            self.written.append(name)
        loop.entry = dict(env)
        self.loops.append(loop)
        return loop

    def end_loop(self, loop: Loop, leaves: bool) -> None:
        """Closes the loop: what its heads are is known now. `env` is what it is when no iteration is left.

        `leaves` tells that control never comes to the end of the loop's block.
        """
        self.loops.pop()
        backs = loop.continues
        if not leaves:
            backs.append(self.env)
        for head in loop.heads:
            for state in backs:
                operand = state.get(head.name, UNBOUND)
                if operand != head.marker:
                    head.operands.append(operand)
            head.closed = True
        read_inside = len(loop.made)
        done = 0
        while done < len(loop.made):  # closing one may make another
            if self._close(loop.made[done]) and done < read_inside:
                loop.flags |= LoopFlags.CARRIED
            done += 1
        self.regions[loop.region][3] = loop.flags
        self.env = loop.entry

    def _close(self, head: Pending) -> bool:
        """Gives a head that was read its operands. True if one comes from an earlier iteration."""
        operands: dict[int, None] = {}
        for operand in head.operands:
            if self._root(operand) not in (head.value, UNBOUND):
                solved = self._solve(operand)
                operands[self._only(solved)] = None
        operands.pop(head.value, None)
        if not operands:
            unbound = (Op.UNKNOWN,) if self.is_function else (Op.GLOBAL, head.name)
            self.values[head.value] = unbound
            return False
        self.values[head.value] = (Op.PHI, *operands)
        first = self._only(self._solve(head.operands[0]))
        return any(operand != first for operand in operands)

    # Pending values -------------------------------------------------------------------------------------

    def _defer(self, name: str, operands: list[int]) -> Pending:
        depth = 0
        for position, operand in enumerate(operands):
            if operand < UNBOUND:
                inner = self._pending[UNBOUND - 1 - operand]
                if inner.value < UNBOUND and inner.depth >= depth:
                    if inner.depth >= MAX_PENDING_DEPTH:
                        operands[position] = self._solve(operand)
                    else:
                        depth = inner.depth + 1
        pending = Pending(name, UNBOUND - 1 - len(self._pending), operands, depth)
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

    def _make_head(self, head: Pending) -> None:
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
        solved = list(dict.fromkeys([self._only(self._solve(operand)) for operand in distinct]))
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
