"""Files of a few kilobytes, by what is made of their text, or by what it is made of.

Who has the whole text parsed as a document, or made a number, keeps settings or a record there: large data
are in other forms, or are read item by item. What a program makes a document of was in memory before.
"""

from __future__ import annotations

from typing import Final

from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import External, Key, unwrapped
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_PARSERS: Final = frozenset(
    {
        "ast.literal_eval", "builtins.float", "builtins.int", "json.loads", "orjson.loads", "plistlib.loads",
        "rapidjson.loads", "simplejson.loads", "toml.loads", "tomli.loads", "tomllib.loads", "ujson.loads",
        "yaml.full_load", "yaml.load", "yaml.safe_load",
    }
)  # fmt: skip
_WRITERS: Final = frozenset(
    {
        "json.dumps", "orjson.dumps", "os.getpid", "plistlib.dumps", "rapidjson.dumps", "simplejson.dumps",
        "toml.dumps", "tomli_w.dumps", "ujson.dumps", "yaml.dump", "yaml.safe_dump",
    }
)  # fmt: skip
_OF_MODELS: Final = frozenset({"model_validate_json", "model_validate_yaml", "parse_raw"})
_BY_MODELS: Final = frozenset({"model_dump_json"})
"""Methods of classes of records (Pydantic's) that read a document, and that write one."""
_STRIPS: Final = frozenset({"strip", "rstrip", "lstrip"})
_SPLITS: Final = frozenset({"split", "splitlines", "partition"})
_SAME: Final = frozenset({"decode", "encode"})
_FOLLOWED: Final = (Op.NARROW, Op.CAST, Op.PHI)


def result_of(body: Body, site: Site) -> int:
    """The value that a call gives; -1 where nobody looks at it."""
    for value, node in enumerate(body.values):
        number = graph.called_site(node)
        if number >= 0 and body.sites[number] is site:
            return value
    return -1


def is_parsed(evaluator: Evaluator, key: Key, text: int) -> bool:
    """Whether all that is made of a text is a document or a number, or one word (`text.strip()`)."""
    body = evaluator.body(key)
    todo, seen, found = [text], {-1}, False
    while todo:
        value = todo.pop()
        if value in seen:
            continue
        seen.add(value)
        if any(returned == value for returned, _ in body.returns):
            return False
        if any(store.value == value for store in body.stores):
            return False
        for other, node in enumerate(body.values):
            if node[0] in _FOLLOWED and value in graph.parts(node):
                todo.append(other)
            elif node[0] != Op.ATTR and value in graph.parts(node):
                return False
        for site in body.sites:
            if graph.receiver(body, site) == value:
                name = graph.node(body, site.callee)[2]
                made = result_of(body, site)
                if site.kind != SiteKind.CALL:
                    return False
                if name in _SAME:
                    todo.append(made)
                elif name in _STRIPS or (name in _SPLITS and _is_of_known_parts(body, made)):
                    found = True
                else:
                    return False
            elif any(given == value for _, given in site.args):
                if not _is_call_of(evaluator, key, site, _PARSERS, _OF_MODELS):
                    return False
                found = True
    return found


def _is_of_known_parts(body: Body, value: int) -> bool:
    """Whether all that is made of a list are parts at places that are written out."""
    if value < 0 or any(returned == value for returned, _ in body.returns):
        return False
    if any(graph.receiver(body, site) == value or value in dict(site.args).values() for site in body.sites):
        return False
    used = [node for node in body.values if value in graph.parts(node)]
    return bool(used) and all(
        node[0] == Op.ITEM and graph.node(body, graph.operand(node, 1))[0] == Op.CONST for node in used
    )


def is_document(evaluator: Evaluator, key: Key, text: int) -> bool:
    """Whether a text was made as a document, or of a number that the system gives."""
    body = evaluator.body(key)
    node = graph.node(body, text)
    if node[0] in graph.WRAPPERS:
        return is_document(evaluator, key, graph.operand(node))
    if node[0] == Op.ARITH and node[1] == "+":
        return any(is_document(evaluator, key, part) for part in graph.parts(node))
    made = graph.call(body, text)
    if made is None:
        return False
    if graph.node(body, made.callee)[-1] in _SAME and (base := graph.receiver(body, made)) >= 0:
        return is_document(evaluator, key, base)
    if graph.node(body, made.callee) == (Op.GLOBAL, "str"):
        return any(is_document(evaluator, key, given) for _, given in made.args)
    return _is_call_of(evaluator, key, made, _WRITERS, _BY_MODELS)


def _is_call_of(
    evaluator: Evaluator, key: Key, site: Site, functions: frozenset[str], methods: frozenset[str]
) -> bool:
    """Whether a site calls one of these functions of libraries, or a method of such a name."""
    if site.kind != SiteKind.CALL:
        return False
    callee = graph.node(evaluator.body(key), site.callee)
    if callee[0] == Op.ATTR and callee[2] in methods:
        return True
    values = [unwrapped(value) for value in evaluator.evaluate(key, site.callee).values]
    names = [evaluator.catalog.canonical(v.dotted) for v in values if isinstance(v, External)]
    return bool(names) and len(names) == len(values) and functions.issuperset(names)
