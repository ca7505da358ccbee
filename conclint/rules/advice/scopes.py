"""Which names a piece of code binds and reads, and what in it keeps it from being moved to a function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conclint.rules.advice.site import Fragment, Node, children
from conclint.syntax.nodes import cst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FRAMES: Final = {"locals", "vars", "dir", "eval", "exec", "_getframe", "currentframe"}


class Tally(set[str]):
    """A set of names that knows how often each was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[str, int] = {}

    def add(self, name: str) -> None:
        """Puts a name in, or counts it once more."""
        super().add(name)
        self.times[name] = self.times.get(name, 0) + 1

    def more_than(self, other: Tally, name: str) -> bool:
        """Whether a name is in here more often than in another one."""
        return self.times.get(name, 0) > other.times.get(name, 0)


@dataclass(slots=True)
class Names:
    """What a piece of code does with names of the function that it stands in.

    `awaits` and `yields`: it can't be anywhere but in the coroutine or generator; `returns` are its `return`
    statements, `leaves` whether a `break` or `continue` means a loop around it, `frame` whether it looks at
    the function's own frame (`super()`, `locals()`).
    """

    bound: Tally = field(default_factory=Tally)
    read: Tally = field(default_factory=Tally)
    shared: Tally = field(default_factory=Tally)
    returns: list[Node] = field(default_factory=list)
    awaits: bool = False
    yields: bool = False
    leaves: bool = False
    frame: bool = False
    walrus: bool = False
    deletes: bool = False


def names_in(nodes: Iterable[Node], skip: Node | None = None) -> Names:
    """What these pieces of code do, `skip` left out. What functions inside them read counts as read."""
    names = Names()
    for node in nodes:
        _walk(node, names, skip, loops=0, inner=False)
    return names


def names_of(fragment: Fragment, node: Node) -> Names:
    """What a part of a function does, found out once for all findings in the function."""
    found = fragment.found.get(("names", id(node)))
    if not isinstance(found, Names):
        found = fragment.found["names", id(node)] = names_in([node])
    return found


def parameters_of(function: cst.FunctionDef) -> set[str]:
    """The names of all parameters of a function."""
    given = function.params
    stars = [item for item in (given.star_arg, given.star_kwarg) if isinstance(item, cst.Param)]
    return {item.name.value for item in (*given.posonly_params, *given.params, *given.kwonly_params, *stars)}


def root_of(node: Node) -> str:
    """The name that an expression begins with; empty where it begins with none."""
    while isinstance(node, cst.Attribute | cst.Subscript | cst.Call):
        node = node.func if isinstance(node, cst.Call) else node.value
    return node.value if isinstance(node, cst.Name) else ""


def _walk(node: Node, names: Names, skip: Node | None, loops: int, inner: bool) -> None:
    if node is skip:
        return
    if isinstance(node, cst.Name):
        names.read.add(node.value)
        return
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        if not inner:
            names.bound.add(node.name.value)
        rest = [child for child in children(node) if child is not node.name]
        for child in rest:
            _walk(child, names, skip, 0, True)
        return
    if isinstance(node, cst.Lambda):
        for child in children(node):
            _walk(child, names, skip, 0, True)
        return
    if not inner:
        _note(node, names, loops)
    elif isinstance(node, cst.Nonlocal):
        for item in node.names:
            names.bound.add(item.name.value)
    if isinstance(node, (cst.For, cst.While)):
        own = children(node)
        for child in own:
            _walk(child, names, skip, loops + (child is node.body), inner)
    else:
        for child in _readable(node):
            _walk(child, names, skip, loops, inner)
    if not inner:
        for target in _targets(node):
            _bind(target, names)


def _note(node: Node, names: Names, loops: int) -> None:
    if isinstance(node, (cst.Await, cst.Asynchronous)):
        names.awaits = True
    elif isinstance(node, cst.Yield):
        names.yields = True
    elif isinstance(node, cst.Return):
        names.returns.append(node)
    elif isinstance(node, (cst.Break, cst.Continue)):
        names.leaves = names.leaves or not loops
    elif isinstance(node, (cst.Global, cst.Nonlocal)):
        for item in node.names:
            names.shared.add(item.name.value)
    elif isinstance(node, cst.NamedExpr):
        names.walrus = True
    elif isinstance(node, cst.Del):
        names.deletes = True
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        if node.func.value in _FRAMES or (node.func.value == "super" and not node.args):
            names.frame = True
    elif isinstance(node, cst.Name) and node.value == "__class__":
        names.frame = True


def _readable(node: Node) -> Iterator[Node]:
    """The parts of a node that may read names: not the names of attributes, keywords and imports."""
    if isinstance(node, (cst.Import, cst.ImportFrom)):
        return
    for child in children(node):
        if isinstance(node, cst.Attribute) and child is node.attr:
            continue
        if isinstance(node, cst.Arg) and child is node.keyword:
            continue
        if isinstance(node, cst.Param) and child is node.name:
            continue
        yield child


def _targets(node: Node) -> Iterator[Node | str]:
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.For, cst.NamedExpr)):
        yield node.target
    elif isinstance(node, cst.AsName):
        yield node.name
    elif isinstance(node, cst.Del):
        yield node.target
    elif isinstance(node, (cst.Import, cst.ImportFrom)) and not isinstance(node.names, cst.ImportStar):
        for alias in node.names:
            if alias.asname is not None:
                yield alias.asname.name
            else:
                found: Node = alias.name
                while isinstance(found, cst.Attribute):
                    found = found.value
                yield found
    elif isinstance(node, (cst.MatchAs, cst.MatchStar)):
        if node.name is not None:
            yield node.name
    elif isinstance(node, cst.MatchMapping) and node.rest is not None:
        yield node.rest


def _bind(target: Node | str, names: Names) -> None:
    if isinstance(target, cst.Name):
        names.bound.add(target.value)
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            _bind(element.value, names)
    elif isinstance(target, (cst.StarredElement,)):
        _bind(target.value, names)


def free_name(fragment: Fragment, wanted: str) -> str:
    """A name that the function does not use yet."""
    used = fragment.names(fragment.nodes[0])
    if wanted not in used:
        return wanted
    number = 2
    while f"{wanted}_{number}" in used:
        number += 1
    return f"{wanted}_{number}"
