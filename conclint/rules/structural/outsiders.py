"""What comes from people outside the program: in a request, a message of a chat, an argument of a command."""

from __future__ import annotations

from typing import Final

from conclint.rules.structural.code import Code
from conclint.rules.structural.per_request import is_handler
from conclint.summary import body_graph as graph
from conclint.summary.records import Op

_REQUESTS: Final = frozenset({"request", "req", "self"})
_OF_REQUESTS: Final = frozenset(
    {
        "GET", "POST", "args", "body", "data", "form", "get_argument", "get_arguments", "get_body_argument",
        "get_json", "get_query_argument", "headers", "json", "match_info", "params", "path_params", "post",
        "query", "query_params", "read", "rel_url", "stream", "text", "values",
    }
)  # fmt: skip
_MESSAGES: Final = frozenset({"event", "message", "msg", "update"})
_TEXTS: Final = frozenset({"clean_content", "content", "raw_text", "text"})
_COMMANDS: Final = frozenset({"command", "hybrid_command", "slash_command", "tool"})
"""Decorators of what people, or models, call with arguments of their own."""
_CONTEXTS: Final = frozenset({"context", "ctx", "interaction", "self"})
_MADE_OF: Final = frozenset({"Body", "Form", "Header", "Path", "Query"})


def is_from_outside(code: Code, position: int, names: tuple[str, ...]) -> bool | None:
    """Whether people outside the program write what a function is given, or what is read from that by these
    names: in a request, a message, a command; None where nothing says so."""
    params = code.definition.params
    name = params[position].name
    first = names[0] if names else ""
    if name in _REQUESTS or (name == "self" and first == "request"):
        read = names[1:2] if first == "request" else names[:1]
        return bool(read) and read[0] in _OF_REQUESTS
    if name in _MESSAGES and not _TEXTS.isdisjoint(names):
        return True
    if _is_command(code):
        return name not in _CONTEXTS
    if is_handler(code):
        return name != "self" and not _is_injected(code, position)
    return None


def _is_command(code: Code) -> bool:
    scope = code.evaluator.body(code.evaluator.scope(code.key))
    for decorator in code.definition.decorators:
        site = graph.call(scope, decorator)
        node = graph.node(scope, site.callee if site is not None else decorator)
        if node[0] == Op.ATTR and node[2] in _COMMANDS:
            return True
    return False


def _is_injected(code: Code, position: int) -> bool:
    """Whether a parameter of a handler is what the program itself provides (`Depends`)."""
    scope = code.evaluator.scope(code.key)
    default = code.definition.params[position].default
    if default < 0:
        return False
    body = code.evaluator.body(scope)
    site = graph.call(body, default)
    if site is None:
        return False
    callee = graph.node(body, site.callee)
    is_import = callee[0] == Op.IMPORT
    name = code.module.summary.imports[graph.number(callee)].name if is_import else callee[-1]
    return name not in _MADE_OF
