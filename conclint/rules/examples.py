"""The source again, only for what a person sees: the example in the reader's own names."""

from __future__ import annotations

from conclint.model.finding import Recommendation
from conclint.rules.call_text import NO_TEXT, take_apart, text_of
from conclint.rules.drafts import Draft
from conclint.syntax.decoding import DecodingError, decode_source


def source_lines(data: bytes | None) -> list[str]:
    """The lines of a file that was read again; none where it can't be."""
    try:
        return decode_source(data).splitlines(keepends=True) if data is not None else []
    except DecodingError:
        return []


def illustrate(draft: Draft, lines: list[str]) -> Recommendation | None:
    """The recommendation for a draft; without an example where the file has no such lines now."""
    source = text_of(lines, draft.finding.position)
    if not source:
        return draft.advise(NO_TEXT)
    quotes = tuple(text_of(lines, place) or "" for place in draft.quotes)
    return draft.advise(take_apart(source)._replace(quotes=quotes))
