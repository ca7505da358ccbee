"""A new kind of value or site is handled everywhere, or it fails here."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from conclint.catalog.loader import Catalog
from conclint.debug.summary_text import Described, names_of
from conclint.effects.effect_rows import _RECORDS
from conclint.extract import extract_summary
from conclint.resolve.evaluate import Evaluator
from conclint.resolve.program import Program
from conclint.resolve.values import Value
from conclint.summary.codec import decode_body
from conclint.summary.kinds import OpCode, SiteCode, StoreCode
from conclint.summary.operands import FIRST_OPERAND
from conclint.summary.records import Op, SiteKind, StoreKind

LEAVES = {Op.UNKNOWN, Op.PARAM, Op.GLOBAL, Op.FREE, Op.IMPORT, Op.CONST, Op.TYPED, Op.CALL, Op.DEF}
"""Values that are made from no other values (of a call the site says what it is made from)."""

UNTOLD = {Op.UNKNOWN, Op.SLICE, Op.STAR, Op.YIELD, Op.TUPLE, Op.LIST, Op.SET, Op.DICT}
"""Values of which evaluation knows nothing, or which stand for themselves (displays)."""

EVERYTHING = """
import os, asyncio
from os import path

TOTAL = 1
class Thing:
    attribute = None
    def method(self): ...
    def __eq__(self, other): ...
def decorator(f): return f

@decorator
def every(a, *rest, key: "int" = 1, **more):
    global TOTAL
    def inner():
        nonlocal a
        a = rest
        return a
    text = f"{a}"
    chosen = a if key else rest
    first, *others = [*rest, chosen]
    both = {1, 2} | {"k": a, **more}.keys()
    lazy = (x for x in rest)
    done = a and not key or a < 1 == key is None in both
    part = a[1:2]
    with open(path) as file, a.b as entered:
        for line in file:
            entered.x = line
            more[line] = entered
            TOTAL += line
    try:
        del more[key], entered.x
    except (OSError, ValueError) as error:
        raise Thing from error
    if isinstance(a, Thing):
        print(a.method(), -a, a + 1, a in rest)
    sent = yield lazy
    made: Thing = Thing()
    gone = Thing()
    del gone
    match a:
        case Thing(): pass
    while not TOTAL: pass
    return lambda: sent
async def waits(a):
    await a
    await asyncio.sleep(1)
"""


@pytest.fixture(scope="module")
def summary() -> Any:
    return extract_summary(EVERYTHING.encode())


def values_of(summary: Any) -> set[object]:
    return {node[0] for body in summary.bodies for node in decode_body(body).values}


def test_the_program_above_has_every_kind_of_value_and_site(summary: Any) -> None:
    sites = {site.kind for body in summary.bodies for site in decode_body(body).sites}
    rare = {Op.UNKNOWN}
    assert {names_of(Op)[op] for op in names_of(Op).keys() - values_of(summary) - rare} == set()
    assert {names_of(SiteKind)[kind] for kind in names_of(SiteKind).keys() - sites} == set()


def test_mypy_knows_all_kinds() -> None:
    """What ends in `assert_never` handles each constant of these classes."""
    for constants, code in ((Op, OpCode), (SiteKind, SiteCode), (StoreKind, StoreCode)):
        assert names_of(constants).keys() == set(get_args(code)), constants


def test_each_candidate_can_be_kept_in_an_effect() -> None:
    assert set(get_args(Value)) <= set(_RECORDS)


def test_of_each_value_it_is_known_what_it_is_made_from() -> None:
    assert names_of(Op).keys() == LEAVES | FIRST_OPERAND.keys()
    assert not LEAVES & FIRST_OPERAND.keys()


def test_each_value_is_evaluated_or_known_to_be_unknown() -> None:
    class Nothing:
        """No modules."""

        def get(self, path: str) -> None:
            return None

        def is_loaded(self, path: str) -> bool:
            return True

    anything: Any = Nothing()
    evaluator = Evaluator(Program(anything, anything, Catalog()))
    handled = evaluator._dispatch.keys() | evaluator._constants.keys()
    assert {names_of(Op)[op] for op in names_of(Op).keys() - handled} <= {names_of(Op)[op] for op in UNTOLD}


def test_each_value_and_site_can_be_shown(summary: Any) -> None:
    for definition in summary.defs:
        described = Described(summary, definition.key)
        assert all(described.node(index) for index in range(len(described.body.values)))
        assert all(described.value(index) for index in range(len(described.body.values)))
        assert len(described.sites) == len(described.body.sites)
