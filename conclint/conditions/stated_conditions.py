"""Whether the conditions of a catalog fact hold at a call."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from conclint.catalog.facts import CallableFact, Condition
from conclint.catalog.facts import ParameterFact as Stated
from conclint.conditions.flags import has_flag
from conclint.conditions.numeric_hosts import is_numeric
from conclint.conditions.short_texts import is_short
from conclint.conditions.small_numbers import are_below, is_below
from conclint.model.execution import ExecutionModel
from conclint.resolve.arguments import Arguments, stated_argument
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.in_memory import IN_MEMORY, Opened, opened_by
from conclint.resolve.loop_origins import KEPT_LOOP, THIS_LOOP, loop_of
from conclint.resolve.values import (
    Container,
    Display,
    External,
    ExternalInstance,
    Instance,
    Key,
    Literal,
    Parameter,
    Value,
    ValueSet,
)


class Truth(Enum):
    """Three-valued logic."""

    NO = 0
    MAYBE = 1
    YES = 2


_TRUTHS: Final = {False: Truth.NO, None: Truth.MAYBE, True: Truth.YES}


class Relation(Enum):
    """What an argument is asked about a literal."""

    EQUALS = "=="
    STARTS_WITH = "startswith"
    ENDS_WITH = "endswith"
    IS_IN = "in"
    IS_INSTANCE = "isinstance"  # of one of the classes (values) that the literal holds
    IN_MEMORY = "in memory"  # it is, or names, a database in memory
    THIS_LOOP = "this loop"  # it is the loop of the thread, or a future of that
    EXECUTOR = "executor"  # it is an executor of the model that the literal names
    REACHED = "reached"  # all arguments together: a call comes to the region whose number the literal holds
    ALL = "all"  # each of the conditions that the literal holds


_MOST_PARTS = 3


class ArgumentCondition(NamedTuple):
    """The effect is absent for callers whose argument for `parameter` is (`absent_if_equal`), or is not, the
    literal; or stands in another `relation` to it. `is_branch`: it stands under an `if` on the parameter,
    so that some callers do reach it; a literal True or False then stands for all that is true or false.
    `default`: what stands for an item of a starred parameter that is not passed.
    """

    parameter: Parameter
    literal: Literal
    absent_if_equal: bool
    is_branch: bool = False
    relation: Relation = Relation.EQUALS
    default: Literal | None = None

    @classmethod
    def of_region(cls, key: Key, region: int) -> ArgumentCondition:
        """The effect is there for callers whose arguments lead to a region of a function."""
        return cls(Parameter(key, 0), Literal("region", region), False, True, Relation.REACHED)

    def along_with(self, other: ArgumentCondition) -> ArgumentCondition:
        """The effect is there where both conditions allow it."""
        both = tuple(dict.fromkeys((*self.parts, *other.parts)))[:_MOST_PARTS]
        if len(both) == 1:
            return both[0]
        return ArgumentCondition(self.parameter, Literal("all", both), False, True, Relation.ALL)

    @property
    def parts(self) -> tuple[ArgumentCondition, ...]:
        """The conditions that it is made of."""
        held = self.literal.value
        if self.relation is not Relation.ALL or not isinstance(held, tuple):
            return (self,)
        return tuple(part for part in held if isinstance(part, ArgumentCondition))

    @property
    def is_for_few(self) -> bool:
        """Whether it asks for some values of an argument, which no branch of the program chooses."""
        return any(part.is_doubtful and not part.is_branch for part in self.parts)

    @property
    def is_about_memory(self) -> bool:
        """Whether it asks for a database in memory: seldom, so any other condition tells more."""
        return self.relation is Relation.IN_MEMORY

    @property
    def is_about_loop(self) -> bool:
        """Whether it asks which event loop it is: an effect is there only for the one that runs."""
        return self.relation is Relation.THIS_LOOP

    @property
    def is_about_executor(self) -> bool:
        """Whether it asks which kind of pool it is."""
        return self.relation is Relation.EXECUTOR

    @property
    def is_doubtful(self) -> bool:
        """Whether not knowing the argument is worth a doubt; that a number is just the special one (a
        timeout of 0, say) is not."""
        if self.is_branch or self.is_about_memory or self.is_about_loop or self.is_about_executor:
            return self.is_branch
        is_asked_for = self.relation is Relation.IS_INSTANCE or isinstance(self.literal.value, (bool, str))
        return is_asked_for or not self.absent_if_equal


class Verdict(NamedTuple):
    """Whether a fact's effect is there; where only a caller can say, what it depends on."""

    present: bool
    dependence: ArgumentCondition | None = None
    assumption: str = ""


def judge_conditions(evaluator: Evaluator, fact: CallableFact, arguments: Arguments) -> Verdict:
    """Whether the fact's effect is there for these arguments."""
    verdict = Verdict(True)
    for condition in fact.unless:
        truth, dependence = _holds(evaluator, fact.signature, condition, arguments)
        if truth is Truth.YES:
            return Verdict(False)
        if truth is Truth.MAYBE:
            if dependence is not None:
                if verdict.dependence is None:
                    verdict = verdict._replace(dependence=dependence._replace(absent_if_equal=True))
            elif any(isinstance(wanted, (bool, str)) for _, wanted in condition.pairs):
                # that a number is just the special one (a timeout of 0, say) is not worth a doubt
                verdict = verdict._replace(assumption=f"an argument of {fact.name} is not known")
    if fact.when:
        answers = [_holds(evaluator, fact.signature, condition, arguments) for condition in fact.when]
        if all(truth is Truth.NO for truth, _ in answers):
            return Verdict(False)
        if not any(truth is Truth.YES for truth, _ in answers):
            dependence = next((item for _, item in answers if item is not None), None)
            if dependence is not None:
                verdict = verdict._replace(dependence=dependence._replace(absent_if_equal=False))
            else:
                verdict = verdict._replace(assumption=f"an argument of {fact.name} is not known")
    for condition in fact.doubtful:
        if _holds(evaluator, fact.signature, condition, arguments)[0] is Truth.YES:
            return verdict._replace(assumption=f"{fact.name} blocks for a moment only with this argument")
    return verdict


def unless_in_memory(opened: Opened) -> ArgumentCondition | None:
    """The condition that what is opened so is no database in memory; None where it is known."""
    if not isinstance(opened, Parameter):
        return None
    return ArgumentCondition(opened, Literal("bool", True), True, relation=Relation.IN_MEMORY)


def if_this_loop(loop: Opened) -> ArgumentCondition | None:
    """The condition that a loop is that of the thread; None where it is known."""
    if not isinstance(loop, Parameter):
        return None
    return ArgumentCondition(loop, Literal("bool", True), False, relation=Relation.THIS_LOOP)


def if_executor_of(pool: Parameter, model: ExecutionModel) -> ArgumentCondition:
    """The condition that a pool is one of a model."""
    return ArgumentCondition(pool, Literal("str", model.value), False, relation=Relation.EXECUTOR)


def condition_holds(
    evaluator: Evaluator, signature: tuple[Stated, ...] | None, condition: Condition, arguments: Arguments
) -> Truth:
    """Whether every pair of a condition holds for these arguments."""
    return _holds(evaluator, signature, condition, arguments)[0]


def _holds(
    evaluator: Evaluator, signature: tuple[Stated, ...] | None, condition: Condition, arguments: Arguments
) -> tuple[Truth, ArgumentCondition | None]:
    truth, dependence = Truth.YES, None
    for name, wanted in condition.pairs:
        passed = stated_argument(signature, name, arguments)
        if passed is None:
            absent = wanted == "<absent>"
            if arguments.spread and not absent:
                answer, depends = Truth.NO, None  # the usual default is taken for what *args may hide
            else:
                answer, depends = (Truth.YES if absent else Truth.NO), None
        elif wanted == "<short>":
            answer, depends = (Truth.YES if is_short(evaluator, passed) else Truth.NO), None
        elif wanted == "<numeric>":
            answer, depends = (Truth.YES if is_numeric(evaluator, passed) else Truth.NO), None
        elif isinstance(wanted, str) and wanted.startswith("<with "):
            answer, depends = _TRUTHS[has_flag(evaluator, passed, wanted[6:-1])], None
        else:
            answer, depends = _equals(evaluator, evaluator.passed(passed), wanted)
        if answer is Truth.NO:
            return Truth.NO, None
        if answer is Truth.MAYBE:
            truth, dependence = Truth.MAYBE, depends
    return truth, dependence


def _equals(evaluator: Evaluator, item: ValueSet, wanted: object) -> tuple[Truth, ArgumentCondition | None]:
    if wanted == "<absent>":
        return Truth.NO, None
    if wanted == "<present>":
        none = all(isinstance(v, Literal) and v.value is None for v in item.values)
        return (Truth.NO if item.values and none else Truth.YES), None
    if wanted == "<small>":
        small = item.values and all(
            isinstance(v, Literal) or (isinstance(v, ExternalInstance) and v.dotted == "builtins.bytes")
            for v in item.values
        )
        return (Truth.YES if small else Truth.MAYBE), None
    if isinstance(wanted, str) and wanted.startswith("<below "):
        return (Truth.YES if is_below(item, float(wanted[7:-1])) else Truth.NO), None
    if isinstance(wanted, str) and wanted.startswith("<each below "):
        return (Truth.YES if are_below(evaluator, item, float(wanted[12:-1])) else Truth.NO), None
    if isinstance(wanted, str) and wanted.startswith("<is "):
        names = {v.dotted if isinstance(v, External) else "" for v in item.values}
        return (Truth.YES if names == {wanted[4:-1]} else Truth.NO), None
    if isinstance(wanted, str) and wanted.startswith("<a "):
        return _is_instance(evaluator, item, wanted[3:-1])
    if isinstance(wanted, str) and wanted.startswith("<") and wanted != "<none>":
        names = {evaluator.catalog.canonical(v.dotted) for v in item.values if isinstance(v, External)}
        if names:
            return (Truth.YES if names == {wanted[1:-1]} else Truth.NO), None
        return Truth.MAYBE, None
    literal = None if wanted == "<none>" else wanted
    if len(item.values) == 1 and not item.incomplete:
        value = item.values[0]
        if isinstance(value, Literal):
            return (Truth.YES if _same(value.value, literal) else Truth.NO), None
        if isinstance(value, Parameter) and not value.attributes:
            return Truth.MAYBE, ArgumentCondition(value, Literal(type(literal).__name__, literal), True)
        if isinstance(value, Display):
            return Truth.NO, None
    return Truth.MAYBE, None


def _is_instance(evaluator: Evaluator, item: ValueSet, wanted: str) -> tuple[Truth, ArgumentCondition | None]:
    """Whether an argument is an instance of a class; of one that is passed on, callers know."""
    if len(item.values) == 1 and not item.incomplete and isinstance(item.values[0], Parameter):
        classes = Literal("tuple", (External(wanted),))
        return Truth.MAYBE, ArgumentCondition(item.values[0], classes, True, relation=Relation.IS_INSTANCE)
    answers = {Truth.MAYBE} if item.incomplete or not item.values else set()
    for value in item.values:
        if isinstance(value, ExternalInstance):
            ancestry = evaluator.catalog.ancestry(value.dotted)
            known = Truth.NO if ancestry else Truth.MAYBE
            answers.add(Truth.YES if any(fact.name == wanted for fact in ancestry) else known)
        else:
            answers.add(Truth.NO if isinstance(value, (Literal, Display)) else Truth.MAYBE)
    return (answers.pop() if len(answers) == 1 else Truth.MAYBE), None


def _same(first: object, second: object) -> bool:
    if isinstance(first, bool) or isinstance(second, bool) or first is None or second is None:
        return first is second
    return first == second


def depends_hold(evaluator: Evaluator, literal: ValueSet, dependence: ArgumentCondition) -> Truth:
    """Whether the effect is there when the parameter is bound to `literal`."""
    values = literal.values
    if dependence.is_about_memory:
        return Truth.NO if opened_by(literal) == IN_MEMORY else Truth.YES
    if dependence.is_about_loop:
        return Truth.YES if loop_of(literal) in (THIS_LOOP, KEPT_LOOP) else Truth.NO
    if dependence.relation is Relation.IS_INSTANCE:
        answer = are_instances(evaluator, literal, dependence.literal.value)
        if answer is Truth.MAYBE:
            return answer
        return Truth.NO if (answer is Truth.YES) == dependence.absent_if_equal else Truth.YES
    if len(values) != 1 or literal.incomplete or not isinstance(values[0], Literal):
        return Truth.MAYBE
    found = values[0].value
    if dependence.is_branch and isinstance(dependence.literal.value, bool):
        found = bool(found)
    equal = _is_related(found, dependence.relation, dependence.literal.value)
    if equal is None:
        return Truth.MAYBE
    return Truth.NO if equal == dependence.absent_if_equal else Truth.YES


def are_instances(evaluator: Evaluator, item: ValueSet, wanted: object) -> Truth:
    """Whether all that the argument may be, or nothing of it, is an instance of one of the classes."""
    if item.incomplete or not item.values or not isinstance(wanted, tuple):
        return Truth.MAYBE
    answers = {_instance_of(evaluator, value, wanted) for value in item.values}
    return answers.pop() if len(answers) == 1 else Truth.MAYBE


def _instance_of(evaluator: Evaluator, value: Value, wanted: tuple[Value, ...]) -> Truth:
    names = {evaluator.catalog.canonical(item.dotted) for item in wanted if isinstance(item, External)}
    if isinstance(value, Instance):
        ancestry = evaluator.classes.ancestry(value.cls)
        if any(base in wanted for base in ancestry.classes):
            return Truth.YES
        bases = {evaluator.catalog.canonical(b.dotted) for b in ancestry.classes if isinstance(b, External)}
        if bases & names:
            return Truth.YES
        return Truth.MAYBE if ancestry.incomplete or bases - {"builtins.object"} else Truth.NO
    kind = _builtin_kind(evaluator, value)
    if kind is not None:
        above = {f"builtins.{kind}", "builtins.object"} | ({"builtins.int"} if kind == "bool" else set())
        if above & names:
            return Truth.YES
        return Truth.MAYBE if any(name.startswith(_ABSTRACT) for name in names) else Truth.NO
    if isinstance(value, ExternalInstance):
        found = evaluator.catalog.ancestry(value.dotted)
        if names & {value.dotted, *(fact.name for fact in found), *_ABOVE.get(value.dotted, ())}:
            return Truth.YES
        return Truth.NO if found and all(evaluator.catalog.klass(name) for name in names) else Truth.MAYBE
    return Truth.MAYBE


def _builtin_kind(evaluator: Evaluator, value: Value) -> str | None:
    if isinstance(value, Literal):
        return value.kind
    if isinstance(value, (Display, Container)):
        return evaluator.container_kind(value)
    if isinstance(value, ExternalInstance) and value.dotted.startswith("builtins."):
        return value.dotted.removeprefix("builtins.")
    return None


_ABSTRACT = ("collections.", "typing.", "numbers.", "abc.")
"""Modules of abstract classes that builtin types are instances of."""

_ABOVE = {
    "io.BytesIO": ("io.IOBase", "io.BufferedIOBase"),
    "io.StringIO": ("io.IOBase", "io.TextIOBase"),
    "io.TextIOWrapper": ("io.IOBase", "io.TextIOBase"),
    "io.BufferedReader": ("io.IOBase", "io.BufferedIOBase"),
    "io.BufferedWriter": ("io.IOBase", "io.BufferedIOBase"),
}
"""Bases of builtin classes that the catalog, which speaks of what blocks, has no reason to state."""


def _is_related(found: object, relation: Relation, literal: object) -> bool | None:
    """Whether the argument stands in the relation to the literal; None if it can't be asked."""
    if relation is Relation.EQUALS:
        return _same(found, literal)
    if relation is Relation.IS_IN:
        members = literal if isinstance(literal, tuple) else None
        if members is None:
            return found in literal if isinstance(found, str) and isinstance(literal, str) else None
        return any(_same(found, member) for member in members)
    if not isinstance(found, str):
        return None
    affixes = literal if isinstance(literal, tuple) else (literal,)
    words = tuple(item for item in affixes if isinstance(item, str))
    return found.startswith(words) if relation is Relation.STARTS_WITH else found.endswith(words)
