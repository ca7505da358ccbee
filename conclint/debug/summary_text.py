"""Summaries as text: each value as an expression, each site, region and store as a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conclint.summary.body_graph import around
from conclint.summary.codec import decode_body, decode_spans
from conclint.summary.kinds import OpCode, StoreCode, assert_never
from conclint.summary.operands import FIRST_OPERAND, operands
from conclint.summary.records import (
    Body,
    Def,
    DefFlags,
    DefKind,
    DirectiveKind,
    LoopFlags,
    ModuleSummary,
    Op,
    RegionKind,
    Site,
    SiteKind,
    Slot,
    Span,
    StoreKind,
    Use,
)


def names_of(cls: type) -> dict[int, str]:
    """The names of a class of constants, by their values."""
    return {value: name for name, value in vars(cls).items() if isinstance(value, int)}


_SITES = names_of(SiteKind)
_REGIONS = names_of(RegionKind)
_STORES = names_of(StoreKind)
_USES = names_of(Use)
_LOOPS = names_of(LoopFlags)
_DEFS = names_of(DefKind)
_FLAGS = names_of(DefFlags)
_DIRECTIVES = names_of(DirectiveKind)


class Described:
    """A def and its body as text."""

    def __init__(self, summary: ModuleSummary, key: str) -> None:
        self.summary = summary
        self.index = [found.key for found in summary.defs].index(key)
        self.body: Body = decode_body(summary.bodies[self.index])

    @property
    def header(self) -> Def:
        """The def itself."""
        return self.summary.defs[self.index]

    @property
    def parent(self) -> Described:
        """The def that holds this one; the V of the header are in its body."""
        return Described(self.summary, self.summary.defs[self.header.parent].key)

    @property
    def sites(self) -> list[str]:
        """A line for each site: what happens, the region's path if it isn't the body, the use."""
        return [self.site(site) for site in self.body.sites]

    @property
    def calls(self) -> list[str]:
        """The lines of the calls."""
        return [self.site(site) for site in self.body.sites if site.kind == SiteKind.CALL]

    def given(self, function: str) -> list[str]:
        """The first argument of each call of a global function."""
        return [
            self.value(site.args[0][1])
            for site in self.body.sites
            if site.kind == SiteKind.CALL and self.value(site.callee) == function
        ]

    @property
    def regions(self) -> list[str]:
        """The paths of all regions but the body."""
        return [self.path(index) for index in range(1, len(self.body.regions))]

    @property
    def returns(self) -> list[str]:
        """The returned values, with their regions' paths."""
        return [self.value(value) + self.within(region) for value, region in self.body.returns]

    @property
    def yields(self) -> list[str]:
        """The yielded values, with their regions' paths."""
        return [self.value(value) + self.within(region) for value, region in self.body.yields]

    @property
    def stores(self) -> list[str]:
        """A line for each store."""
        return [self._store(*store[:5]) for store in self.body.stores]

    @property
    def spans(self) -> list[Span]:
        """The spans of the sites."""
        return list(decode_spans(self.body))

    def stored(self, name: str) -> list[str]:
        """The values stored under a name."""
        return [self.value(store.value) for store in self.body.stores if store.name == name]

    def _store(self, kind: StoreCode, base: int, name: str | int, value: int, region: int) -> str:
        match kind:
            case StoreKind.ATTR:
                target = f"{self.value(base)}.{name}"
            case StoreKind.ITEM:
                assert isinstance(name, int)
                target = f"{self.value(base)}[{self.value(name)}]"
            case StoreKind.FREE:
                target = f"FREE {self.summary.defs[base].key}:{name}"
            case StoreKind.GLOBAL | StoreKind.LOCAL:
                target = f"{_STORES[kind]} {name}"
            case _:
                assert_never(kind)
        return f"{target} = {self.value(value)}{self.within(region)}"

    def site(self, site: Site) -> str:
        """A site as a line."""
        text = self.call(site) if site.kind == SiteKind.CALL else self.value(site.callee)
        if site.kind in (SiteKind.ITEM, SiteKind.DECORATE):
            text += f" [{self.value(site.args[0][1])}]"
        words = [word.lower() for bit, word in _USES.items() if site.use & bit]
        kind = "" if site.kind == SiteKind.CALL else _SITES[site.kind] + " "
        return f"{kind}{text}{self.within(site.region)}{' -> ' if words else ''}{' '.join(words)}"

    def call(self, site: Site, seen: tuple[int, ...] = ()) -> str:
        """A call as an expression."""
        arguments = [self._argument(slot, value, seen) for slot, value in site.args]
        return f"{self.value(site.callee, seen)}({', '.join(arguments)})"

    def _argument(self, slot: int | str, value: int, seen: tuple[int, ...]) -> str:
        text = self.value(value, seen)
        if isinstance(slot, str):
            return f"{slot}={text}"
        return {Slot.STAR: "*", Slot.DOUBLE_STAR: "**"}.get(slot, "") + text

    def within(self, region: int) -> str:
        """ " in PATH", or nothing for the body."""
        return f" in {self.path(region)}" if region else ""

    def path(self, index: int) -> str:
        """The kinds of a region and those around it, outermost first."""
        parts = [self._region(region) for region in around(self.body, index)]
        return "/".join(reversed(parts))

    def _region(self, index: int) -> str:
        kind, _, value, extra, _, _ = self.body.regions[index]
        name = _REGIONS[kind].lower()
        text = "" if value < 0 else f"({self.value(value)})"
        if kind in (RegionKind.IF, RegionKind.AFTER):
            return f"{name}{'+' if extra else '-'}{text}"
        if kind in (RegionKind.FOR, RegionKind.WHILE, RegionKind.COMP):
            flags = [word.lower() for bit, word in _LOOPS.items() if extra & bit]
            return f"{name}{text}{''.join(':' + flag for flag in flags)}"
        if kind == RegionKind.CASE:
            return f"{name}({self.value(value)}: {self.value(extra)})"
        if kind == RegionKind.WITH:
            return f"{'async ' if extra else ''}{name}{text}"
        if kind in (RegionKind.TRY, RegionKind.BODY):
            return f"{name}{text}"
        return f"{name}{text}@{extra}"

    def node(self, index: int) -> str:
        """A value by its op and what it is made from, other values by their numbers (`v3`)."""
        op: Any
        op, *rest = self.body.values[index]
        made_from = operands((op, *rest))
        first = FIRST_OPERAND.get(op, len(rest) + 1) - 1
        words = [repr(item) if op == Op.CONST else str(item) for item in rest[:first]]
        words += [f"v{item}" if item >= 0 else "-" for item in made_from]
        words += [str(item) for item in rest[first + len(made_from) :]]
        return " ".join([_OPS[op], *words])

    def value(self, index: int, seen: tuple[int, ...] = ()) -> str:
        """A value as an expression; `…` where it leads back to itself."""
        if index < 0:
            return "-"
        if index in seen:
            return "…"
        seen = (*seen, index)
        op: Any
        op, *rest = self.body.values[index]
        return self._expression(op, rest, seen)

    def _expression(self, op: OpCode, rest: list[Any], seen: tuple[int, ...]) -> str:
        def inner(start: int = 0) -> list[str]:
            return [self.value(item, seen) for item in rest[start:] if isinstance(item, int)]

        if op == Op.UNKNOWN:
            return "?"
        if op == Op.PARAM:
            assert isinstance(rest[0], int)
            return f"${self.header.params[rest[0]].name}"
        if op == Op.GLOBAL:
            return str(rest[0])
        if op == Op.FREE:
            assert isinstance(rest[0], int)
            return f"{self.summary.defs[rest[0]].key}:{rest[1]}"
        if op == Op.IMPORT:
            assert isinstance(rest[0], int)
            found = self.summary.imports[rest[0]]
            name = "" if found.name is None else f":{found.name}"
            return f"<{'.' * found.level}{found.module}{name}>"
        if op == Op.CONST:
            return repr(rest[0])
        if op == Op.TYPED:
            return f"<{rest[0]}>"
        if op == Op.ATTR:
            return f"{inner()[0]}.{rest[1]}"
        if op == Op.ITEM:
            return "{}[{}]".format(*inner())
        if op == Op.CALL:
            assert isinstance(rest[0], int)
            return self.call(self.body.sites[rest[0]], seen)
        if op == Op.DEF:
            assert isinstance(rest[0], int)
            return f"def {self.summary.defs[rest[0]].key}"
        if op == Op.BOOL or op == Op.COMP:
            return f"{rest[0]}({', '.join(inner(1))})"
        if op == Op.COMPARE or op == Op.ARITH:
            left, right = inner(1)
            return f"({left} {rest[0]} {right})"
        if op == Op.NARROW:
            base, kind, _ = inner()
            return f"({base} {'is' if rest[2] else 'is not'} {kind})"
        if op == Op.SLICE:
            return ":".join("" if part == "-" else part for part in inner())
        match op:
            case (
                Op.AWAIT
                | Op.PHI
                | Op.ELEM
                | Op.ENTER
                | Op.TUPLE
                | Op.LIST
                | Op.SET
                | Op.DICT
                | Op.CAST
                | Op.CAUGHT
                | Op.STAR
                | Op.YIELD
            ):
                return f"{_OPS[op].lower()}({', '.join(inner())})"
            case _:
                return assert_never(op)


def describe_summary(summary: ModuleSummary, key: str | None = None) -> Iterator[str]:
    """The lines of a whole summary: its imports and directives, then each def with its value graph; of one
    def alone, where its key is given."""
    if key is not None:
        yield from _describe_def(Described(summary, key))
        return
    for found in summary.imports:
        name = "" if found.name is None else f" import {found.name}"
        yield f"line {found.line}: {'.' * found.level}{found.module}{name} as {found.bound or '*'}"
    for directive in summary.directives:
        codes = f" {','.join(directive.codes)}" if directive.codes else ""
        yield f"line {directive.line}: {_DIRECTIVES[directive.kind].lower()}{codes}"
    for definition in summary.defs:
        yield ""
        yield from _describe_def(Described(summary, definition.key))


def _describe_def(described: Described) -> Iterator[str]:
    header = described.header
    lines = f"lines {header.start}-{header.end}"
    words = [word.lower() for bit, word in _FLAGS.items() if header.flags & bit]
    params = ", ".join(param.name for param in header.params)
    kind = _DEFS[header.kind].lower().replace("_", " ")
    yield f"{kind} {header.key}({params}), {', '.join([lines, *words])}"
    for index in range(len(described.body.values)):
        yield f"  v{index} = {described.node(index)}"
    groups = (
        ("site", described.sites),
        ("region", described.regions),
        ("store", described.stores),
        ("returns", described.returns),
        ("yields", described.yields),
    )
    for title, found in groups:
        for number, line in enumerate(found, start=1 if title == "region" else 0):
            yield f"  {title} {number}: {line}" if title in ("site", "region") else f"  {title} {line}"


_OPS = names_of(Op)
