"""The flake8 plugin: one file through the same pipeline as the command's.

flake8 hands over the text (from a file or from an editor's standard input) and applies `# noqa` itself, but
for the codes of other linters that stand for ours.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from conclint import __version__
from conclint.process.gc_control import paused
from conclint.process.search_path import importing_from, outside, working_folder

if TYPE_CHECKING:
    from conclint.config.settings import Config
    from conclint.model.finding import Finding

_UNREADABLE_CODE = "CON900"
_PREFIX = "CON"
_LONG = 300
"""Characters of a message that an editor still shows in a line or two."""

_Result = tuple[int, int, str, type[object]]


class _Options(NamedTuple):
    """The plugin's options; None where not given."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    min_confidence: str | None = None
    min_severity: str | None = None
    target_version: str | None = None
    config: str | None = None
    disable_noqa: bool = False
    is_wanted: bool = True


class Plugin:
    """Yields what `conclint` finds in the file. No exception leaves `run`: what goes wrong is a CON900 at
    the file's beginning, except that flake8's own E999 and E902 speak for a file that isn't Python."""

    name = "conclint"
    version = __version__

    _options: ClassVar[_Options] = _Options()

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        self._filename = "stdin" if filename == "-" else filename
        self._lines = lines

    @staticmethod
    def add_options(manager: Any) -> None:  # flake8's OptionManager; flake8 has no type information
        """Registers the options, on the command line and in flake8's configuration file."""
        codes: dict[str, Any] = {"default": None, "comma_separated_list": True, "parse_from_config": True}
        manager.add_option("--conclint-select", help="Codes or prefixes to report.", **codes)
        manager.add_option(
            "--conclint-extend-select", help="Codes or prefixes to report in addition.", **codes
        )
        manager.add_option("--conclint-ignore", help="Codes or prefixes not to report.", **codes)
        manager.add_option(
            "--conclint-min-confidence",
            choices=("low", "medium", "high"),
            default=None,
            parse_from_config=True,
            help="Minimum confidence to report.",
        )
        manager.add_option(
            "--conclint-min-severity",
            choices=("info", "warning", "critical"),
            default=None,
            parse_from_config=True,
            help="Minimum severity to report.",
        )
        manager.add_option(
            "--conclint-target-version",
            default=None,
            parse_from_config=True,
            help="The lowest Python that the code runs on, such as 3.12.",
        )
        manager.add_option(
            "--conclint-config",
            default=None,
            parse_from_config=True,
            normalize_paths=True,
            help="conclint's configuration file, instead of the nearest one.",
        )

    @classmethod
    def _is_wanted(cls, options: argparse.Namespace) -> bool:
        """Whether flake8 is asked for any of our codes: with `--select F` no file need be looked at."""
        select = [*(getattr(options, "select", None) or ())]
        if not select:
            return True
        words = [*select, *(getattr(options, "extend_select", None) or ())]
        return any(word.startswith(_PREFIX) or _PREFIX.startswith(word) for word in words)

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Keeps the options for all files of the run."""
        cls._options = _Options(
            select=_words(options.conclint_select),
            extend_select=_words(options.conclint_extend_select),
            ignore=_words(options.conclint_ignore),
            min_confidence=options.conclint_min_confidence,
            min_severity=options.conclint_min_severity,
            target_version=options.conclint_target_version,
            config=options.conclint_config,
            disable_noqa=bool(getattr(options, "disable_noqa", False)),
            is_wanted=cls._is_wanted(options),
        )

    def run(self) -> Iterator[_Result]:
        """Line from 1, column from 0, text, and the plugin's type, as flake8 wants them."""
        if not self._options.is_wanted:
            return
        # The process is flake8's, and may have the project on its path, which our imports must not find.
        folder = str(Path(self._filename).absolute().parent)
        with importing_from(list(_search_path((working_folder(), folder), tuple(sys.path)))):
            results = self._results()
        yield from results

    def _results(self) -> list[_Result]:
        try:
            findings = self._findings()
        except Exception as error:
            return [(1, 0, f"{_UNREADABLE_CODE} {_complaint(error)}", type(self))]
        return [
            (finding.position.line, finding.position.column - 1, _message(finding), type(self))
            for finding in findings
            if finding.code != _UNREADABLE_CODE or _is_failure(finding)
        ]

    def _findings(self) -> tuple[Finding, ...]:
        from conclint.run.root_files import is_root
        from conclint.source.index import scan
        from conclint.syntax.decoding import encode_source

        data = encode_source("".join(self._lines))
        index = scan(data)
        if not is_root(index) and not index.imports_from_outside:
            return ()
        # What one file needs is modules to import and small tuples, all of them kept or dead at once: to look
        # for cycles between them is an eighth of the time.
        with paused():
            from conclint.run.pipeline import check_file

            config = _load(str(Path(self._filename).absolute().parent), self._options)
            return check_file(self._filename, data, config)


def _is_failure(finding: Finding) -> bool:
    """Whether conclint itself failed: what is no Python flake8 says by itself."""
    from conclint.judging.failures import is_failure

    return is_failure(finding)


@lru_cache(maxsize=64)
def _search_path(folders: tuple[str, ...], path: tuple[str, ...]) -> tuple[str, ...]:
    """What is left of `sys.path`, which is `path` now."""
    return tuple(outside(folders))


@lru_cache(maxsize=64)
def _load(folder: str, options: _Options) -> Config:
    from conclint.config.file import unknown_code
    from conclint.config.keys import parse_codes, parse_confidence, parse_severity, parse_version
    from conclint.config.settings import ConfigError, load_config
    from conclint.rules.registry import selectable_words

    given: dict[str, Any] = {}
    for name in ("select", "extend_select", "ignore"):
        words = getattr(options, name)
        if words is not None:
            given[name] = parse_codes(words)
            for code in given[name]:
                if problem := unknown_code(code, selectable_words()):
                    raise ConfigError(f"--conclint-{name.replace('_', '-')}: {problem}")
    if options.min_confidence is not None:
        given["min_confidence"] = parse_confidence(options.min_confidence)
    if options.min_severity is not None:
        given["min_severity"] = parse_severity(options.min_severity)
    if options.target_version is not None:
        try:
            given["target_version"] = parse_version(options.target_version)
        except ValueError as error:
            raise ConfigError(f"--conclint-target-version: must be {error}") from error
    if options.disable_noqa:
        given["respect_async_noqa"] = False
    return load_config([folder], file=options.config, options=given, known_codes=selectable_words())


def _words(value: Sequence[str] | None) -> tuple[str, ...] | None:
    return tuple(value) if value else None


def _message(finding: Finding) -> str:
    """The finding on one line: the chain by its symbols, the recommendation by its sentences; where that gets
    long, shorter names and the first sentence."""
    from conclint.report.printable import printable
    from conclint.report.wording import advice, short_chain

    for is_brief in (False, True):
        chain = short_chain(finding, is_brief=is_brief)
        via = f" [via {chain}]" if chain else ""
        told = advice(finding, is_brief=is_brief)
        message = f"{finding.code} {finding.message}{via}{f'; {told}' if told else ''}"
        if len(message) <= _LONG:
            break
    return printable(message)


def _complaint(error: Exception) -> str:
    from conclint.process.dependency import missing_dependency

    missing = missing_dependency(error)
    if missing is not None:
        return missing
    from conclint.config.settings import ConfigError
    from conclint.report.printable import printable
    from conclint.suppress.baseline import BaselineError

    text = printable(" ".join(str(error).split()))
    if isinstance(error, (ConfigError, BaselineError)):
        return f"conclint can't run: {text}"
    return f"conclint failed, please report this: {type(error).__name__}: {text}"
