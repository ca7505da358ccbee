"""Lists of small integers as bytes: one byte for most, two for larger ones, five for any of 32 bits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_PLAIN: Final = 240
"""Numbers below it are a byte of their own."""
_WIDE: Final = 255
"""Precedes four bytes, least significant first. Bytes from 240 to 254 are the upper part of two bytes."""
_MEDIUM: Final = (_WIDE - _PLAIN) << 8

_MARK: Final = re.compile(rb"[\xf0-\xff]")
_BYTES: Final = [bytes((number,)) for number in range(_PLAIN)]


def pack(numbers: Sequence[int]) -> bytes:
    """The numbers as bytes. Each must fit in 32 bits, with its sign; else OverflowError."""
    try:
        packed = bytes(numbers)
    except ValueError:
        pass
    else:
        if _MARK.search(packed) is None:
            return packed
    return b"".join([_BYTES[number] if 0 <= number < _PLAIN else _pack_large(number) for number in numbers])


def _pack_large(number: int) -> bytes:
    if _PLAIN <= number < _PLAIN + _MEDIUM:
        high, low = divmod(number - _PLAIN, 256)
        return bytes((_PLAIN + high, low))
    return b"\xff" + number.to_bytes(4, "little", signed=True)


def unpack(data: bytes) -> Sequence[int]:
    """The numbers that `pack` packed. Damaged bytes give other numbers, or IndexError."""
    mark = _MARK.search(data)
    if mark is None:
        return data
    numbers: list[int] = []
    done = 0
    while mark is not None:
        at = mark.start()
        numbers += data[done:at]
        if data[at] == _WIDE:
            done = at + 5
            numbers.append(int.from_bytes(data[at + 1 : done], "little", signed=True))
        else:
            done = at + 2
            numbers.append(_PLAIN + ((data[at] - _PLAIN) << 8) + data[at + 1])
        mark = _MARK.search(data, done)
    numbers += data[done:]
    return numbers
