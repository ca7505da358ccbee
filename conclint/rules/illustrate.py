"""The source again, only for what a person sees: the example in the reader's own names."""

from __future__ import annotations

from conclint.model.finding import Recommendation
from conclint.rules.call_text import NO_TEXT, take_apart, text_of
from conclint.rules.drafts import Draft
from conclint.source.decoding import DecodingError, decode_source


def illustrate(draft: Draft, data: bytes | None) -> Recommendation | None:
    """The recommendation for a draft; without an example where the file can't be read again."""
    lines: list[str] = []
    if data is not None:
        try:
            lines = decode_source(data).splitlines(keepends=True)
        except DecodingError:
            lines = []
    source = text_of(lines, draft.finding.position)
    if not source:
        return draft.advise(NO_TEXT)
    quotes = tuple(text_of(lines, place) or "" for place in draft.quotes)
    return draft.advise(take_apart(source)._replace(quotes=quotes))
