"""What belongs to the event loop: calls that work on its thread alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conclint.catalog.facts import Trait
from conclint.resolve.calls import Link
from conclint.resolve.values import External, ExternalMethod, Function
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary.records import DefKind

_ON_LOOP: Final = frozenset({"asyncio", "trio", "anyio", "aiohttp", "uvloop", "discord", "tornado", "curio"})
"""Libraries whose objects work on the loop that they were made on."""
_FROM_THREADS: Final = frozenset(
    {
        "asyncio.run", "asyncio.iscoroutine", "asyncio.iscoroutinefunction", "asyncio.new_event_loop",
        "asyncio.run_coroutine_threadsafe", "asyncio.AbstractEventLoop.call_soon_threadsafe",
        "asyncio.AbstractEventLoop.is_running", "asyncio.AbstractEventLoop.is_closed",
        "anyio.run", "trio.run",
        "asyncio.wrap_future", "asyncio.AbstractEventLoop.run_until_complete",
    }
)  # fmt: skip
"""What may be called in any thread, though it belongs to one of them."""


def public_names(view: ModuleView, link: Link) -> Iterator[str]:
    """The public names of what is outside the program and may run at a site."""
    catalog = view.engine.evaluator.catalog
    for group in link.groups:
        for target in group:
            value = target.value
            if isinstance(value, External):
                yield catalog.canonical(value.dotted)
            elif isinstance(value, ExternalMethod):
                fact = catalog.method(value.dotted, value.name)
                yield fact.name if fact is not None else f"{catalog.canonical(value.dotted)}.{value.name}"


def needs_loop(view: ModuleView, link: Link) -> bool:
    """Whether what a site runs works on the loop alone."""
    catalog = view.engine.evaluator.catalog
    for name in public_names(view, link):
        if name in _FROM_THREADS:
            continue
        owner = catalog.klass(name.rpartition(".")[0]) or catalog.klass(name)
        fact = catalog.function(name)
        if name.split(".", 1)[0] in _ON_LOOP or (fact is not None and fact.coroutine):
            return True
        if owner is not None and (owner.asynchronous or Trait.LOOP_BOUND in owner.traits):
            return True
    for group in link.groups:
        for target in group:
            if isinstance(target.value, Function):
                kind = view.engine.evaluator.definition(target.value.key).kind
                if kind == DefKind.ASYNC_FUNCTION:
                    return True
    return False


def chain_needs_loop(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a function that the first of these calls leads through does anything that needs the loop."""
    return any(needs_loop(view, link) for hop in hops[1:] for link in view.engine.links(hop.key))
