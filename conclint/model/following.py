"""How far calls are followed into installed packages, and what is said where that is too far."""

from __future__ import annotations

from typing import Final

MOST_FILES: Final = 500
"""Files of installed packages that a run reads at most; to read as many takes half a minute, as a rule."""
MOST_BYTES: Final = 512 << 10
"""Bytes of one of them at most: what is longer was made by a program."""


class FollowedTooMuchError(BaseException):
    """Calls lead into more than MOST_FILES files of installed packages. No failure that costs one file: the
    run is begun anew, and goes less deep."""
