"""Whether the work at a place writes back what it has read from a file: done by two at once, what one of them
has written is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from conclint.resolve.arguments import bind
from conclint.resolve.values import External, Function, Key
from conclint.rules.advice.shared_state import is_locked
from conclint.rules.advice.written_files import read_at, written_at
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, DefKind, Op, Site

_DEPTH: Final = 2
"""Functions below one, in which its files may be opened, or which rewrite files of their own."""
_MOST: Final = 40
"""Functions that are looked at for one place."""

File: TypeAlias = "tuple[object, ...]"
"""Which file, as far as one function can tell: an attribute of its own object, a name of the module, a text,
a parameter, or another value of it."""


def is_rewritten(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a function of a chain, below the place, or a plain function that these call, reads a file and
    then writes it, without a thread's lock."""
    seen = dict.fromkeys(hop.key for hop in hops[1:])
    todo = [(key, _DEPTH) for key in seen]
    while todo:
        key, depth = todo.pop()
        if _rewrites(view, key):
            return True
        for callee in _called(view, key) if depth else ():
            if callee not in seen and len(seen) < _MOST:
                seen[callee] = None
                todo.append((callee, depth - 1))
    return False


def _called(view: ModuleView, key: Key) -> Iterator[Key]:
    """The plain functions of the program that a function calls, where it holds no lock."""
    body = view.engine.evaluator.body(key)
    for link in view.engine.links(key):
        if is_locked(view, key, body, body.sites[link.site].region):
            continue
        for value in (target.value for group in link.groups for target in group):
            if not isinstance(value, Function):
                continue
            if view.engine.evaluator.definition(value.key).kind == DefKind.FUNCTION:
                yield value.key


def _rewrites(view: ModuleView, key: Key) -> bool:
    read: set[File] = set()
    for file, writes in _uses(view, key, _DEPTH):
        if not writes:
            read.add(file)
        elif file in read:
            return True
    return False


def _uses(view: ModuleView, key: Key, depth: int) -> Iterator[tuple[File, bool]]:
    """The files that a function reads or writes, in source order, and whether it writes them."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    links = {link.site: link for link in view.engine.links(key)} if depth else {}
    for number, site in enumerate(body.sites):
        if is_locked(view, key, body, site.region):
            continue
        for path, writes in (
            (read_at(view, key, body, site), False),
            (written_at(view, key, body, site), True),
        ):
            if path >= 0:
                yield from ((file, writes) for file in _files(view, key, body, path))
        link = links.get(number)
        for target in (item for group in link.groups for item in group) if link is not None else ():
            function = target.value
            if not isinstance(function, Function) or function.key == key:
                continue
            if evaluator.definition(function.key).kind != DefKind.FUNCTION:
                continue
            owner = graph.receiver(body, site)
            arguments = target.arguments
            if function.receiver is not None:
                arguments = arguments.prepend((key, owner))
            is_own = function.receiver is not None and owner >= 0 and _is_own(view, key, body, owner)
            for file, writes in _uses(view, function.key, depth - 1):
                if file[0] == Op.ATTR and not is_own:
                    continue
                if file[0] in (Op.ATTR, Op.GLOBAL):
                    yield file, writes
                elif file[0] == Op.PARAM:
                    passed = bind(evaluator.definition(function.key), int(str(file[1])), arguments)
                    if isinstance(passed, tuple) and len(passed) == 2 and passed[0] == key:
                        value = passed[1]
                        if isinstance(value, int) and value >= 0:
                            yield from ((item, writes) for item in _files(view, key, body, value))


def _is_own(view: ModuleView, key: Key, body: Body, value: int) -> bool:
    is_first = graph.node(body, graph.bare(body, value)) == (Op.PARAM, 0)
    return is_first and view.engine.evaluator.enclosing_class(key) is not None


def _files(view: ModuleView, key: Key, body: Body, path: int) -> Iterator[File]:
    """Which file a path is of; of one that may be several, each."""
    todo, seen = [path], set()
    while todo:
        value = graph.bare(body, todo.pop())
        if value in seen:
            continue
        seen.add(value)
        node = graph.node(body, value)
        if node[0] == Op.PHI:
            todo.extend(graph.parts(node))
        elif node[0] == Op.ARITH and node[1] == "+":
            todo.append(graph.operands(node)[0])  # with an ending that it may lack
        elif node[0] == Op.ATTR:
            if _is_own(view, key, body, graph.base(node)):
                yield (Op.ATTR, str(node[2]))
            else:
                yield ("value", value)
        elif node[0] == Op.GLOBAL:
            yield (Op.GLOBAL, key[0], str(node[1]))
        elif node[0] == Op.PARAM:
            yield (Op.PARAM, graph.number(node))
        elif (site := graph.call(body, value)) is not None and _makes_path(view, key, site):
            todo.append(site.args[0][1])
        else:
            yield ("value", value)


def _makes_path(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether a call only makes a path of a text."""
    made = view.engine.evaluator.evaluate(key, site.callee).values
    return len(site.args) == 1 and made == (External("pathlib.Path"),)
