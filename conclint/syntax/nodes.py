"""libcst's node classes, as `cst`: lean twins of them where they can be had, else libcst's own.

libcst's parser makes each node by a call of its class, and of all the time that parsing takes a third goes
into the `__init__` of frozen dataclasses, which set each field by itself and validate what the parser made.
A twin has its class's name, methods and defaults, and the twins of its bases as bases, so whatever only
reads nodes works with it; but it is a struct of msgspec, which fills its slots in C.

The parser finds the classes in the module that `sys.modules` has as `libcst`. While it runs, and only then,
that is a copy with the twins in it. No other thread can see the copy: the parser holds the GIL all the while,
C code puts the copy there and takes it away, and no byte code runs in between. Up to Python 3.11 the parser's
allocations would start the garbage collector, which runs finalizers and so gives other threads a turn:
it is off meanwhile.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from inspect import isabstract
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

import libcst
import msgspec
from libcst import CSTNode

from conclint.process.gc_control import paused

if TYPE_CHECKING:
    import libcst as cst
    from libcst import BaseExpression, Module

__all__ = ["cst", "parse_expression", "parse_module"]

_PROBE: Final = (
    "@d\nclass C(B, k=1):\n    async def f(self, *a: t):\n        return [x async for x in a]  # c\n"
)


_NATIVE: Final = import_module("libcst.native")
_UNUSED: Final = ("__", "_validate", "_visit", "_safe_to_use")
"""How methods begin that twins do without: they validate nodes, or make new ones."""


class _Twins:
    """The twins of libcst's classes, each made once."""

    def __init__(self) -> None:
        self._made: dict[type, type] = {}
        self._globals: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}

    def module(self) -> ModuleType:
        """A copy of the module `libcst` with twins for classes of nodes."""
        copy = ModuleType(libcst.__name__)
        vars(copy).update(self._with_twins(vars(libcst)))
        for name in ("parse_module", "parse_expression", "parse_statement"):
            delattr(copy, name)  # they make no twins
        for ours, theirs in self._globals.values():
            ours.update(self._with_twins(theirs))
        return copy

    def _with_twins(self, names: dict[str, Any]) -> dict[str, Any]:
        return {name: self._twin(value) if _is_node_class(value) else value for name, value in names.items()}

    def _twin(self, kind: type) -> type:
        twin = self._made.get(kind)
        if twin is not None:
            return twin
        bases = tuple([self._twin(base) for base in kind.__bases__ if _is_node_class(base)])
        methods: dict[str, Any] = {}
        for name, member in vars(kind).items():
            if isinstance(member, property):
                methods[name] = property(self._function(member.fget))
            elif isinstance(member, FunctionType) and not name.startswith(_UNUSED):
                methods[name] = self._function(member)
        # Of classes that no node is of, several can be bases of one: only without slots of their own.
        fields = [] if isabstract(kind) else [self._field(field) for field in dataclasses.fields(kind)]
        twin = self._made[kind] = msgspec.defstruct(
            kind.__name__,
            fields,
            bases=bases or (msgspec.Struct,),
            namespace=methods,
            kw_only=True,
            eq=False,
            gc=False,  # a tree has no circles
        )
        return twin

    def _field(self, field: dataclasses.Field[Any]) -> tuple[str, type, Any]:
        if field.default_factory is not dataclasses.MISSING:
            node = self._node(field.default_factory())
            return field.name, object, msgspec.field(default_factory=lambda: node)
        # The parser leaves out fields that are None.
        return field.name, object, None if field.default is dataclasses.MISSING else field.default

    def _function(self, function: Any) -> Any:
        """The function, asking for twins where libcst's asks for its classes."""
        if function.__closure__ is not None:  # a context manager's, which asks for none
            return function
        names, _ = self._globals.setdefault(function.__module__, ({}, function.__globals__))
        twin = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
        twin.__kwdefaults__ = function.__kwdefaults__
        return twin

    def _node(self, node: Any) -> Any:
        if not isinstance(node, CSTNode):
            return node
        fields = [field.name for field in dataclasses.fields(node)]
        return self._twin(type(node))(**{name: self._node(getattr(node, name)) for name in fields})


def _is_node_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, CSTNode)


def _lean_nodes(copy: ModuleType, parse: Callable[[str], Any], text: str) -> Any:
    modules: dict[str, ModuleType] = sys.modules
    put = partial(modules.__setitem__, "libcst", copy)
    take = partial(modules.__setitem__, "libcst", libcst)
    steps: Iterable[partial[Any]] = (put, partial(parse, text), take)
    with paused():
        try:
            _, tree, _ = map(partial.__call__, steps)
        except BaseException:
            take()
            raise
    return tree


def _lean() -> ModuleType | None:
    """The module with twins; None where the parser doesn't make them, or where there is no GIL."""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None
    try:
        copy = _Twins().module()
        tree = _lean_nodes(copy, _NATIVE.parse_module, _PROBE)
        return copy if type(tree) is copy.Module and tree.code == _PROBE else None
    except Exception:
        return None


_LEAN: Final = _lean()
if not TYPE_CHECKING:
    cst = _LEAN or libcst


def parse_module(text: str) -> Module:
    """The tree of a whole file, of the classes of `cst`. Raises what `libcst.parse_module` does."""
    if _LEAN is None:
        return libcst.parse_module(text)
    found: Module = _lean_nodes(_LEAN, _NATIVE.parse_module, text)
    return found


def parse_expression(text: str) -> BaseExpression:
    """The tree of an expression, likewise."""
    if _LEAN is None:
        return libcst.parse_expression(text)
    found: BaseExpression = _lean_nodes(_LEAN, _NATIVE.parse_expression, text)
    return found
