"""What a call changes that code on the event loop may use too: moved to a thread, it would race with that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise
from typing import Final, NamedTuple

from conclint.model.symbols import short_name
from conclint.resolve.arguments import Arguments, bind
from conclint.resolve.calls import Link
from conclint.resolve.values import (
    Class,
    External,
    ExternalInstance,
    ExternalMethod,
    Function,
    Key,
    Parameter,
    Value,
)
from conclint.rules.advice.callers import PLAIN_MODULES
from conclint.rules.advice.process_state import is_environment, standard_state
from conclint.rules.chains import Hop
from conclint.rules.client_files import is_called_by_library
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, ParamKind, RegionKind, Site, SiteKind, Slot, StoreKind

MUTATORS: Final = frozenset(
    {
        "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft",
        "insert", "intersection_update", "move_to_end", "pop", "popitem", "popleft", "remove", "reverse",
        "setdefault", "sort", "symmetric_difference_update", "update",
    }
)  # fmt: skip
"""Methods by which collections are changed."""
SURELY: Final = frozenset({"append", "appendleft", "extend", "popitem", "popleft", "setdefault", "discard"})
"""Those that hardly anything but a collection has."""
_GETTERS: Final = frozenset({"get", "pop", "setdefault", "values", "items", "popitem"})
"""Methods that give a part of a collection."""
_COLLECTIONS: Final = ("builtins.", "collections.")
_DUMP_NAMES: Final = ("dump", "dumps", "safe_dump")
_DUMPS: Final = frozenset(
    f"{module}.{name}"
    for module in ("json", "pickle", "marshal", "yaml", "orjson", "ujson", "simplejson", "tomli_w", "toml")
    for name in _DUMP_NAMES
)
"""What goes through all of a collection: it fails where another thread changes that meanwhile."""
_LOCKS: Final = ("threading.", "_thread.", "multiprocessing.")
_GLOBALS: Final = frozenset(
    {"os.chdir", "os.putenv", "os.umask", "locale.setlocale", "sys.setrecursionlimit"}
)
_BINDS: Final = "bind_ctx"
"""The method of peewee's databases that binds model classes, which all threads share."""
_CONTEXT_SETTERS: Final = {
    "opentelemetry.context.attach": "opentelemetry.context.detach",
    "structlog.contextvars.bind_contextvars": "structlog.contextvars.reset_contextvars",
    "decimal.setcontext": "decimal.setcontext",
}
"""What sets context variables of its own, each with what puts the earlier value back."""
_RELOADS: Final = "importlib.reload"
_MOST_FUNCTIONS: Final = 200
_MOST_NAMED: Final = 2
"""What is named of all that is changed, beside the first."""
_COPIES: Final = frozenset(
    {
        "_asdict", "_replace", "as_dict", "asdict", "copy", "deepcopy", "dict", "difference", "intersection",
        "json", "model_copy", "model_dump", "to_dict", "to_list", "tolist", "union",
    }
)  # fmt: skip
"""Methods that give something new."""
_COPYING: Final = re.compile(r"(?i)_*(?:deep_?|shallow_?)?(?:copy|copied|clone)(?:_of|_\w+)?")
"""What functions of programs are called that give something new."""
_MARKERS: Final = frozenset({"Body", "Cookie", "File", "Form", "Header", "Path", "Query"})
"""What FastAPI takes for a default, to say where in a request a parameter is found."""
_PARTS: Final = (Op.ATTR, Op.ITEM, Op.ELEM, Op.ENTER, Op.STAR, *graph.WRAPPERS)
"""What is a part of another value, or that value again."""

Fresh = frozenset[int]
"""The parameters of a function that are known to be bound to what nobody else has."""


LOCK_NAMES: Final = re.compile(r"(?i)(?:^|_)(?:r?lock|mutex)$")
"""What locks are called."""
VIEWS: Final = frozenset({"items", "keys", "values"})
"""Methods that show what a mapping holds: who goes through one goes through the mapping."""


class Use(Enum):
    """What is done: an attribute or name is given another value, and no more than that; any other change; or
    all of a collection is gone through, which another thread must not change meanwhile; or classes are bound
    to a database for a while, for all threads; or something is set for the whole process, or for the context
    of a task, of which a thread has a copy; or a collection is gone through while the function waits; or
    modules are executed again."""

    SET = "set"
    CHANGED = "changed"
    READ = "read"
    BOUND = "bound"
    PROCESS = "process"
    CONTEXT = "context"
    ITERATED = "iterated"
    RELOADED = "reloaded"


class Changed(NamedTuple):
    """What is changed, and the function that does it; `more` is what else is changed, each with its function,
    as far as it is asked for, and `of_process` what is set for the whole process beside it. `key` is that
    function's."""

    what: str
    function: str
    how: Use
    more: tuple[tuple[str, str], ...] = ()
    of_process: tuple[str, str] = ("", "")
    key: Key | None = None


def changed_by(
    view: ModuleView, key: Key, link: Link, run: Key | None = None, *, whole: bool = False
) -> Changed | None:
    """What a site has changed, by a function of the program that it runs, so that it can't well be done in
    another thread; None where nothing is known.

    Giving one attribute another value is no such thing: a thread can do it, where the coroutine waits for
    it. Nor is what is done under a thread's lock. `run` is a function that the site runs, where only a caller
    knows that. With `whole`, all that is changed is asked for.
    """
    todo = list(_called(view, key, _given_to(view, key), link))
    if run is not None and run not in [function for function, _ in todo]:
        todo.append((run, frozenset()))
    set_: dict[str, Changed] = {}
    changes = _changes(view, todo)
    for changed in changes:
        if changed.how is not Use.SET:
            return _with_more(changed, changes) if whole else changed
        set_.setdefault(changed.what, changed)
        if len(set_) > 1:
            first = next(iter(set_.values()))
            return _with_more(first, changes) if whole else first
    return None


def _with_more(first: Changed, others: Iterator[Changed]) -> Changed:
    """A change with what else is changed; or another one that says more than it, since no lock helps."""
    more: dict[tuple[str, str], None] = {}
    of_process = ("", "")
    seen = {(first.what, first.function.rpartition(".")[0])}
    for other in others:
        if other.how in (Use.RELOADED, Use.CONTEXT):
            return other
        if first.how is Use.PROCESS and other.how is Use.CHANGED:
            first, other = other, first
            seen.add((first.what, first.function.rpartition(".")[0]))
        if other.how is Use.PROCESS and first.how is not Use.PROCESS and not any(of_process):
            of_process = (other.what, other.function)
        # a name alone may be that of a parameter, which says nothing elsewhere
        is_named = " " not in other.what and ("." in other.what or other.function == first.function)
        own = (other.what, other.function.rpartition(".")[0])
        if other.how is first.how is Use.CHANGED and is_named and own not in seen:
            seen.add(own)
            more[other.what, other.function] = None
    return first._replace(more=tuple(more)[:_MOST_NAMED], of_process=of_process)


def _given_to(view: ModuleView, key: Key) -> Fresh:
    """The parameters of a function that runs on the loop which hold what nobody else has: what `*` and `**`
    gather; a mapping that it spreads as the keywords of a call; and what a framework makes of one request,
    where a decorator of a library's registers the function: what is declared as a class of the program's."""
    if key not in view.memos.given:
        view.memos.given[key] = _found_given_to(view, key)
    return view.memos.given[key]


def _found_given_to(view: ModuleView, key: Key) -> Fresh:
    evaluator = view.engine.evaluator
    definition, body = evaluator.definition(key), evaluator.body(key)
    found = {
        index
        for index, param in enumerate(definition.params)
        if param.kind in (ParamKind.STAR, ParamKind.DOUBLE_STAR)
    }
    for site in body.sites:
        makes_a_copy = graph.node(body, site.callee) == (Op.GLOBAL, "dict")
        for slot, value in site.args if not makes_a_copy else ():
            if slot == Slot.DOUBLE_STAR and graph.node(body, value)[0] == Op.PARAM:
                found.add(graph.number(graph.node(body, value)))
    if definition.decorators and is_called_by_library(evaluator, key):
        scope = evaluator.scope(key)
        found.update(
            index
            for index, param in enumerate(definition.params)
            if param.annotation >= 0
            and (param.default < 0 or _is_marker(view, scope, param.default))
            and any(isinstance(value, Class) for value in evaluator.evaluate(scope, param.annotation).values)
        )
    return frozenset(found)


def _is_marker(view: ModuleView, scope: Key, default: int) -> bool:
    """Whether a default only says where in a request the parameter is found."""
    made = graph.call(view.engine.evaluator.body(scope), default)
    called = view.engine.evaluator.evaluate(scope, made.callee).values if made is not None else ()
    return any(
        isinstance(value, External) and value.dotted.rpartition(".")[2] in _MARKERS for value in called
    )


def functions_changing(view: ModuleView, run: Key) -> frozenset[str]:
    """The functions that change what is kept, of a function and those that it calls."""
    return frozenset(changed.function for changed in _changes(view, [(run, frozenset())]))


def _changes(view: ModuleView, todo: list[tuple[Key, Fresh]]) -> Iterator[Changed]:
    """What functions change, and those that they call; but for what they do once, to make something that is
    kept from then on."""
    seen = set(todo)
    for number in range(_MOST_FUNCTIONS):
        if number >= len(todo):
            break
        function, fresh = todo[number]
        yield from _own_changes(view, function, fresh)
        body = view.engine.evaluator.body(function)
        for inner in view.engine.links(function):
            if _is_once(view, function, fresh, body, body.sites[inner.site].region):
                continue
            for step in _called(view, function, fresh, inner):
                if step not in seen:
                    seen.add(step)
                    todo.append(step)


def _is_once(view: ModuleView, key: Key, fresh: Fresh, body: Body, region: int) -> bool:
    """Whether a region stands under a test that finds no value for a name or attribute, which is set there:
    it is run when that is first needed."""
    around = {number for number in graph.around(body, region) if body.regions[number].kind in graph.TESTS}
    if not around:
        return False
    for store in body.stores:
        if store.kind == StoreKind.GLOBAL:
            own: graph.Node = (Op.GLOBAL, str(store.name))
        elif store.kind == StoreKind.ATTR and is_shared(view, key, fresh, store.base):
            own = (Op.ATTR, store.base, store.name)
        else:
            continue
        tested = around.intersection(graph.around(body, store.region))
        if any(_finds_none(body, number, own) for number in tested):
            return True
    return False


def _finds_none(body: Body, region: int, own: graph.Node) -> bool:
    """Whether a region is run where a test of a value has found none."""
    value, holds = body.regions[region].value, bool(body.regions[region].extra)
    while (inner := graph.negated(graph.node(body, value))) >= 0:
        value, holds = inner, not holds
    node = graph.node(body, value)
    if node[0] == Op.COMPARE and node[1] in ("is", "is not", "==", "!="):
        left, right = graph.operands(node)
        is_asked = graph.node(body, left) == own and graph.node(body, right) == (Op.CONST, None)
        return is_asked and (node[1] in ("is", "==")) == holds
    return not holds and (node == own or _asks_for(body, value, own))


def _called(view: ModuleView, key: Key, fresh: Fresh, link: Link) -> Iterator[tuple[Key, Fresh]]:
    """The plain functions of the program that a site runs, each with what is fresh of what it is given."""
    site = view.engine.evaluator.body(key).sites[link.site]
    is_installed = view.engine.evaluator.program.finder.is_installed
    for group in link.groups:
        for target in group:
            for value in _functions(view, target.value):
                definition = view.engine.evaluator.definition(value.key)
                if not is_installed(value.key[0]) and definition.kind in (DefKind.FUNCTION, DefKind.LAMBDA):
                    yield value.key, _fresh_parameters(view, key, fresh, site, value, target.arguments)


def _functions(view: ModuleView, value: Value) -> Iterator[Function]:
    """The function that is run where a value is called; of a class, what sets up its objects."""
    if isinstance(value, Function):
        yield value
    elif isinstance(value, Class):
        yield from view.engine.evaluator.classes.makers(value)


def _fresh_parameters(
    view: ModuleView, key: Key, fresh: Fresh, site: Site, function: Function, arguments: Arguments
) -> Fresh:
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    definition = evaluator.definition(function.key)
    found: set[int] = set()
    if function.receiver is not None:
        owner = graph.receiver(body, site) if site.kind == SiteKind.CALL else site.callee
        makes = site.kind == SiteKind.CALL and any(
            isinstance(value, Class) for value in evaluator.evaluate(key, site.callee).values
        )
        if site.kind == SiteKind.ATTR:
            owner = graph.base(graph.node(body, site.callee))
        if makes or (owner >= 0 and not is_shared(view, key, fresh, owner)):
            found.add(0)
        arguments = arguments.prepend((key, owner))
    for index, param in enumerate(definition.params):
        if index == 0 and function.receiver is not None:
            continue
        if param.kind in (ParamKind.STAR, ParamKind.DOUBLE_STAR):
            found.add(index)
            continue
        passed = bind(definition, index, arguments)
        if passed is None:
            if param.default >= 0:
                found.add(index)
        elif passed[0] == key and not is_shared(view, key, fresh, passed[1]):
            found.add(index)
    return frozenset(found)


def fresh_along(view: ModuleView, hops: Sequence[Hop]) -> list[Fresh]:
    """What is fresh of what the function of each hop is given, by the calls of the chain."""
    evaluator = view.engine.evaluator
    found = [_given_to(view, hops[0].key)]
    for hop, after in pairwise(hops):
        link = view.engine.link_at(hop.key, hop.site) if hop.site >= 0 else None
        targets = [target for group in link.groups for target in group] if link is not None else []
        body = evaluator.body(hop.key)
        fresh: list[Fresh] = [
            _fresh_parameters(view, hop.key, found[-1], body.sites[hop.site], value, target.arguments)
            for target in targets
            for value in _functions(view, target.value)
            if value.key == after.key
        ]
        owner = graph.receiver(body, body.sites[hop.site]) if hop.site >= 0 else -1
        is_stored = owner >= 0 and owner in _stored(view, hop.key)
        found.append(frozenset.intersection(*fresh) - {0 if is_stored else -1} if fresh else frozenset())
    return found


def _stored(view: ModuleView, key: Key) -> frozenset[int]:
    """The values that a function puts into an object, or under a global name: others may find them there."""
    if key not in view.memos.stored:
        body = view.engine.evaluator.body(key)
        todo = [store.value for store in body.stores]
        seen: set[int] = set()
        while todo:
            item = todo.pop()
            if item < 0 or item in seen:
                continue
            seen.add(item)
            node = body.values[item]
            if node[0] in (Op.PHI, Op.BOOL, *graph.WRAPPERS):
                todo.extend(graph.parts(node) if node[0] in (Op.PHI, Op.BOOL) else (graph.operand(node),))
        view.memos.stored[key] = frozenset(seen)
    return view.memos.stored[key]


# -- what a function changes itself ------------------------------------------------------------------


def _own_changes(view: ModuleView, key: Key, fresh: Fresh) -> Iterator[Changed]:
    body = view.engine.evaluator.body(key)
    name = short_name(view.engine.evaluator.symbol(key))
    for store in body.stores:
        if is_locked(view, key, body, store.region):
            continue
        if store.kind == StoreKind.GLOBAL:
            what = str(store.name)
            own: graph.Node = (Op.GLOBAL, what)
            if not is_tested(body, store.region, own):
                yield Changed(what, name, _use_of(body, store.value, own), key=key)
        elif store.kind == StoreKind.ATTR and is_shared(view, key, fresh, store.base):
            own = (Op.ATTR, store.base, store.name)
            if not is_tested(body, store.region, own):
                what = _attribute_of(text_of(view, key, store.base), str(store.name))
                yield Changed(what, name, _use_of(body, store.value, own), key=key)
        elif store.kind == StoreKind.ITEM and _is_kept(view, key, fresh, store.base):
            if any(_looks_up(body, number, store.base) for number in graph.around(body, store.region)):
                continue  # a memo: done twice, it is the same
            what, use = _changed_collection(view, key, body, store.base, store.value)
            if what:
                yield Changed(what, name, use, key=key)
    for site in body.sites:
        what, use = _changed_at(view, key, fresh, body, site)
        if what and not is_locked(view, key, body, site.region):
            yield Changed(what, name, use, key=key)


def _use_of(body: Body, value: int, own: graph.Node) -> Use:
    """How a name or attribute is set: to what is made from its own value, or to something else."""
    return Use.CHANGED if _is_made_from(body, value, own) else Use.SET


def _changed_at(view: ModuleView, key: Key, fresh: Fresh, body: Body, site: Site) -> tuple[str, Use]:
    """What a site changes by itself, as text, empty for nothing; and how."""
    owner = _changed_value(view, key, body, site)
    if owner >= 0 and _is_kept(view, key, fresh, owner):
        return _changed_collection(view, key, body, owner, _given_for_good(body, site))
    callee = graph.node(body, site.callee)
    if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] == _BINDS:
        return text_of(view, key, graph.base(callee)), Use.BOUND
    if site.kind == SiteKind.CALL and site.args and callee[-1] in _DUMP_NAMES:
        made = _made_by_itself(view, key, fresh, body, site.args[0][1])
        if made:
            return made, Use.READ
    for value in (
        view.engine.evaluator.evaluate(key, site.callee).values if site.kind == SiteKind.CALL else ()
    ):
        dotted = _name_of(view, value)
        if dotted in _GLOBALS:
            return f"what `{dotted}` sets for the whole process", Use.PROCESS
        if dotted == _RELOADS:
            return dotted, Use.RELOADED
        if dotted in _DUMPS and site.args and _is_kept(view, key, fresh, site.args[0][1], whole=True):
            return text_of(view, key, site.args[0][1]), Use.READ
        if dotted in _CONTEXT_SETTERS and not _is_undone(view, key, body, site):
            return f"what `{dotted}` sets", Use.CONTEXT
        if dotted == "contextvars.ContextVar.set":
            variable = graph.base(callee)
            if _is_put_back(body, variable) or _is_made_once(body, site.region, variable):
                continue
            return text_of(view, key, graph.base(callee)), Use.CONTEXT
    return "", Use.SET


def _given_for_good(body: Body, site: Site) -> int:
    """What a site puts into a collection: of several, one that is not the same each time; -1 for nothing."""
    if site.kind == SiteKind.DELETE or not site.args:
        return -1
    several = () if graph.node(body, site.callee)[-1] == "setdefault" else site.args
    return next((value for _, value in several if not _is_constant(body, value)), site.args[-1][1])


def _is_constant(body: Body, value: int) -> bool:
    """Whether a value is written out, or a dictionary of such ones."""
    node = graph.node(body, value)
    if node[0] == Op.DICT:
        return all(graph.node(body, part)[0] == Op.CONST for part in graph.operands(node))
    return node[0] == Op.CONST


def _changed_collection(
    view: ModuleView, key: Key, body: Body, collection: int, value: int
) -> tuple[str, Use]:
    """A collection that is changed, as text, and how. Of what the standard library keeps for the process, the
    environment alone is told, which other code goes by, unless each time the same is put into it."""
    standard = standard_state(view, key, collection)
    if not standard:
        return text_of(view, key, collection), Use.CHANGED
    if not is_environment(standard) or _is_constant(body, value):
        return "", Use.SET
    return standard, Use.PROCESS


def _is_undone(view: ModuleView, key: Key, body: Body, setter: Site) -> bool:
    """Whether another call in the same function puts back what a call has set."""
    by = {_CONTEXT_SETTERS[name] for name in _names_at(view, key, setter) if name in _CONTEXT_SETTERS}
    return any(
        site is not setter and not by.isdisjoint(_names_at(view, key, site))
        for site in body.sites
        if site.kind == SiteKind.CALL
    )


def _names_at(view: ModuleView, key: Key, site: Site) -> set[str]:
    """The dotted names of what may be called at a site, outside of the program."""
    return {_name_of(view, value) for value in view.engine.evaluator.evaluate(key, site.callee).values}


def _is_put_back(body: Body, variable: int) -> bool:
    """Whether a context variable gets its earlier value again in the same function: nobody else sees it."""
    callees = (graph.node(body, site.callee) for site in body.sites if site.kind == SiteKind.CALL)
    return any(
        callee[0] == Op.ATTR and callee[2] == "reset" and graph.base(callee) == variable for callee in callees
    )


def _is_made_once(body: Body, region: int, variable: int) -> bool:
    """Whether a context variable is set where a test of its value stands around: made again, it is the
    same."""
    own = graph.node(body, variable)
    for number in graph.around(body, region):
        if body.regions[number].kind not in graph.TESTS:
            continue
        for item in graph.made_from(body, [body.regions[number].value]):
            made = graph.call(body, item)
            asks = made is not None and graph.node(body, made.callee)[-1] == "get"
            if made is not None and asks and graph.node(body, graph.receiver(body, made)) == own:
                return True
    return False


def _made_by_itself(view: ModuleView, key: Key, fresh: Fresh, body: Body, value: int) -> str:
    """The text of a call of a method's own object that gives what is written: it goes through what that
    keeps. Empty for any other value."""
    made = graph.call(body, value)
    owner = graph.receiver(body, made) if made is not None else -1
    is_own = (
        graph.node(body, owner) == (Op.PARAM, 0) and view.engine.evaluator.enclosing_class(key) is not None
    )
    if made is None or not is_own or not is_shared(view, key, fresh, owner):
        return ""
    return f"{text_of(view, key, made.callee)}()"


def _changed_value(view: ModuleView, key: Key, body: Body, site: Site) -> int:
    """The object that a site deletes from or changes by a method; -1 for none."""
    callee = graph.node(body, site.callee)
    if site.kind == SiteKind.DELETE:
        return site.callee if site.args else graph.base(callee)
    if site.kind == SiteKind.CALL and callee[0] == Op.ATTR and callee[2] in MUTATORS:
        values, owner = view.engine.evaluator.evaluate(key, site.callee).values, graph.base(callee)
        changes = _changes_collection(values, str(callee[2]))
        return owner if changes or is_environment(standard_state(view, key, owner)) else -1
    return -1


def _changes_collection(values: tuple[Value, ...], name: str) -> bool:
    """Whether a method of that name changes a collection, as far as it is known what has the method."""
    if all(isinstance(value, Parameter) for value in values):
        return name in SURELY
    return any(
        isinstance(value, ExternalMethod) and value.dotted.startswith(_COLLECTIONS) for value in values
    )


def _name_of(view: ModuleView, value: Value) -> str:
    catalog = view.engine.evaluator.catalog
    if isinstance(value, External):
        return catalog.canonical(value.dotted)
    if isinstance(value, ExternalMethod):
        return f"{catalog.canonical(value.dotted)}.{value.name}"
    return ""


def _is_made_from(body: Body, value: int, own: graph.Node) -> bool:
    return any(body.values[item] == own for item in graph.made_from(body, [value]))


def is_tested(body: Body, region: int, own: graph.Node) -> bool:
    """Whether a test that a region stands under reads what is set there: it is set once, when it is first
    needed."""
    return any(tests(body, number, own) for number in graph.around(body, region))


def tests(body: Body, region: int, own: graph.Node) -> bool:
    """Whether a region stands under a test that reads a value."""
    if body.regions[region].kind not in graph.TESTS:
        return False
    value = body.regions[region].value
    return _is_made_from(body, value, own) or any(
        _asks_for(body, item, own) for item in graph.made_from(body, [value])
    )


def _asks_for(body: Body, value: int, own: graph.Node) -> bool:
    """Whether a value is `getattr(base, "name", …)` or `hasattr(base, "name")` of an attribute."""
    site = graph.call(body, value)
    if site is None or own[0] != Op.ATTR or len(site.args) < 2:
        return False
    function, name = graph.node(body, site.callee), graph.node(body, site.args[1][1])
    is_asking = function in ((Op.GLOBAL, "getattr"), (Op.GLOBAL, "hasattr"))
    return is_asking and site.args[0][1] == own[1] and name == (Op.CONST, own[2])


def _looks_up(body: Body, region: int, collection: int) -> bool:
    """Whether a region stands under a test that misses an item of a collection (`key not in kept`), or gets
    one (`kept.get(key)`)."""
    if body.regions[region].kind not in graph.TESTS:
        return False
    own = graph.node(body, collection)
    todo = [(body.regions[region].value, bool(body.regions[region].extra))]
    while todo:
        value, holds = todo.pop()
        node = graph.node(body, value)
        if (inner := graph.negated(node)) >= 0:
            todo.append((inner, not holds))
        elif node[0] == Op.BOOL:
            todo.extend((part, holds) for part in graph.parts(node))
        elif node[0] == Op.COMPARE and node[1] in ("in", "not in"):
            if graph.node(body, graph.operands(node)[1]) == own and (node[1] == "not in") == holds:
                return True
        elif any(_gets_from(body, item, own) for item in graph.made_from(body, [value])):
            return True
    return False


def _gets_from(body: Body, value: int, own: graph.Node) -> bool:
    """Whether a value is what a collection's `get` gives."""
    made = graph.call(body, value)
    if made is None or graph.node(body, made.callee)[-1] != "get":
        return False
    receiver = graph.receiver(body, made)
    return receiver >= 0 and graph.node(body, receiver) == own


def is_locked(view: ModuleView, key: Key, body: Body, region: int) -> bool:
    """Whether a region runs under a lock for threads."""
    evaluator = view.engine.evaluator
    return any(
        body.regions[number].kind == RegionKind.WITH
        and any(
            isinstance(value, ExternalInstance) and value.dotted.startswith(_LOCKS)
            for value in evaluator.evaluate(key, body.regions[number].value).values
        )
        for number in graph.around(body, region)
    )


# -- who else has a value ----------------------------------------------------------------------------


def _is_kept(view: ModuleView, key: Key, fresh: Fresh, value: int, *, whole: bool = False) -> bool:
    """Whether a collection is one that is kept: in an attribute, or under a module's name. `whole`: it is no
    part of what a function is given."""
    body = view.engine.evaluator.body(key)
    node = graph.node(body, value)
    while node[0] in graph.WRAPPERS:
        node = graph.node(body, graph.operand(node))
    if whole and node[0] not in (Op.ATTR, Op.GLOBAL):
        return False
    return is_shared(view, key, fresh, value)


def is_shared(view: ModuleView, key: Key, fresh: Fresh, value: int) -> bool:
    """Whether code elsewhere may have a value too: it was not made here, nor given as something new."""
    body = view.engine.evaluator.body(key)
    todo, seen = [value], set()
    while todo:
        item = todo.pop()
        if item < 0 or item in seen:
            continue
        seen.add(item)
        node = body.values[item]
        op = node[0]
        if op == Op.PARAM:
            if graph.number(node) not in fresh:
                return True
        elif (
            op in (Op.GLOBAL, Op.IMPORT)
            or (op == Op.ATTR and is_of_class(view, key, body, node))
            or (op == Op.FREE and _is_of_all_calls(view, key, str(node[-1])))
        ):
            return True
        elif op in _PARTS:
            todo.append(graph.operand(node))
        elif op in (Op.PHI, Op.BOOL):
            todo.extend(graph.parts(node))
        elif op == Op.CALL:
            todo.extend(_behind_call(view, key, body, body.sites[graph.called_site(node)]))
    return False


def _is_of_all_calls(view: ModuleView, key: Key, name: str) -> bool:
    """Whether a variable of the function around a coroutine function is there for all calls of that: where a
    library calls it; otherwise, what a plain function around it is given."""
    evaluator = view.engine.evaluator
    definition = evaluator.definition(key)
    if definition.kind != DefKind.ASYNC_FUNCTION:
        return False
    if definition.decorators and is_called_by_library(evaluator, key):
        return True
    outer = evaluator.definition(evaluator.scope(key))
    return outer.kind == DefKind.FUNCTION and any(param.name == name for param in outer.params)


def is_of_class(view: ModuleView, key: Key, body: Body, node: graph.Node) -> bool:
    """Whether an attribute of a method's own object is its class's, which all objects share: a collection
    that the class has, and no method sets."""
    evaluator = view.engine.evaluator
    owner = evaluator.enclosing_class(key)
    if owner is None or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
        return False
    above = evaluator.classes.ancestry(owner).classes
    own = [item for item in above if isinstance(item, Class)]
    if any(item.dotted.split(".", 1)[0] not in PLAIN_MODULES for item in above if isinstance(item, External)):
        return False  # fields of a library's records are each object's
    name = str(node[2])
    held = [
        evaluator.body(item.key).values[value]
        for item in own
        for value in evaluator.classes.own_members(item).get(name, ())
    ]
    is_set = any(name in evaluator.classes.own_stores(item) for item in own)
    return bool(held) and not is_set and all(value[0] in (Op.DICT, Op.LIST, Op.SET) for value in held)


def _behind_call(view: ModuleView, key: Key, body: Body, site: Site) -> list[int]:
    """The values of which what a call gives may be a part: the object whose method it is, unless the call
    makes something new, as most do of which nothing is known."""
    values = view.engine.evaluator.evaluate(key, site.callee).values
    callee = graph.node(body, site.callee)
    if not values and not (callee[0] == Op.ATTR and callee[2] in _GETTERS):
        return []
    if callee[0] == Op.ATTR and callee[2] in _COPIES and not any(isinstance(v, Function) for v in values):
        return []
    if External("builtins.vars") in values:
        return [passed for _, passed in site.args if passed >= 0]
    if any(isinstance(value, (Class, External)) for value in values):
        return []
    if values and all(isinstance(value, ExternalMethod) for value in values) and _is_class(view, key, callee):
        return []  # a row that a library's class has made
    if any(isinstance(value, Function) and _gives_new(view, value.key) for value in values):
        return []
    if _COPYING.fullmatch(str(callee[-1])) is not None:
        return []
    if values and all(isinstance(value, Function) and _gives_given(view, value.key) for value in values):
        return [passed for _, passed in site.args if passed >= 0]
    return [graph.base(callee)] if callee[0] == Op.ATTR else [site.callee]


def _is_class(view: ModuleView, key: Key, callee: graph.Node) -> bool:
    """Whether a method is a class's own."""
    owner = view.engine.evaluator.evaluate(key, graph.base(callee)) if callee[0] == Op.ATTR else None
    return (
        owner is not None
        and bool(owner.values)
        and all(isinstance(value, (Class, External)) for value in owner.values)
    )


def _gives_new(view: ModuleView, key: Key) -> bool:
    """Whether a function gives what it has made itself."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    for value, _ in body.returns:
        node = graph.node(body, value)
        while node[0] in graph.WRAPPERS:
            node = graph.node(body, graph.operand(node))
        if node[0] in (Op.ATTR, Op.GLOBAL, Op.PARAM, Op.FREE, Op.IMPORT, Op.PHI, Op.ITEM):
            return False
    return True


def _gives_given(view: ModuleView, key: Key) -> bool:
    """Whether a function gives what it is given, or something new."""
    body = view.engine.evaluator.body(key)
    has_receiver = view.engine.evaluator.enclosing_class(key) is not None
    for value, _ in body.returns:
        node = graph.node(body, value)
        while node[0] in graph.WRAPPERS:
            node = graph.node(body, graph.operand(node))
        is_new = node[0] not in (Op.ATTR, Op.GLOBAL, Op.PARAM, Op.FREE, Op.IMPORT, Op.PHI, Op.ITEM)
        if not is_new and (node[0] != Op.PARAM or has_receiver):
            return False
    return True


def _attribute_of(base: str, name: str) -> str:
    """An attribute of what is named, or is told in words."""
    return f"`{name}` of {base}" if " " in base else f"{base}.{name}"


def text_of(view: ModuleView, key: Key, value: int) -> str:
    """A value as its code names it, as far as it is made of names."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    node = graph.node(body, value)
    if node[0] == Op.ATTR:
        return _attribute_of(text_of(view, key, graph.base(node)), str(node[2]))
    if node[0] == Op.PARAM:
        return evaluator.definition(key).params[graph.number(node)].name
    if node[0] in (Op.GLOBAL, Op.FREE):
        return str(node[-1])
    if node[0] == Op.IMPORT:
        return evaluator.module(key[0]).summary.imports[graph.number(node)].bound
    if node[0] in (Op.ITEM, Op.ELEM, Op.PHI, *graph.WRAPPERS) and graph.operand(node) >= 0:
        return text_of(view, key, graph.operand(node))
    if (made := graph.call(body, value)) is not None:
        owner = graph.receiver(body, made)
        return text_of(view, key, owner if owner >= 0 else made.callee)
    return "what it is given"
