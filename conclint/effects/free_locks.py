"""Locks that nobody else can hold yet: made in the construction of the object that has them, or just before
by the same function, and handed to nobody since. To enter one is no wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from conclint.effects.effects import Effects, Witness, way_of
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.values import Class, External, ExternalMethod, Function, Instance, Key, SuperOf
from conclint.summary import body_graph as graph
from conclint.summary.records import Body, Op, Site, SiteKind, StoreKind

_LOCKS: Final = frozenset(
    {
        "threading.Lock", "threading.RLock", "threading.Condition",
        "multiprocessing.synchronize.Lock", "multiprocessing.synchronize.RLock",
    }
)  # fmt: skip
"""What is free when it has just been made: a semaphore may begin with nothing to give."""
_TAKING: Final = ("__enter__", "acquire")
_CONSTRUCTORS: Final = ("__init__", "__post_init__", "__attrs_post_init__")
_MAX_STEPS: Final = 8
_MAX_DEPTH: Final = 4
_SAME: Final = (Op.NARROW, Op.CAST)
_HOLDING: Final = (Op.TUPLE, Op.LIST, Op.SET, Op.DICT, Op.BOOL, Op.PHI, Op.STAR, *_SAME)
"""Values that have others in them as they are."""
_OUTSIDE: Final = (StoreKind.ATTR, StoreKind.ITEM, StoreKind.GLOBAL, StoreKind.FREE)
_KEEP_NOTHING: Final = ("builtins.", "logging.")
"""What is told of an object and does not hand it on."""


class FreeLocks:
    """Knows the waits for such locks; `effects_of` gives the effects of functions, as far as known."""

    def __init__(self, evaluator: Evaluator, effects_of: Callable[[Key], Effects]) -> None:
        self._evaluator = evaluator
        self._effects_of = effects_of

    def is_free(self, key: Key, witness: Witness) -> bool:
        """Whether what a site waits for is a lock that is free."""
        lock, _, method = witness.cause.rpartition(".")
        if lock not in _LOCKS or method not in _TAKING or not self._may_be_new(key, witness):
            return False
        steps = [*way_of(self._effects_of, key, witness, _MAX_STEPS)]
        place, last = steps[-1]
        if last.next is not None or any(step.then is not None or step.site < 0 for _, step in steps):
            return False
        body = self._evaluator.body(place)
        site = body.sites[last.site]
        taken = site.callee if site.kind == SiteKind.ENTER else graph.receiver(body, site)
        if len(steps) == 1 and self._makes_lock(key, body, taken):
            return not self._is_handed_out(key, taken, "", witness.site, 0)
        node = graph.node(body, taken)
        if node[0] != Op.ATTR or graph.node(body, graph.base(node)) != (Op.PARAM, 0):
            return False
        if any(not step.own for _, step in steps[1:-1]):
            return False
        return self._is_of_new_object(key, witness, str(node[2]), is_direct=len(steps) == 1)

    def _may_be_new(self, key: Key, witness: Witness) -> bool:
        """Whether it is worth following the calls: the site is where the lock is taken, or it calls a method
        of what is just being made, or of what the function has made."""
        if witness.site < 0:
            return False
        if witness.next is None:
            return True
        if witness.own:
            return self._evaluator.definition(key).name in _CONSTRUCTORS
        body = self._evaluator.body(key)
        return graph.call(body, graph.bare(body, graph.receiver(body, body.sites[witness.site]))) is not None

    def _is_of_new_object(self, key: Key, witness: Witness, name: str, *, is_direct: bool) -> bool:
        """Whether a site works on an object that is just being made, or that the function has just made."""
        body = self._evaluator.body(key)
        if is_direct or witness.own:
            owner = self._evaluator.enclosing_class(key)
            return (
                owner is not None
                and self._evaluator.definition(key).name in _CONSTRUCTORS
                and self._is_made_anew(owner, name)
                and not self._is_handed_out(key, body.values.index((Op.PARAM, 0)), name, witness.site, 0)
            )
        site = body.sites[witness.site]
        if site.kind != SiteKind.CALL:
            return False
        thing = graph.bare(body, graph.receiver(body, site))
        made = graph.call(body, thing)
        if made is None:
            return False
        classes = self._evaluator.evaluate(key, made.callee)
        cls = classes.values[0] if len(classes.values) == 1 and not classes.incomplete else None
        return (
            isinstance(cls, Class)
            and self._makes_new_objects(cls)
            and self._is_made_anew(cls, name)
            and not self._is_shared_by_making(cls, name)
            and not self._is_handed_out(key, thing, name, witness.site, 0)
        )

    # -- what is made ---------------------------------------------------------------------------

    def _makes_lock(self, key: Key, body: Body, value: int) -> bool:
        site = graph.call(body, graph.bare(body, value)) if value >= 0 else None
        return site is not None and self._are_locks(key, site.callee)

    def _are_locks(self, key: Key, value: int) -> bool:
        found = self._evaluator.evaluate(key, value)
        return bool(found.values) and all(
            isinstance(item, External) and self._evaluator.catalog.canonical(item.dotted) in _LOCKS
            for item in found.values
        )

    def _is_made_anew(self, owner: Class, name: str) -> bool:
        """Whether each object of a class has a lock of its own under a name."""
        found = False
        for cls in self._evaluator.classes.ancestry(owner).classes:
            if not isinstance(cls, Class):
                continue
            for method, value, _ in self._evaluator.classes.own_stores(cls).get(name, ()):
                if not self._makes_lock(method, self._evaluator.body(method), value):
                    return False
                found = True
            body = self._evaluator.body(cls.key)
            for value in self._evaluator.classes.own_members(cls).get(name, ()):
                if not self._is_field(cls.key, body, value):
                    return False
                found = found or graph.bare(body, value) >= 0
        return found

    def _is_field(self, key: Key, body: Body, value: int) -> bool:
        """Whether a class body says of a name no more than its type, or that objects begin with a lock
        (`field(default_factory=Lock)`)."""
        node = graph.node(body, value)
        while node[0] == Op.CAST:
            if graph.operand(node) < 0:
                return True
            node = graph.node(body, graph.operand(node))
        site = body.sites[graph.called_site(node)] if node[0] == Op.CALL else None
        made = [item for slot, item in site.args if slot in ("default_factory", "factory")] if site else []
        return len(made) == 1 and self._are_locks(key, made[0])

    def _makes_new_objects(self, cls: Class) -> bool:
        """Whether a call of a class gives a new object: not one that is kept for all."""
        if any(isinstance(v, Function) for v in self._evaluator.classes.method(cls, "__new__", cls).values):
            return False
        decorators = self._evaluator.definition(cls.key).decorators
        if not all(self._are_external(cls, value) for value in decorators):
            return False
        return all(
            self._are_external(item, value)
            for item in self._evaluator.classes.ancestry(cls).classes
            if isinstance(item, Class)
            for word, value in self._evaluator.definition(item.key).keywords
            if word == "metaclass"
        )

    def _are_external(self, cls: Class, value: int) -> bool:
        """Whether what is said in a class's header is nothing of the program's own."""
        found = self._evaluator.evaluate(self._evaluator.scope(cls.key), value).values
        return all(isinstance(item, (External, ExternalMethod)) for item in found)

    # -- who else may have it -------------------------------------------------------------------

    def _is_shared_by_making(self, cls: Class, name: str) -> bool:
        """Whether an object's own constructor hands it out."""
        receiver = Instance(cls)
        return any(
            self._hands_out(method, name, 1)
            for word in _CONSTRUCTORS
            for method in self._evaluator.classes.method(cls, word, receiver).values
        )

    def _hands_out(self, method: object, name: str, depth: int) -> bool:
        """Whether a method may hand its own object, or what it has under a name, to somebody else."""
        if not isinstance(method, Function) or depth > _MAX_DEPTH:
            return True
        body = self._evaluator.body(method.key)
        if (Op.PARAM, 0) not in body.values:
            return False
        return self._is_handed_out(method.key, body.values.index((Op.PARAM, 0)), name, len(body.sites), depth)

    def _is_handed_out(self, key: Key, thing: int, name: str, until: int, depth: int) -> bool:
        """Whether a function may have handed something to others before it comes to a site."""
        body = self._evaluator.body(key)
        same = {thing} | {
            number
            for number, node in enumerate(body.values)
            if node[0] in _SAME and graph.bare(body, number) == thing
        }
        is_local = body.values[thing][0] != Op.PARAM
        for store in body.stores:
            if store.kind == StoreKind.LOCAL and is_local and store.value in same:
                return True  # a function inside knows it
            is_own = store.kind == StoreKind.ATTR and store.base in same
            if store.kind in _OUTSIDE and not is_own and any(v in same for v in _held(body, store.value)):
                return True
        if any(v in same for value, _ in body.yields for v in _held(body, value)):
            return True
        last = _end_of_loops(body, until) if until < len(body.sites) else until
        return any(
            self._tells(key, body, site, same, name, depth)
            for number, site in enumerate(body.sites[:last])
            if number != until
        )

    def _tells(self, key: Key, body: Body, site: Site, same: set[int], name: str, depth: int) -> bool:
        """Whether a site gives somebody else the thing, its lock, or a method of it."""
        if site.kind not in (SiteKind.CALL, SiteKind.SET_ITEM):
            return False
        callee = graph.node(body, site.callee)
        called = self._evaluator.evaluate(key, site.callee).values
        if callee[0] == Op.ATTR and (graph.base(callee) in same or self._is_super(key, callee)):
            for value in called:
                if isinstance(value, Function):
                    if self._hands_out(value, name, depth + 1):
                        return True
                elif isinstance(value, ExternalMethod) and callee[2] != "__init__":
                    return True  # `start` of a thread
        given = [v for _, value in site.args for v in _held(body, value)]
        if not any(self._is_of(key, body, value, same, name) for value in given):
            return False
        if callee[0] == Op.ATTR and callee[2] == "__init__":  # `Base.__init__(self)`
            return any(
                self._hands_out(value, name, depth + 1) for value in called if isinstance(value, Function)
            )
        return not called or not all(
            isinstance(value, (External, ExternalMethod)) and value.dotted.startswith(_KEEP_NOTHING)
            for value in called
        )

    def _is_super(self, key: Key, callee: graph.Node) -> bool:
        return any(isinstance(v, SuperOf) for v in self._evaluator.evaluate(key, graph.base(callee)).values)

    def _is_of(self, key: Key, body: Body, value: int, same: set[int], name: str) -> bool:
        """Whether a value is the thing, its lock, a method of it or a function that may know it."""
        node = graph.node(body, value)
        if value in same or node[0] == Op.DEF:
            return True
        if node[0] != Op.ATTR or graph.base(node) not in same:
            return False
        held = self._evaluator.evaluate(key, value).values
        return node[2] == name or any(isinstance(item, Function) for item in held)


def _held(body: Body, value: int) -> Iterator[int]:
    """A value and those in it as they are."""
    todo = [value]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if value < 0 or value in seen:
            continue
        seen.add(value)
        yield value
        node = body.values[value]
        if node[0] in _HOLDING:
            todo += graph.operands(node)


def _end_of_loops(body: Body, number: int) -> int:
    """Where the loops around a site end, in which what comes after it comes before it the next time; the
    site's own number where there are none."""
    loops = [*graph.loops_around(body, body.sites[number].region)]
    if not loops:
        return number
    inside = [n for n, site in enumerate(body.sites) if graph.is_inside(body, site.region, loops[-1])]
    return max(inside) + 1
