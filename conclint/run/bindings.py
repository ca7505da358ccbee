"""Where a finding stands that takes two files: the coroutine that blocks, and the call that gives it what it
calls.

It stands where it blocks, if the files that may bind such a callback can be told: those that mention the
coroutine's name, at most a dozen (CORE.md section 4). Of a name like `run` or `execute` nobody can list the
callers of one file, so such a finding stays at the call that binds. A test that hands a double to a coroutine
says nothing about the coroutine.

All of this is decided from the names that the project's files have in them, so one file alone, whose callers
are looked for, gives what the whole project does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from conclint.model.finding import Binding, Finding
from conclint.run.contexts import is_named_as_test, relative_to

MOST_BINDING: Final = 12
"""Files that may mention a coroutine function; of more, nobody can say who they are."""

Naming = Mapping[str, Collection[str]]
"""The files of the project that mention each name."""


class Bindings:
    """Which of the two places counts. `naming` are the files that mention a name, of those in which callers
    are looked for; `root` is the project's folder."""

    def __init__(self, naming: Naming, root: str) -> None:
        self._naming = naming
        self._root = root

    def binding_files(self, path: str, name: str) -> frozenset[str]:
        """The files that may hand something to the coroutine function of this name in this file; none where
        they are too many."""
        named = self._naming.get(name, ())
        found = {other for other in named if other != path and self._counts(other, path)}
        return frozenset(found) if len(found) <= MOST_BINDING else frozenset()

    def _counts(self, path: str, coroutine: str) -> bool:
        return self._is_test(coroutine) or not self._is_test(path)

    def _is_test(self, path: str) -> bool:
        return is_named_as_test(relative_to(path, self._root))

    def placed(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The findings, each in one place only."""
        for finding in findings:
            binding = finding.binding
            if binding is None or not binding.through or binding.is_here is not self._moves(binding):
                yield finding

    def _moves(self, binding: Binding) -> bool:
        """Whether it stands in the coroutine, though that is in another file."""
        last, binder = binding.through[-1][0], binding.file
        if not self._counts(binder, last):
            return False
        handing = (binder, *(path for path, _ in binding.through[:-1]))
        for (path, name), before in zip(binding.through, handing, strict=True):
            if before != path and before not in self.binding_files(path, name):
                return False
        return True


def names_of(findings: Iterable[Finding]) -> set[str]:
    """The names of the coroutine functions to which something is handed from other files."""
    return {name for item in findings if item.binding is not None for _, name in item.binding.through}
