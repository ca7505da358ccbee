"""Deep recursion goes on where there is room, whatever Python's own limit is."""

from __future__ import annotations

import sys
from functools import partial

import pytest

from conclint.resolve.stack import is_deep, with_room


def _sum_to(n: int) -> int:
    return n + with_room(partial(_sum_to, n - 1)) if n else 0


def test_recursion_goes_far_beyond_pythons_limit() -> None:
    n = 20 * sys.getrecursionlimit()
    assert _sum_to(n) == n * (n + 1) // 2


def test_the_limit_of_the_process_is_left_alone() -> None:
    before = sys.getrecursionlimit()
    _sum_to(2 * before)
    assert sys.getrecursionlimit() == before


def test_an_exception_comes_out_as_it_was_raised() -> None:
    def fail(n: int) -> int:
        if not n:
            raise KeyError("deep")
        return with_room(partial(fail, n - 1))

    with pytest.raises(KeyError, match="deep"):
        fail(1_500)


def test_every_stack_begins_with_room() -> None:
    def deepest(n: int) -> bool:
        return with_room(is_deep) if not n else deepest(n - 1)

    assert deepest(400) is False
