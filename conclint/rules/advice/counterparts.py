"""Async counterparts that take a call's place as it stands: a method of the same object, `asyncio.sleep`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from conclint.catalog.facts import CallableFact
from conclint.rules.advice.allowed import Subject
from conclint.rules.advice.busy import Shape
from conclint.rules.advice.change import Change, Edit, Outcome, Refusal
from conclint.rules.advice.expressions import arguments_of, replaced, statement_of
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.site import Fragment, Node
from conclint.rules.advice.waiting import How
from conclint.summary.records import Import
from conclint.syntax.nodes import cst

_METHOD: Final = re.compile(r"(?:\w+ = )?await \{receiver\}\.([\w{}]+)\(\{args\}\)")
_FUNCTION: Final = re.compile(r"(?:\w+ = )?await ([\w.{}]+)\(\{args\}\)")
_ALL: Final = " and "
_JOINED: Final = re.compile(r" (?:and|or) ")
_PAUSES: Final = ("asyncio.sleep", "trio.sleep", "anyio.sleep")


def stated(fact: CallableFact, library: AsyncLibrary) -> tuple[tuple[str, ...], str]:
    """The counterparts under an async library, and the line that is stated for them."""
    if library is AsyncLibrary.TRIO:
        return fact.instead_trio or (), fact.example_trio or ""
    if library is AsyncLibrary.ANYIO:
        return fact.instead_anyio or (), fact.example_anyio or ""
    if library is AsyncLibrary.TWISTED:
        return (), ""
    return fact.instead or (), fact.example or ""


def lacking(fact: CallableFact, imports: Iterable[Import]) -> str:
    """The packages that the counterparts need which are the library's own, where nothing around a place
    imports them: the program may do without them so far."""
    if not fact.async_needs:
        return ""
    imported = {item.module.partition(".")[0] for item in imports if not item.level}
    is_there = [name.replace("-", "_") in imported for name in _JOINED.split(fact.async_needs)]
    has_them = all(is_there) if _ALL in fact.async_needs else any(is_there)
    return "" if has_them else fact.async_needs


def is_own(fact: CallableFact, name: str) -> bool:
    """Whether a counterpart is of the library itself."""
    return name.partition(".")[0] == fact.name.partition(".")[0]


def by_counterpart(fragment: Fragment, node: Node, subject: Subject) -> Outcome | None:
    """The change to a counterpart that fits into the place; None where there is none."""
    fact, around = subject.fact, subject.around
    if fact is None or not subject.direct:
        return None
    instead, example = stated(fact, around.waiting.library)
    if not instead or not example or lacking(fact, around.imports):
        return None
    owner, _, name = fact.name.rpartition(".")
    same = instead[0] == owner or instead[0].rpartition(".")[0] == owner
    if subject.shape is Shape.ITERATE:
        return (
            _asynchronous_loop(fragment, node, subject) if same and example.startswith("async for") else None
        )
    if subject.shape is not Shape.CALL or not isinstance(node, cst.Call):
        return None
    if around.waiting.how is How.NOT or _is_in_generator(fragment, node):
        return None
    imports = Imports(around.imports)
    method = _METHOD.fullmatch(example)
    if method is not None and same and isinstance(node.func, cst.Attribute) and node.func.attr.value == name:
        function = f"{fragment.code(node.func.value)}.{method[1].replace('{name}', name)}"
    elif (
        _FUNCTION.fullmatch(example) and (instead[0] in _PAUSES or same) and _is_call_of(node, fact, subject)
    ):
        module, _, last = instead[0].rpartition(".")
        if instead[0] in _PAUSES:
            function = f"{imports.module(module)}.{last}"
        elif isinstance(node.func, cst.Attribute) and not method:
            function = f"{fragment.code(node.func.value)}.{last}"
        else:
            return None
    else:
        return None
    text = f"{around.waiting.how.value} {function}({arguments_of(fragment, node)})"
    return replaced(fragment, node, text, imports, around)


def by_twin(fragment: Fragment, node: Node, subject: Subject) -> Change | Refusal:
    """The change to the program's own coroutine function that does the same; words where the place can't name
    it without more ado."""
    around, name = subject.around, subject.twin
    own = subject.called.rsplit(".", 1)[-1]
    if not isinstance(node, cst.Call) or _is_in_generator(fragment, node):
        return Refusal()
    imports = Imports(around.imports)
    if isinstance(node.func, cst.Attribute) and node.func.attr.value == own:
        function = f"{fragment.code(node.func.value)}.{name}"
    elif isinstance(node.func, cst.Name) and node.func.value == own:
        bound = [item for item in around.imports if item.bound == own]
        if bound and (bound[-1].level or bound[-1].name != own):
            return Refusal()
        function = imports.name(bound[-1].module, name) if bound else name
    else:
        return Refusal()
    text = f"await {function}({arguments_of(fragment, node)})"
    outcome = replaced(fragment, node, text, imports, around)
    return outcome if isinstance(outcome, Change) else Refusal()


def _is_call_of(node: Node, fact: CallableFact, subject: Subject) -> bool:
    """Whether a call names the known function itself, and isn't one that is given it."""
    assert isinstance(node, cst.Call)
    module, _, name = fact.name.rpartition(".")
    if isinstance(node.func, cst.Attribute):
        return node.func.attr.value == name
    if isinstance(node.func, cst.Name):
        bound = {item.bound for item in subject.around.imports if (item.module, item.name) == (module, name)}
        return node.func.value in bound
    return False


def _is_in_generator(fragment: Fragment, node: Node) -> bool:
    return any(isinstance(item, cst.GeneratorExp) for item in fragment.above(node))


def _asynchronous_loop(fragment: Fragment, node: Node, subject: Subject) -> Outcome | None:
    """`async for`, over what stands there."""
    parent = fragment.parent(node)
    if subject.around.waiting.how is not How.AWAIT:
        return None
    if isinstance(parent, cst.For) and parent.iter is node:
        start = fragment.start(parent)
        return Change(parent, (Edit(start, start, "async "),))
    if isinstance(parent, cst.CompFor) and parent.iter is node:
        if any(isinstance(item, cst.GeneratorExp) for item in fragment.above(node)):
            return None
        start = fragment.text.rindex("for", 0, fragment.start(parent.target))
        return Change(statement_of(fragment, node), (Edit(start, start, "async "),))
    return None
