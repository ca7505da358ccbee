"""Which file the work at a place writes: one that each call writes, or that other code reads meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from conclint.resolve.values import External, ExternalMethod, Key
from conclint.rules.advice.sessions import passed_at
from conclint.rules.advice.shared_state import is_locked, text_of
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.rules.path_origins import JOINS, SAME
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind

_OPENS: Final = "open"
_WRITES: Final = frozenset({"write_bytes", "write_text"})
_SAVES: Final = frozenset({"save", "savetxt", "savez", "to_csv", "to_json", "to_parquet", "to_pickle"})
"""Functions and methods whose first argument is the path that they write."""
_COPIES: Final = frozenset({"copy", "copy2", "copyfile", "copytree", "urlretrieve"})
"""Functions whose second argument is that."""
_READS: Final = frozenset(
    {"load", "loadtxt", "read_bytes", "read_csv", "read_json", "read_parquet", "read_pickle", "read_text"}
)
_OF_PATHS: Final = frozenset({"read_bytes", "read_text"})
_REPLACES: Final = frozenset({"replace", "rename", "renames"})
_SAME_FOR_ALL: Final = (
    JOINS
    | SAME
    | frozenset(
        {"abspath", "cwd", "expandvars", "format", "fspath", "getcwd", "getpid", "gettempdir", "home",
         "normpath", "realpath", "str", "with_name", "with_stem", "with_suffix"}
    )
)  # fmt: skip
"""Functions and methods that give the same for the same, as far as one process goes."""
_MOST: Final = 20


class Written(NamedTuple):
    """A file that is written: `always` names it where each call writes the same one, `read` what its name
    begins with where other code reads such files."""

    always: str = ""
    read: str = ""


def written_by(view: ModuleView, hops: Sequence[Hop]) -> Written:
    """The file that the work of a chain writes, unless a thread's lock is held, or it is put in place in one
    step."""
    for at, hop in enumerate(hops):
        body = view.engine.evaluator.body(hop.key)
        sites = body.sites[hop.site : hop.site + 1] if at == 0 and hop.site >= 0 else body.sites
        for site in sites:
            path = written_at(view, hop.key, body, site)
            if path < 0 or is_locked(view, hop.key, body, site.region):
                continue
            found = Written()
            if _is_always(view, hops, at, path, 0):
                found = Written(always=text_of(view, hop.key, path))
            else:
                owners = _own_parts(view, hop.key, body, path)
                read = next((owner for owner in owners if _is_read(view, hop.key, owner)), None)
                found = Written(read=f"self.{read}") if read is not None else found
            if any(found):
                return Written() if any(_replaces(view, above) for above in hops[: at + 1]) else found
    return Written()


def _replaces(view: ModuleView, hop: Hop) -> bool:
    """Whether the function of a step puts a file in place in one step."""
    body = view.engine.evaluator.body(hop.key)
    return any(graph.node(body, site.callee)[-1] in _REPLACES for site in body.sites)


def written_at(view: ModuleView, key: Key, body: Body, site: Site) -> int:
    """The path of the file that a site writes; -1 for none."""
    callee = graph.node(body, site.callee)
    name = callee[-1]
    if site.kind != SiteKind.CALL or not isinstance(name, str):
        return -1
    given = dict(site.args)
    if name == _OPENS:
        path, first = _opened(view, key, body, site)
        mode = graph.node(body, given.get(first, given.get("mode", -1)))
        writes = mode[0] == Op.CONST and isinstance(mode[1], str) and bool(set("wx") & set(mode[1]))
        return path if writes else -1
    if name in _WRITES and callee[0] == Op.ATTR:
        return graph.base(callee)
    if name in _SAVES and _is_of_library(view, key, site):
        return given.get(0, -1)
    if name in _COPIES and _is_of_library(view, key, site):
        return given.get(1, given.get("dst", -1))
    return -1


def _is_of_library(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether a site calls a function or method from outside the program."""
    known = view.engine.evaluator.evaluate(key, site.callee).values
    return any(isinstance(item, (External, ExternalMethod)) for item in known)


def _opened(view: ModuleView, key: Key, body: Body, site: Site) -> tuple[int, int]:
    """The path that is opened, and which argument is the mode."""
    callee = graph.node(body, site.callee)
    known = view.engine.evaluator.evaluate(key, site.callee).values
    is_function = callee[0] != Op.ATTR or any(isinstance(value, External) for value in known)
    return (dict(site.args).get(0, -1), 1) if is_function else (graph.base(callee), 0)


def _is_always(view: ModuleView, hops: Sequence[Hop], at: int, value: int, depth: int) -> bool:
    """Whether a path in the function of a hop is the same for each call: made of what the source says, of
    attributes of the own object, and of names of the module."""
    key = hops[at].key
    body = view.engine.evaluator.body(key)
    node = graph.node(body, value)
    if depth > _MOST or value < 0:
        return False
    if node[0] in (Op.CONST, Op.GLOBAL, Op.IMPORT):
        return True
    if node[0] == Op.ATTR:
        root = graph.node(body, graph.base(node))
        if root == (Op.PARAM, 0):
            return view.engine.evaluator.enclosing_class(key) is not None
        return root[0] in (Op.GLOBAL, Op.IMPORT, Op.ATTR) and _is_always(
            view, hops, at, graph.base(node), depth + 1
        )
    if node[0] == Op.PARAM:
        if at == 0:
            return False
        passed = passed_at(view, hops[at - 1], key, graph.number(node))
        return passed is not None and _is_always(view, hops, at - 1, passed, depth + 1)
    if (made := graph.call(body, value)) is not None:
        callee = graph.node(body, made.callee)
        if callee[-1] not in _SAME_FOR_ALL:
            return False
        parts = [passed for _, passed in made.args]
        if callee[0] == Op.ATTR:
            parts.append(graph.base(callee))
    else:
        parts = list(graph.parts(node))
        if not parts:
            return False
    return all(_is_always(view, hops, at, part, depth + 1) for part in parts)


def _own_parts(view: ModuleView, key: Key, body: Body, path: int) -> Iterator[str]:
    """The attributes of the own object that a path is made of."""
    if view.engine.evaluator.enclosing_class(key) is None:
        return
    todo, seen = [path], set()
    while todo:
        value = todo.pop()
        if value < 0 or value in seen:
            continue
        seen.add(value)
        node = graph.node(body, value)
        if node[0] == Op.ATTR and graph.node(body, graph.base(node)) == (Op.PARAM, 0):
            yield str(node[2])
        elif (made := graph.call(body, value)) is not None:
            todo.extend(passed for _, passed in made.args)
            todo.append(graph.receiver(body, made))
        else:
            todo.extend(graph.parts(node))


def _is_read(view: ModuleView, key: Key, owner: str) -> bool:
    """Whether another method of the same class reads a file whose path is made of that attribute."""
    evaluator = view.engine.evaluator
    cls = evaluator.enclosing_class(key)
    module = evaluator.module(key[0])
    for other in module.keys:
        if other == key or evaluator.enclosing_class(other) != cls:
            continue
        body = evaluator.body(other)
        for site in body.sites:
            path = read_at(view, other, body, site)
            if path >= 0 and owner in _own_parts(view, other, body, path):
                return True
    return False


def read_at(view: ModuleView, key: Key, body: Body, site: Site) -> int:
    """The path of the file that a site reads; -1 for none."""
    callee = graph.node(body, site.callee)
    if site.kind != SiteKind.CALL:
        return -1
    given = dict(site.args)
    if callee[-1] == _OPENS:
        path, first = _opened(view, key, body, site)
        mode = graph.node(body, given.get(first, given.get("mode", -1)))
        writes = mode[0] == Op.CONST and isinstance(mode[1], str) and bool(set("wxa") & set(mode[1]))
        return -1 if writes else path
    if callee[-1] not in _READS:
        return -1
    is_path = callee[0] == Op.ATTR and callee[-1] in _OF_PATHS and 0 not in given
    return graph.base(callee) if is_path else given.get(0, -1)
