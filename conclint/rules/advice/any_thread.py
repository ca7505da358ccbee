"""Which connections of SQLite are made for any thread (`check_same_thread=False`), by the code that opens
them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.resolve.values import External, Key
from conclint.rules.advice.got_from import files_got_from
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, Site, SiteKind

_OPENING: Final = ("sqlite3.connect", "sqlite3.dbapi2.connect")
_SQLITE: Final = "sqlite3"
_CHECKS: Final = "check_same_thread"


def works_in_any_thread(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether the connections of SQLite that the modules of a chain open are made for any thread; where none
    of these opens one, those of the modules that the chain's object is from, the nearest first."""
    found = _are_for_any(view, sorted({hop.key[0] for hop in hops}))
    if found is not None:
        return found
    seen: set[str] = set()
    for path in files_got_from(view, hops):
        found = None if path in seen else _are_for_any(view, [path])
        if found is not None:
            return found
        seen.add(path)
    return False


def _are_for_any(view: ModuleView, paths: Sequence[str]) -> bool | None:
    """Whether all connections that modules open are made for any thread; None where they open none."""
    found = [item for item in (_of_module(view, path) for path in paths) if item is not None]
    return all(found) if found else None


def _of_module(view: ModuleView, path: str) -> bool | None:
    """The same of one module; found out once."""
    if path not in view.memos.any_thread:
        opened = list(_opened(view, path))
        found = all(opened) if opened else None
        if not view.engine.is_settled:
            return found
        view.memos.any_thread[path] = found
    return view.memos.any_thread[path]


def _opened(view: ModuleView, path: str) -> Iterator[bool]:
    """Of each connection that a module opens, whether it is made for any thread."""
    evaluator = view.engine.evaluator
    module = evaluator.module(path)
    if not any(_SQLITE in f"{item.module}.{item.name}" for item in module.summary.imports):
        return
    for key in module.keys:
        body = evaluator.body(key)
        for site in body.sites:
            if site.kind == SiteKind.CALL and _opens(view, key, site):
                given = dict(site.args).get(_CHECKS, -1)
                yield given >= 0 and graph.node(body, given) == (Op.CONST, False)


def _opens(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether a site opens a connection of SQLite."""
    node = graph.node(view.engine.evaluator.body(key), site.callee)
    if node[0] not in (Op.ATTR, Op.GLOBAL, Op.IMPORT):
        return False
    values = view.engine.evaluator.evaluate(key, site.callee).values
    return any(isinstance(value, External) and value.dotted in _OPENING for value in values)
