"""A def being walked: its body's graph, and what each name is bound to.

Names are solved as in Braun et al., *Simple and Efficient Construction of Static Single Assignment Form*:
`env` maps each name to its value at this point of the walk. Where branches meet and where loops begin it
holds pending values (`conclint.extract.ssa`), which become PHI only when they are read.

A name that isn't bound on the way here is looked up in the enclosing functions, then taken for a global
one. (In a function where it is bound elsewhere, Python would raise UnboundLocalError.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conclint.extract.pending import UNBOUND, LoopHeader
from conclint.extract.ssa import SsaGraph
from conclint.summary.records import DefKind, LoopFlags, Op, StoreKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from libcst import CSTNode

    from conclint.extract.graph import Value
    from conclint.extract.module_record import ModuleRecord

_FUNCTIONS: Final = frozenset((DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.LAMBDA))
_CONSTANTS: Final[dict[str, object]] = {"None": None, "True": True, "False": False, "__debug__": True}


class Scope(SsaGraph):
    """A def under construction.

    The fields up to `returned` are those of `Def`, with values of the parent's body; `header` is the number
    of its header's logical line, -1 for lambdas and the module.
    """

    __slots__ = (
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
        self, module: ModuleRecord[Scope], parent: Scope | None, kind: int, key: str, node: CSTNode
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
        self.loops: list[LoopHeader] = []
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

    @property
    def is_function(self) -> bool:
        """Whether the def is a function or lambda."""
        return self.kind in _FUNCTIONS

    def inner(self, kind: int, name: str, node: CSTNode) -> Scope:
        """A def found in this one, whose body will be walked after this one's."""
        key = self.module.new_key(self.key if self.parent is not None else "", name)
        found = Scope(self.module, self, kind, key, node)
        self.module.waiting.append(found)
        return found

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

    def _unbound(self, name: str) -> Value:
        return self.values[self._read_outer(name)]

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

    def begin_loop(self, region: int, flags: int, names: Iterable[str]) -> LoopHeader:
        """Enters a loop that binds `names` somewhere in it."""
        loop = LoopHeader(region, flags)
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

    def end_loop(self, loop: LoopHeader, leaves: bool) -> None:
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
