"""What may be moved, as far as summaries know it: what the thing at a place is, and what it is bound to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from conclint.catalog.facts import CallableFact, EffectKind, Trait
from conclint.effects.effects import Kind
from conclint.model.execution import ExecutionModel
from conclint.model.finding import Position
from conclint.resolve.calls import Link
from conclint.resolve.values import (
    Class,
    External,
    Function,
    Key,
)
from conclint.rules.advice.any_thread import works_in_any_thread
from conclint.rules.advice.busy import Busy, BusyPlaces, Shape
from conclint.rules.advice.callers import PLAIN_MODULES
from conclint.rules.advice.elsewhere import runs_in_thread_elsewhere
from conclint.rules.advice.endless_waits import may_never_end
from conclint.rules.advice.finalizers import finalizer_using
from conclint.rules.advice.gone_through import gone_through
from conclint.rules.advice.hazards import Hazard, hazard_of
from conclint.rules.advice.helpers import helper_of
from conclint.rules.advice.imports import visible_imports
from conclint.rules.advice.innermost import Writer, changes_at, writer_of
from conclint.rules.advice.library import MIXED, AsyncLibrary, library_of, spoken
from conclint.rules.advice.loop_bound import (
    chain_needs_loop,
    needs_loop,
    public_names,
    unknown_signals,
    uses_loop,
)
from conclint.rules.advice.made_here import is_handed_out, is_made_here
from conclint.rules.advice.made_once import asked_first, keeps_what_it_makes, made_once_at
from conclint.rules.advice.one_thread import effects_at, one_thread_at, uses_one_thread
from conclint.rules.advice.rewritten_files import is_rewritten
from conclint.rules.advice.sending import is_inner, is_sendable, is_used_in_turn, traits_of
from conclint.rules.advice.sessions import (
    Held,
    holding_of,
    may_be_in_memory,
    opens_session,
)
from conclint.rules.advice.set_before import SetBefore, set_before
from conclint.rules.advice.shared_state import Changed, changed_by, fresh_along
from conclint.rules.advice.sync_parts import without_other_client
from conclint.rules.advice.twins import async_generator_of, twin_of
from conclint.rules.advice.unsendable import needs_current_figure, unsendable_in
from conclint.rules.advice.waiting import How, Waiting, waiting_at
from conclint.rules.advice.written_files import Written, written_by
from conclint.rules.chains import Hop, position_of
from conclint.rules.chains import hops as chain_of
from conclint.rules.drafts import ModuleView
from conclint.rules.inside_libraries import own_part
from conclint.summary import body_graph as graph
from conclint.summary.records import DefKind, Import, Op, RegionKind, SiteKind

_LOOP: Final = ExecutionModel.EVENT_LOOP
_KINDS: Final = (Kind.WAITS, Kind.COMPUTES_GIL, Kind.COMPUTES_NOGIL)
_MINOR: Final = "cheap-files"
_SQLITE: Final = "sqlite3."
PONY: Final = "pony."
_ALCHEMY: Final = ("sqlalchemy.", "sqlmodel.")
_FUNCTIONS: Final = (DefKind.FUNCTION, DefKind.ASYNC_FUNCTION, DefKind.LAMBDA)
_FILES: Final = "files"
_READING: Final = ("read", "__next__")
_FINITE: Final = ("files", _MINOR, "database")
"""Families of waits whose iterators end."""


_COMPUTING: Final = ("compute", "own")
"""Families of computing."""
_FOLDERS: Final = ("mkdir", "makedirs")
"""What makes a folder, of which it doesn't matter who is first."""
_SPECIAL: Final = ("__init__", "__new__", "__call__", "__enter__", "__exit__", "__iter__", "__next__")
"""Methods that people call by the name of their class."""


_SHAPES: Final = {
    SiteKind.CALL: Shape.CALL,
    SiteKind.ENTER: Shape.ENTER,
    SiteKind.ITERATE: Shape.ITERATE,
    SiteKind.ATTR: Shape.READ,
    SiteKind.ITEM: Shape.READ,
    SiteKind.CONTAINS: Shape.READ,
}


class Bound(Enum):
    """What the work at a place is bound to."""

    NOTHING = ""
    THREAD = "thread"
    SHARED = "shared"  # an object that more than one thread would use then
    GIVEN = "given"  # such an object that the function is given
    LOOP = "loop"


class Around(NamedTuple):
    """What is known of the function around a place.

    `busy` are the places of it that stop the loop, `tied` those that only work on the loop, or in a thread of
    their own, `threaded` those on objects that only work in the thread that made them, `changing` those at
    which a function changes what other code on the loop may use.
    """

    waiting: Waiting
    imports: tuple[Import, ...]
    busy: BusyPlaces
    tied: tuple[Position, ...]
    threaded: tuple[Position, ...]
    changing: tuple[Position, ...]


class Subject(NamedTuple):
    """The work at a place.

    `called` is the dotted name of what is called there, `fact` what is known of the primitive behind it,
    `direct` whether that is called at the place itself. `ends`: it is an iterator that comes to an end;
    `sendable`: a process can be given it. `lazy`: it gives an iterator that does the work; `unpicklable`: it
    makes what can't be sent. `changed` is what it changes that the event loop uses too, `writer` where what
    blocks is to be taken out of it, where it can't be moved as a whole. `twin` is the coroutine function
    beside what is called that does the same. `is_inner`: what is called is a method, or inside a function.
    `is_once`: it is an attribute that is made when it is first read. `made_once` is what the work is done for
    only where a test finds none yet; `made_here`: the place itself stands under that test. `hazard` is why a
    thread won't do for it, `one_thread` the library that is for one
    thread alone; `is_single`: it works on one document, and no call on the way is in a loop.
    `in_memory`: its database may be one of SQLite's that each thread has of its own. `besides`: the call that
    `bound` is for, where that is another one than the primitive. `in_turn`: only one thread at a time may use
    the object that the primitive is a method of. `calls` are the lines of the chain in this file, each after
    the first one of its function. `needs` is what on the way works on the event loop alone, with its place,
    `written` the file that is written; `is_rewritten`: what was read of one is written back. `generator` is
    the async generator beside the one that is iterated. `in_threads`: other code here has the same function
    run in a thread. `is_program`: its module begins a program. `unsendable` says
    what of its arguments a process can't be given. `needs_figure`: it works on pyplot's current figure.
    `finalizer` is what runs at any time, in any thread, and uses what is `changed`.
    `may_never_end`: it waits without a timeout for what another thread may never send.
    `gives_handle`: it gives what waits again where it is read. `set_before` is what sets right before it what
    it reads.
    Not `is_long`: how long it takes is not known.
    """

    around: Around
    shape: Shape
    called: str
    cause: str
    fact: CallableFact | None
    direct: bool
    bound: Bound
    ends: bool
    sendable: bool
    family: str
    lazy: bool
    unpicklable: bool
    manager: bool
    changed: Changed | None
    writer: Writer | None
    twin: str
    is_inner: bool
    is_once: bool
    made_once: str
    made_here: bool
    hazard: Hazard | None
    one_thread: str
    is_single: bool
    in_memory: bool
    besides: CallableFact | None
    in_turn: bool
    calls: tuple[tuple[int, int], ...]
    needs: str
    written: Written
    is_rewritten: bool
    generator: str
    in_threads: bool
    is_program: bool
    unsendable: str
    needs_figure: bool
    finalizer: str
    may_never_end: bool
    gives_handle: bool
    set_before: SetBefore | None
    is_long: bool = True

    @property
    def walks(self) -> bool:
        """Whether a loop over it may say where it goes on, as one over `os.walk` does."""
        return self.lazy and self.cause.rsplit(".", 1)[-1] in ("walk", "fwalk")

    @property
    def short(self) -> str:
        """The name of what is called, as people say it: a class for its `__init__`; for what has no public
        name, what gives it (`as_completed.<results>`)."""
        name = self.called
        while "." in name and ((last := name.rsplit(".", 1)[-1]) in _SPECIAL or last.startswith("<")):
            name = name.rpartition(".")[0]
        return name.rsplit(".", 1)[-1]


def subject_of(view: ModuleView, hops: Sequence[Hop], cause: str, family: str) -> Subject:
    """The work that a chain of calls does, whose first is the place. What a library does inside is its own
    affair: its function is called like one that is known to block, and can only be moved as it is."""
    own = own_part(view.engine, hops)
    if len(own) < len(hops):
        hops, cause = own, own[-1].symbol
    first = hops[0]
    near = around(view, first.key)
    if near.waiting.how is How.AWAIT and near.waiting.library is AsyncLibrary.ASYNCIO:
        near = near._replace(
            waiting=near.waiting._replace(django=near.waiting.django or _uses_django(view, hops))
        )
    fact = view.engine.evaluator.catalog.function(cause)
    fact = without_other_client(view, hops, fact) if fact is not None else None
    bound, besides = _bound_to(view, hops, fact), None
    if bound in (Bound.NOTHING, Bound.LOOP):
        also, besides = _besides(view, hops)
        bound = bound if besides is None else also
    changed = (changes_at(view, hops, 0, whole=True) or gone_through(view, hops)) if len(hops) > 1 else None
    is_whole = changed is None and bound is not Bound.LOOP
    body = view.engine.evaluator.body(first.key)
    shape = _SHAPES.get(body.sites[first.site].kind, Shape.OTHER) if first.site >= 0 else Shape.OTHER
    one_thread = one_thread_at(view, hops, cause)
    gives_handle = len(hops) == 1 and fact is not None and _gives_handle(view, fact)
    if gives_handle and family != _FILES and _is_iterated_too(view, first, near.busy):
        shape = Shape.ITERATE
    once = [
        made_once_at(view, hop.key, hop.site, fresh)
        for hop, fresh in zip(hops, fresh_along(view, hops), strict=True)
    ]
    if not any(once) and not cause.rpartition(".")[2].startswith(_FOLDERS):
        once = ["", *(asked_first(view, hop.key, hop.site) for hop in hops[1:])]
    return Subject(
        near,
        shape,
        _name_at(view, first) or first.symbol,
        cause,
        fact,
        len(hops) == 1,
        bound,
        _ends(view, hops, fact, family),
        is_sendable(view, first),
        family,
        fact is not None and len(hops) == 1 and Trait.LAZY in fact.traits,
        fact is not None
        and not {Trait.UNPICKLABLE, Trait.PROCESS_GLOBAL}.isdisjoint(traits_of(view, fact.name)),
        fact is not None and len(hops) == 1 and Trait.MANAGER in fact.traits,
        changed,
        None if is_whole or len(hops) < 2 else writer_of(view, hops, 1),
        twin_of(view, first) if len(hops) > 1 and near.waiting.how is How.AWAIT else "",
        is_inner(view, first),
        shape is Shape.READ and len(hops) > 1 and keeps_what_it_makes(view, hops[1].key),
        next((made for made in once if made), ""),
        bool(once and once[0]),
        Hazard.ONE_THREAD if one_thread else hazard_of(view, hops, cause, family, is_whole=is_whole),
        one_thread,
        fact is not None and Trait.DOCUMENT in traits_of(view, fact.name) and not _is_repeated(view, hops),
        cause.startswith(_ALCHEMY) and may_be_in_memory(view, hops),
        besides,
        fact is not None and is_used_in_turn(view, fact.name),
        tuple(
            (view.module.definition(hop.key).start, position_of(view.module, hop.key, hop.site)[0].line)
            for hop in hops
            if hop.key[0] == view.module.path and hop.site >= 0
        ),
        chain_needs_loop(view, hops) if bound is not Bound.NOTHING else "",
        written_by(view, hops),
        is_rewritten(view, hops),
        async_generator_of(view, hops) if near.waiting.how is How.AWAIT else "",
        runs_in_thread_elsewhere(view, first),
        bool(view.entries.whole),
        unsendable_in(view, first) if family in _COMPUTING else "",
        family in _COMPUTING and needs_current_figure(view, hops, cause),
        finalizer_using(view, changed) if changed is not None else "",
        may_never_end(view, hops[-1], cause),
        gives_handle,
        set_before(view, hops),
    )


def _is_repeated(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a call of a chain stands in a loop."""
    for hop in hops:
        body = view.engine.evaluator.body(hop.key)
        if hop.site >= 0 and graph.loop_of(body, body.sites[hop.site].region) >= 0:
            return True
    return False


def _name_at(view: ModuleView, hop: Hop) -> str:
    """The name by which code calls what has another name of its own, inside a function: a decorated
    function."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hop.key)
    if hop.site < 0 or body.sites[hop.site].kind != SiteKind.CALL:
        return ""
    values = evaluator.evaluate(hop.key, body.sites[hop.site].callee).values
    functions = [value.key for value in values if isinstance(value, Function)]
    inner = [key for key in functions if evaluator.definition(evaluator.scope(key)).kind in _FUNCTIONS]
    node = graph.node(body, body.sites[hop.site].callee)
    if not inner or node[0] not in (Op.ATTR, Op.GLOBAL, Op.IMPORT):
        return ""
    if node[0] == Op.IMPORT:
        return evaluator.module(hop.key[0]).summary.imports[graph.number(node)].bound
    return str(node[-1])


def _uses_django(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether a function of the chain works with Django's database, whose connections belong to a thread."""
    return any(
        name.startswith("django.db.")
        for hop in hops
        for link in (view.engine.links(hop.key) if hop is not hops[0] else ())
        for name in public_names(view, link)
    ) or hops[-1].symbol.startswith("django.db.")


def around(view: ModuleView, key: Key) -> Around:
    """What is known of a function that runs on the loop; found out once for all of its findings."""
    held = view.memos.around.get(key)
    if isinstance(held, Around):
        return held
    tops = view.module.imported_packages()
    library = library_of(tops, view.library)
    links = view.engine.links(key)
    waiting = waiting_at(view, key, library, "django" in tops)
    if view.library == MIXED and not spoken(tops):
        waiting = waiting._replace(is_mixed=True)
    elif waiting.how is How.AWAIT and not waiting.django:
        waiting = waiting._replace(helper=helper_of(view, key))
    found = Around(
        waiting,
        visible_imports(view.module, key),
        BusyPlaces(_busy(view, key, links)),
        (
            *_places(
                view,
                key,
                (
                    link.site
                    for link in links
                    if needs_loop(view, key, link)
                    or uses_loop(view, key, link)
                    or uses_one_thread(view, key, link)
                ),
            ),
            *_places(view, key, unknown_signals(view, key)),
        ),
        tuple(_places(view, key, (link.site for link in links if _is_threaded(view, key, link)))),
        tuple(_places(view, key, (link.site for link in links if changed_by(view, key, link) is not None))),
    )
    if view.engine.is_settled:
        view.memos.around[key] = found
    return found


def _busy(view: ModuleView, key: Key, links: Iterable[Link]) -> Iterator[Busy]:
    body = view.engine.evaluator.body(key)
    for link, effects in zip(links, view.effects.get(key, ()), strict=False):
        for effect in effects:
            if effect.kind in _KINDS and effect.mask & _LOOP.bit and effect.family != _MINOR:
                position, _ = position_of(view.module, key, link.site)
                shape = _SHAPES.get(body.sites[link.site].kind, Shape.OTHER)
                lazy = any(Trait.LAZY in traits_of(view, name) for name in public_names(view, link))
                yield Busy(position, effect.family, shape, lazy)


def _places(view: ModuleView, key: Key, sites: Iterable[int]) -> Iterator[Position]:
    for site in sites:
        yield position_of(view.module, key, site)[0]


def _is_threaded(view: ModuleView, key: Key, link: Link) -> bool:
    """Whether a site uses, or makes, an object that only the thread that made it may use."""
    return any(Trait.THREAD_BOUND in traits_of(view, name) for name in public_names(view, link))


def _bound_to(view: ModuleView, hops: Sequence[Hop], fact: CallableFact | None) -> Bound:
    """What keeps the work from running in another thread."""
    last = hops[-1]
    traits = traits_of(view, fact.name) if fact is not None else frozenset()
    if Trait.THREAD_BOUND in traits and last.symbol.startswith(PONY):
        if not opens_session(view, hops):
            return Bound.THREAD
        traits -= {Trait.THREAD_BOUND}
    is_for_any = (
        Trait.THREAD_BOUND in traits and last.symbol.startswith(_SQLITE) and works_in_any_thread(view, hops)
    )
    is_elsewhere = len(hops) == 1 or not is_made_here(view, last) or is_handed_out(view, last)
    if Trait.THREAD_BOUND in traits and not is_for_any and is_elsewhere:
        return Bound.THREAD
    if (fact is not None and is_used_in_turn(view, fact.name)) or is_for_any:
        held = holding_of(view, hops)
        if held is not Held.MADE:
            return Bound.SHARED if held is Held.KEPT else Bound.GIVEN
    if chain_needs_loop(view, hops):
        return Bound.LOOP
    if _is_made_with_unknown_base(view, hops):
        return Bound.LOOP
    return Bound.NOTHING


def _besides(view: ModuleView, hops: Sequence[Hop]) -> tuple[Bound, CallableFact | None]:
    """What else the call at the place does, in the same function or in that of another class, with an object
    that others have too and only one thread may use."""
    key, site, _ = hops[0]
    if len(hops) < 2:
        return Bound.NOTHING, None
    catalog = view.engine.evaluator.catalog
    for effect, witness in effects_at(view, key, site):
        fact = catalog.function(witness.cause) if effect.kind in _KINDS else None
        if fact is None:
            continue
        is_in_turn = is_used_in_turn(view, fact.name)
        is_sqlite = fact.name.startswith(_SQLITE) and Trait.THREAD_BOUND in traits_of(view, fact.name)
        if not is_in_turn and not is_sqlite:
            continue
        others = chain_of(view.engine, key, witness)
        if len(others) < 2 or holding_of(view, others) is not Held.KEPT:
            continue
        is_bound = is_sqlite and not works_in_any_thread(view, others)
        return (Bound.THREAD if is_bound else Bound.SHARED), fact
    return Bound.NOTHING, None


def _is_made_with_unknown_base(view: ModuleView, hops: Sequence[Hop]) -> bool:
    """Whether the place makes an instance of a class that derives from something that isn't known."""
    evaluator = view.engine.evaluator
    body = evaluator.body(hops[0].key)
    if hops[0].site < 0 or body.sites[hops[0].site].kind != SiteKind.CALL or len(hops) < 2:
        return False
    for value in evaluator.evaluate(hops[0].key, body.sites[hops[0].site].callee).values:
        if isinstance(value, Class):
            for base in evaluator.classes.ancestry(value).classes:
                if isinstance(base, External) and evaluator.catalog.klass(base.dotted) is None:
                    return base.dotted.split(".", 1)[0] not in PLAIN_MODULES
    return False


def _gives_handle(view: ModuleView, fact: CallableFact) -> bool:
    """Whether what a call gives waits where it is read or iterated: a pipe, or the answer of a server."""
    catalog = view.engine.evaluator.catalog
    methods = [catalog.method(fact.returns, name) for name in _READING] if fact.returns else []
    return any(method is not None and method.effect is EffectKind.WAITS for method in methods)


def _is_iterated_too(view: ModuleView, hop: Hop, busy: BusyPlaces) -> bool:
    """Whether the very place that calls something goes through what that gives, and waits for each step."""
    position, _ = position_of(view.module, hop.key, hop.site)
    return any(item.shape is Shape.ITERATE for item in busy.at(position))


def _ends(view: ModuleView, hops: Sequence[Hop], fact: CallableFact | None, family: str) -> bool:
    """Whether an iterator comes to an end, as far as its code shows."""
    if len(hops) == 1:
        traits = fact.traits if fact is not None else frozenset()
        return Trait.ENDLESS not in traits and (family in _FINITE or Trait.LAZY in traits)
    body = view.engine.evaluator.body(hops[1].key)
    for region in body.regions:
        if region.kind == RegionKind.WHILE and region.value >= 0:
            test = body.values[region.value]
            if test[0] == Op.CONST and test[1]:
                return False
    return True
