"""Where an object was made: the constructor calls that a value can come from."""

from __future__ import annotations

from typing import Final, NamedTuple

from conclint.resolve.values import Class, Instance, to_index
from conclint.rules.structural.code import Code
from conclint.summary import body_graph as graph
from conclint.summary.records import Op, StoreKind

_DEPTH: Final = 4


class Origin(NamedTuple):
    """A call that makes an object."""

    code: Code
    site: int


def origins(code: Code, value: int, depth: int = 0) -> list[Origin] | None:
    """The calls that may have made what a value is; None where some other source can't be ruled out."""
    if value < 0 or depth > _DEPTH:
        return None
    node = code.body.values[value]
    op = node[0]
    if op == Op.CALL:
        return [Origin(code, to_index(node[1]))]
    if op in (Op.ENTER, Op.NARROW, Op.CAST):
        return origins(code, to_index(node[1]), depth + 1)
    if op == Op.PHI:
        parts = [
            origins(code, to_index(item), depth + 1)
            for item in node[1:]
            if code.body.values[to_index(item)] != (Op.CONST, None)
        ]
        return _all(parts)
    if op == Op.GLOBAL:
        module_code = Code(code.engine, code.module.own)
        stores = module_code.module.global_stores(str(node[1]))
        if code.module.late_global_stores(str(node[1])):
            return None
        return _all([origins(module_code, store.value, depth + 1) for _, store in stores])
    if op == Op.FREE:
        outer = Code(code.engine, code.module.at(node[1]))
        return _all(
            [
                origins(outer, store.value, depth + 1)
                for store in outer.body.stores
                if store.kind == StoreKind.LOCAL and store.name == node[2]
            ]
        )
    if op == Op.ATTR:
        return _of_attribute(code, to_index(node[1]), str(node[2]), depth)
    return None


def _of_attribute(code: Code, base: int, name: str, depth: int) -> list[Origin] | None:
    found: list[list[Origin] | None] = []
    for owner in code.known(base).values:
        if not isinstance(owner, Instance):
            return None
        for cls in code.evaluator.classes.ancestry(owner.cls).classes:
            if isinstance(cls, Class):
                for method, value, _ in code.evaluator.classes.own_stores(cls).get(name, ()):
                    inner = Code(code.engine, method)
                    if inner.body.values[value] != (Op.CONST, None):
                        found.append(origins(inner, value, depth + 1))
    return _all(found)


def _all(parts: list[list[Origin] | None]) -> list[Origin] | None:
    if not parts or any(part is None for part in parts):
        return None
    return [origin for part in parts if part is not None for origin in part]


def is_single_worker(code: Code, value: int) -> bool:
    """Whether a value is, or may be, a pool that was made with one worker: a queue of its own kind."""
    made = origins(code, value) if value >= 0 else None
    return any(workers_of(origin) == 1 for origin in made or ())


def workers_of(origin: Origin) -> object:
    """The number of workers that a pool is made with, where that is a constant; else `...`."""
    for name in ("max_workers", "processes"):
        passed = origin.code.argument(origin.site, name)
        if passed is not None:
            # `options.get("jobs", 1)` may give more
            return ... if _is_asked_for(origin.code, passed) else origin.code.literal(passed)
    return ...


def _is_asked_for(code: Code, passed: object) -> bool:
    """Whether an argument is what a call in the same function gives."""
    if not isinstance(passed, tuple) or len(passed) != 2 or passed[0] != code.key:
        return False
    value = passed[1]
    return isinstance(value, int) and graph.call(code.body, graph.bare(code.body, value)) is not None
