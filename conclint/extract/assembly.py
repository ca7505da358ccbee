"""From the walked module to its summary: positions, order of sites, hashes, encoded bodies."""

from __future__ import annotations

import marshal
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from conclint.extract.directives import read_directives
from conclint.extract.module_record import ModuleRecord, last_mark
from conclint.source.directive_words import may_have_directives
from conclint.summary.body_codec import LiteralTable, encode_body, encode_spans
from conclint.summary.codec import HASH_SIZE, MARSHAL_VERSION, number_names
from conclint.summary.operands import denoted, header_values, sliced
from conclint.summary.records import (
    FORMAT,
    Assertion,
    Def,
    DefKind,
    EncodedBody,
    Import,
    ModuleSummary,
    Op,
    Param,
    StoreKind,
)
from conclint.syntax.align import AlignmentError, align
from conclint.syntax.nodes import cst
from conclint.syntax.positions import Lines, Places, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conclint.extract.scope import Scope
    from conclint.syntax.layout import Layout
    from conclint.syntax.tokens import Token

_Store = tuple[int, int, str | int, int, int] | tuple[int, int, str | int, int, int, int]


class _Body(NamedTuple):
    """A body before it is encoded: as `Body`, in plain tuples."""

    values: list[tuple[Any, ...]]
    sites: list[tuple[int, int, tuple[tuple[int | str, int], ...], int, int]]
    regions: list[list[int]]
    returns: list[tuple[int, int]]
    yields: list[tuple[int, int]]
    stores: list[_Store]
    spans: list[tuple[int, ...]]


def finish(
    record: ModuleRecord[Scope], tokens: Sequence[Token], source_hash: bytes, layout: Layout | None = None
) -> ModuleSummary:
    """The summary of a walked module; `layout` is that of the text it was parsed from, if that is another."""
    return _Finisher(record, tokens, layout).finish(source_hash)


class _Finisher:
    def __init__(self, record: ModuleRecord[Scope], tokens: Sequence[Token], layout: Layout | None) -> None:
        self.record = record
        self.tokens = tokens
        self.layout = layout
        self.lines = Lines(record.text)
        comments = may_have_directives(record.text)
        self.places = self._locate(comments)
        starts, marks = self.places.starts, self.places.marks
        of = self.lines.line
        self.logical = [(of(starts[id(begin)]), of(marks[id(end)])) for begin, end in record.lines]
        self.directives, self.assertions = (
            read_directives(self.places.comments, self.lines, self.logical) if comments else ((), {})
        )

    def _locate(self, comments: bool) -> Places:
        record = self.record
        nodes: set[int] = set()
        marks: set[int] = set()
        for begin, end in record.lines:
            nodes.add(id(begin))
            marks.add(id(end))
        for scope in record.scopes:
            nodes.update([id(node) for node, _ in scope.site_places])
            nodes.add(id(scope.node))
        try:
            return align(record.tree, record.text, self.tokens, nodes, comments)
        except AlignmentError:
            places = locate(record.tree, nodes, marks, comments)
        return places if self.layout is None else places.moved(self.layout.original)

    def finish(self, source_hash: bytes) -> ModuleSummary:
        record = self.record
        imports = tuple([Import(*found[:5], self.logical[found[5]][0]) for found in record.imports])
        defs: list[Def] = []
        bodies: list[_Body] = []
        for scope in record.scopes:
            start, column, end = self._extent(scope)
            body = self._body(scope, start)
            bodies.append(body)
            assertion = self._assertion(scope)
            defs.append(
                Def(
                    scope.key,
                    -1 if scope.parent is None else scope.parent.index,
                    scope.kind,
                    scope.flags,
                    start,
                    column,
                    end,
                    tuple(scope.decorators),
                    tuple(scope.bases),
                    tuple(scope.keywords),
                    tuple([Param(*param) for param in scope.params]),
                    scope.returned,
                    assertion,
                    self._digest(scope, body, assertion),
                )
            )
        table = LiteralTable()
        number_names(imports, defs, table)
        encoded = [(encode_body(*body[:6], table), encode_spans(body.spans)) for body in bodies]
        literals = tuple(table.items)
        return ModuleSummary(
            FORMAT,
            source_hash,
            imports,
            record.exports if record.exports_known else None,
            tuple(defs),
            self.directives,
            tuple([EncodedBody(data, spans, literals) for data, spans in encoded]),
        )

    def _extent(self, scope: Scope) -> tuple[int, int, int]:
        if scope.kind == DefKind.MODULE:
            return 1, 0, self.lines.line(max(len(self.record.text) - 1, 0))
        node = scope.node
        line, column = self.lines.place(self.places.starts[id(node)])
        if isinstance(node, cst.Lambda):
            return line, column, self.lines.line(self.places.ends[id(node)])
        return line, column, self.lines.line(self.places.marks[id(last_mark(node))])

    def _assertion(self, scope: Scope) -> int:
        if not self.assertions or scope.header < 0:
            return Assertion.NONE
        first, last = self.logical[scope.header]
        found = [self.assertions[line] for line in range(first, last + 1) if line in self.assertions]
        return found[-1] if found else Assertion.NONE

    def _body(self, scope: Scope, start: int) -> _Body:
        starts, ends = self.places.starts, self.places.ends
        places = scope.site_places
        extents = [(starts[id(node)], -ends[id(node)]) for node, _ in places]
        values = scope.values
        sites = scope.sites
        if any(one > other for one, other in pairwise(extents)):
            order = sorted(range(len(extents)), key=extents.__getitem__)
            number = [0] * len(order)
            for new, old in enumerate(order):
                number[old] = new
            sites = [sites[old] for old in order]
            extents = [extents[old] for old in order]
            places = [places[old] for old in order]
            values = [(Op.CALL, number[value[1]]) if value[0] == Op.CALL else value for value in values]
        spans: list[tuple[int, ...]] = []
        place = self.lines.place
        for (offset, end), (_, logical) in zip(extents, places, strict=True):
            first, last = self.logical[logical]
            line, column = place(offset)
            end_line, end_column = place(-end)
            spans.append((line - start, column, end_line - start, end_column, first - start, last - start))
        return _Body(values, sites, scope.regions, scope.returns, scope.yields, self._stores(scope), spans)

    def _stores(self, scope: Scope) -> list[_Store]:
        stores = list(scope.stores)
        captured = scope.captured
        if scope.kind == DefKind.MODULE:
            stores += [(StoreKind.GLOBAL, -1, *found) for found in scope.bindings]
        elif scope.kind == DefKind.CLASS:
            stores += [(StoreKind.LOCAL, -1, *found) for found in scope.bindings]
        elif captured:
            stores += [(StoreKind.LOCAL, -1, *found) for found in scope.bindings if found[0] in captured]
        if scope.captured_hidden:
            hidden = scope.captured_hidden
            stores += [(StoreKind.LOCAL, -1, *found) for found in scope.hidden_bindings if found[0] in hidden]
        return stores

    # Hashing --------------------------------------------------------------------------------------------

    def _digest(self, scope: Scope, body: _Body, assertion: int) -> bytes:
        """A hash of what the def means: no positions, nor numbers of imports and defs, which edits
        elsewhere in the file change."""
        plain = (
            scope.key,
            scope.kind,
            scope.flags,
            assertion,
            [(param[0], param[1], param[2] >= 0, param[3] >= 0) for param in scope.params],
            [word for word, _ in scope.keywords],
            (len(scope.decorators), len(scope.bases), scope.returned >= 0),
            [] if scope.parent is None else self._header(scope, scope.parent),
            denoted(body.values, self._denote),
            body.sites,
            body.regions,
            body.returns,
            body.yields,
            self._denoted_stores(body.stores),
        )
        return blake2b(marshal.dumps(plain, MARSHAL_VERSION), digest_size=HASH_SIZE).digest()

    def _denoted_stores(self, stores: list[_Store]) -> list[Any]:
        scopes = self.record.scopes
        return [
            (store[0], scopes[store[1]].key, *store[2:]) if store[0] == StoreKind.FREE else store
            for store in stores
        ]

    def _denote(self, value: tuple[Any, ...]) -> tuple[Any, ...]:
        op = value[0]
        if op == Op.IMPORT:
            return (op, *self.record.imports[value[1]][:5])
        return (op, self.record.scopes[value[1]].key, *value[2:])

    def _header(self, scope: Scope, parent: Scope) -> list[Any]:
        values = header_values(scope.decorators, scope.bases, scope.returned, scope.keywords, scope.params)
        return sliced(values, parent.values, parent.sites, self._denote)[0]
