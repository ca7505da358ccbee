"""Powers and factorials: arithmetic on whole numbers of many digits takes long in a single operation."""

from __future__ import annotations

import math
from typing import Final

_DIGIT: Final = 30.0
"""The bits of a digit, as CPython keeps whole numbers."""
_KARATSUBA: Final = 1.585
_PRODUCTS: Final = 40.0
"""Products of digits that take as long as an operation of the interpreter."""
_SMALL: Final = 1e5


def cost_of_power(base: float | None, exponent: float | None) -> float:
    """The operations that a power of whole numbers stands for; 1 where the numbers are small or not known.
    With a fraction among them it is floating-point arithmetic, which takes no time."""
    if base is None or exponent is None or not base.is_integer() or not exponent.is_integer():
        return 1.0
    bits = exponent * math.log2(max(abs(base), 1.0))
    return _multiplied(bits) if bits > _SMALL else 1.0


def cost_of_factorial(number: float | None) -> float:
    """The operations that a factorial stands for."""
    if number is None or number < 2 or not number.is_integer():
        return 1.0
    bits = number * math.log2(number)
    return _multiplied(bits) * math.log2(number) if bits > _SMALL else 1.0


def _multiplied(bits: float) -> float:
    return max(math.pow(bits / _DIGIT, _KARATSUBA) / _PRODUCTS, 1.0)
