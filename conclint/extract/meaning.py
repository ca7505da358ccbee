"""Whether two summaries mean the same: whether they differ, if at all, in nothing but where things stand."""

from __future__ import annotations

from itertools import starmap

from conclint.summary.codec import CodecError, decode_body, decode_module
from conclint.summary.records import Def, EncodedBody, ModuleSummary


def mean_the_same(encoded: bytes, summary: ModuleSummary) -> bool:
    """Whether a summary's bytes mean what the other summary does; False where they can't be decoded.

    Comments that speak to conclint are no part of the meaning, but for what they say of a def.
    """
    try:
        other = decode_module(encoded)
    except CodecError:
        return False
    return (
        other.exports == summary.exports
        and [item._replace(line=0) for item in other.imports]
        == [item._replace(line=0) for item in summary.imports]
        and list(map(_placeless, other.defs)) == list(map(_placeless, summary.defs))
        and all(starmap(_same_body, zip(other.bodies, summary.bodies, strict=True)))
    )


def _placeless(item: Def) -> Def:
    return item._replace(start=0, column=0, end=0)


def _same_body(first: EncodedBody, second: EncodedBody) -> bool:
    if first.data == second.data and first.literals == second.literals:
        return True
    # 1 and True are equal, and mean different things
    return repr(decode_body(first)._replace(spans=b"")) == repr(decode_body(second)._replace(spans=b""))
