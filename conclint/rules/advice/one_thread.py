"""Libraries whose objects all belong to one thread: a thread that takes whatever comes is the wrong one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from conclint.catalog.facts import Trait
from conclint.effects.effects import Effect, Witness
from conclint.resolve.calls import Link
from conclint.resolve.values import Key
from conclint.rules.advice.loop_bound import public_names
from conclint.rules.advice.sending import traits_of
from conclint.rules.chains import Hop
from conclint.rules.chains import hops as chain_of
from conclint.rules.drafts import ModuleView

_OWN_CONTEXTS: Final = frozenset({"z3.Context", "z3.z3.Context"})
"""What makes a world apart, of which a library has one for all where a program makes none."""


def effects_at(view: ModuleView, key: Key, site: int) -> Iterator[tuple[Effect, Witness]]:
    """What a site of a function does, each with the next step towards its cause."""
    links, found = view.engine.links(key), view.effects.get(key, ())
    at = bisect_left(links, site, key=lambda link: link.site)
    for link, effects in zip(links[at:], found[at:], strict=False):
        if link.site != site:
            break
        yield from effects.items()


def one_thread_at(view: ModuleView, hops: Sequence[Hop], cause: str) -> str:
    """The library that the call at a place uses, by its import, all of which belongs to one thread; empty for
    none."""
    if _is_of_one_thread(view, cause) and not _has_own_context(view, hops):
        return cause.partition(".")[0]
    key, site, _ = hops[0]
    return next(_used(view, key, site), "")


def uses_one_thread(view: ModuleView, key: Key, link: Link) -> bool:
    """Whether what a site does uses such a library."""
    return any(_used(view, key, link.site))


def _used(view: ModuleView, key: Key, site: int) -> Iterator[str]:
    for _, witness in effects_at(view, key, site):
        is_such = _is_of_one_thread(view, witness.cause)
        if is_such and not _has_own_context(view, chain_of(view.engine, key, witness)):
            yield witness.cause.partition(".")[0]


def _is_of_one_thread(view: ModuleView, name: str) -> bool:
    return Trait.ONE_THREAD in traits_of(view, name)


def _has_own_context(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a function of a chain makes a context of its own, whose objects nobody else has."""
    return any(
        not _OWN_CONTEXTS.isdisjoint(public_names(view, link))
        for hop in hops
        for link in view.engine.links(hop.key)
    )
