"""The source again, only for what a person sees: the advice in the reader's own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conclint.model.finding import Fix
from conclint.process.failure import describe_failure
from conclint.resolve.program import NeedModule
from conclint.rules.advice.change import Advice
from conclint.rules.drafts import Draft

if TYPE_CHECKING:
    from conclint.rules.advice.site import SourceFile


def source_file(data: bytes | None, cells: Sequence[tuple[int, int]] = ()) -> SourceFile:
    """A file that was read again, with the lines of its cells where it is a notebook."""
    from conclint.rules.advice.site import SourceFile  # with libcst

    return SourceFile(data, cells)


def advise(draft: Draft, file: SourceFile) -> Advice:
    """The advice for a draft; without an example where the file has no such code now, or
    where conclint itself fails: the finding is not lost for that."""
    from conclint.rules.advice.site import Extent, Place

    place = Place(file, Extent(*draft.extent), draft.finding.position)
    try:
        return draft.advise(place)
    except NeedModule:
        raise
    except Exception as error:
        describe_failure(error)
        return draft.advise(place._replace(file=source_file(None)))


def fix_for(draft: Draft, file: SourceFile, advice: Advice) -> Fix | None:
    """The advice as edits of the file, where it is a change that can be made for the reader."""
    if advice.change is None:
        return None
    from conclint.rules.advice.fixes import fix_of
    from conclint.rules.advice.site import Extent, Place

    try:
        return fix_of(Place(file, Extent(*draft.extent), draft.finding.position), advice)
    except Exception as error:
        describe_failure(error)
        return None
