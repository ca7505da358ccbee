"""Whether an object made in a def leaves it: what happens to it then can't be told from there."""

from __future__ import annotations

from typing import Final

from conclint.rules.structural.code import Code
from conclint.summary.records import Op, SiteKind

_SAME: Final = (Op.PHI, Op.NARROW, Op.CAST, Op.ENTER, Op.BOOL)
_HOLDERS: Final = (Op.TUPLE, Op.LIST, Op.SET, Op.DICT, Op.COMP, Op.YIELD, Op.STAR)
_KEEPS_NOT: Final = frozenset({"asyncio.AbstractEventLoop.run_in_executor"})


def aliases(code: Code, value: int) -> set[int]:
    """The values that are, or may be, the same object in that def."""
    found = {value}
    grows = True
    while grows:
        more = {
            number
            for number, node in enumerate(code.body.values)
            if number not in found and node[0] in _SAME and not found.isdisjoint(code.operands(number))
        }
        found |= more
        grows = bool(more)
    return found


def escapes(code: Code, value: int) -> bool:
    """Whether the object is returned, stored, kept in a collection or passed on."""
    same = aliases(code, value)
    body = code.body
    if any(item in same for item, _ in (*body.returns, *body.yields)):
        return True
    if any(store.value in same for store in body.stores):
        return True
    if any(
        node[0] in _HOLDERS and not same.isdisjoint(code.operands(number))
        for number, node in enumerate(body.values)
    ):
        return True
    for number, site in enumerate(body.sites):
        if site.kind == SiteKind.CALL and any(passed in same for _, passed in site.args):
            call = code.calls.get(number)
            if call is None or not call.is_one_of(_KEEPS_NOT):
                return True
    return False
