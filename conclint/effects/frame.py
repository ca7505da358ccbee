"""The call under way, while the transfer function works out what a site does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from conclint.effects.effects import Effects, Placement
from conclint.resolve.calls import Link, Target
from conclint.resolve.values import Key


class Nested(NamedTuple):
    """A nested call, as far as it decides what the call does."""

    nesting: int
    awaited: bool
    target: Target


class Frame(NamedTuple):
    """A call that `link`, a site of the function `key`, leads to.

    `placements` takes those that are made on the way; `nesting` counts the calls between the site and this
    one that are no function's own: of a partial's target, say, or of an argument. `done` is what the nested
    calls of this site did so far: many ways lead to the same one.
    """

    key: Key
    link: Link
    placements: list[Placement]
    done: dict[Nested, tuple[Effects, tuple[Placement, ...]]]
    nesting: int = 0

    def nested(self) -> Frame:
        """The same for a call that this one leads to."""
        return self._replace(nesting=self.nesting + 1)


Run: TypeAlias = Callable[[Frame, Target], Effects]
"""What running a target does, in a frame."""
