"""Which findings are reported in which file, as far as the configuration says it."""

from __future__ import annotations

import os
from functools import cached_property

from conclint.config.nested import NearestConfig
from conclint.config.settings import Config
from conclint.files.ignore_line import IgnoreLine, parse_ignore_line
from conclint.model.finding import Finding
from conclint.model.runtime import Runtime
from conclint.rules.registry import all_rules, code_of, rules_by_code

_ALWAYS = "CON9"
"""Codes about the run itself: on whatever is selected; a prefix as long as this, or longer, ignores them."""


class Selections:
    """The selection for each file, by its shown path: that of the nearest configuration."""

    def __init__(self, config: Config) -> None:
        self._nearest = NearestConfig(config)
        self._made_of: dict[int, Selection] = {}

    def of(self, shown: str) -> Selection:
        """The selection for the file shown as this."""
        return self._made(self._nearest.of(shown))

    def is_chosen(self, code: str, shown: str | None = None) -> bool:
        """Whether the code is reported at all in a file; in any, where none is named."""
        if shown is not None:
            return self.of(shown).is_chosen(code)
        return any(self._made(config).is_chosen(code) for config in self._nearest.all())

    def _made(self, config: Config) -> Selection:
        # The nearest configurations live as long as this does, and have no hash.
        found = self._made_of.get(id(config))
        if found is None:
            found = self._made_of[id(config)] = Selection(config)
        return found


class Selection:
    """The answer to "is this code reported for this file", from select, ignore and per-file-ignores, and how
    sure and how bad what is reported must be.

    Of the prefixes that a code begins with, the longest decides; at equal length it is ignored.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._select = tuple(map(code_of, config.select))
        self._ignore = tuple(map(code_of, config.ignore))
        extended = tuple(map(code_of, config.extend_select))
        self._chosen = (*self._select, *extended, _ALWAYS)
        self._defaults = frozenset(rule.code for rule in all_rules() if rule.default)
        self._named = frozenset((*self._select, *extended))
        self._by_code: dict[str, bool] = {}

    @property
    def runtime(self) -> Runtime:
        """The Python that the files run on."""
        return self._config.runtime

    def shows(self, finding: Finding) -> bool:
        """Whether the finding is chosen and sure enough; whether it is bad enough is not known before its
        context is."""
        return self.is_sure_enough(finding) and self.is_chosen(finding.code)

    def is_sure_enough(self, finding: Finding) -> bool:
        """Whether the finding is as sure as is asked for."""
        return finding.confidence >= self._config.min_confidence

    def takes(self, code: str, path: str) -> bool:
        """Whether `code` is reported for the file shown as `path`."""
        taken = self._by_code.get(code)
        if taken is None:
            taken = self._by_code[code] = self.is_chosen(code)
        return taken and not self._ignored_in_file(code, path)

    def is_chosen(self, code: str) -> bool:
        """Whether `code` is reported at all, ignores for single files aside."""
        ignored = _longest(code, self._ignore)
        if not ignored and not self._select and code in self._defaults:
            return True
        return _longest(code, self._chosen) > ignored

    def is_bad_enough(self, finding: Finding) -> bool:
        """Whether the finding is as bad as is asked for. Who names a rule whose findings never are asks for
        these all the same."""
        least = self._config.min_severity
        if finding.severity >= least:
            return True
        return finding.code in self._named and rules_by_code()[finding.code].severity < least

    def _ignored_in_file(self, code: str, path: str) -> bool:
        if not any(code.startswith(codes) for _, codes in self._per_file):
            return False
        relative = self._relative(path)
        return any(code.startswith(codes) and line.covers(relative) for line, codes in self._per_file)

    @cached_property
    def _per_file(self) -> tuple[tuple[IgnoreLine, tuple[str, ...]], ...]:
        parsed = ((parse_ignore_line(line), words) for line, words in self._config.per_file_ignores)
        return tuple((line, tuple(map(code_of, words))) for line, words in parsed if line is not None)

    def _relative(self, path: str) -> str:
        whole = os.path.normpath(self._config.cwd / path)
        try:
            return os.path.relpath(whole, self._config.root).replace(os.sep, "/")
        except ValueError:
            # Another drive: only patterns without a folder can match.
            return whole.replace(os.sep, "/")


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """The length of the longest prefix that the code begins with; 0 for none."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)
