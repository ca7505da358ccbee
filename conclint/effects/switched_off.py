"""Downloads on first use that the program switches off: it says where the files are, or not to ask."""

from __future__ import annotations

from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Key
from conclint.summary import body_graph as graph
from conclint.summary.records import MODULE_KEY, Body, Op, SiteKind

_CACHE: Final = frozenset({"TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"})
_OFFLINE: Final = frozenset({"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"})
_SWITCHES: Final = {"tiktoken": _CACHE, "transformers": _OFFLINE, "huggingface_hub": _OFFLINE}
"""The environment variables that keep a library from the network, by the library."""
_SETTERS: Final = frozenset({"setdefault", "putenv", "update"})


def is_switched_off(evaluator: Evaluator, key: Key, name: str) -> bool:
    """Whether a call of a library, in a function, finds a variable set by the function or by its module as it
    is imported."""
    switches = _SWITCHES.get(name.partition(".")[0])
    if switches is None:
        return False
    return any(_sets(evaluator.body(place), switches) for place in (key, (key[0], MODULE_KEY)))


def _sets(body: Body, names: frozenset[str]) -> bool:
    for site in body.sites:
        callee = graph.node(body, site.callee)
        is_setter = (
            site.kind == SiteKind.CALL and callee[0] in (Op.ATTR, Op.GLOBAL) and callee[-1] in _SETTERS
        )
        if site.kind != SiteKind.SET_ITEM and not is_setter:
            continue
        if any(body.values[value] in {(Op.CONST, name) for name in names} for _, value in site.args[:1]):
            return True
    return any(
        isinstance(store.name, int) and graph.node(body, store.name) in {(Op.CONST, name) for name in names}
        for store in body.stores
    )
