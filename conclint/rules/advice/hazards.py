"""What makes a thread the wrong place for a call: what it is given, and what the code around it catches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from conclint.catalog.facts import Trait
from conclint.resolve.values import External, Function, Key, Literal
from conclint.rules.chains import Hop
from conclint.rules.drafts import ModuleView
from conclint.summary import body_graph as graph
from conclint.summary.records import DefFlags, Op, RegionKind, Site, SiteKind

_CONSOLE: Final = "console"
_NO_PROMPTS: Final = ("cv2.", "pyautogui.")
"""Libraries of that family that wait for a key in a window."""
_INTERRUPT: Final = "builtins.KeyboardInterrupt"
_FORKS: Final = ("subprocess.",)
_SAVES: Final = "PIL.Image.Image.save"
_FORMAT: Final = (1, "format")
_FILE_LOCKS: Final = (
    "portalocker.",
    "filelock.",
    "fasteners.",
    "oslo_concurrency.lockutils.",
    "zc.lockfile.",
)
_PORTALS: Final = ("anyio.from_thread.start_blocking_portal", "anyio.from_thread.BlockingPortal.call")
"""What runs a coroutine on a loop of its own, and waits for it."""
_DEVICES: Final = "torch.cuda.synchronize"
_MODELS: Final = "torch.nn.Module.__call__"
_HELD: Final = frozenset({"JPEG", "JPG"})
"""Formats whose encoder holds the GIL."""
_HELD_ENDINGS: Final = (".jpg", ".jpeg")


class Hazard(Enum):
    """Why a thread won't do: Ctrl-C reaches the main thread alone, and a thread that waits for a line keeps
    the program, whoever waits for Ctrl-C (a `QUESTION` hangs on what the loop has brought); what runs between
    fork and exec may find a lock held for good; the GIL is held meanwhile; a lock between processes is held,
    for which the next task would stop the loop; a coroutine is run on another loop, which is waited for; the
    current device of a thread is meant, or the mode in which a model runs; all that a
    library does belongs to one thread; what all threads share is changed
    for a while."""

    INTERRUPT = "interrupt"
    PROMPT = "prompt"
    QUESTION = "question"
    FORK = "fork"
    GIL = "gil"
    FILE_LOCK = "file lock"
    OTHER_LOOP = "other loop"
    DEVICE = "device"
    MODEL = "model"
    ONE_THREAD = "one thread"
    PROCESS = "process"


def hazard_of(
    view: ModuleView, hops: Sequence[Hop], cause: str, family: str, *, is_whole: bool
) -> Hazard | None:
    """The hazard of the call at the end of a chain, if there is one. `is_whole`: the first call can be moved
    to a thread as it is."""
    last = hops[-1]
    body = view.engine.evaluator.body(last.key)
    if last.site < 0:
        return None
    fact = view.engine.evaluator.catalog.function(cause)
    if fact is not None and Trait.PROCESS_GLOBAL in fact.traits:
        return Hazard.PROCESS
    if cause in _PORTALS:
        return Hazard.OTHER_LOOP
    if any(_is_under_file_lock(view, hop.key, hop.site) for hop in (hops[:1] if is_whole else hops)):
        return Hazard.FILE_LOCK
    if family == _CONSOLE and (
        any(_is_interrupt_caught(view, hop.key, hop.site) for hop in hops)
        or any(_is_interrupt_caught(view, *call) for call in _calls_of(view, hops[0].key))
    ):
        return Hazard.INTERRUPT
    if family == _CONSOLE and not cause.startswith(_NO_PROMPTS):
        return Hazard.QUESTION if _has_paused(view, hops[0]) else Hazard.PROMPT
    site = body.sites[last.site]
    if site.kind != SiteKind.CALL:
        return None
    if cause == _MODELS and len(hops) == 1:
        return Hazard.MODEL
    if cause == _DEVICES and not site.args:
        return Hazard.DEVICE
    if cause.startswith(_FORKS):
        given = dict(site.args).get("preexec_fn", -1)
        if given >= 0 and graph.node(body, given) != (Op.CONST, None):
            return Hazard.FORK
    if cause == _SAVES and _is_held(view, last.key, site):
        return Hazard.GIL
    return None


def _has_paused(view: ModuleView, hop: Hop) -> bool:
    """Whether a function waits for something before a call: what is asked there may hang on that."""
    body = view.engine.evaluator.body(hop.key)
    if any(graph.pauses(site) for site in body.sites[: hop.site]):
        return True
    definition = view.engine.evaluator.definition(hop.key)
    return bool(definition.flags & DefFlags.GENERATOR)  # of Twisted, say, which waits where it yields


def _calls_of(view: ModuleView, key: Key) -> Iterator[tuple[Key, int]]:
    """The calls of a function in its own module."""
    evaluator = view.engine.evaluator
    name = view.module.definition(key).name
    for own in view.module.keys:
        body = evaluator.body(own)
        for number, site in enumerate(body.sites):
            callee = graph.node(body, site.callee)
            if site.kind != SiteKind.CALL or callee[0] not in (Op.ATTR, Op.GLOBAL) or callee[-1] != name:
                continue
            values = evaluator.evaluate(own, site.callee).values
            if any(isinstance(value, Function) and value.key == key for value in values):
                yield own, number


def _is_under_file_lock(view: ModuleView, key: Key, site: int) -> bool:
    """Whether a call stands in a `with` of a lock between processes."""
    body = view.engine.evaluator.body(key)
    around = graph.around(body, body.sites[site].region) if site >= 0 else ()
    for region in around:
        made = graph.call(body, body.regions[region].value)
        if body.regions[region].kind != RegionKind.WITH or made is None:
            continue
        for value in view.engine.evaluator.evaluate(key, made.callee).values:
            if isinstance(value, External) and value.dotted.startswith(_FILE_LOCKS):
                return True
    return False


def _is_interrupt_caught(view: ModuleView, key: Key, site: int) -> bool:
    """Whether the code around a call has a handler for Ctrl-C."""
    body = view.engine.evaluator.body(key)
    if site < 0:
        return False
    around = set(graph.around(body, body.sites[site].region))
    return any(
        region.kind == RegionKind.EXCEPT
        and region.extra in around
        and _INTERRUPT in _caught(view, key, region.value)
        for region in body.regions
    )


def _caught(view: ModuleView, key: Key, value: int) -> Iterator[str]:
    """The classes that a handler names."""
    evaluator = view.engine.evaluator
    node = graph.node(evaluator.body(key), value)
    if node[0] == Op.TUPLE:
        for part in graph.parts(node):
            yield from _caught(view, key, part)
    elif value >= 0:
        for item in evaluator.evaluate(key, value).values:
            if isinstance(item, External):
                yield evaluator.catalog.canonical(item.dotted)


def _is_held(view: ModuleView, key: Key, site: Site) -> bool:
    """Whether an image is known to be saved in a format whose encoder holds the GIL."""
    given = dict(site.args)
    named = next((given[slot] for slot in _FORMAT if slot in given), -1)
    if named >= 0:
        return any(text.upper() in _HELD for text in _texts(view, key, named))
    path = given.get(0, -1)
    return path >= 0 and any(text.lower().endswith(_HELD_ENDINGS) for text in _texts(view, key, path))


def _texts(view: ModuleView, key: Key, value: int) -> Iterator[str]:
    """The strings that a value is known to be one of."""
    node = graph.node(view.engine.evaluator.body(key), value)
    if node[0] == Op.CONST and isinstance(node[1], str):
        yield node[1]
    for item in view.engine.evaluator.evaluate(key, value).values:
        if isinstance(item, Literal) and isinstance(item.value, str):
            yield item.value
