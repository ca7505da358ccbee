"""What a test gives where no environment variable is set: by default, none is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from conclint.resolve.arguments import arguments_of, bind
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, Function, Instance, Key, ModuleRef
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefFlags, DefKind, Op, RegionKind, Site

_DEPTH: Final = 12
_READERS: Final = frozenset({"os.environ.get", "os.getenv", "os.environ.setdefault"})
_TEXT_METHODS: Final = frozenset(
    {"casefold", "endswith", "isdigit", "lower", "lstrip", "removeprefix", "rstrip", "startswith", "strip",
     "title", "upper"}
)  # fmt: skip
_TYPES: Final = {
    "builtins.bool": bool,
    "builtins.float": float,
    "builtins.int": int,
    "builtins.str": str,
    "distutils.util.strtobool": lambda text: text.lower() in ("y", "yes", "t", "true", "on", "1"),
}
_PASSED_THROUGH: Final = (RegionKind.TRY, RegionKind.WITH, RegionKind.TRY_ELSE, RegionKind.AFTER_TRY)
_UNKNOWN: Final = object()


class Outcome(NamedTuple):
    """What a value is by default: `reads` whether it was made from the environment."""

    value: object
    reads: bool

    @property
    def is_known(self) -> bool:
        """Whether it can be told."""
        return self.value is not _UNKNOWN


class _Frame(NamedTuple):
    """A body, with what its parameters are bound to."""

    key: Key
    bound: Mapping[int, Outcome]
    depth: int


_NOTHING: Final = Outcome(_UNKNOWN, False)


class UnsetEnvironment:
    """Works out what values are where no environment variable is set, by way of the program's own helpers
    (`def flag(name): return os.environ.get(name) == "1"`)."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def outcome(self, key: Key, value: int) -> Outcome:
        """What a value of the body of `key` is then."""
        return self._of(_Frame(key, {}, 0), value)

    def _of(self, frame: _Frame, value: int) -> Outcome:
        if value < 0 or frame.depth > _DEPTH:
            return _NOTHING
        body = self._evaluator.body(frame.key)
        node = body.values[value]
        op = node[0]
        deeper = frame._replace(depth=frame.depth + 1)
        if op == Op.CONST:
            return Outcome(node[1], False)
        if op == Op.PARAM:
            return frame.bound.get(graph.number(node), _NOTHING)
        if (site := graph.call(body, value)) is not None:
            return self._called(deeper, body, site)
        if op == Op.COMPARE:
            return self._compared(deeper, node)
        if op == Op.BOOL:
            return self._combined(deeper, node)
        if op in graph.WRAPPERS:
            return self._of(deeper, graph.operand(node))
        if op in (Op.TUPLE, Op.LIST, Op.SET):
            parts = [self._of(deeper, item) for item in graph.operands(node)]
            known = all(part.is_known for part in parts)
            return Outcome(tuple(part.value for part in parts) if known else _UNKNOWN, _reads(parts))
        if op == Op.PHI:
            parts = [self._of(deeper, item) for item in graph.operands(node)]
            same = all(part.is_known and bool(part.value) == bool(parts[0].value) for part in parts)
            return Outcome(parts[0].value if same else _UNKNOWN, _reads(parts))
        stores = self._stores(frame.key, node)
        if len(stores) != 1:
            return _NOTHING
        owner, stored = stores[0]
        return self._of(_Frame(owner, {}, frame.depth + 1), stored)

    def _called(self, frame: _Frame, body: Body, site: Site) -> Outcome:
        callee = body.values[site.callee]
        passed = [value for slot, value in site.args if isinstance(slot, int) and slot >= 0]
        values = self._evaluator.evaluate(frame.key, site.callee).values
        if len(values) == 1 and isinstance(values[0], External):
            name = values[0].dotted
            if name in _READERS:
                default = next((value for slot, value in site.args if slot in (1, "default")), -1)
                return Outcome(None if default < 0 else self._of(frame, default).value, True)
            made = _TYPES.get(name)
            if made is not None and len(passed) == 1 == len(site.args):
                return _applied(made, [self._of(frame, passed[0])])
        if len(values) == 1 and isinstance(values[0], Function):
            return self._returned(frame, values[0], site)
        if callee[0] == Op.ATTR and callee[2] in _TEXT_METHODS:
            parts = [self._of(frame, item) for item in (graph.base(callee), *passed)]
            if isinstance(parts[0].value, str):
                return _applied(getattr(str, str(callee[2])), parts)
            return Outcome(_UNKNOWN, _reads(parts))
        return _NOTHING

    def _returned(self, frame: _Frame, function: Function, site: Site) -> Outcome:
        """What a helper of the program gives: by the first of its returns that it comes to."""
        definition = self._evaluator.definition(function.key)
        if definition.kind not in (DefKind.FUNCTION, DefKind.LAMBDA) or definition.flags & DefFlags.GENERATOR:
            return _NOTHING
        arguments = arguments_of(frame.key, site.args)
        first = 0
        if function.receiver is not None:
            first, arguments = 1, arguments.prepend(self._evaluator.passed(None))
        bound: dict[int, Outcome] = {}
        for index in range(first, len(definition.params)):
            given = bind(definition, index, arguments)
            default = definition.params[index].default
            if isinstance(given, tuple) and len(given) == 2:
                bound[index] = self._of(frame, given[1])
            elif given is None and not arguments.spread and default >= 0:
                bound[index] = self._of(_Frame(self._evaluator.scope(function.key), {}, frame.depth), default)
        inner = _Frame(function.key, bound, frame.depth)
        body = self._evaluator.body(function.key)
        reads = False
        for value, region in body.returns:
            comes, asked = self._comes_to(inner, body, region)
            reads = reads or asked
            if comes is None:
                return Outcome(_UNKNOWN, reads)
            if comes:
                found = self._of(inner, value)
                return Outcome(found.value, found.reads or reads)
        return Outcome(_UNKNOWN, reads)

    def _comes_to(self, frame: _Frame, body: Body, region: int) -> tuple[bool | None, bool]:
        """Whether the tests around a region let through, None where that can't be told; and whether they
        read the environment."""
        reads = False
        for number in graph.around(body, region):
            item = body.regions[number]
            if item.kind == RegionKind.EXCEPT:
                return False, reads
            if item.kind in graph.TESTS:
                test = self._of(frame, item.value)
                reads = reads or test.reads
                if not test.is_known:
                    return None, reads
                if bool(test.value) != bool(item.extra):
                    return False, reads
            elif item.kind not in _PASSED_THROUGH:
                return None, reads
        return True, reads

    def _compared(self, frame: _Frame, node: graph.Node) -> Outcome:
        left, right = graph.operands(node)
        if node[1] in ("in", "not in") and self._is_environment(frame.key, right):
            return Outcome(node[1] == "not in", True)
        parts = [self._of(frame, left), self._of(frame, right)]
        operators = {
            "==": lambda a, b: a == b,
            "!=": lambda a, b: a != b,
            "is": lambda a, b: a is b,
            "is not": lambda a, b: a is not b,
            "in": lambda a, b: a in b,
            "not in": lambda a, b: a not in b,
        }
        operator = operators.get(str(node[1]))
        return _applied(operator, parts) if operator is not None else Outcome(_UNKNOWN, _reads(parts))

    def _combined(self, frame: _Frame, node: graph.Node) -> Outcome:
        parts = [self._of(frame, item) for item in graph.parts(node)]
        reads = _reads(parts)
        if node[1] == "not":
            return Outcome(not parts[0].value if parts[0].is_known else _UNKNOWN, reads)
        decides = node[1] == "or"
        for part in parts:
            if part.is_known and bool(part.value) == decides:
                return Outcome(part.value, reads)
        return Outcome(parts[-1].value if all(part.is_known for part in parts) else _UNKNOWN, reads)

    def _is_environment(self, key: Key, value: int) -> bool:
        values = self._evaluator.evaluate(key, value).values
        return [item.dotted for item in values if isinstance(item, External)] == ["os.environ"]

    def _stores(self, key: Key, node: graph.Node) -> list[tuple[Key, int]]:
        """What is stored in the module variable or attribute that a value reads: (def, value)."""
        path, name = key[0], ""
        if node[0] == Op.GLOBAL:
            name = str(node[1])
        elif node[0] == Op.ATTR:
            bases = self._evaluator.evaluate(key, graph.base(node)).values
            if len(bases) != 1:
                return []
            if isinstance(bases[0], (Class, Instance)):
                return self._in_class(bases[0], str(node[2]))
            if isinstance(bases[0], ModuleRef):
                path, name = bases[0].path, str(node[2])
        elif node[0] == Op.IMPORT:
            item = self._evaluator.module(path).summary.imports[graph.number(node)]
            finder = self._evaluator.program.finder
            dotted = finder.resolve_relative(path, item.level, item.module)
            found = self._evaluator.program.find(dotted, path) if item.name else None
            if found is not None:
                path, name = found, str(item.name)
        if not name:
            return []
        module = self._evaluator.module(path)
        return [(owner, store.value) for owner, store in module.global_stores(name)]

    def _in_class(self, value: Class | Instance, name: str) -> list[tuple[Key, int]]:
        cls = value.cls if isinstance(value, Instance) else value
        stores = [(method, item) for method, item, _ in self._evaluator.classes.own_stores(cls).get(name, ())]
        members = [(cls.key, item) for item in self._evaluator.classes.own_members(cls).get(name, ())]
        return stores + members


def _reads(parts: list[Outcome]) -> bool:
    return any(part.reads for part in parts)


def _applied(function: object, parts: list[Outcome]) -> Outcome:
    if not callable(function) or not all(part.is_known for part in parts):
        return Outcome(_UNKNOWN, _reads(parts))
    try:
        return Outcome(function(*(part.value for part in parts)), _reads(parts))
    except (TypeError, ValueError, AttributeError, OverflowError):
        return Outcome(_UNKNOWN, _reads(parts))
