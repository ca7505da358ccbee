"""Values not made yet: what a name is bound to where branches meet, until somebody reads it."""

from __future__ import annotations

from typing import Final

UNBOUND: Final = -1
"""In a scope's `env`: the name has no value here. Lower numbers stand for pending values."""


class IncompletePhi:
    """A value that is made when it is read: a join, a narrowing or the head of a loop.

    `operands` are values of `env`, pending ones too. A narrowing has one and `narrowing` (class and
    polarity); a head has `loop` and gets its later operands when the loop is `closed`.
    """

    __slots__ = ("closed", "depth", "loop", "marker", "name", "narrowing", "operands", "value")

    def __init__(self, name: str, marker: int, operands: list[int], depth: int) -> None:
        self.name = name
        self.marker = marker  # what stands for it in `env`
        self.operands = operands
        self.depth = depth  # of pending operands within pending operands
        self.value = UNBOUND - 1  # below UNBOUND: not made yet
        self.narrowing: tuple[int, int] | None = None
        self.loop: LoopHeader | None = None
        self.closed = False


class LoopHeader:
    """A loop being walked: the states at its `break` and `continue`, and its heads.

    `entry` is the state in which an iteration begins or the loop ends; `made` are the heads that were read.
    """

    __slots__ = ("breaks", "continues", "entry", "flags", "heads", "made", "region")

    def __init__(self, region: int, flags: int) -> None:
        self.region = region
        self.flags = flags
        self.entry: dict[str, int] = {}
        self.breaks: list[dict[str, int]] = []
        self.continues: list[dict[str, int]] = []
        self.heads: list[IncompletePhi] = []
        self.made: list[IncompletePhi] = []
