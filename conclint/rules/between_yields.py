"""`await asyncio.sleep(0)` beside code that computes: its author lets the event loop run before and after, so
it takes long. Within a loop that pauses in each round the work is cut into pieces already, unless it pauses
right before a piece as well as right after it: then each piece takes long."""

from __future__ import annotations

from conclint.resolve.values import External, Key, Literal
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Site, SiteKind, Use

_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep", "trio.sleep"})
_CHECKPOINTS = frozenset({"anyio.lowlevel.checkpoint", "trio.lowlevel.checkpoint"})


def bare_yields(view: ModuleView, key: Key) -> tuple[int, ...]:
    """The sites where a coroutine lets the event loop run and waits for nothing."""
    evaluator = view.engine.evaluator
    body = evaluator.body(key)
    found: list[int] = []
    for number, site in enumerate(body.sites):
        if site.kind != SiteKind.CALL or not site.use & Use.AWAITED or len(site.args) > 1:
            continue
        called = evaluator.evaluate(key, site.callee).values
        names = {evaluator.catalog.canonical(v.dotted) for v in called if isinstance(v, External)}
        if names and (
            (names <= _SLEEPS and _is_zero(view, key, site.args)) or (names <= _CHECKPOINTS and not site.args)
        ):
            found.append(number)
    return tuple(found)


def _is_zero(view: ModuleView, key: Key, args: tuple[tuple[int | str, int], ...]) -> bool:
    if not args:
        return False
    values = view.engine.evaluator.evaluate(key, args[0][1]).values
    return len(values) == 1 and isinstance(values[0], Literal) and values[0].value == 0


def is_beside_yield(body: Body, site: int, yields: tuple[int, ...]) -> bool:
    """Whether nothing else is awaited between a site and one of these, in the same block; in a loop, and two
    of these, one on either side."""
    if site < 0:
        return False
    near = [place for place in yields if _is_near(body, site, place) and not _ends(body, place)]
    if any(graph.loop_of(body, body.sites[place].region) < 0 for place in near):
        return True
    return any(place > site for place in near) and any(
        place < site and not _is_after_work(body, place) for place in near
    )


def _ends(body: Body, place: int) -> bool:
    """Whether a function does nothing after it has paused: it may pause to be a coroutine at all."""
    return (
        place == len(body.sites) - 1
        and not body.returns
        and graph.loop_of(body, body.sites[place].region) < 0
    )


def _is_after_work(body: Body, place: int) -> bool:
    """Whether a round of the loop calls anything before it pauses: then it pauses between two pieces."""
    loop = graph.loop_of(body, body.sites[place].region)
    return any(
        site.kind == SiteKind.CALL and not site.use & Use.AWAITED and graph.is_inside(body, site.region, loop)
        for site in body.sites[:place]
    )


def _is_near(body: Body, site: int, place: int) -> bool:
    """Whether nothing else is awaited between the two, nor, in the block of the pause, called."""
    first, last = sorted((site, place))
    own = {graph.called_site(body.values[value]) for value in graph.made_from(body, _given(body.sites[site]))}
    block = body.sites[place].region
    return graph.is_inside(body, body.sites[site].region, block) and not any(
        graph.pauses(other) or (other.kind == SiteKind.CALL and other.region == block and number not in own)
        for number, other in enumerate(body.sites[first + 1 : last], first + 1)
    )


def _given(site: Site) -> list[int]:
    return [site.callee, *(value for _, value in site.args)]
