"""What the objects of a class hold that were given it when they were made: all calls that make one, wherever
in the project, are asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.resolve.arguments import arguments_of
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.overrides import is_of_tests
from conclint.resolve.program import Module
from conclint.resolve.values import (
    TOP,
    Above,
    Class,
    External,
    Function,
    Instance,
    Key,
    Parameter,
    Value,
    ValueSet,
    join,
)
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op, SiteKind

_MOST_FILES: Final = 8
"""Files that may make objects of a class; of more, nobody can say what these are given."""
_MOST_MADE: Final = 12
_MOST_STEPS: Final = 2
"""An argument is handed on through so many calls on its way to the one that makes the object."""
_NAMES: Final = (Op.GLOBAL, Op.FREE, Op.ATTR)
_BY_VALUE: Final = ""
"""The name of calls of what has none: an item of a registry, `cls` in a class method."""


class _Call(NamedTuple):
    key: Key
    number: int
    callee: Value


class Constructions:
    """Answers for one program, remembered by who asks."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._calls: dict[str, dict[str, list[tuple[Key, int]]]] = {}
        self._held: dict[tuple[Class | Parameter, str, str], ValueSet] = {}

    def of_part(self, part: Parameter, asker: str) -> ValueSet:
        """What a part of a method's own object is (`self.device`, or `self.device.read`), by the calls that
        make objects of its class; or what a constructor was given, if it is its parameter. The answer is
        about the module `asker`. Raises NeedModule."""
        owner = self._evaluator.enclosing_class(part.key)
        if part.position:
            return self._made_with(part, asker)
        name = part.attributes[0]
        if owner is None or isinstance(name, Above):
            return TOP
        slot = (owner, name, asker)
        found = self._held.get(slot)
        if found is None:
            found = self._held[slot] = self._search(owner, name, asker, 0)
        return self._evaluator.results.read(found, part.attributes[1:], part.key)

    def calls_of(self, key: Key, asker: str) -> list[tuple[Key, int]]:
        """The calls of a function or method, as far as they are in files that import it, or its class, by
        name; none where these are too many."""
        owner = self._evaluator.enclosing_class(key)
        files = self._taking(key, asker) if owner is None else self._reaching(owner, asker)
        name = self._evaluator.definition(key).name
        return [(call.key, call.number) for call in self._calls_of(Function(key), name, files, asker)]

    def _made_with(self, parameter: Parameter, asker: str) -> ValueSet:
        plain = parameter._replace(attributes=())
        slot = (plain, "", asker)
        found = self._held.get(slot)
        if found is None:
            found = self._held[slot] = self._of_constructor(plain, asker, 0)
        return self._evaluator.results.read(found, parameter.attributes, parameter.key)

    def _of_constructor(self, parameter: Parameter, asker: str, steps: int) -> ValueSet:
        """What the calls that make objects of a class pass for a parameter of its constructor."""
        owner = self._evaluator.enclosing_class(parameter.key)
        made = self._made(owner, asker) if owner is not None and steps <= _MOST_STEPS else ()
        parts = [self._passed(item, parameter, asker, steps) for item in made[: _MOST_MADE + 1]]
        return _joined(parts) if len(parts) <= _MOST_MADE else TOP

    def _search(self, cls: Class, name: str, asker: str, steps: int) -> ValueSet:
        given = list(self._given(cls, name))
        if not given or steps > _MOST_STEPS:
            return TOP
        parts: list[ValueSet] = []
        for made in self._made(cls, asker):
            for parameter in given:
                parts.append(self._passed(made, parameter, asker, steps))
                if len(parts) > _MOST_MADE:
                    return TOP
        return _joined(parts)

    def _given(self, cls: Class, name: str) -> Iterator[Parameter]:
        """The parameters of constructors that are stored under a name."""
        classes = self._evaluator.classes
        for owner in classes.ancestry(cls).classes:
            if isinstance(owner, External):
                continue
            for method, value, _ in classes.own_stores(owner).get(name, ()):
                if self._evaluator.definition(method).name == "__init__":
                    for item in self._evaluator.evaluate(method, value).values:
                        if isinstance(item, Parameter) and item.key == method and item.position:
                            yield item

    def _made(self, cls: Class, asker: str) -> list[_Call]:
        """The calls that make objects of a class; none where these are too many to look at."""
        name = self._evaluator.definition(cls.key).name
        return list(self._calls_of(cls, name, self._reaching(cls, asker), asker))

    def _reaching(self, cls: Class, asker: str) -> list[str]:
        """The files that may name a class: its own, and those that import it, or its module."""
        program = self._evaluator.program
        name = self._evaluator.definition(cls.key).name
        module = self._module_name(cls.key)
        return [cls.key[0], *program.importing(name, asker), *program.importing(module, asker)]

    def _taking(self, key: Key, asker: str) -> list[str]:
        """The files that may name a function: its own, and those that import from its module."""
        return [key[0], *self._evaluator.program.taking_from(self._module_name(key), asker)]

    def _module_name(self, key: Key) -> str:
        return self._evaluator.program.finder.module_name(key[0]).rpartition(".")[2]

    def _calls_of(self, target: Class | Function, name: str, files: list[str], asker: str) -> Iterator[_Call]:
        program = self._evaluator.program
        counted = [
            path
            for path in dict.fromkeys(files)
            if is_of_tests(program, asker) or not is_of_tests(program, path)
        ]
        if len(counted) > _MOST_FILES:
            return
        program.depend(asker, counted)
        for path in counted:
            calls = self._calls_in(path)
            by_value = calls.get(_BY_VALUE, ()) if path == target.key[0] and isinstance(target, Class) else ()
            for key, number in (*calls.get(name, ()), *by_value):
                site = self._evaluator.body(key).sites[number]
                for value in self._evaluator.evaluate(key, site.callee).values:
                    if type(value) is type(target) and value.key == target.key:
                        yield _Call(key, number, value)

    def _calls_in(self, path: str) -> dict[str, list[tuple[Key, int]]]:
        """The calls in a file, by the last name of what they call; none in one that can't be analysed."""
        found = self._calls.get(path)
        if found is None:
            module = self._evaluator.program.module(path)
            found = self._calls[path] = {} if module is None else self._by_name(module)
        return found

    def _by_name(self, module: Module) -> dict[str, list[tuple[Key, int]]]:
        found: dict[str, list[tuple[Key, int]]] = {}
        for key in module.keys:
            body = self._evaluator.body(key)
            for number, site in enumerate(body.sites):
                if site.kind == SiteKind.CALL and site.callee >= 0:
                    name = _name_of(module, body.values[site.callee])
                    if name is not None:
                        found.setdefault(name, []).append((key, number))
        return found

    def _passed(self, made: _Call, parameter: Parameter, asker: str, steps: int) -> ValueSet:
        """What a call passes for a parameter of the constructor, which may be one of a base class."""
        cls = made.callee
        if not isinstance(cls, Class):
            return TOP
        makers = self._evaluator.classes.method(cls, "__init__", Instance(cls)).values
        if len(makers) != 1 or not isinstance(makers[0], Function) or makers[0].key != parameter.key:
            return TOP
        maker = makers[0]._replace(receiver=Instance(cls))
        arguments = arguments_of(made.key, self._evaluator.body(made.key).sites[made.number].args)
        found = self._evaluator.results.argument(parameter, maker, arguments)
        return self._told(found, asker, steps + 1)

    def _told(self, item: ValueSet, asker: str, steps: int) -> ValueSet:
        """The same with parameters of who makes the object replaced by what it was given itself."""
        parts = [ValueSet((), item.incomplete, item.reasons)]
        for value in item.values:
            if not isinstance(value, Parameter):
                parts.append(ValueSet((value,)))
            elif steps > _MOST_STEPS:
                parts.append(TOP)
            else:
                parts.append(self._of_parameter(value, asker, steps))
        return join(parts)

    def _of_parameter(self, value: Parameter, asker: str, steps: int) -> ValueSet:
        owner = self._evaluator.enclosing_class(value.key)
        if owner is not None and value.position == 0 and value.attributes:
            first = value.attributes[0]
            if isinstance(first, Above):
                return TOP
            found = self._search(owner, first, asker, steps)
            return self._evaluator.results.read(found, value.attributes[1:], value.key)
        definition = self._evaluator.definition(value.key)
        if definition.name == "__init__" and owner is not None:
            found = self._of_constructor(value._replace(attributes=()), asker, steps)
            return self._evaluator.results.read(found, value.attributes, value.key)
        if definition.kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION):
            return TOP
        target = Function(value.key)
        if owner is None:
            files = self._taking(value.key, asker)
        else:
            name = self._evaluator.definition(owner.key).name
            files = [value.key[0], *self._evaluator.program.importing(name, asker)]
        parts: list[ValueSet] = []
        for call in self._calls_of(target, definition.name, files, asker):
            if isinstance(call.callee, Function):
                arguments = arguments_of(call.key, self._evaluator.body(call.key).sites[call.number].args)
                passed = self._evaluator.results.argument(value, call.callee, arguments)
                parts.append(self._told(passed, asker, steps + 1))
            if len(parts) > _MOST_MADE:
                return TOP
        return _joined(parts)


def _name_of(module: Module, callee: graph.Node) -> str | None:
    """The last name of what is called; None where it can be nothing that is looked for."""
    if callee[0] in _NAMES:
        return str(callee[-1])
    if callee[0] == Op.IMPORT:
        return module.summary.imports[graph.number(callee)].name or ""
    if callee[0] == Op.DEF:
        return module.definition(module.at(callee[1])).name
    return _BY_VALUE if callee[0] in (Op.ITEM, Op.PARAM) else None


def _joined(parts: list[ValueSet]) -> ValueSet:
    """Any of what several calls pass; not known where none was found."""
    return join(parts) if parts else TOP
