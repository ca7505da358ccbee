"""Whether a loop that computes works on what its function has made alone: in memory, what others have too may
be changed by them meanwhile."""

from __future__ import annotations

from typing import Final

from conclint.rules.advice.scopes import names_in
from conclint.rules.advice.shared_state import MUTATORS, VIEWS
from conclint.rules.advice.site import Fragment, Node
from conclint.syntax.nodes import cst

_MAKERS: Final = frozenset(
    {
        "bytearray",
        "defaultdict",
        "deque",
        "dict",
        "list",
        "set",
        "Counter",
        "OrderedDict",
        "BytesIO",
        "StringIO",
    }
)
_DISPLAYS: Final = (cst.List, cst.Dict, cst.Set, cst.BaseComp)


def is_own_data(fragment: Fragment, loop: cst.For, function: cst.FunctionDef) -> bool:
    """Whether a loop changes only collections that its function has made, calls nothing that the function was
    given or keeps, and goes through what stays as it is."""
    made, given = _made_in(fragment, function), _given_to(function)
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
            elif _root(node.func) in given:
                return False
    return True


def _made_in(fragment: Fragment, function: cst.FunctionDef) -> set[str]:
    """The names that a function binds to nothing but new collections."""
    found: set[str] = set()
    other: set[str] = set()
    for node in fragment.inside(function.body):
        if isinstance(node, cst.Assign) and _makes(node.value):
            bound = {item.target.value for item in node.targets if isinstance(item.target, cst.Name)}
            found |= bound
            other |= names_in([node]).bound - bound
        elif isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name) and _makes(node.value):
            found.add(node.target.value)
        elif isinstance(node, cst.Assign | cst.AnnAssign | cst.For | cst.NamedExpr | cst.AsName):
            other |= names_in([node]).bound
        elif isinstance(node, cst.CompFor):
            other |= names_in([node.target]).read
    return found - other - _given_to(function)


def _makes(value: Node | None) -> bool:
    if isinstance(value, cst.Call):
        function = value.func.attr if isinstance(value.func, cst.Attribute) else value.func
        return isinstance(function, cst.Name) and function.value in _MAKERS
    return isinstance(value, _DISPLAYS)


def _given_to(function: cst.FunctionDef) -> set[str]:
    params = function.params
    every = [*params.posonly_params, *params.params, *params.kwonly_params]
    every += [item for item in (params.star_arg, params.star_kwarg) if isinstance(item, cst.Param)]
    return {item.name.value for item in every}


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


def _root(node: Node) -> str:
    while isinstance(node, cst.Attribute | cst.Subscript | cst.Call):
        node = node.func if isinstance(node, cst.Call) else node.value
    return node.value if isinstance(node, cst.Name) else ""
