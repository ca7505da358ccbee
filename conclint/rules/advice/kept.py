"""What a piece of code changes that is kept beyond its function, as far as its text shows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conclint.model.finding import Position
from conclint.rules.advice.allowed import Around
from conclint.rules.advice.scopes import names_of, root_of
from conclint.rules.advice.shared_state import MUTATORS, SURELY, VIEWS
from conclint.rules.advice.site import Fragment, Node, children
from conclint.syntax.nodes import cst

_DUMPS = frozenset({"dump", "dumps", "safe_dump"})


def changed_in(fragment: Fragment, block: Node, function: cst.FunctionDef, around: Around) -> str:
    """The text of a thing that a block changes, or goes through as a whole, and that other code on the event
    loop may use; empty for none. That it gives one attribute another value doesn't count, nor what is done
    under a thread's lock."""
    local = _local_names(fragment, function)
    set_: dict[str, None] = {}
    for node in _without_locked(fragment, block, around.busy.locks):
        for target in _targets(node):
            if isinstance(target, cst.Subscript) and root_of(target) not in local:
                return fragment.code(target.value)
            if isinstance(target, cst.Attribute) and root_of(target) not in local:
                if not isinstance(node, cst.AssignTarget | cst.AnnAssign):
                    return fragment.code(target)
                set_[fragment.code(target)] = None
        if isinstance(node, cst.For | cst.CompFor) and (kept := _own_collection(node.iter)) is not None:
            return fragment.code(kept)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            owner = node.func.value
            method = node.func.attr.value
            is_kept = isinstance(owner, cst.Name | cst.Attribute) and root_of(owner) not in local
            if method in MUTATORS and is_kept and not _is_of_module(owner, method, around):
                return fragment.code(owner)
            if node.func.attr.value in _DUMPS and node.args and not node.args[0].star:
                dumped = node.args[0].value
                is_own = isinstance(dumped, cst.Call) and root_of(dumped) in ("self", "cls")
                if is_own or (isinstance(dumped, cst.Attribute) and root_of(dumped) not in local):
                    return fragment.code(dumped)
    return next(iter(set_)) if len(set_) > 1 else ""


def _own_collection(iterated: Node) -> Node | None:
    """The attribute of the own object that a loop goes through, and that others may change meanwhile."""
    if (
        isinstance(iterated, cst.Call)
        and isinstance(iterated.func, cst.Attribute)
        and iterated.func.attr.value in VIEWS
    ):
        iterated = iterated.func.value
    return iterated if isinstance(iterated, cst.Attribute) and root_of(iterated) == "self" else None


def _without_locked(fragment: Fragment, block: Node, locks: Collection[Position]) -> Iterator[Node]:
    """What a block is made of, but for what is under one of these locks."""
    todo = [block]
    while todo:
        node = todo.pop()
        if isinstance(node, cst.With) and any(fragment.place_of(item.item) in locks for item in node.items):
            continue
        yield node
        todo.extend(children(node))


def _local_names(fragment: Fragment, function: cst.FunctionDef) -> set[str]:
    """The names that the function, or one inside it, makes things under: all that it binds but parameters."""
    held = fragment.found.get(("local", id(function)))
    if isinstance(held, set):
        return held
    found: set[str] = set()
    for node in fragment.inside(function.body):
        if isinstance(node, cst.FunctionDef):
            found |= names_of(fragment, node.body).bound
    names = names_of(fragment, function.body)
    local = (found | names.bound) - names.shared
    fragment.found["local", id(function)] = local
    return local


def _is_of_module(owner: Node, method: str, around: Around) -> bool:
    """Whether a call is of a module's function by that name, as `mysql.insert(table)` is: of what is imported
    by a name in small letters, unless only a collection has such a method."""
    if not isinstance(owner, cst.Name):
        return False
    imported = [item for item in around.imports if item.bound == owner.value]
    return any(item.name is None or (owner.value.islower() and method not in SURELY) for item in imported)


def _targets(node: Node) -> Iterator[Node]:
    """What a node gives another value to, or deletes."""
    if isinstance(node, cst.AssignTarget | cst.AnnAssign | cst.AugAssign | cst.Del | cst.For | cst.AsName):
        todo: list[Node] = [node.name if isinstance(node, cst.AsName) else node.target]
        while todo:
            target = todo.pop()
            if isinstance(target, cst.Tuple | cst.List):
                todo.extend(element.value for element in target.elements)
            else:
                yield target
