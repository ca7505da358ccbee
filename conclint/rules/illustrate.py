"""The source again, only for what a person sees: the example in the reader's own names."""

from __future__ import annotations

from conclint.model.finding import Finding, Recommendation
from conclint.rules.judge import Draft
from conclint.rules.recommend import recommend, text_of
from conclint.source.decoding import DecodingError, decode_source


def illustrate(
    finding: Finding, draft: Draft, data: bytes | None, target_version: tuple[int, int]
) -> Recommendation:
    """The recommendation for a finding; without an example where the file can't be read again."""
    source = None
    if data is not None:
        try:
            source = text_of(decode_source(data).splitlines(keepends=True), finding.position)
        except DecodingError:
            source = None
    return recommend(
        finding,
        draft.fact,
        direct=draft.direct,
        callable_name=draft.callable_name,
        source=source,
        library=draft.library,
        target_version=target_version,
    )
