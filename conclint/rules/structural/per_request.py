"""CON504 where the loop is a server: what a request handler does, it does for each request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.model.execution import Confidence, ExecutionModel
from conclint.model.symbols import short_name
from conclint.resolve.calls import callable_name
from conclint.resolve.values import External, Function
from conclint.rules.chains import Hop
from conclint.rules.drafts import Draft, ModuleView
from conclint.rules.structural.code import Code
from conclint.rules.structural.function_traits import Habit, Habits
from conclint.rules.structural.pools import PROCESS_POOLS, made_pools
from conclint.rules.structural.reports import Advice, found
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Op

_ROUTES: Final = frozenset(
    {
        "api_route", "delete", "get", "head", "options", "patch", "post", "put", "route", "view", "websocket",
        "websocket_route",
    }
)  # fmt: skip
"""Methods of applications and routers that register a function for a path."""
_METHODS: Final = frozenset(
    {
        "delete", "dispatch", "do_DELETE", "do_GET", "do_POST", "do_PUT", "get", "get_queryset", "handle",
        "patch", "post", "put",
    }
)  # fmt: skip
_HANDLERS: Final = frozenset(
    {
        "APIView", "BaseHTTPRequestHandler", "BaseRequestHandler", "GenericAPIView", "HTTPEndpoint",
        "MethodView", "RequestHandler", "Resource", "SimpleHTTPRequestHandler", "StreamRequestHandler",
        "View",
    }
)  # fmt: skip
"""Classes of web frameworks whose methods answer requests."""
_MOST_STEPS: Final = 1
"""Functions between a handler and the one that makes the pool."""
_VIEWS: Final = frozenset({"aiohttp", "django", "pyramid", "rest_framework", "sanic", "starlette"})


def pool_per_request(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """CON504: a request handler that makes a pool, itself or in a function that it calls each time; reported
    where the pool is made, if the handlers that lead there are known in that file."""
    if code.definition.kind not in (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION):
        return
    if not is_handler(code):
        yield from _for_handlers(view, code, habits)
        return
    for call in made_pools(code):
        if code.loop_of(code.body.sites[call.site].region) < 0:  # in a loop it is one for each item
            is_process = call.names <= PROCESS_POOLS
            yield _draft(view, code, call.site, min(call.names), [], call.doubts, is_process=is_process)
    for call in code.calls.values():
        chain = habits.chain(Habit.MAKES_ANY_POOL, call) if call.inside else ()
        if chain and code.loop_of(code.body.sites[call.site].region) < 0:
            if _way_from_handler(view, Code(view.engine, chain[-1].key), chain[-1].key[0], habits):
                continue
            name = callable_name(code.evaluator, call.inside[0])
            hops = [Hop(code.key, call.site, name), *chain]
            doubts = [f"it is {len(chain)} calls away"] * (len(chain) - 1)
            is_process = chain[-1].symbol in PROCESS_POOLS
            yield _draft(view, code, call.site, chain[-1].symbol, hops, doubts, is_process=is_process)


def _for_handlers(view: ModuleView, code: Code, habits: Habits) -> Iterator[Draft]:
    """The pools that a function makes each time, if request handlers call it."""
    for call in made_pools(code):
        if not habits.is_each_time(Habit.MAKES_ANY_POOL, code, call.site):
            continue
        way = _way_from_handler(view, code, code.key[0], habits)
        if way:
            cause = min(call.names)
            hops = [*way, Hop(code.key, call.site, cause)]
            doubts = [*call.doubts, *[f"it is {len(way)} calls away"] * (len(way) - 1)]
            is_process = call.names <= PROCESS_POOLS
            yield _draft(view, code, call.site, cause, hops, doubts, is_process=is_process)


def _way_from_handler(
    view: ModuleView, code: Code, asker: str, habits: Habits, steps: int = 0
) -> tuple[Hop, ...]:
    """The calls by which a request handler comes to a function each time; empty where none is known to."""
    name = callable_name(code.evaluator, Function(code.key))
    callers = [
        (Code(view.engine, key), number)
        for key, number in code.evaluator.constructions.calls_of(code.key, asker)
        if key != code.key
    ]
    for caller, number in callers:
        if caller.loop_of(caller.body.sites[number].region) < 0 and is_handler(caller):
            return (Hop(caller.key, number, name),)
    for caller, number in callers if steps < _MOST_STEPS else ():
        if habits.is_each_time(Habit.MAKES_ANY_POOL, caller, number):
            way = _way_from_handler(view, caller, asker, habits, steps + 1)
            if way:
                return (*way, Hop(caller.key, number, name))
    return ()


def _draft(
    view: ModuleView,
    code: Code,
    site: int,
    cause: str,
    chain: list[Hop],
    doubts: list[str] | tuple[str, ...],
    *,
    is_process: bool,
) -> Draft:
    model = ExecutionModel.PROCESS if is_process else ExecutionModel.THREAD
    what = "processes" if is_process else "threads"
    who = f": `{short_name(chain[0].symbol)}` creates it" if chain and chain[0].key == code.key else ""
    return found(
        view,
        code,
        site,
        "CON504",
        f"each request creates its own pool and starts its {what} again{who}",
        Advice(model, f"create one pool of {what} when the program starts, and use it for all requests."),
        cause=cause,
        chain=chain,
        reasons=doubts,
        model=model,
        most=Confidence.MEDIUM,
    )


def is_handler(code: Code) -> bool:
    """Whether a web framework calls a function for each request: it is registered for a path, or it is a
    method of a handler class."""
    return _is_route(code) or _is_view(code) or _is_method_of_handler(code)


def _is_route(code: Code) -> bool:
    scope = code.evaluator.body(code.evaluator.scope(code.key))
    for decorator in code.definition.decorators:
        site = graph.call(scope, decorator)
        if site is None or not site.args:
            continue
        callee = graph.node(scope, site.callee)
        path = graph.node(scope, site.args[0][1])
        is_path = path[0] == Op.CONST and isinstance(path[1], str) and path[1][:1] in ("", "/")
        if is_path and callee[0] == Op.ATTR and callee[2] in _ROUTES:
            return True
    return False


def _is_view(code: Code) -> bool:
    """Whether it is a view by its form: a function of a request, where such a framework is imported."""
    params = code.definition.params
    if not params or params[0].name != "request" or code.evaluator.enclosing_class(code.key) is not None:
        return False
    return any(item.module.split(".", 1)[0] in _VIEWS for item in code.module.summary.imports)


def _is_method_of_handler(code: Code) -> bool:
    if code.definition.name not in _METHODS:
        return False
    owner = code.evaluator.enclosing_class(code.key)
    if owner is None:
        return False
    bases = code.evaluator.classes.ancestry(owner).classes
    return any(isinstance(base, External) and base.dotted.rsplit(".", 1)[-1] in _HANDLERS for base in bases)
