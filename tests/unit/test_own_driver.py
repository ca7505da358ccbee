"""Files that drive coroutines by hand, and those that only look so."""

from __future__ import annotations

import pytest

from conclint.source.own_driver import drives_its_own

_DRIVER = b"""
def run(coro):
    try:
        coro.send(None)
    except StopIteration as end:
        return end.value
"""


@pytest.mark.parametrize(
    ("text", "drives"),
    [
        (_DRIVER, True),
        (b"import asyncio\n" + _DRIVER, False),
        (b"import discord\n" + _DRIVER, False),
        (_DRIVER.replace(b"coro.send", b"self.conn.send"), False),
    ],
)
def test_a_file_drives_coroutines(text: bytes, drives: bool) -> None:
    assert drives_its_own(text, lambda: {"discord"}) is drives
