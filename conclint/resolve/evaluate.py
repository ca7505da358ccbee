"""Evaluation of value graphs: what a value of a body may be.

The answer for a value does not depend on what was asked before it: see fixpoint.py for values that are made
from themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from conclint.catalog.loader import Catalog
from conclint.resolve import django_models, peewee_models
from conclint.resolve.annotations import annotation_type
from conclint.resolve.app_state import AppState
from conclint.resolve.arguments import Passed, StarItem
from conclint.resolve.classes import Classes
from conclint.resolve.constructions import Constructions
from conclint.resolve.containers import DISPLAYS, Containers
from conclint.resolve.decorations import Decorations
from conclint.resolve.fixpoint import Solver
from conclint.resolve.in_memory import DECLARED, placed
from conclint.resolve.injection import injected_value
from conclint.resolve.loop_origins import (
    EVENT_LOOP,
    LOOPS_FUTURE,
    is_kept_loop_used,
    is_used_as_loop,
    names_kept_under,
)
from conclint.resolve.names import Names
from conclint.resolve.overrides import Overrides
from conclint.resolve.program import Module, Program
from conclint.resolve.results import Results
from conclint.resolve.single_dispatch import SingleDispatch
from conclint.resolve.values import (
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
    join,
    known,
    plain,
    to_index,
    value_set_memo,
    without_none,
)
from conclint.summary import body_graph as graph
from conclint.summary.kinds import OPS, OpCode, assert_never
from conclint.summary.records import Body, Def, DefKind, Op, ParamKind, SiteKind, StoreKind, Use

_Handler: TypeAlias = "Callable[[Key, tuple[object, ...]], ValueSet]"


_ANNOTATED: Final = frozenset({"typing.Annotated", "typing_extensions.Annotated"})
_OF_TASKS: Final = frozenset(
    {"add_done_callback", "cancel", "cancelled", "done", "exception", "remove_done_callback", "result"}
)
"""Methods of tasks and futures that a mere coroutine has not."""
_OF_FUTURES: Final = frozenset({"set_result", "set_exception"})
"""Those of futures alone."""


_COLLECTIONS: Final = frozenset(
    {
        "builtins.dict", "builtins.list", "builtins.set", "collections.OrderedDict",
        "collections.defaultdict", "collections.deque", "weakref.WeakKeyDictionary", "weakref.WeakSet",
        "weakref.WeakValueDictionary",
    }
)  # fmt: skip
"""Classes of collections, of which an instance does not say what it holds."""


_QUERIES: Final = (
    (django_models.QUERY_SET, django_models.row_in),
    (peewee_models.SELECT, peewee_models.row_in),
)
"""What gives rows of a model when it is iterated, and which."""


def _plainly(handler: _Handler, key: Key, node: tuple[object, ...]) -> ValueSet:
    return plain(handler(key, node))


class Evaluator:
    """Evaluates values of bodies, with what the catalog knows of the world outside the program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.catalog: Catalog = program.catalog
        self.solver = Solver()
        self.classes = Classes(self)
        self.names = Names(self)
        self.decorations = Decorations(self)
        self.results = Results(self)
        self.containers = Containers(self)
        self.overrides = Overrides(self)
        self.single_dispatch = SingleDispatch(self)
        self.constructions = Constructions(self)
        self.app_state = AppState(self)
        self._modules: dict[str, Module] = {}
        self._bodies: dict[Key, Body] = {}
        self._stored: dict[Key, dict[tuple[int, str], list[int]]] = {}
        self._values: ValueSetMemo[tuple[Key, int]] = value_set_memo()
        self._final = self._values.final
        self._constants: dict[object, Callable[[object], ValueSet]] = {
            Op.CONST: lambda value: known(Literal(type(value).__name__, value)),
            Op.TYPED: lambda kind: known(ExternalInstance(f"builtins.{kind}")),
            Op.COMPARE: lambda _: known(ExternalInstance("builtins.bool")),
        }
        self._dispatch: dict[object, _Handler] = {
            op: handler for op in OPS if (handler := self._handler(op)) is not None
        }

    def _handler(self, op: OpCode) -> _Handler | None:
        """What works a kind of value out; None for constants, for what stands for itself, for what is never
        known."""
        match op:
            case Op.PARAM:
                return self._param
            case Op.GLOBAL:
                return lambda key, node: self.names.global_name(key[0], str(node[1]))
            case Op.FREE:
                return lambda key, node: self.names.free(self.module(key[0]).at(node[1]), str(node[2]))
            case Op.IMPORT:
                return lambda key, node: self.names.imported(key[0], to_index(node[1]))
            case Op.ATTR:
                return self._read_attribute
            case Op.ITEM:
                return lambda key, node: TOP  # see `_item`: its own number says what was stored before
            case Op.CALL:
                return lambda key, node: self.results.call_result(key, to_index(node[1]))
            case Op.AWAIT:
                return lambda key, node: self._awaited(self.evaluate(key, to_index(node[1])))
            case Op.PHI:
                return lambda key, node: join([self.evaluate(key, to_index(item)) for item in node[1:]])
            case Op.ELEM:
                return self._element
            case Op.ENTER:
                return lambda key, node: self.entered(self._enterable(key, to_index(node[1])))
            case Op.DEF:
                return lambda key, node: self.decorations.of(self.module(key[0]).at(node[1])).value
            case Op.COMP:
                return self._comprehension
            case Op.BOOL:
                return self._bool
            case Op.ARITH:
                return self._arithmetic
            case Op.NARROW:
                return self._narrow
            case Op.CAST:
                return self._cast
            case Op.CAUGHT:
                return self._caught
            case Op.CONST | Op.TYPED | Op.COMPARE:
                return None  # `_constants`
            case Op.TUPLE | Op.LIST | Op.SET | Op.DICT:
                return None  # a `Display`
            case Op.UNKNOWN | Op.STAR | Op.SLICE | Op.YIELD:
                return None
            case _:
                return assert_never(op)

    # -- modules and bodies ---------------------------------------------------------------------

    def module(self, path: str) -> Module:
        """The module at a path that is known to have a summary."""
        found = self._modules.get(path)
        if found is None:
            found = self.program.module(path)
            if found is None:
                raise KeyError(path)
            self._modules[path] = found
        return found

    def body(self, key: Key) -> Body:
        """What the def's own code does."""
        found = self._bodies.get(key)
        if found is None:
            found = self._bodies[key] = self.module(key[0]).body(key)
        return found

    def definition(self, key: Key) -> Def:
        """The def's header."""
        return self.module(key[0]).definition(key)

    def scope(self, key: Key) -> Key:
        """The def whose code has the def statement, and evaluates what is in its header."""
        return self.module(key[0]).scope(key)

    def symbol(self, key: Key) -> str:
        """The dotted name of a def, from its module on."""
        return self.module(key[0]).symbol(key)

    def enclosing_class(self, key: Key) -> Class | None:
        """The class whose body holds the def directly, if any."""
        return self.module(key[0]).enclosing_class(key)

    # -- evaluation -----------------------------------------------------------------------------

    def evaluate(self, key: Key, value: int) -> ValueSet:
        """What a value of the body of `key` may be. Raises NeedModule."""
        if value < 0:
            return TOP
        slot = (key, value)
        found = self._final.get(slot)
        if found is not None:
            return found
        body = self._bodies.get(key)
        node = (self.body(key) if body is None else body).values[value]
        constant = self._constants.get(node[0])
        if constant is not None:
            result = self._final[slot] = constant(node[1])
            return result
        if node[0] == Op.ITEM:
            return self.solver.answer(self._values, slot, partial(self._item, key, value))
        handler = self._dispatch.get(node[0])
        if handler is None:
            result = known(Display(key, value)) if node[0] in DISPLAYS else TOP
            self._final[slot] = result
            return result
        return self.solver.answer(self._values, slot, partial(_plainly, handler, key, node))

    def _item(self, key: Key, value: int) -> ValueSet:
        stated = self._annotated(key, value)
        if stated >= 0:
            return self.evaluate(key, stated)
        found = self.containers.item(key, value)
        if not self._is_told_of(found):
            _, base, index = map(to_index, self.body(key).values[value])
            under = graph.node(self.body(key), index)
            if under[0] == Op.CONST:
                found = self._kept_by_app(self.app_state.item(key, base, under[1]), found)
        return plain(found)

    def _annotated(self, key: Key, value: int) -> int:
        """The type in `Annotated[type, …]`, which stands for it under the name of an alias; else -1."""
        body = self.body(key)
        node = body.values[value]
        base, index = graph.node(body, to_index(node[1])), graph.node(body, to_index(node[2]))
        if index[0] != Op.TUPLE or base[0] not in (Op.IMPORT, Op.ATTR):
            return -1
        heads = self.evaluate(key, to_index(node[1])).values
        is_annotated = len(heads) == 1 and isinstance(heads[0], External) and heads[0].dotted in _ANNOTATED
        return to_index(index[1]) if is_annotated and len(index) > 1 else -1

    def passed(self, argument: Passed | None) -> ValueSet:
        """What an argument may be."""
        if argument is None:
            return TOP
        if isinstance(argument, ValueSet):
            return argument
        if isinstance(argument, StarItem):
            return self._star_item(argument)
        return self.evaluate(*argument)

    def _star_item(self, item: StarItem) -> ValueSet:
        """An item of `*args` or `**options`, where these are parameters that a caller fills."""
        node = self.body(item.key).values[item.value]
        if node[0] == Op.PARAM:
            position = to_index(node[1])
            kind = self.definition(item.key).params[position].kind
            if kind in (ParamKind.STAR, ParamKind.DOUBLE_STAR):
                return known(Parameter(item.key, position, (item.item,)))
        collection = self.evaluate(item.key, item.value)
        if len(collection.values) == 1 and isinstance(collection.values[0], Display):
            display = collection.values[0]
            shown = self.body(display.key).values[display.value]
            index = item.item[1:-1]
            if shown[0] == Op.DICT:
                return self.containers.item_of(display, Literal("str", index))
            if index.isdigit() and int(index) < len(shown) - 1:
                return self.evaluate(display.key, to_index(shown[int(index) + 1]))
        return TOP

    # -- names ----------------------------------------------------------------------------------

    def _param(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        index = to_index(node[1])
        definition = self.definition(key)
        cls = self.enclosing_class(key)
        if cls is not None and index == 0 and definition.kind != DefKind.LAMBDA:
            decoration = self.decorations.of(key)
            if decoration.is_class or definition.name in ("__new__", "__init_subclass__"):
                return known(cls)
            if not decoration.is_static:
                return known(Instance(cls, Parameter(key, index)))
        param = definition.params[index]
        stated = without_none(annotation_type(self, self.scope(key), param.annotation))
        if param.kind == 2:
            return known(Container(stated.values, "tuple"))
        if param.kind == 4:
            return known(Container(stated.values, "dict"))
        if stated.values and not stated.incomplete:
            return self._asked_of_callers(stated, Parameter(key, index))
        injected = injected_value(self, key, param)
        if injected is None and param.annotation < 0 and self._is_loop(key, param.name, index):
            return known(ExternalInstance(EVENT_LOOP))
        return known(Parameter(key, index)) if injected is None else injected

    def _is_loop(self, key: Key, name: str, position: int) -> bool:
        """Whether a parameter is an event loop: by its name, and by what it or its attribute is used for."""
        body = self.body(key)
        if is_used_as_loop(body, name, position):
            return True
        names = names_kept_under(body, name, position)
        owner = self.enclosing_class(key) if names else None
        if owner is None:
            return False
        module = self.module(key[0])
        return any(is_kept_loop_used(self.body(method), names) for method in module.children(owner.key))

    def _asked_of_callers(self, stated: ValueSet, parameter: Parameter) -> ValueSet:
        """The type of a parameter; whether a database is in memory is up to the callers."""
        if not any(isinstance(v, ExternalInstance) and self._may_be_in_memory(v) for v in stated.values):
            return stated
        return placed(stated, parameter)

    def _may_be_in_memory(self, value: ExternalInstance) -> bool:
        return any(fact.in_memory for fact in self.catalog.ancestry(value.dotted))

    # -- attributes, items, iteration -----------------------------------------------------------

    def _read_attribute(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        """An attribute: what the body itself stores under that name of the same value, and what it has."""
        base, name = to_index(node[1]), str(node[2])
        found = self.attribute(self.read_of(key, base), name, key)
        here = self._stored_attributes(key).get((base, name))
        if not here:
            if self._is_told_of(found):
                return found
            return self._kept_by_app(self.app_state.attribute(key, node), found)
        stored = join([self.evaluate(key, value) for value in here])
        return join([stored, found]) if found.values else stored

    def _is_told_of(self, item: ValueSet) -> bool:
        """Whether anything is known of an attribute: more than that it is one of a library's object which the
        catalog doesn't know."""
        return any(
            self.catalog.method(value.dotted, value.name) is not None
            if isinstance(value, ExternalMethod)
            else not isinstance(value, Parameter)
            for value in item.values
        )

    def _kept_by_app(self, kept: ValueSet, found: ValueSet) -> ValueSet:
        """What the application keeps under a name, where that is known; else what was found."""
        return kept if kept.values else found

    def read_of(self, key: Key, base: int) -> ValueSet:
        """What an attribute is read of: of `Colour.RED` it is the member, which elsewhere stands for its
        value, since conditions compare it by that."""
        node = self.body(key).values[base]
        if node[0] == Op.ATTR:
            owners = self.evaluate(key, to_index(node[1])).values
            if len(owners) == 1 and isinstance(owners[0], Class):
                member = self.classes.enum_member(owners[0], str(node[2]))
                if member is not None:
                    return known(member)
        return self.evaluate(key, base)

    def _stored_attributes(self, key: Key) -> dict[tuple[int, str], list[int]]:
        """The stores to attributes of other things than the receiver, which its class knows better."""
        found = self._stored.get(key)
        if found is None:
            found = self._stored[key] = {}
            body = self.body(key)
            for store in body.stores:
                if store.kind == StoreKind.ATTR and body.values[store.base] != (Op.PARAM, 0):
                    found.setdefault((store.base, str(store.name)), []).append(store.value)
        return found

    def attribute(self, base: ValueSet, name: Attribute, key: Key) -> ValueSet:
        """What reading an attribute of any of the candidates gives."""
        if not base.values:
            return base
        parts = [self._attribute_of(value, name, key) for value in base.values if value != NONE]
        if not parts:
            return TOP
        found = join(parts)
        return found.reached_through(base)

    def _attribute_of(self, value: Value, name: Attribute, key: Key) -> ValueSet:
        if isinstance(value, Instance):
            return self.classes.attribute(value, name)
        if isinstance(value, Parameter) and len(value.attributes) < 2:
            return known(value._replace(attributes=(*value.attributes, name)))
        return TOP if isinstance(name, Above) else self._attribute_outside(value, name, key)

    def _attribute_outside(self, value: Value, name: str, key: Key) -> ValueSet:
        """An attribute of what is no instance of a class of the program."""
        if isinstance(value, ModuleRef):
            return self.names.module_attribute(value.path, name)
        if isinstance(value, External):
            dotted = f"{value.dotted}.{name}"
            inner = self.program.find(dotted, key[0])
            return known(External(dotted) if inner is None else ModuleRef(inner))
        if isinstance(value, Class):
            return self.classes.member(value, name, value)
        if isinstance(value, SuperOf):
            return self.classes.above(value.cls, name, value.receiver)
        if isinstance(value, ExternalInstance):
            kind = self.catalog.attribute(value.dotted, name)
            if kind is not None:
                return self.results.type_expression(kind, value)
            if self.catalog.method(value.dotted, name) is None:
                followed = self.names.followed_class(value.dotted, key[0])
                if followed is not None:
                    return self.classes.attribute(Instance(followed), name)
            return known(ExternalMethod(value.dotted, name, value if value.opened is not None else None))
        if isinstance(value, Literal):
            return known(ExternalMethod(f"builtins.{value.kind}", name))
        if isinstance(value, (Display, Container)):
            return known(ExternalMethod(f"builtins.{self.container_kind(value)}", name, value))
        if isinstance(value, Awaitable) and name in _OF_TASKS:
            return known(ExternalMethod("asyncio.Task", name))
        if isinstance(value, Awaitable) and name in _OF_FUTURES:
            return known(ExternalMethod("asyncio.Future", name))
        if isinstance(
            value,
            (
                Function,
                Partial,
                MethodCaller,
                Generator,
                ContextManager,
                Awaitable,
                ExternalMethod,
                Instance,
                Parameter,
            ),
        ):
            return TOP
        return assert_never(value)

    def container_kind(self, value: Display | Container) -> str:
        """The builtin type's name of a display or container."""
        return self.containers.kind(value)

    def element(self, base: ValueSet) -> ValueSet:
        """What iterating gives."""
        return self.containers.element(base)

    def _element(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        base = self.evaluate(key, to_index(node[1]))
        found = self.containers.element(base)
        if found.values:
            return found
        queried = {item.dotted for item in base.values if isinstance(item, ExternalInstance)}
        for query, row_in in _QUERIES:
            if query in queried:
                row = row_in(self, key, to_index(node[1]))
                return known(row).reached_through(base) if row is not None else found
        return found

    def _enterable(self, key: Key, value: int) -> ValueSet:
        """What a `with` enters, without those of several candidates that such a `with` can't enter: a
        client that is one of a synchronous and an asynchronous class."""
        base = self.evaluate(key, value)
        if len(base.values) < 2:
            return base
        uses = [s.use for s in self.body(key).sites if s.kind == SiteKind.ENTER and s.callee == value]
        name = "__aenter__" if uses and all(use & Use.ASYNC for use in uses) else "__enter__"
        kept = tuple(
            item
            for item in base.values
            if not isinstance(item, Instance) or self.classes.method(item.cls, name, item).values
        )
        return base._replace(values=kept) if kept else base

    def entered(self, base: ValueSet) -> ValueSet:
        """What `with` binds."""
        parts: list[ValueSet] = []
        for value in base.values:
            if isinstance(value, ExternalInstance):
                facts = self.catalog.ancestry(value.dotted)
                enter = next((fact.enter for fact in facts if fact.enter != "self"), "self")
                parts.append(known(value) if enter == "self" else self.results.type_expression(enter, value))
            elif isinstance(value, Instance):
                method = self.classes.method(value.cls, "__enter__", value)
                if not method.values:
                    method = self.classes.method(value.cls, "__aenter__", value)
                results = [
                    self._awaited(self.results.returned(item, None))
                    for item in method.values
                    if isinstance(item, Function)
                ]
                parts.append(join(results) if results else known(value))
            elif isinstance(value, ContextManager):
                parts.append(ValueSet(value.elements, not value.elements))
            elif isinstance(value, Awaitable):
                parts.append(self.entered(ValueSet(value.results)))
            else:
                parts.append(TOP)
        if not parts:
            return TOP
        found = join(parts)
        return found.reached_through(base)

    def _awaited(self, base: ValueSet) -> ValueSet:
        parts = [
            ValueSet(value.results, not value.results) if isinstance(value, Awaitable) else known(value)
            for value in base.values
        ]
        if not parts:
            return TOP
        return join([ValueSet((), base.incomplete, base.reasons), *parts])

    # -- operators ------------------------------------------------------------------------------

    def _comprehension(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        return known(Container(self.evaluate(key, to_index(node[2])).values[:4], str(node[1])))

    def _bool(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        if node[1] == "not":
            return known(ExternalInstance("builtins.bool"))
        parts = [self.evaluate(key, to_index(item)) for item in node[2:]]
        if node[1] == "or":
            return join([without_none(part) for part in parts[:-1]] + parts[-1:])
        return parts[-1]

    def _arithmetic(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        right_operand = self.body(key).values[to_index(node[3])] if to_index(node[3]) >= 0 else (Op.UNKNOWN,)
        is_counting = node[1] in ("+", "|") and right_operand[0] == Op.CONST
        if node[1] not in ("+", "|", "*", "/") or is_counting:
            return TOP  # no collection and no path
        left = self.evaluate(key, to_index(node[2]))
        if (
            node[1] in ("+", "|")
            and left.values
            and all(isinstance(v, (Display, Container)) for v in left.values)
        ):
            right = self.evaluate(key, to_index(node[3]))
            first = left.values[0]
            is_dict = isinstance(first, (Display, Container)) and self.container_kind(first) == "dict"
            if node[1] == "|" and is_dict:
                return self.containers.merged(left, right)
            return self.containers.joined(left, right)
        if node[1] == "*" and all(isinstance(value, (Display, Container)) for value in left.values):
            return left
        if node[1] == "/" and len(left.values) == 1:
            base = left.values[0]
            if isinstance(base, ExternalInstance) and self.catalog.canonical(base.dotted).startswith(
                "pathlib."
            ):
                return left
        return TOP

    def _narrow(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        base = self.evaluate(key, to_index(node[1]))
        cls = self.body(key).values[to_index(node[2])]
        positive = bool(node[3])
        if cls[0] == Op.CONST and cls[1] is None:
            return known(NONE) if positive else without_none(base)
        if not positive:
            return base
        named = self.evaluate(key, to_index(node[2]))
        instances: list[Value] = []
        for value in named.values:
            if isinstance(value, Class):
                instances.append(Instance(value))
            elif isinstance(value, External):
                instances.append(ExternalInstance(self.catalog.canonical(value.dotted)))
        if not instances or named.incomplete:
            return base
        more_precise = [value for value in base.values if isinstance(value, (Instance, ExternalInstance))]
        if more_precise and not base.incomplete and len(more_precise) == 1:
            return base
        return ValueSet(tuple(instances))

    def _caught(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        """What `except X as e` binds: an instance of X, or of one of several."""
        classes = self.evaluate(key, to_index(node[1]))
        if any(isinstance(value, (Display, Container)) for value in classes.values):
            classes = self.element(classes)
        instances: list[Value] = []
        for value in classes.values:
            if isinstance(value, Class):
                instances.append(Instance(value))
            elif isinstance(value, External):
                instances.append(ExternalInstance(self.catalog.canonical(value.dotted)))
        return ValueSet(tuple(instances), classes.incomplete or not instances)

    def _cast(self, key: Key, node: tuple[object, ...]) -> ValueSet:
        item = self.evaluate(key, to_index(node[1])) if to_index(node[1]) >= 0 else TOP
        item = without_none(item)
        if self._is_told(item):
            return item
        stated = without_none(annotation_type(self, key, to_index(node[2])))
        if not stated.values or stated.incomplete:
            return item
        is_made = any(isinstance(v, ExternalInstance) for v in item.values)
        if is_made and all(self._is_bare_collection(v) for v in stated.values):
            return item  # what was made has a class of its own
        is_open = any(
            isinstance(v, ExternalInstance) and (v.dotted == LOOPS_FUTURE or self._may_be_in_memory(v))
            for v in stated.values
        )
        return placed(stated, DECLARED) if is_open else stated

    def _is_told(self, item: ValueSet) -> bool:
        """Whether a value says more than an annotation: not what only a caller knows, nor a collection that
        is filled later with who knows what."""
        if not item.values or item.incomplete or all(isinstance(v, Parameter) for v in item.values):
            return False
        return not all(self._is_bare_collection(v) for v in item.values)

    def _is_bare_collection(self, value: Value) -> bool:
        """Whether a value is a collection of which it is not known what it holds."""
        if isinstance(value, Display):
            return not self.containers.is_told(value)
        if isinstance(value, Container):
            return not value.elements
        return isinstance(value, ExternalInstance) and value.dotted in _COLLECTIONS
