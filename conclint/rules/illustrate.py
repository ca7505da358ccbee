"""The source again, only for what a person sees: the example in the reader's own names."""

from __future__ import annotations

from conclint.model.finding import Recommendation
from conclint.rules.call_text import NO_TEXT, take_apart, text_of
from conclint.rules.drafts import Draft
from conclint.source.decoding import DecodingError, decode_source


def illustrate(draft: Draft, data: bytes | None) -> Recommendation | None:
    """The recommendation for a draft; without an example where the file can't be read again."""
    source = None
    if data is not None:
        try:
            source = text_of(decode_source(data).splitlines(keepends=True), draft.finding.position)
        except DecodingError:
            source = None
    return draft.advise(take_apart(source) if source else NO_TEXT)
