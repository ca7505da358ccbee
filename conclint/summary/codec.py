"""Summaries as bytes: packed numbers and a table of names, checked and compressed. Needs no libcst.

The bytes depend on the summary's values alone: marshal's version 2 writes no references, which would
depend on how objects happen to be shared.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice, pairwise
from typing import Any, Final

from conclint.summary import body_codec as bodies
from conclint.summary.body_codec import LiteralTable
from conclint.summary.records import (
    FORMAT,
    Body,
    Def,
    Directive,
    EncodedBody,
    Import,
    ModuleSummary,
    Param,
    Span,
)
from conclint.summary.varints import pack, unpack

MARSHAL_VERSION: Final = 2
HASH_SIZE: Final = 8
"""Bytes of a `semantic_hash`."""

_MAGIC: Final = b"CLS" + bytes((FORMAT,))
_DAMAGE: Final = (zlib.error, ValueError, TypeError, EOFError, IndexError, StopIteration, OverflowError)


class CodecError(ValueError):
    """The bytes are no summary, or a damaged one."""


def encode_module(summary: ModuleSummary) -> bytes:
    """The summary as bytes; equal summaries give equal bytes."""
    table = LiteralTable(summary.bodies[0].literals if summary.bodies else ())
    imports = _encode_imports(summary.imports, table)
    defs = _encode_defs(summary.defs, table)
    strings = [item for item in table.items if isinstance(item, str)]
    plain: Any = (
        summary.format,
        summary.source_hash,
        imports,
        summary.exports,
        defs,
        b"".join([found.semantic_hash for found in summary.defs]),
        tuple([tuple(found) for found in summary.directives]),
        pack([len(string) for string in strings]),
        "".join(strings),
        tuple([(at, item) for at, item in enumerate(table.items) if item.__class__ is not str]),
        pack(list(chain.from_iterable([(len(body.data), len(body.spans)) for body in summary.bodies]))),
        b"".join([body.data for body in summary.bodies]),
        b"".join([body.spans for body in summary.bodies]),
    )
    packed = zlib.compress(marshal.dumps(plain, MARSHAL_VERSION), 6)
    return _MAGIC + zlib.crc32(packed).to_bytes(4, "little") + packed


def decode_module(data: bytes) -> ModuleSummary:
    """The summary that `encode_module` wrote. Raises CodecError for anything else."""
    try:
        return _decode(_unpacked(data))
    except _DAMAGE as error:
        raise CodecError(f"damaged summary: {error}") from None


def _unpacked(data: bytes) -> Any:
    if data[:4] != _MAGIC:
        raise CodecError("no summary of this format")
    packed = data[8:]
    if zlib.crc32(packed).to_bytes(4, "little") != data[4:8]:
        raise CodecError("damaged summary")
    try:
        return marshal.loads(zlib.decompress(packed))
    except _DAMAGE as error:
        raise CodecError(f"damaged summary: {error}") from None


def text_of_names(data: bytes) -> str:
    """All names and short texts of the summary that `encode_module` wrote, run together: what is in none of
    them is not mentioned. Raises CodecError for anything else."""
    text = _unpacked(data)[8]
    if not isinstance(text, str):
        raise CodecError("damaged summary")
    return text


def _decode(plain: Any) -> ModuleSummary:
    form, source_hash, imports, exports, defs, hashes, directives = plain[:7]
    lengths, text, others, sizes, data, spans = plain[7:]
    literals: list[object] = [text[a:b] for a, b in pairwise(accumulate(unpack(lengths), initial=0))]
    for at, item in others:
        literals.insert(at, item)
    table = tuple(literals)
    found: list[EncodedBody] = []
    at = span_at = 0
    numbers = iter(unpack(sizes))
    for size, span_size in zip(numbers, numbers, strict=True):
        found.append(EncodedBody(data[at : at + size], spans[span_at : span_at + span_size], table))
        at += size
        span_at += span_size
    return ModuleSummary(
        form,
        source_hash,
        _decode_imports(imports, table),
        exports,
        _decode_defs(defs, hashes, table),
        tuple([Directive._make(directive) for directive in directives]),
        tuple(found),
    )


def decode_body(encoded: EncodedBody) -> Body:
    """A def's body. Raises CodecError where it is damaged."""
    try:
        return bodies.decode_body(encoded)
    except _DAMAGE as error:
        raise CodecError(f"damaged body: {error}") from None


def decode_spans(body: Body) -> tuple[Span, ...]:
    """The spans of a body's sites, in their order."""
    return bodies.decode_spans(body)


def span_of(body: Body, site: int) -> Span:
    """Where one site is."""
    return bodies.decode_spans(body)[site]


def number_names(imports: Sequence[Import], defs: Sequence[Def], table: LiteralTable) -> None:
    """Puts the names of imports and defs into a table that bodies will be encoded with."""
    _encode_imports(imports, table)
    _encode_defs(defs, table)


def _encode_imports(imports: Sequence[Import], table: LiteralTable) -> bytes:
    numbers: list[int] = []
    before = 0
    for module, level, name, bound, flags, line in imports:
        named = 0 if name is None else table.number(name) + 1
        numbers += (table.number(module), level, named, table.number(bound), flags, line - before)
        before = line
    return pack(numbers)


def _decode_imports(data: bytes, table: Sequence[Any]) -> tuple[Import, ...]:
    numbers = iter(unpack(data))
    found: list[Import] = []
    line = 0
    for module, level, name, bound, flags, down in zip(*[numbers] * 6, strict=True):
        line += down
        named = table[name - 1] if name else None
        found.append(Import(table[module], level, named, table[bound], flags, line))
    return tuple(found)


def _encode_defs(defs: Sequence[Def], table: LiteralTable) -> bytes:
    numbers: list[int] = []
    before = 0
    for found in defs:
        prefix = defs[found.parent].key + "." if found.parent > 0 else ""
        numbers += (
            found.parent + 1,
            found.kind,
            found.flags,
            table.number(found.key[len(prefix) :]),
            found.start - before,
            found.column,
            found.end - found.start,
            found.returns + 1,
            found.assertion,
        )
        before = found.start
        for values in (found.decorators, found.bases):
            numbers.append(len(values))
            numbers += values
        numbers.append(len(found.keywords))
        for word, value in found.keywords:
            numbers += (table.number(word), value)
        numbers.append(len(found.params))
        for name, kind, default, annotation in found.params:
            numbers += (table.number(name), kind, default + 1, annotation + 1)
    return pack(numbers)


def _decode_defs(data: bytes, hashes: bytes, table: Sequence[Any]) -> tuple[Def, ...]:
    stream = iter(unpack(data))
    found: list[Def] = []
    start = 0
    for at in range(0, len(hashes), HASH_SIZE):
        parent, kind, flags, name, down, column, height, returns, assertion = islice(stream, 9)
        start += down
        key = f"{found[parent - 1].key}.{table[name]}" if parent > 1 else table[name]
        decorators = tuple(islice(stream, next(stream)))
        bases = tuple(islice(stream, next(stream)))
        keywords = tuple([(table[next(stream)], next(stream)) for _ in range(next(stream))])
        params = tuple([_decode_param(stream, table) for _ in range(next(stream))])
        found.append(
            Def(
                key,
                parent - 1,
                kind,
                flags,
                start,
                column,
                start + height,
                decorators,
                bases,
                keywords,
                params,
                returns - 1,
                assertion,
                hashes[at : at + HASH_SIZE],
            )
        )
    return tuple(found)


def _decode_param(stream: Iterator[int], table: Sequence[Any]) -> Param:
    name, kind, default, annotation = islice(stream, 4)
    return Param(table[name], kind, default - 1, annotation - 1)
