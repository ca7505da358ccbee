"""How the code at a place can wait for something, and how it has work done in a thread meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from conclint.catalog.facts import DecoratorFact
from conclint.resolve.values import External, Key, is_module
from conclint.rules.advice.helpers import Helper
from conclint.rules.advice.imports import Imports
from conclint.rules.advice.left_out import Default, default_of
from conclint.rules.advice.library import AsyncLibrary
from conclint.rules.advice.loop_bound import decorator_names, decorators_of
from conclint.rules.drafts import ModuleView
from conclint.rules.loop_callbacks import is_given_to_loop, is_mentioned, plain_caller
from conclint.summary.records import DefFlags, DefKind

_YIELDING: Final = {
    "tornado.gen.coroutine": AsyncLibrary.ASYNCIO,
    "tornado.gen.engine": AsyncLibrary.ASYNCIO,
    "twisted.internet.defer.inlineCallbacks": AsyncLibrary.TWISTED,
}
"""Decorators of generators that wait by `yield`."""


_TAKES_EITHER: Final = frozenset({"starlette.authentication.requires"})
"""Decorators that take coroutine functions and plain ones alike."""


_TO_THREAD: Final = (3, 9)
"""The version of Python that brought `asyncio.to_thread`."""
_RUNNING_LOOP: Final = (3, 7)
"""The version of Python that brought `asyncio.get_running_loop`."""
_PROMPTS: Final = "prompt_toolkit"
_THREADS: Final = "threading.Thread"


class How(Enum):
    """How a function waits."""

    AWAIT = "await"
    YIELD = "yield"
    NOT = ""
    """A plain function that the loop calls: it can't."""


class Waiting(NamedTuple):
    """How a function waits, in a program on a library; `django`: its threads are those of `sync_to_async`.

    `helper` is the program's own function that runs another in a thread, `function` the function's name;
    `endpoint` names the framework that would run it in a thread by itself, if it were a plain `def`.
    `is_mixed`: it may run on asyncio or on trio. `is_key_binding`: keys at prompt_toolkit's prompt call it.
    `in_own_thread`: it is a method of a thread, for a loop of that. `is_old`: its Python may have no
    `asyncio.to_thread`. `loop_getter`: what of asyncio gives the loop that runs. Of a plain function,
    `given_to_loop`: the loop itself calls it, and `also_called_by` names another plain function that does.
    `turned_for`: a plain function as well, but the framework of that name would take a coroutine function, so
    it waits as soon as it is made one. `since`: the release of `endpoint` that brought its threads.
    `default`: what a library's class would do in its place.
    """

    how: How
    library: AsyncLibrary
    function: str
    django: bool = False
    endpoint: str = ""
    is_lambda: bool = False
    helper: Helper | None = None
    is_mixed: bool = False
    is_key_binding: bool = False
    in_own_thread: bool = False
    is_old: bool = False
    loop_getter: str = "get_running_loop"
    given_to_loop: bool = False
    also_called_by: str = ""
    turned_for: str = ""
    since: str = ""
    default: Default | None = None

    @property
    def takes_keywords(self) -> bool:
        """Whether what runs a function in a thread passes keyword arguments on."""
        if self.helper is not None:
            return self.helper.takes_keywords
        return self.library is AsyncLibrary.TWISTED or (
            self.library is AsyncLibrary.ASYNCIO and not self.is_old
        )

    @property
    def own_way(self) -> str:
        """What the program runs functions in threads by, where more must be known to call it."""
        return self.helper.code if self.helper is not None and not self.helper.is_plain else ""

    @property
    def takes_arguments(self) -> bool:
        """Whether it passes any on."""
        return self.helper is None or self.helper.takes_arguments

    def in_thread(self, function: str, arguments: str, imports: Imports) -> str:
        """The code that waits for a call in a thread; `arguments` as they stand in the call's brackets."""
        word = f"{self.how.value} "
        if self.helper is not None:
            return f"{word}{self.helper.code}({handed_over(function, arguments)})"
        if self.django:
            return f"{word}{imports.name('asgiref.sync', 'sync_to_async')}({function})({arguments})"
        if self.library is AsyncLibrary.TWISTED:
            runner = imports.name("twisted.internet.threads", "deferToThread")
        elif self.library is AsyncLibrary.ASYNCIO and self.is_old:
            loop = f"{imports.module('asyncio')}.{self.loop_getter}()"
            return f"{word}{loop}.run_in_executor(None, {handed_over(function, arguments)})"
        elif self.library is AsyncLibrary.ASYNCIO:
            runner = f"{imports.module('asyncio')}.to_thread"
        elif self.library is AsyncLibrary.ANYIO:
            runner = f"{imports.module('anyio', 'anyio.to_thread')}.to_thread.run_sync"
        else:
            runner = f"{imports.module('trio')}.to_thread.run_sync"
        return f"{word}{runner}({handed_over(function, arguments)})"


def handed_over(function: str, arguments: str) -> str:
    """A function and its arguments as one list of arguments, laid out as these were."""
    if not arguments.strip():
        return function
    blank = arguments[: len(arguments) - len(arguments.lstrip())]
    return f"{blank}{function},{arguments if blank else ' ' + arguments}"


def waiting_at(view: ModuleView, key: Key, library: AsyncLibrary, django: bool) -> Waiting:
    """How a function that runs on the loop waits."""
    version = view.runtime.version
    found = _waiting_at(view, key, library, django)._replace(is_old=version < _TO_THREAD)
    return found if version >= _RUNNING_LOOP else found._replace(loop_getter="get_event_loop")


def _waiting_at(view: ModuleView, key: Key, library: AsyncLibrary, django: bool) -> Waiting:
    definition = view.module.definition(key)
    name = definition.name
    if is_module(key):  # a cell of a notebook
        return Waiting(How.AWAIT, library, name)
    django = django and library is AsyncLibrary.ASYNCIO
    if definition.kind == DefKind.ASYNC_FUNCTION:
        endpoint = _registering(view, key, _runs_in_threads)
        own = _is_of_thread(view, key)
        named, since = (endpoint.library, endpoint.since) if endpoint is not None else ("", "")
        default = default_of(view, key)
        return Waiting(
            How.AWAIT, library, name, django, named, in_own_thread=own, since=since, default=default
        )
    for decorator in decorators_of(view, key):
        if decorator in _YIELDING and not definition.flags & DefFlags.STUB:
            return Waiting(How.YIELD, _YIELDING[decorator], name)
    is_binding = bool(definition.decorators) and any(
        item.module.split(".", 1)[0] == _PROMPTS and not item.level for item in view.module.summary.imports
    )
    is_lambda = definition.kind == DefKind.LAMBDA
    is_plain = definition.kind == DefKind.FUNCTION and not definition.flags & DefFlags.GENERATOR
    taking = _registering(view, key, _takes_coroutines) if is_plain else None
    caller = plain_caller(view, key)
    if taking is not None and not caller and not is_mentioned(view, key):
        return Waiting(How.AWAIT, library, name, django, turned_for=taking.library)
    return Waiting(
        How.NOT,
        library,
        name,
        is_lambda=is_lambda,
        is_key_binding=is_binding,
        given_to_loop=is_given_to_loop(view, key),
        also_called_by=caller,
    )


def _is_of_thread(view: ModuleView, key: Key) -> bool:
    """Whether a function is a method of a class of threads."""
    classes = view.engine.evaluator.classes
    owner = view.module.enclosing_class(key)
    above = classes.ancestry(owner).classes if owner is not None else ()
    return any(isinstance(item, External) and item.dotted == _THREADS for item in above)


def _runs_in_threads(fact: DecoratorFact) -> bool:
    """Whether a framework runs the plain functions that it registers so in its threads."""
    return fact.style == "framework" and fact.model is not None


def _takes_coroutines(fact: DecoratorFact) -> bool:
    return fact.takes_coroutines


def _registering(view: ModuleView, key: Key, wanted: Callable[[DecoratorFact], bool]) -> DecoratorFact | None:
    """What is known of the decorator by which a framework registers a function; None for none such as is
    `wanted`, and where another decorator may ask for a coroutine function, or for a plain one."""
    parent = view.module.scope(key)
    found = None
    for decorator in view.module.definition(key).decorators:
        fact = view.engine.evaluator.decorations.stated(parent, decorator)
        if fact is not None and wanted(fact):
            found = fact
        elif not _TAKES_EITHER.issuperset(decorator_names(view, parent, decorator) or [""]):
            return None
    return found
