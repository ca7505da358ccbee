"""Results of calls: what a function returns, with its parameters replaced by what the call passes."""

from __future__ import annotations

from functools import partial
from typing import Final, TypeAlias

from conclint.resolve import builtin_calls, peewee_models
from conclint.resolve.annotations import annotation_type
from conclint.resolve.arguments import (
    EVERYTHING,
    Arguments,
    Passed,
    StarItem,
    arguments_of,
    bind,
    stated_argument,
)
from conclint.resolve.calls import iterated, methods_called
from conclint.resolve.declared_defaults import declared_default
from conclint.resolve.declared_results import declared_result
from conclint.resolve.django_models import row_of
from conclint.resolve.external_facts import external_fact
from conclint.resolve.handing import is_awaited_offload, offloaded_result
from conclint.resolve.in_memory import Opened, opened_by, placed
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.loop_origins import (
    HANDED_TO_LOOP,
    KEPT_LOOP,
    SOME_LOOP,
    THIS_LOOP,
    loop_given_by,
    loop_of,
    opened_as,
)
from conclint.resolve.values import (
    CALLED,
    ITERATED,
    NONE,
    TOP,
    Above,
    Attribute,
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Generator,
    Instance,
    Key,
    Literal,
    MethodCaller,
    ModuleRef,
    Parameter,
    Partial,
    SuperOf,
    Value,
    ValueSet,
    ValueSetMemo,
    is_module,
    join,
    known,
    value_set_memo,
    without_none,
)
from conclint.summary import body_graph as graph
from conclint.summary.kinds import assert_never
from conclint.summary.records import Def, DefFlags, DefKind, Op, ParamKind

Within: TypeAlias = tuple[Key, ...]
"""The functions whose results, given parts of their own objects, are being found out."""
_DEEPEST: Final = 8
"""Calls of one's own object's methods that one result may hang on, one of the other."""


class Results:
    """What calls give; what each function returns is remembered."""

    def __init__(self, evaluator: Interpreter) -> None:
        self._evaluator = evaluator
        self._returned: ValueSetMemo[Key] = value_set_memo()

    def call_result(self, key: Key, number: int) -> ValueSet:
        """What the call at a site gives."""
        site = self._evaluator.body(key).sites[number]
        callee = self._evaluator.evaluate(key, site.callee)
        if not callee.values:
            return callee
        arguments = arguments_of(key, site.args)
        parts = [self.result_of(value, arguments, (key, number)) for value in callee.values if value != NONE]
        if not parts:
            return TOP
        found = join(parts)
        return found.reached_through(callee)

    def result_of(self, callee: Value, arguments: Arguments, site: tuple[Key, int]) -> ValueSet:
        """What calling a candidate gives."""
        if isinstance(callee, Class):
            return known(Instance(callee, made=site))
        if isinstance(callee, Function):
            found = self._result_of_function(callee, arguments, site)
            is_told = any(not isinstance(value, Parameter) for value in found.values)
            return found if is_told else self._declared(callee, found, site)
        if isinstance(callee, Partial):
            return self.result_of(callee.target, self.with_partial(callee, arguments), site)
        if isinstance(callee, MethodCaller):
            called = methods_called(self._evaluator, callee, arguments)
            return join([self.result_of(item.value, item.arguments, site) for item in called] or [TOP])
        if isinstance(callee, Instance):
            method = self._evaluator.classes.method(callee.cls, "__call__", callee)
            return join([self.result_of(value, arguments, site) for value in method.values] or [TOP])
        fact = external_fact(self._evaluator, callee)
        if fact is not None and is_awaited_offload(fact):
            result = offloaded_result(self._evaluator, fact, arguments, site)
            if result is not None:
                return result
        if isinstance(callee, External):
            special = builtin_calls.result_of(self._evaluator, callee.dotted, arguments, site)
            if special is not None:
                return special
            if callee.dotted.startswith("django.") and (row := row_of(self._evaluator, callee, site)):
                return known(Awaitable((row,)) if fact is not None and fact.coroutine else row)
            found = self.external_result(callee.dotted)
            if not found.values:
                return declared_result(self._evaluator, callee.dotted, site[0][0])
            opened = self.opened(callee, arguments) if found.values else None
            return placed(found, KEPT_LOOP if opened == THIS_LOOP and is_module(site[0]) else opened)
        if isinstance(callee, ExternalInstance):  # a factory: what sessionmaker() gives, say
            callee = ExternalMethod(callee.dotted, "__call__", callee if callee.opened is not None else None)
            fact = external_fact(self._evaluator, callee)
        if isinstance(callee, ExternalMethod):
            row = row_of(self._evaluator, callee, site)
            if row is not None:
                return known(Awaitable((row,)) if fact is not None and fact.coroutine else row)
            if callee.dotted.startswith("peewee."):
                row = peewee_models.row_of(self._evaluator, callee, site)
                if row is not None:
                    return known(row)
            if fact is not None and fact.returns:
                return self._external_method_result(callee)
            given = builtin_calls.method_result(self._evaluator, callee, arguments)
            if given.values or isinstance(callee.receiver, (Display, Container)):
                return given
            return declared_result(self._evaluator, f"{callee.dotted}.{callee.name}", site[0][0])
        if isinstance(callee, Parameter) and len(callee.attributes) < 2:
            return known(callee._replace(attributes=(*callee.attributes, CALLED)))
        if isinstance(
            callee,
            (
                Parameter, ModuleRef, SuperOf, Literal, Display, Container, Generator, ContextManager,
                Awaitable,
            ),
        ):  # fmt: skip
            return TOP
        return assert_never(callee)

    def _declared(self, callee: Function, found: ValueSet, site: tuple[Key, int]) -> ValueSet:
        """What a stub says of a function of an installed package whose code doesn't tell what it gives."""
        path = callee.key[0]
        if not self._evaluator.program.finder.is_installed(path):
            return found
        stated = declared_result(self._evaluator, self._evaluator.module(path).symbol(callee.key), site[0][0])
        return stated if stated.values else found

    def _result_of_function(self, callee: Function, arguments: Arguments, site: tuple[Key, int]) -> ValueSet:
        choice = self._evaluator.single_dispatch.choose(callee, arguments, site[0][0])
        if choice is None:
            return self.returned(callee, arguments, site)
        parts = [
            self.returned(target, arguments, site)
            if isinstance(target, Function)
            else self.result_of(target, arguments, site)
            for target in choice.targets
        ]
        return join(parts) if parts else TOP

    def opened(self, callee: Value, arguments: Arguments) -> Opened | None:
        """Where the data are of what a call opens, or works on: by its address, by what it is a method of, or
        by such an instance among its arguments."""
        if isinstance(callee, ExternalMethod) and isinstance(callee.receiver, ExternalInstance):
            return callee.receiver.opened
        if isinstance(callee, ExternalMethod) and callee.receiver is None:
            return self._opened_among(arguments)
        if not isinstance(callee, External):
            return None
        catalog = self._evaluator.catalog
        cls = catalog.klass(callee.dotted)
        made = catalog.method(cls.name, "__init__") if cls is not None else catalog.function(callee.dotted)
        if made is not None and (loop := loop_given_by(made.name)) is not None:
            return loop
        if made is not None and made.address is not None:
            address = stated_argument(made.signature, made.address, arguments)
            if address is not None and made.name == HANDED_TO_LOOP:
                return self._loop_of(address)
            return None if address is None else self._opened_by(address)
        return None if made is None and cls is None else self._opened_among(arguments)

    def _opened_among(self, arguments: Arguments) -> Opened | None:
        """What is known of the first argument of which something is known (`metadata.create_all(engine)`)."""
        for passed in (*arguments.positional, *(item for _, item in arguments.keywords)):
            item = self._evaluator.passed(passed)
            if any(isinstance(v, ExternalInstance) and v.opened is not None for v in item.values):
                return opened_by(item)
        return None

    def _loop_of(self, loop: Passed) -> Opened | None:
        """Which loop an argument is; of a parameter, whatever type is stated, the callers know more."""
        if isinstance(loop, tuple) and not isinstance(loop, (ValueSet, StarItem)):
            node = self._evaluator.body(loop[0]).values[loop[1]]
            if node[0] == Op.PARAM:
                return Parameter(loop[0], graph.number(node))
        return loop_of(self._evaluator.passed(loop)) or SOME_LOOP

    def _opened_by(self, address: Passed) -> Opened | None:
        """What an address says; of a parameter, whatever type is stated, the callers know more."""
        if isinstance(address, tuple) and not isinstance(address, (ValueSet, StarItem)):
            key, value = address
            body = self._evaluator.body(key)
            site = graph.call(body, value)
            if site is not None and body.values[site.callee] == (Op.GLOBAL, "str") and len(site.args) == 1:
                return self._opened_by((key, site.args[0][1]))
            node = body.values[value]
            if node[0] == Op.PARAM:
                return Parameter(key, graph.number(node))
            usual = declared_default(self._evaluator, key, node)
            if usual is not None:
                return opened_by(usual)
        return opened_by(self._evaluator.passed(address))

    def called(self, callees: ValueSet, within: Within = ()) -> ValueSet:
        """What calling any of the candidates gives, whatever is passed."""
        parts: list[ValueSet] = []
        for value in callees.values:
            if isinstance(value, Function):
                is_round = value.key in within or len(within) >= _DEEPEST
                parts.append(TOP if is_round else self.returned(value, None, within=(*within, value.key)))
            elif isinstance(value, Class):
                parts.append(known(Instance(value)))
            elif isinstance(value, External):
                parts.append(self.external_result(value.dotted))
            elif isinstance(value, ExternalMethod):
                parts.append(self._external_method_result(value))
            elif isinstance(value, Parameter) and len(value.attributes) < 2:
                parts.append(known(value._replace(attributes=(*value.attributes, CALLED))))
            else:
                parts.append(TOP)
        return join(parts) if parts else TOP

    def _external_method_result(self, value: ExternalMethod) -> ValueSet:
        fact = self._evaluator.catalog.method(value.dotted, value.name)
        if fact is None or not fact.returns:
            return TOP
        held = value.receiver if isinstance(value.receiver, ExternalInstance) else None
        return self.type_expression(fact.returns, held or ExternalInstance(value.dotted))

    def of_method(self, instance: Instance, name: str) -> ValueSet:
        """What a special method of an instance gives, called without arguments that could be told."""
        methods = self._evaluator.classes.method(instance.cls, name, instance).values
        parts = [self.returned(method, None) for method in methods if isinstance(method, Function)]
        return join(parts) if parts else TOP

    def _iterated(self, items: ValueSet) -> ValueSet:
        """What iterating any of the candidates runs, as far as that is known."""
        values: list[Value] = []
        for value in items.values:
            if isinstance(value, (Generator, Instance, ExternalInstance)):
                values += [target.value for group in iterated(self._evaluator, value) for target in group]
        return ValueSet(tuple(dict.fromkeys(values)), items.incomplete)

    def external_result(self, dotted: str) -> ValueSet:
        """What calling something outside the program gives, as far as the catalog knows."""
        cls = self._evaluator.catalog.klass(dotted)
        if cls is not None:
            return known(ExternalInstance(cls.name))
        made = self._evaluator.catalog.factory(dotted)
        if made is not None:
            return known(ExternalInstance(self._evaluator.catalog.canonical(made)))
        fact = self._evaluator.catalog.function(dotted)
        if fact is not None and fact.returns:
            owner = fact.name.rsplit(".", 1)[0]
            return self.type_expression(fact.returns, ExternalInstance(owner))
        return TOP

    def type_expression(self, text: str, receiver: Value) -> ValueSet:
        """The value that a type written in the catalog stands for: "self", a dotted name,
        "await NAME", "list NAME", "fixed NAME, NAME" (a tuple of these)."""
        word, _, rest = text.partition(" ")
        if rest and word == "await":
            return known(Awaitable(self.type_expression(rest, receiver).values))
        if rest and word in ("list", "iter", "tuple", "dict"):
            return known(Container(self.type_expression(rest, receiver).values, word))
        if rest and word == "fixed":
            parts = [self.type_expression(part.strip(), receiver).values[0] for part in rest.split(",")]
            return known(Container(tuple(parts), "tuple", fixed=True))
        if text == "self":
            return known(receiver)
        opened = receiver.opened if isinstance(receiver, ExternalInstance) and "." in text else None
        dotted = self._evaluator.catalog.canonical(text if "." in text else f"builtins.{text}")
        return known(ExternalInstance(dotted, opened))

    def with_partial(self, partial: Partial, arguments: Arguments) -> Arguments:
        """The arguments of a call of a partial: those bound before, then those of the call."""
        key, number = partial.site
        bound = arguments_of(key, self._evaluator.body(key).sites[number].args)
        return Arguments(
            (*bound.positional[1:], *arguments.positional),
            (*arguments.keywords, *bound.keywords),
            bound.spread or arguments.spread,
        )

    def returned(
        self,
        function: Function,
        arguments: Arguments | None,
        site: tuple[Key, int] | None = None,
        within: Within = (),
    ) -> ValueSet:
        """What calling a function gives: its annotation, else the values it returns, with parameters
        replaced by what the call passes."""
        key = function.key
        definition = self._evaluator.definition(key)
        found = self._evaluator.solver.answer(self._returned, key, partial(self._returns_of, key))
        if definition.flags & DefFlags.GENERATOR:
            elements = self.substitute(found, function, arguments, within).values
            if self._evaluator.decorations.of(key).is_manager:
                return known(ContextManager(function, elements, site))
            if definition.kind == DefKind.ASYNC_FUNCTION:
                return known(Container(elements, "async_generator"))
            return known(Generator(function, elements, site))
        found = self.substitute(found, function, arguments, within)
        if definition.kind == DefKind.ASYNC_FUNCTION:
            return known(Awaitable(found.values))
        return found

    def _returns_of(self, key: Key) -> ValueSet:
        definition = self._evaluator.definition(key)
        body = self._evaluator.body(key)
        if definition.flags & DefFlags.GENERATOR:
            parts = [self._evaluator.evaluate(key, value) for value, _ in body.yields[:4]]
            found = without_none(join(parts)) if parts else TOP
            if _is_told(found):
                return found
            iterator = annotation_type(self._evaluator, self._evaluator.scope(key), definition.returns)
            stated = without_none(self._evaluator.element(iterator))
            return stated if stated.values and not stated.incomplete else found
        stated = without_none(
            annotation_type(self._evaluator, self._evaluator.scope(key), definition.returns)
        )
        if not definition.flags & DefFlags.STUB:
            parts = [self._evaluator.evaluate(key, value) for value, _ in body.returns[:8]]
            found = without_none(join(parts)) if parts else TOP
            if _is_told(found):
                return found
        else:
            found = TOP
        return stated if stated.values and not stated.incomplete else found

    def substitute(
        self, item: ValueSet, function: Function, arguments: Arguments | None, within: Within = ()
    ) -> ValueSet:
        """The same with the function's own parameters replaced by what a call passes.

        A function made inside (a closure) keeps the binding of the parameters it may use.
        """
        if arguments is None:
            arguments = EVERYTHING
        parts: list[ValueSet] = []
        for value in item.values:
            if isinstance(value, Parameter):
                parts.append(self.argument(value, function, arguments, within))
            elif isinstance(value, Instance) and value.own is not None:
                parts.append(known(_for_caller(value, function)))
            elif (
                isinstance(value, Function)
                and isinstance(value.receiver, Instance)
                and value.receiver.own is not None
            ):
                parts.append(known(value._replace(receiver=_for_caller(value.receiver, function))))
            elif isinstance(value, Function) and self._inside(value.key, function.key):
                parts.append(known(value._replace(closure=self._capture(function, arguments))))
            elif isinstance(value, Partial):
                inner = self.substitute(known(value.target), function, arguments, within)
                parts.append(inner._replace(values=tuple(value._replace(target=v) for v in inner.values)))
            elif isinstance(value, ExternalInstance) and isinstance(value.opened, Parameter):
                address = self.argument(value.opened, function, arguments, within)
                parts.append(known(opened_as(value, address)))
            else:
                parts.append(known(value))
        if not parts:
            return item
        found = join(parts)
        return found.reached_through(item)

    def _inside(self, inner: Key, outer: Key) -> bool:
        if inner[0] != outer[0]:
            return False
        return outer in self._evaluator.module(inner[0]).around(inner)

    def _capture(self, function: Function, arguments: Arguments) -> tuple[tuple[Parameter, Value], ...]:
        definition = self._evaluator.definition(function.key)
        captured = list(function.closure)
        for index in range(len(definition.params)):
            bound = self.argument(Parameter(function.key, index), function, arguments)
            if len(bound.values) == 1 and not bound.incomplete:
                captured.append((Parameter(function.key, index), bound.values[0]))
        return tuple(captured)

    def argument(
        self, parameter: Parameter, function: Function, arguments: Arguments, within: Within = ()
    ) -> ValueSet:
        """What a parameter of a called function (or of one that encloses it) is bound to."""
        attributes = parameter.attributes
        plain = parameter._replace(attributes=()) if attributes else parameter
        found: ValueSet | None = None
        for bound_parameter, value in function.closure:
            if bound_parameter == plain:
                found = known(value)
        if found is None and plain.key == function.key:
            definition = self._evaluator.definition(plain.key)
            if function.receiver is not None:
                arguments = arguments.prepend(known(function.receiver))
            passed, attributes = self._bound(definition, parameter, arguments)
            if passed is not None:
                found = self._evaluator.passed(passed)
            elif not arguments.spread and definition.params[plain.position].default >= 0:
                found = self._evaluator.evaluate(
                    self._evaluator.scope(plain.key), definition.params[plain.position].default
                )
        if found is None:
            return TOP
        return self.read(found, attributes, plain.key, within)

    def read(
        self, found: ValueSet, attributes: tuple[Attribute, ...], key: Key, within: Within = ()
    ) -> ValueSet:
        """What reading attributes of a value gives, one of the other, as code of `key` does it."""
        for name in attributes:
            if isinstance(name, Above):
                found = self._evaluator.attribute(found, name, key)
            elif name.startswith("["):
                found = self._evaluator.containers.item_named(found, name)
            elif name == ITERATED:
                found = self._iterated(found)
            elif name == CALLED:
                found = self.called(found, within)
            else:
                found = self._evaluator.attribute(found, name, key)
        return found

    def _bound(
        self, definition: Def, parameter: Parameter, arguments: Arguments
    ) -> tuple[Passed | None, tuple[Attribute, ...]]:
        """The argument for a parameter, or for an item of a starred one; and the attributes left to read."""
        kind = definition.params[parameter.position].kind
        attributes = parameter.attributes
        if kind not in (ParamKind.STAR, ParamKind.DOUBLE_STAR) or not attributes:
            return bind(definition, parameter.position, arguments), attributes
        item = str(attributes[0]).strip("[]")
        if kind == ParamKind.DOUBLE_STAR or not item.isdigit():
            return arguments.keyword(item), attributes[1:]
        ahead = sum(
            param.kind in (ParamKind.POSITIONAL_ONLY, ParamKind.NORMAL) for param in definition.params
        )
        position = ahead + int(item)
        if position < len(arguments.positional):
            return arguments.positional[position], attributes[1:]
        return arguments.starred(position), attributes[1:]


def _for_caller(receiver: Instance, function: Function) -> Value:
    """The receiver of a called function, as the caller knows it."""
    if receiver.own is not None and receiver.own.key == function.key and function.receiver is not None:
        return function.receiver
    return Instance(receiver.cls)


def _is_told(item: ValueSet) -> bool:
    """Whether the values themselves say more than an annotation would."""
    by_caller = any(isinstance(value, Parameter) and value.reads_attribute for value in item.values)
    return bool(item.values) and not item.incomplete and not by_caller
