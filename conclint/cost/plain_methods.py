"""Methods that strings, numbers, builtin collections and paths have: on an object of unknown type they are
taken for these, if they are called as these must be, and not as a client's or a model's method is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site

_ANY: Final = frozenset(
    {
        "append", "appendleft", "bit_count", "bit_length", "capitalize", "casefold", "center", "endswith",
        "expandtabs", "extend", "extendleft", "group", "groups", "groupdict", "isalnum", "isalpha", "isascii",
        "isdecimal", "isdigit",
        "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "ljust",
        "lower", "lstrip", "partition", "popleft", "removeprefix", "removesuffix", "rfind", "rindex", "rjust",
        "rpartition", "rsplit", "rstrip", "setdefault", "split", "splitlines", "startswith", "strip",
        "swapcase", "title", "translate", "upper", "zfill",
    }
)  # fmt: skip
"""Hardly anything else has these."""
_BARE: Final = frozenset({"clear", "copy", "items", "keys", "popitem", "values"})
"""Called without arguments: with some, `values` is a query's, say."""
_ONE: Final = frozenset(
    {
        "add", "difference", "difference_update", "discard", "index", "intersection",
        "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union", "update",
    }
)  # fmt: skip
"""Called with one argument by position: `count()` is a query's, `update(name=…)` a model's."""
_LOOKED_FOR: Final = frozenset({"count", "find"})
"""Called with a text that is written out: `find(query)` is a database's."""
_OF_PATHS: Final = frozenset(
    {
        "as_posix", "as_uri", "is_absolute", "is_relative_to", "joinpath", "relative_to", "with_name",
        "with_segments", "with_stem", "with_suffix",
    }
)  # fmt: skip
"""What a path works out of its own text, asking no file system."""
_TWO: Final = frozenset({"insert", "replace"})
_AT_MOST_ONE: Final = frozenset({"pop"})
_TEXT: Final = frozenset({"decode", "encode"})
"""Called with an encoding that is written out, or nothing: `encode(text)` is a tokenizer's, or a model's."""


def is_plain_method(body: Body, site: Site) -> bool:
    """Whether the call is of a method that strings, collections and paths have, called as theirs is."""
    callee = body.values[site.callee]
    if callee[0] != Op.ATTR:
        return False
    name = callee[2]
    given = [body.values[value] for slot, value in site.args if isinstance(slot, int)]
    by_name = [str(slot) for slot, _ in site.args if isinstance(slot, str)]
    if name in _ANY or name in _OF_PATHS:
        return True
    if name == "sort":
        return not given and set(by_name) <= {"key", "reverse"}
    if name in _TEXT:
        return all(graph.node(body, value)[0] == Op.CONST for _, value in site.args)
    if by_name or any(slot < 0 for slot, _ in site.args if isinstance(slot, int)):
        return False
    if name in _LOOKED_FOR:
        return len(given) == 1 and given[0][0] == Op.CONST
    if name == "join":
        return len(given) == 1 and not _is_number(given[0])
    if name == "get":
        return _is_of_mapping(body, graph.operand(callee), given)
    wants = _WANTED.get(str(name))
    return wants is not None and wants(len(given)) and not (name == "update" and _is_number(given[0]))


def is_plain_name(name: object) -> bool:
    """Whether hardly anything but strings, collections and paths has a method of this name."""
    return name in _ANY or name in _OF_PATHS


_WANTED: Final[dict[str, Callable[[int], bool]]] = {
    **dict.fromkeys(_BARE, lambda count: count == 0),
    **dict.fromkeys(_ONE, lambda count: count == 1),
    **dict.fromkeys(_TWO, lambda count: count == 2),
    **dict.fromkeys(_AT_MOST_ONE, lambda count: count < 2),
}


def _is_of_mapping(body: Body, receiver: int, given: list[graph.Node]) -> bool:
    """Whether `get` is a mapping's: with a default, or of a record's field. A client's takes an address."""
    if len(given) == 2:
        return given[1][0] in (Op.CONST, Op.LIST, Op.DICT, Op.TUPLE, Op.SET, Op.TYPED)
    if len(given) != 1:
        return False
    key = given[0]
    is_field = key[0] == Op.CONST and isinstance(key[1], str) and not set(key[1]) & set("/:?")
    return is_field and graph.node(body, receiver)[0] in (Op.ELEM, Op.ITEM)


def _is_number(node: graph.Node) -> bool:
    return node[0] == Op.CONST and isinstance(node[1], (int, float))
