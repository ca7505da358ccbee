"""The parts of a module that an edit changes one by one, and the names through which each can be reached.

Whatever is found out about a function is found by names: of the functions it calls, of the attributes it
reads, of the variables they are kept in. So what an edit changes reaches only code that mentions a name to
which something changed gives a meaning, or a name to which such code gives one in turn. A few things are
reached without their own names, through the class: special methods, whatever derived classes inherit, and
what a base class calls of itself; then the class's name counts.
"""

from __future__ import annotations

import marshal
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from conclint.catalog.registering import RUN_BY
from conclint.resolve.containers import PUTS, written_value
from conclint.resolve.values import to_index
from conclint.summary.codec import MARSHAL_VERSION, decode_body
from conclint.summary.kinds import OPS, OpCode, assert_never
from conclint.summary.operands import header_values, sliced
from conclint.summary.records import (
    Body,
    Def,
    DefKind,
    Import,
    ModuleSummary,
    Op,
    Region,
    Site,
    SiteKind,
    StoreKind,
)
from conclint.summary.twins import sync_names

INHERITED: Final = "()"
"""Ends a name that stands for the members of a class: those that are derived from it have others."""
_IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")
VARIABLE: Final = "="
"""Begins a mention that only what the module itself binds can be meant by: of a variable, no attribute."""
ANYTHING: Final = ".*"
"""Ends a name that stands for a module any of whose names may have got another meaning."""
_ANY_NAME: Final = "__getattr__"
"""A module's function of this name makes names when they are asked for."""
_IS_NAME: Final = re.compile(r"\S*|.*[\[|].*", re.DOTALL)
"""A name that is written as text, or a type: no sentence."""
_MOST_VISITED: Final = 200_000
_DISPATCHING: Final = frozenset(("singledispatch", "singledispatchmethod"))
"""What a module imports gives these another meaning: more implementations may be registered, or fewer."""
_BLOCKS: Final = (DefKind.MODULE, DefKind.CLASS)


_Naming: TypeAlias = Literal[2, 3, 4, 5, 7]


def _naming(op: OpCode) -> _Naming | None:
    """The op again, of a kind of value that has a name in itself by which something of another meaning is
    reached (that of a CALL is in its callee, that of a DEF is told by what it is kept in)."""
    match op:
        case Op.GLOBAL | Op.FREE | Op.IMPORT | Op.CONST | Op.ATTR:
            return op
        case Op.UNKNOWN | Op.PARAM | Op.TYPED | Op.CALL | Op.DEF | Op.SLICE:
            return None
        case Op.ITEM | Op.AWAIT | Op.PHI | Op.ELEM | Op.ENTER | Op.CAUGHT | Op.STAR | Op.YIELD:
            return None
        case Op.TUPLE | Op.LIST | Op.SET | Op.DICT | Op.COMP:
            return None
        case Op.BOOL | Op.COMPARE | Op.ARITH | Op.NARROW | Op.CAST:
            return None
        case _:
            return assert_never(op)


_NAMING: Final = {op: naming for op in OPS if (naming := _naming(op)) is not None}


class TooLargeError(Exception):
    """Comparing would take longer than judging anew."""


class Part(NamedTuple):
    """A function as a whole, a statement of a module's or class's body, a class's header, or an import.

    `token` is equal for parts that mean the same. `owner` is the def it is or stands in, `gives` the names
    to which it gives a meaning, `mentions` those it may hang on (see VARIABLE), `holds` the defs that are its
    value, `passes_on` the names of classes that it gives out under its own. `is_header`: of a class;
    `is_kept`: what a function keeps elsewhere; `makes_members`: it decides what instances are made with.
    """

    token: bytes
    owner: int
    gives: frozenset[str]
    mentions: frozenset[str]
    holds: frozenset[int] = frozenset()
    passes_on: frozenset[str] = frozenset()
    is_import: bool = False
    is_header: bool = False
    is_kept: bool = False
    makes_members: bool = False


class Parts:
    """The parts of one summary; imports from the top-level names `outside` lead out of the program."""

    def __init__(self, summary: ModuleSummary, outside: Collection[str] = ()) -> None:
        self._defs = summary.defs
        self._imports = summary.imports
        self._bodies = [decode_body(body) for body in summary.bodies]
        self._visited = 0
        self._own = frozenset(
            str(store.name) for store in self._bodies[0].stores if store.kind == StoreKind.GLOBAL
        )
        self._foreign = self._find_foreign(outside)
        self._calls_cached = self._find_cached()
        self.parts = tuple(self._all())
        self._of_def: dict[int, int] = {}
        self._by_mention: dict[str, list[int]] = {}
        self._by_passing: dict[str, list[int]] = {}
        self._by_held: dict[int, list[int]] = {}
        self._by_owner: dict[int, list[int]] = {}
        self._inner: dict[int, list[int]] = {}
        for index, definition in enumerate(self._defs):
            self._inner.setdefault(definition.parent, []).append(index)
        for number, part in enumerate(self.parts):
            self._by_owner.setdefault(part.owner, []).append(number)
            if not part.is_kept and not self._is_block(part.owner):
                self._of_def[part.owner] = number
            for held, keys in (
                (self._by_mention, part.mentions),
                (self._by_passing, part.passes_on),
            ):
                for key in keys:
                    held.setdefault(key, []).append(number)
            for index in part.holds:
                self._by_held.setdefault(index, []).append(number)
        self._has_star = any(item.name == "*" for item in self._imports)
        self._heard: set[str] = set()
        self._known: set[str] = set()
        self._affected: set[int] = set()
        self._new: set[str] = set()
        self._todo: list[int] = []

    def _find_foreign(self, outside: Collection[str]) -> frozenset[str]:
        """The names that only imports from outside bind, in whatever function: no attribute of what they
        name is of the program."""
        is_outside = [not item.level and item.module.partition(".")[0] in outside for item in self._imports]
        foreign = {item.bound for item, is_it in zip(self._imports, is_outside, strict=True) if is_it}
        foreign -= {item.bound for item, is_it in zip(self._imports, is_outside, strict=True) if not is_it}
        for body in self._bodies:
            for store in body.stores:
                value = body.values[store.value]
                if store.name in foreign and not (value[0] == Op.IMPORT and is_outside[to_index(value[1])]):
                    foreign.discard(str(store.name))
        return frozenset(foreign)

    def _is_foreign(self, node: tuple[Any, ...]) -> bool:
        if node[0] == Op.IMPORT:
            return self._imports[node[1]].bound in self._foreign
        return node[0] == Op.GLOBAL and node[1] in self._foreign

    def _all(self) -> Iterator[Part]:
        for item in self._imports:
            plain = frozenset(() if item.name is None else (item.name,))
            modules = (item.module.rpartition(".")[2], *plain)
            mentions = plain.union(name + ANYTHING for name in modules)
            gives = frozenset((VARIABLE + item.bound,))  # others know it by what it is kept as
            yield Part(b"", 0, gives, mentions, passes_on=plain, is_import=True)
        yield Part(_token([item[:3] for item in self._imports]), 0, _DISPATCHING, frozenset())
        for index, definition in enumerate(self._defs):
            if definition.kind in _BLOCKS:
                yield from self._statements(index)
            else:
                yield self._function(index, definition)
                yield from self._kept(index)
            if definition.kind == DefKind.CLASS:
                yield self._header(index, definition)

    def _is_block(self, index: int) -> bool:
        return self._defs[index].kind in _BLOCKS

    # -- the kinds of parts ---------------------------------------------------------------------

    def _function(self, index: int, definition: Def) -> Part:
        body = self._bodies[index]
        mentions = {name for value in body.values for name in self._mentioned(value, body)}
        _, in_header, holds = self._slice(definition.parent, _header_values(definition))
        returned = [body.values[value] for value, _ in body.returns]
        returned += [
            body.values[to_index(item)] for node in returned if node[0] == Op.PHI for item in node[1:]
        ]
        passes_on = {name for node in returned if node[0] != Op.CONST for name in self._mentioned(node, body)}
        return Part(
            _token((definition.key, definition.semantic_hash)),
            index,
            frozenset(),
            frozenset(mentions | in_header),
            frozenset(holds),
            passes_on=frozenset(passes_on),
        )

    def _kept(self, index: int) -> Iterator[Part]:
        """What a function keeps elsewhere: in attributes, module variables, collections."""
        ordinals: Counter[str] = Counter()
        for name, region, roots in _keeping(self._bodies[index], self._imports):
            ordinals[name] += 1
            part = self._part(index, (name, ordinals[name]), self._as_imported({name}), roots, region)
            yield part._replace(passes_on=frozenset(), is_kept=True)
        yield from self._filled(index)

    def _filled(self, index: int) -> Iterator[Part]:
        """What a function hands to a call that may have it call cached functions: callers of these find what
        they give."""
        body = self._bodies[index]
        ordinals: Counter[str] = Counter()
        for site in body.sites:
            handed = {name for _, value in site.args for name in self._handed(body, value)}
            for name in sorted(handed):
                ordinals[name] += 1
                roots = [site.callee, *(value for _, value in site.args)]
                part = self._part(index, ("()", name, ordinals[name]), {name}, roots, site.region)
                yield part._replace(passes_on=frozenset(), is_kept=True)

    def _handed(self, body: Body, value: int) -> Collection[str]:
        """The cached functions that one which is handed over calls, or is."""
        node = body.values[value]
        if node[0] == Op.DEF:
            return self._calls_cached.get(self._defs[to_index(node[1])].name, ())
        if node[0] not in (Op.GLOBAL, Op.FREE, Op.ATTR):
            return ()
        return self._calls_cached.get(str(node[1] if node[0] == Op.GLOBAL else node[2]), ())

    def _find_cached(self) -> dict[str, set[str]]:
        """By the name of a function, the functions of the module that it calls, or is, and that may keep what
        they return: any that has a decorator."""
        plain = [item for item in self._defs if item.kind not in _BLOCKS]
        cached = {definition.name for definition in plain if definition.decorators}
        found: dict[str, set[str]] = {name: {name} for name in cached}
        for definition, body in zip(self._defs, self._bodies, strict=True) if cached else ():
            called = {str(node[-1]) for node in body.values if node[0] in (Op.GLOBAL, Op.FREE, Op.ATTR)}
            if definition.kind not in _BLOCKS and (called := called & cached):
                found.setdefault(definition.name, set()).update(called)
        return found

    def _part(
        self, owner: int, what: tuple[Any, ...], gives: set[str], roots: Iterable[int], region: int
    ) -> Part:
        """What is made from some values of a body, under the conditions of a region."""
        plain, mentions, holds = self._slice(owner, roots)
        around, conditions = self._around(owner, region)
        return Part(
            _token((self._defs[owner].key, what, plain, around)),
            owner,
            frozenset(gives),
            frozenset(mentions | conditions),
            frozenset(holds),
            frozenset(mentions),
        )

    def _header(self, index: int, definition: Def) -> Part:
        values = _header_values(definition)
        plain, mentions, holds = self._slice(definition.parent, values)
        bases = {name + INHERITED for name in mentions}
        token = _token((definition.key, [word for word, _ in definition.keywords], plain))
        return Part(
            token,
            index,
            frozenset(),
            frozenset(mentions | bases),
            frozenset(holds),
            is_header=True,
        )

    def _statements(self, owner: int) -> Iterator[Part]:
        body = self._bodies[owner]
        ordinals: Counter[str] = Counter()
        for store in body.stores:
            name = str(store.name)
            roots = [store.value]
            kind = store.kind
            if kind == StoreKind.ATTR:
                roots.append(store.base)
                gives = {name, *_name_of(body, store.base), *RUN_BY.get(name, ())}
            elif kind == StoreKind.ITEM:
                roots += [store.base, int(store.name)]
                gives = _name_of(body, store.base)
                name = ""
            elif kind == StoreKind.GLOBAL or kind == StoreKind.LOCAL or kind == StoreKind.FREE:
                gives = {name, *self._twins(body.values[store.value], name)}
            else:
                assert_never(kind)
            ordinals[name] += 1
            part = self._part(owner, (store.kind, name, ordinals[name]), gives, roots, store.region)
            yield part._replace(makes_members=body.values[store.value][0] == Op.CAST)
        for site in body.sites:
            gives = self._as_imported(self._changed_by(body, site))
            if gives:
                slots = [slot for slot, _ in site.args]
                roots = [site.callee, *(value for _, value in site.args)]
                yield self._part(owner, (site.kind, slots), gives, roots, site.region)

    def _twins(self, value: tuple[Any, ...], name: str) -> tuple[str, ...]:
        """The names of plain functions instead of which a coroutine function can be awaited."""
        is_coroutine = value[0] == Op.DEF and self._defs[value[1]].kind == DefKind.ASYNC_FUNCTION
        return sync_names(name) if is_coroutine else ()

    def _changed_by(self, body: Body, site: Site) -> set[str]:
        """The names of what a statement of a block does something to: what a call puts something into, what
        is called while the module is imported, what is deleted or added to."""
        match site.kind:
            case SiteKind.DECORATE:
                return _registered_with(body, site, self._imports)
            case SiteKind.CALL | SiteKind.DELETE | SiteKind.AUGMENT | SiteKind.SET_ITEM:
                pass
            case SiteKind.SET_ATTR:
                return set()  # a store says it
            case SiteKind.ENTER | SiteKind.ITERATE | SiteKind.ATTR | SiteKind.ITEM | SiteKind.CONTAINS:
                return set()
            case SiteKind.AWAIT | SiteKind.RAISE | SiteKind.DISCARD | SiteKind.SPIN | SiteKind.OPERATE:
                return set()
            case _:
                return assert_never(site.kind)
        value = site.callee
        while body.values[value][0] in (Op.ATTR, Op.ITEM):
            value = to_index(body.values[value][1])
        found = _put_into(body, site, self._imports)
        node = body.values[value]
        if node[0] == Op.DEF:
            found.add(self._defs[to_index(node[1])].name)
        elif node[0] != Op.GLOBAL or node[1] in self._own:
            found |= _name_of(body, value)
        return found

    def _as_imported(self, names: set[str]) -> set[str]:
        """The names, and those that they have where they are imported from."""
        return names.union(
            item.name for item in self._imports if item.name is not None and item.bound in names
        )

    def _around(self, owner: int, region: int) -> tuple[list[Any], set[str]]:
        """What a statement of a block stands under."""
        regions: list[Region] = []
        while region > 0:
            regions.append(self._bodies[owner].regions[region])
            region = regions[-1].parent
        values = [item.value for item in regions]
        plain, mentions, _ = self._slice(owner, values) if values else ([], set(), set())
        return [[item.kind for item in regions], plain], mentions

    # -- values ---------------------------------------------------------------------------------

    def _mentioned(self, value: tuple[Any, ...], body: Body) -> Iterator[str]:
        naming = _NAMING.get(value[0])
        if naming is None:
            return
        if naming == Op.GLOBAL:
            yield VARIABLE + value[1]
        elif naming == Op.FREE:
            yield VARIABLE + value[2]
        elif naming == Op.ATTR:
            if not self._is_foreign(body.values[value[1]]):
                yield value[2]
        elif naming == Op.IMPORT:
            yield VARIABLE + self._imports[value[1]].bound
        elif naming == Op.CONST:
            if isinstance(value[1], str) and _IS_NAME.fullmatch(value[1]):
                yield from _identifiers(value[1])
        else:
            assert_never(naming)

    def _slice(self, owner: int, roots: Iterable[int]) -> tuple[list[Any], set[str], set[int]]:
        """The part of a value graph that can be reached from the roots, numbered anew, with the names in it
        and the defs."""
        body = self._bodies[owner]
        plain, order = sliced(roots, body.values, body.sites, self._denote)
        self._visited += len(order)
        if self._visited > _MOST_VISITED:
            raise TooLargeError
        nodes: list[tuple[Any, ...]] = [body.values[value] for value in order]
        holds = {node[1] for node in nodes if node[0] == Op.DEF}
        mentions = {name for node in nodes for name in self._mentioned(node, body)}
        return plain, mentions | {VARIABLE + name for name in self.names_of(holds)}, holds

    def _denote(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        op = value[0]
        if op == Op.IMPORT:
            return (op, *self._imports[value[1]][:5])
        return (op, self._defs[value[1]].key, *value[2:])

    # -- what is reached ------------------------------------------------------------------------

    def mark(self, names: Iterable[str], changed: Iterable[Part] = ()) -> set[str]:
        """Notes that these names of other modules, and these parts, have another meaning; returns the names
        that get one by that, ANYTHING among them where any may."""
        self._new = set()
        tokens = {part.token for part in changed}
        self._todo = [number for number, part in enumerate(self.parts) if part.token in tokens]
        for name in names:
            self._hear(name)
        while self._todo:
            self._affect(self._todo.pop())
        return {name for name in self._new.difference(names) if not name.startswith(VARIABLE)}

    @property
    def affected(self) -> list[Def]:
        """The defs of which any part is reached, save for what they keep elsewhere."""
        owners = {self.parts[at].owner for at in self._affected if not self.parts[at].is_kept}
        return [self._defs[owner] for owner in owners]

    def names_of(self, owners: Iterable[int]) -> set[str]:
        """The names of these defs."""
        return {self._defs[owner].name for owner in owners}

    def _hear(self, name: str) -> None:
        """A name of another module has another meaning; variables have it only by an import."""
        if self._has_star:
            self._know(name)
        elif name not in self._heard:
            self._heard.add(name)
            self._meet(name)

    def _know(self, name: str) -> None:
        """A name of the module itself has another meaning."""
        if name not in self._known:
            self._known.add(name)
            self._new.add(name)
            self._meet(name)
            self._meet(VARIABLE + name)

    def _meet(self, mention: str) -> None:
        self._todo += self._by_mention.get(mention, ())
        if mention.endswith(INHERITED):
            for number in self._by_passing.get(mention.removesuffix(INHERITED), ()):
                part = self.parts[number]
                for given in part.gives or {self._defs[part.owner].name}:
                    self._know(given + INHERITED)

    def _affect(self, number: int) -> None:
        if number in self._affected:
            return
        self._affected.add(number)
        part = self.parts[number]
        for name in part.gives:
            self._know(name)
        owner = part.owner
        if part.is_kept:
            return
        if self._defs[owner].key == _ANY_NAME:
            self._know(ANYTHING)
        if not self._is_block(owner):
            self._affect_inner(owner)
        if part.is_header or not self._is_block(owner):
            self._affect_holders(owner)
        elif owner:
            self._know(self._defs[owner].name + INHERITED)
            is_special = any(name.startswith("__") for name in part.gives)
            if self._defs[owner].bases or is_special or part.makes_members:
                self._affect_holders(owner)

    def _affect_inner(self, index: int) -> None:
        """What is in a function reads the function's variables."""
        for inner in self._inner.get(index, ()):
            self._todo += self._by_owner.get(inner, ())
            if self._defs[inner].kind == DefKind.CLASS:
                self._affect_inner(inner)

    def _affect_holders(self, index: int) -> None:
        """What holds a def: the function around it, and whatever has it for a value or a default."""
        parent = self._defs[index].parent
        if not self._is_block(parent):
            self._todo.append(self._of_def[parent])
        self._todo += self._by_held.get(index, ())


def differing(old: Parts, new: Parts) -> list[Part]:
    """The parts of each of two versions of a module that the other has not. What has an import as its value
    is another part where the import is another one."""
    had, have = (Counter(part.token for part in parts.parts if not part.is_import) for parts in (old, new))
    gone, come = had - have, have - had
    return [
        part for parts, tokens in ((old, gone), (new, come)) for part in parts.parts if part.token in tokens
    ]


def identifiers_of(summary: ModuleSummary) -> set[str]:
    """All identifiers that a summary has in names and short texts."""
    found: set[str] = set()
    for item in summary.bodies[0].literals if summary.bodies else ():
        if isinstance(item, str):
            found.update((item,) if item.isidentifier() else _identifiers(item))
    return found


def _token(plain: Any) -> bytes:
    return marshal.dumps(plain, MARSHAL_VERSION)


def _identifiers(text: str) -> list[str]:
    return _IDENTIFIER.findall(text)


def _header_values(definition: Def) -> list[int]:
    return header_values(
        definition.decorators,
        definition.bases,
        definition.returns,
        definition.keywords,
        definition.params,
    )


def _keeping(body: Body, imports: Sequence[Import]) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """The names that a function gives something to, with region and values."""
    for store in body.stores:
        if store.kind in (StoreKind.ATTR, StoreKind.GLOBAL):
            run_by = sorted(RUN_BY.get(str(store.name), ())) if store.kind == StoreKind.ATTR else ()
            for name in (str(store.name), *run_by):
                yield name, store.region, (store.value, store.base)
        elif store.kind == StoreKind.ITEM:
            for name in sorted(_name_of(body, store.base)):
                yield name, store.region, (store.value, store.base, to_index(store.name))
    for site in body.sites:
        for name in sorted(_put_into(body, site, imports)):
            yield name, site.region, (site.callee, *(value for _, value in site.args))


def _name_of(body: Body, value: int) -> set[str]:
    """What a value is called where it is kept: a variable's name, an attribute's."""
    value = written_value(body, value)
    node = body.values[value]
    if node[0] == Op.GLOBAL:
        return {str(node[1])}
    if node[0] in (Op.ATTR, Op.FREE):
        return {str(node[2])}
    return {
        str(store.name)
        for store in body.stores
        if store.kind != StoreKind.ITEM and written_value(body, store.value) == value
    }


def _put_into(body: Body, site: Site, imports: Sequence[Import]) -> set[str]:
    """The names of the collection into which a call puts something."""
    if site.kind == SiteKind.AUGMENT:
        return _name_of(body, site.callee)
    node = body.values[site.callee] if site.kind == SiteKind.CALL else (Op.UNKNOWN,)
    if node[0] != Op.ATTR or node[2] not in PUTS:
        return _registered_with(body, site, imports)
    return _name_of(body, to_index(node[1]))


def _registered_with(body: Body, site: Site, imports: Sequence[Import]) -> set[str]:
    """The names of the function that gets an implementation (`@f.register`, `f.register(type, g)`), or of
    what runs what is registered (`@signal.connect`, `future.add_done_callback(g)`) and of what it is
    registered with."""
    if site.kind not in (SiteKind.CALL, SiteKind.DECORATE):
        return set()
    node = body.values[site.callee]
    if node[0] == Op.CALL:
        node = body.values[body.sites[to_index(node[1])].callee]
    if node[0] not in (Op.ATTR, Op.GLOBAL, Op.IMPORT):
        return set()
    if node[0] == Op.ATTR and node[2] == "register":
        return _name_of(body, to_index(node[1]))
    called = imports[to_index(node[1])].bound if node[0] == Op.IMPORT else str(node[-1])
    run_by = RUN_BY.get(called, frozenset())
    return {*run_by, *_name_of(body, to_index(node[1]))} if run_by and node[0] == Op.ATTR else set(run_by)
