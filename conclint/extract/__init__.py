"""From the source of one file to its summary. Importing this package doesn't import libcst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conclint.summary.records import ModuleSummary


def extract_summary(data: bytes) -> ModuleSummary:
    """The summary of a source file; a function of the bytes alone.

    Raises DecodingError and SourceError where the bytes are no Python that can be analysed.
    """
    from conclint.extract.extraction import extract

    return extract(data)
