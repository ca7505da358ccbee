"""Findings inside libraries, with the name and version of what is installed there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from conclint.model.finding import Finding, Library
from conclint.source.discovery import shown_path
from conclint.source.releases import Release, release_of


class Releases:
    """Says in findings which release of a library they go through, and where it is installed; `read` are the
    files that told it."""

    def __init__(self, folders: Sequence[str], environment: str, cwd: str) -> None:
        self._folders = folders
        self._environment = shown_path(environment, cwd)
        self._cwd = cwd
        self._known: dict[str, Release | None] = {}
        self.read: set[str] = set()

    def named_in(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, those that go through a library with its name and version."""
        return [self._named(finding) if finding.library is not None else finding for finding in findings]

    def _named(self, finding: Finding) -> Finding:
        assert finding.library is not None
        places = [os.path.normpath(os.path.join(self._cwd, step.path)) for step in finding.chain]
        inside = [place for place in places if self._folder_of(place)]
        if not inside:
            return finding
        release = self._release(inside[0])
        text = release.text if release is not None else ""
        message = finding.message
        if self._folder_of(places[-1]):
            last = self._release(inside[-1])
            message += f", inside {last.text if last is not None else finding.library.name}"
        return replace(
            finding, message=message, library=Library(finding.library.name, text, self._environment)
        )

    def _folder_of(self, path: str) -> str | None:
        return next((folder for folder in self._folders if path.startswith(folder + os.sep)), None)

    def _release(self, path: str) -> Release | None:
        folder = self._folder_of(path)
        if path not in self._known and folder is not None:
            found = self._known[path] = release_of(folder, path)
            if found is not None:
                self.read.add(found.file)
        return self._known.get(path)
