"""Whether a loop that computes works on what its function has made alone: in memory, what others have too may
be changed by them meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from conclint.rules.advice.scopes import names_in, names_of, parameters_of, root_of
from conclint.rules.advice.shared_state import MUTATORS, VIEWS
from conclint.rules.advice.site import Fragment, Node, children
from conclint.syntax.nodes import cst

_MAKERS: Final = frozenset(
    {
        "BytesIO", "Counter", "OrderedDict", "StringIO", "bytearray", "defaultdict", "deque", "dict", "list",
        "set",
    }
)  # fmt: skip
_BUILTINS: Final = frozenset(
    {
        "all", "any", "bool", "dict", "enumerate", "frozenset", "len", "list", "max", "min", "print", "range",
        "repr", "reversed", "set", "sorted", "str", "sum", "tuple", "zip",
    }
)  # fmt: skip
"""What keeps nothing of what it is given; an iterator is the function's own."""
_KEEPING: Final = (
    cst.AssignTarget, cst.AugAssign, cst.Comparison, cst.ComparisonTarget, cst.CompFor, cst.CompIf, cst.Del,
    cst.For, cst.FormattedStringExpression, cst.If, cst.Return, cst.Subscript, cst.UnaryOperation, cst.While,
)  # fmt: skip
"""Where a collection is used and nobody gets to know it."""
_DISPLAYS: Final = (cst.List, cst.Dict, cst.Set, cst.BaseComp)


def is_own_data(fragment: Fragment, loop: cst.For, function: cst.FunctionDef) -> bool:
    """Whether a loop changes only collections that its function has made, calls nothing that the function was
    given or keeps, and goes through what stays as it is."""
    made, given = _alone_in(fragment, loop, function), parameters_of(function)
    for node in fragment.inside(loop):
        if isinstance(node, cst.For | cst.CompFor) and not _is_plain(node.iter):
            return False
        if isinstance(node, cst.AssignTarget | cst.AugAssign | cst.AnnAssign) and not isinstance(
            node.target, cst.Name
        ):
            if not _is_made(node.target, made):
                return False
        elif isinstance(node, cst.Del):
            return False
        elif isinstance(node, cst.Call):
            if isinstance(node.func, cst.Attribute) and node.func.attr.value in MUTATORS:
                if not _is_made(node.func.value, made):
                    return False
            elif root_of(node.func) in given:
                return False
    return True


@dataclass(frozen=True, slots=True)
class _Own:
    """The names that a function binds to nothing but new collections, and of each that others get to know,
    where they first do."""

    made: set[str]
    shared: dict[str, int]


def _own_of(fragment: Fragment, function: cst.FunctionDef) -> _Own:
    """Found out once for all findings in the function."""
    found = fragment.found.get(("own", id(function)))
    if not isinstance(found, _Own):
        made = _made_in(fragment, function)
        found = _Own(made, _shared_in(fragment, function, made))
        fragment.found["own", id(function)] = found
    return found


def _alone_in(fragment: Fragment, loop: cst.For, function: cst.FunctionDef) -> set[str]:
    """The names of collections that nobody but the function knows while a loop runs."""
    own = _own_of(fragment, function)
    if not own.shared:
        return own.made
    is_repeated = any(
        isinstance(item, cst.For | cst.While)
        for item in takewhile(lambda item: item is not function, fragment.above(loop))
    )
    end = fragment.end(loop)
    return {
        name for name in own.made if name not in own.shared or (own.shared[name] > end and not is_repeated)
    }


def _made_in(fragment: Fragment, function: cst.FunctionDef) -> set[str]:
    found: set[str] = set()
    other = set(names_of(fragment, function.body).shared)
    for node in fragment.inside(function.body):
        if isinstance(node, cst.Assign) and _makes(node.value):
            bound = {item.target.value for item in node.targets if isinstance(item.target, cst.Name)}
            found |= bound
            other |= names_in([node]).bound - bound
            if len(node.targets) > 1:
                other |= bound
        elif isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name) and _makes(node.value):
            found.add(node.target.value)
        elif isinstance(node, cst.Assign | cst.AnnAssign | cst.NamedExpr | cst.AsName):
            other |= names_in([node]).bound
        elif isinstance(node, cst.For | cst.CompFor):
            other |= names_in([node.target]).read
    return found - other - parameters_of(function)


def _shared_in(fragment: Fragment, function: cst.FunctionDef, made: set[str]) -> dict[str, int]:
    """Where each of these names is first used in a way that others may get to know what it stands for."""
    found: dict[str, int] = {}
    todo: list[tuple[Node, bool]] = [(function.body, False)]
    while todo:
        node, is_inner = todo.pop()
        is_inner = is_inner or isinstance(node, cst.FunctionDef | cst.Lambda | cst.ClassDef)
        todo.extend((child, is_inner) for child in children(node))
        if not isinstance(node, cst.Name) or node.value not in made:
            continue
        if is_inner or not _is_kept_here(fragment, node):
            start = fragment.start(node) if fragment.knows(node) else 0
            found[node.value] = min(start, found.get(node.value, start))
    return found


def _is_kept_here(fragment: Fragment, name: cst.Name) -> bool:
    """Whether a use of a collection gives it to nobody: a method of it is called, an item taken, it is gone
    through, compared, returned, or given to a builtin function."""
    parent = fragment.parent(name)
    above = fragment.parent(parent) if parent is not None else None
    if isinstance(parent, cst.Attribute):
        return parent.attr is name or (isinstance(above, cst.Call) and above.func is parent)
    if isinstance(parent, cst.Arg):
        return parent.keyword is name or (isinstance(above, cst.Call) and _is_builtin(above.func))
    if isinstance(parent, cst.Element):
        return isinstance(above, cst.Tuple) and isinstance(fragment.parent(above), cst.Return)
    if isinstance(parent, cst.AnnAssign):
        return parent.target is name
    return isinstance(parent, _KEEPING)


def _is_builtin(function: Node) -> bool:
    if isinstance(function, cst.Attribute):
        return function.attr.value == "join" and isinstance(function.value, cst.SimpleString)
    return isinstance(function, cst.Name) and function.value in _BUILTINS


def _makes(value: Node | None) -> bool:
    if isinstance(value, cst.Call):
        function = value.func.attr if isinstance(value.func, cst.Attribute) else value.func
        return isinstance(function, cst.Name) and function.value in _MAKERS
    return isinstance(value, _DISPLAYS)


def _is_plain(iterated: Node) -> bool:
    """Whether what is gone through is what a name stands for, or made of such by a builtin function."""
    if isinstance(iterated, cst.Call):
        function = iterated.func
        if isinstance(function, cst.Attribute):
            return function.attr.value in VIEWS and isinstance(function.value, cst.Name)
        return isinstance(function, cst.Name) and all(
            _is_plain(item.value) or not isinstance(item.value, cst.Call | cst.Attribute)
            for item in iterated.args
        )
    return not isinstance(iterated, cst.Attribute)


def _is_made(target: Node, made: set[str]) -> bool:
    """Whether what is changed is a collection that was made here, or an item of one."""
    while isinstance(target, cst.Subscript):
        target = target.value
    if isinstance(target, cst.Tuple | cst.List):
        return all(isinstance(item.value, cst.Name) or _is_made(item.value, made) for item in target.elements)
    return isinstance(target, cst.Name) and target.value in made
