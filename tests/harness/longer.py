"""How long tests look for what breaks: as long as a run of all tests can wait, or longer, by hand."""

from __future__ import annotations

import os
from typing import Final

LONGER: Final = int(os.environ.get("CONCLINT_FUZZ", "1"))
"""How many times as many examples as a run of the tests has; more than one: other examples each time."""
