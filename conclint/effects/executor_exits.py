"""Leaving the `with` block of an executor: whether work that was submitted in it is still waited for then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conclint.effects.with_blocks import block_of, sites_within
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, RegionKind, Site, SiteKind, Use

EXECUTOR_EXIT: Final = "concurrent.futures.Executor.__exit__"
FUTURE_RESULTS: Final = frozenset({"concurrent.futures.Future.result", "concurrent.futures.Future.exception"})
_SUBMITTING: Final = frozenset({"submit", "map"})
_KEEPING: Final = frozenset({"append", "add", "extend", "insert", "update", "appendleft"})
_NOT_WAITING: Final = frozenset(
    {"add_done_callback", "cancel", "cancelled", "wrap_future", "ensure_future", "shield"}
)
_CONDITIONAL: Final = (RegionKind.IF, RegionKind.EXCEPT, RegionKind.CASE, RegionKind.AFTER)


def doubts_of_exit(body: Body, number: int) -> int | None:
    """How many doubts there are that leaving the block, which begins at a site, waits for work: none where
    something was submitted that nothing in the block waits for, one where a condition decides whether it
    was; None where nothing of that kind was found."""
    site = body.sites[number]
    block = block_of(body, site) if site.kind == SiteKind.ENTER else -1
    if block < 0:
        return None
    executors = _names_of(body, site.callee)
    found: set[int] = set()
    for submitting, made in sites_within(body, block):
        if _submits(body, made, executors) and not _is_waited_for(body, block, submitting):
            found.add(_is_conditional(body, made.region, block))
    return min(found) if found else None


def is_done_by_then(body: Body, number: int) -> bool:
    """Whether a site asks for the result of work whose executor's block has been left: it is there."""
    site = body.sites[number]
    receiver = graph.receiver(body, site) if site.kind == SiteKind.CALL else -1
    if receiver < 0:
        return False
    blocks = [
        (_names_of(body, entered.callee), block)
        for entered in body.sites
        if entered.kind == SiteKind.ENTER
        and (block := block_of(body, entered)) >= 0
        and not graph.is_inside(body, site.region, block)
    ]
    if not blocks:
        return False
    submitting = _calls_behind(body, receiver)
    return bool(submitting) and all(
        called >= 0
        and any(
            _submits(body, body.sites[called], names)
            and graph.is_inside(body, body.sites[called].region, block)
            for names, block in blocks
        )
        for called in submitting
    )


def _calls_behind(body: Body, value: int) -> set[int]:
    """The sites whose result a value is, or which gave the elements of the collection that it is taken
    from."""
    found: set[int] = set()
    seen: set[int] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        if item < 0 or item in seen:
            continue
        seen.add(item)
        node = body.values[item]
        if node[0] == Op.CALL:
            found.add(graph.called_site(node))
        elif node[0] in (Op.ELEM, Op.ITEM):
            whole = graph.operand(node)
            todo.extend(graph.kept_elements(body, whole) or (whole,))
        elif node[0] in (Op.PHI, *graph.WRAPPERS):
            todo.extend(graph.parts(node))
        else:
            found.add(-1)  # something else
    return found


def _names_of(body: Body, value: int) -> set[int]:
    """The values that are the executor: what was entered, and what `as` binds."""
    names = {value}
    names.update(index for index, node in enumerate(body.values) if node == (Op.ENTER, value))
    return names


def _submits(body: Body, site: Site, executors: set[int]) -> bool:
    if site.kind != SiteKind.CALL:
        return False
    callee = body.values[site.callee]
    if callee[0] != Op.ATTR:
        return False
    if callee[1] in executors:
        return callee[2] in _SUBMITTING
    return callee[2] == "run_in_executor" and any(value in executors for _, value in site.args)


def _is_waited_for(body: Body, block: int, submitting: int) -> bool:
    """Whether the block waits for what was submitted at a site, or may: it awaits it, asks for its result, or
    hands it to something that is not known."""
    if body.sites[submitting].use & Use.AWAITED:
        return True
    made = _made_from(body, submitting)
    for number, site in sites_within(body, block):
        if number == submitting:
            continue
        receiver = graph.receiver(body, site)
        given = any(value in made for _, value in site.args)
        if site.kind in (SiteKind.AWAIT, SiteKind.ITERATE) and site.callee in made:
            if site.kind == SiteKind.AWAIT or site.use & Use.ASYNC or _is_iterator(body, site.callee):
                return True
        elif site.kind == SiteKind.CALL and (given or receiver in made):
            if site.use & Use.AWAITED:
                return True
            if body.values[site.callee][-1] not in (*_KEEPING, *_NOT_WAITING):
                return True
    return False


def _is_iterator(body: Body, value: int) -> bool:
    """Whether iterating the value waits for its elements: what `map` and `as_completed` give, no list."""
    return graph.call(body, value) is not None


def _made_from(body: Body, submitting: int) -> set[int]:
    """What is made with the result of a site, and the collections that keep it."""
    users = graph.users(body)
    made = {index for index, node in enumerate(body.values) if node[:2] == (Op.CALL, submitting)}
    todo = list(made)
    while todo:
        value = todo.pop()
        for user in (*users.get(value, ()), *_kept_in(body, value)):
            if user not in made:
                made.add(user)
                todo.append(user)
    return made


def _kept_in(body: Body, value: int) -> Iterator[int]:
    """The collections that a value is put into."""
    for site in body.sites:
        if all(passed != value for _, passed in site.args):
            continue
        if site.kind == SiteKind.SET_ITEM:
            yield site.callee
        elif site.kind == SiteKind.CALL and body.values[site.callee][-1] in _KEEPING:
            receiver = graph.receiver(body, site)
            if receiver >= 0:
                yield receiver


def _is_conditional(body: Body, region: int, block: int) -> bool:
    return any(
        body.regions[outer].kind in _CONDITIONAL
        for outer in graph.around(body, region)
        if outer != block and graph.is_inside(body, outer, block)
    )
