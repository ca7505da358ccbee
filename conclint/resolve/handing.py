"""What a call of a library hands to a thread or process, with which arguments, and what comes back."""

from __future__ import annotations

from conclint.catalog.facts import CallableFact, Placing
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import EVERYTHING, Arguments, Passed, StarItem, arguments_of, stated_argument
from conclint.resolve.external_facts import external_fact
from conclint.resolve.interpreter import Interpreter
from conclint.resolve.values import (
    Awaitable,
    Class,
    Container,
    ContextManager,
    Display,
    External,
    ExternalInstance,
    Generator,
    Instance,
    Key,
    Literal,
    Parameter,
    Value,
    ValueSet,
    join,
)
from conclint.summary import body_graph as graph
from conclint.summary.operands import operands
from conclint.summary.records import Op


def handed_over(
    evaluator: Interpreter, fact: CallableFact, placing: Placing, arguments: Arguments
) -> ValueSet | None:
    """The callables that the call hands over, those of a list of them too; None if it passes none."""
    parts: list[ValueSet] = []
    for name in (placing.callable, *placing.also):
        argument = stated_argument(fact.signature, name, arguments)
        if argument is None:
            continue
        bound = evaluator.passed(argument)
        if placing.also and len(bound.values) == 1 and isinstance(bound.values[0], (Display, Container)):
            bound = evaluator.containers.values_in(bound.values[0])
        parts.append(bound)
    return join(parts) if parts else None


def handed_arguments(
    evaluator: Interpreter, fact: CallableFact, placing: Placing, arguments: Arguments
) -> Arguments:
    """The arguments that the callable handed over will be called with."""
    how = placing.arguments
    if how in ("rest", "each:rest"):
        position = 0
        for parameter in fact.signature or ():
            position += 1
            if parameter.name == placing.callable:
                break
        own = {p.name for p in fact.signature or () if p.kind in ("", "kw")}
        kept = tuple(item for item in arguments.keywords if item[0] not in own)
        return Arguments(arguments.positional[position:], kept, arguments.spread)
    if how.startswith("each:"):
        passed = stated_argument(fact.signature, how.removeprefix("each:"), arguments)
        return Arguments((passed,)) if passed is not None else EVERYTHING
    if how.startswith("args:"):
        names = [name.strip() for name in how.removeprefix("args:").split(",")]
        return _unpacked(evaluator, fact, names, arguments)
    return Arguments()


def _unpacked(
    evaluator: Interpreter, fact: CallableFact, names: list[str], arguments: Arguments
) -> Arguments:
    result = Arguments()
    for name in names:
        passed = stated_argument(fact.signature, name, arguments)
        if passed is None:
            continue
        values = evaluator.passed(passed).values
        if len(values) != 1 or not isinstance(values[0], Display):
            return EVERYTHING
        display = values[0]
        node = evaluator.body(display.key).values[display.value]
        items = operands(node)
        if node[0] == Op.DICT:
            for name_value, item in zip(items[::2], items[1::2], strict=False):
                word = evaluator.evaluate(display.key, name_value).values
                if len(word) == 1 and isinstance(word[0], Literal):
                    pair = (str(word[0].value), (display.key, item))
                    result = result._replace(keywords=(*result.keywords, pair))
        else:
            slots = tuple((position, item) for position, item in enumerate(items))
            result = result._replace(positional=arguments_of(display.key, slots).positional)
    return result


_OFFLOAD = "offload"


def is_awaited_offload(fact: CallableFact | None) -> bool:
    """Whether awaiting what the call gives is to get what the callable gives that it is given."""
    placing = fact.placing if fact is not None else None
    return placing is not None and placing.style == _OFFLOAD and placing.arguments == "rest"


def offloaded_result(
    evaluator: Interpreter, fact: CallableFact, arguments: Arguments, site: tuple[Key, int]
) -> ValueSet | None:
    """What awaiting an offload gives: what the callable gives that is handed over. None where that is not
    known, or is itself to be awaited."""
    placing = fact.placing
    assert placing is not None
    handed = handed_over(evaluator, fact, placing, arguments)
    if handed is None or not handed.values:
        return None
    given = handed_arguments(evaluator, fact, placing, arguments)
    parts = [_result(evaluator, value, given, site) for value in handed.values]
    found = join(parts)
    if not found.values or any(isinstance(value, Awaitable) for value in found.values):
        return None
    return ValueSet((Awaitable(found.values),), found.incomplete or handed.incomplete, found.reasons)


def called_at(evaluator: Interpreter, key: Key, number: int) -> int:
    """The value that a site calls: its callee, or what the offload there is handed."""
    site = evaluator.body(key).sites[number]
    for callee in evaluator.evaluate(key, site.callee).values:
        fact = external_fact(evaluator, callee)
        if fact is not None and fact.placing is not None and is_awaited_offload(fact):
            passed = stated_argument(fact.signature, fact.placing.callable, arguments_of(key, site.args))
            if isinstance(passed, tuple) and not isinstance(passed, (ValueSet, StarItem)):
                return passed[1]
    return site.callee


def _result(evaluator: Interpreter, value: Value, given: Arguments, site: tuple[Key, int]) -> ValueSet:
    """What is called elsewhere gives, saying by itself what it was made with: no call is written that has
    these arguments."""
    found = evaluator.results.result_of(value, given, site)
    if isinstance(value, Class):
        told = _told(evaluator, given)
        return found._replace(values=tuple(_made_with(item, told) for item in found.values))
    values = (
        item._replace(site=None)
        if isinstance(item, (Generator, ContextManager)) and item.site == site
        else item
        for item in found.values
    )
    return found._replace(values=tuple(values))


def _made_with(value: Value, told: tuple[Value, ...]) -> Value:
    return value._replace(made=None, given=told) if isinstance(value, Instance) else value


def _told(evaluator: Interpreter, given: Arguments) -> tuple[Value, ...]:
    """The arguments, where each is known to be one thing and none has a name."""
    if given.keywords or given.spread:
        return ()
    items = [evaluator.passed(item) for item in given.positional]
    if any(len(item.values) != 1 or item.incomplete for item in items):
        return ()
    return tuple(item.values[0] for item in items)


def placing_model(
    evaluator: Interpreter, fact: CallableFact, placing: Placing, arguments: Arguments, receiver: str
) -> ExecutionModel | None:
    """The model that a call places on: the stated one, or the one that a value decides: an executor, or the
    class of the receiver."""
    if placing.model is not None:
        return placing.model
    if not placing.executor_parameter:
        return _executor_of(evaluator, receiver)
    passed = stated_argument(fact.signature, placing.executor_parameter, arguments)
    if passed is None:
        return None if arguments.spread else ExecutionModel.THREAD
    item = evaluator.passed(passed)
    models = {executor_model(evaluator, value) for value in item.values}
    if item.incomplete or len(models) != 1:
        return None
    return models.pop()


def executor_model(evaluator: Interpreter, value: Value) -> ExecutionModel | None:
    """The model that a value is an executor of; that of a loop for None; None where that is not known."""
    if isinstance(value, Literal) and value.value is None:
        return ExecutionModel.THREAD
    if isinstance(value, ExternalInstance):
        return _executor_of(evaluator, value.dotted)
    if isinstance(value, Instance):
        for base in evaluator.classes.ancestry(value.cls).classes:
            if isinstance(base, External):
                return _executor_of(evaluator, base.dotted)
    return None


def _executor_of(evaluator: Interpreter, dotted: str) -> ExecutionModel | None:
    facts = evaluator.catalog.ancestry(dotted)
    return next((fact.executor for fact in facts if fact.executor is not None), None)


def given_parameter(evaluator: Interpreter, passed: Passed) -> Parameter | None:
    """The parameter that an argument is: of that, whatever type is stated, the callers know more; or what the
    receiver keeps, where no more than that is known."""
    if isinstance(passed, tuple) and not isinstance(passed, (ValueSet, StarItem)):
        key, value = passed
        body = evaluator.body(key)
        node = graph.node(body, graph.bare(body, value))
        if node[0] == Op.PARAM:
            return Parameter(key, graph.number(node))
    found = evaluator.passed(passed)
    only = found.values[0] if len(found.values) == 1 and not found.incomplete else None
    return only if isinstance(only, Parameter) else None
