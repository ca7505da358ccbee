"""Which files of the project mention a name: the question backwards that imports can't answer.

What was found in a file holds until it changes, so after an edit only that one is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from conclint.incremental.judgements import Judgements
from conclint.judging.project import Project
from conclint.process.failure import describe_failure
from conclint.source.index import mentions

_AT_ONCE: Final = 12
"""Names that are looked for one by one; of more, every word of a file would be read."""


class Naming:
    """Looks for names in the files of `others` and of the sources; `known` is what an earlier run found,
    `is_root` whether a file can hold a finding by its own words."""

    def __init__(
        self,
        project: Project,
        others: Callable[[], Collection[str]],
        known: Callable[[], Judgements],
        is_root: Callable[[str], bool],
    ) -> None:
        self._project = project
        self._others = others
        self._known = known
        self._is_root = is_root
        self._held: dict[str, set[str]] = {}
        self.looked_around = False

    def files(self, names: Collection[str]) -> dict[str, list[str]]:
        """The files that mention each of the names and can hold a finding by their own words."""
        wanted = set(names)
        found: dict[str, list[str]] = {name: [] for name in wanted}
        if not wanted:
            return found
        self._note(wanted)
        for path in sorted(self._held):
            named = self._held[path] & wanted
            if named and self._is_root(path):
                for name in named:
                    found[name].append(path)
        return found

    def _note(self, wanted: set[str]) -> None:
        known, sources = self._known(), self._project.sources
        every = known.sought | wanted
        paths = sources.keys() | self._others()
        self.looked_around = self.looked_around or len(paths) > len(sources)
        for path in paths:
            is_source = path in sources
            kept = known.named.get(path) if is_source or self._is_as_known(known, path) else None
            try:
                more = set(self._mentioned(path, every if kept is None else wanted - known.sought))
            except Exception as error:
                describe_failure(error)
                continue
            self._held[path] = {*(kept or ()), *more}
            if is_source and (more or kept is None):
                known.named[path] = tuple(sorted(self._held[path]))
        known.sought.update(wanted)

    def _is_as_known(self, known: Judgements, path: str) -> bool:
        content = known.contents.get(path)
        return content is not None and self._project.store.source_hash(path) == content

    def _mentioned(self, path: str, names: set[str]) -> Iterator[str]:
        text = self._project.text(path) if names else None
        if text is None:
            return
        ordered = sorted(names)
        for start in range(0, len(ordered), _AT_ONCE):
            yield from mentions(text, ordered[start : start + _AT_ONCE])
