"""Does one job: in the worker process, through the same stages as the command."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from conclint.config.settings import Config, ConfigError, load_config
from conclint.files.bounded_file import read_source
from conclint.model.finding import Finding, Step
from conclint.process.dependency import missing_dependency
from conclint.report.levels import level_of
from conclint.report.printable import printable, printable_lines
from conclint.report.wording import advice
from conclint.rules.registry import rule_url, rules_by_code
from conclint.run.affected import affected_by
from conclint.run.pipeline import map_sources, new_findings, run_on
from conclint.server.edits import edited
from conclint.server.explain import explain_finding
from conclint.server.jobs import (
    Answer,
    Checked,
    CheckJob,
    EditJob,
    Failed,
    Job,
    JobScope,
    MapJob,
    Mapped,
    Mark,
    Related,
)
from conclint.server.lenses import notes_of
from conclint.server.position_encoding import Columns
from conclint.source.discovery import Source, discover_files, shown_path, source_of_text
from conclint.source.notebook import is_notebook
from conclint.suppress.baseline import BaselineError
from conclint.workspace import Workspace

_SEARCHED_FILES = 2_000  # as many as are searched for callers whenever somebody looks at a function
_MAPPED_FILES = 300  # as many as a map of what leads to one file may be made of


def answer_job(job: Job) -> Answer:
    """The answer; Failed for whatever goes wrong, never an exception."""
    try:
        if isinstance(job, EditJob):
            return edited(job)
        config = load_config([job.folder], cwd=Path(job.folder), known_codes=rules_by_code())
        return _check(job, config) if isinstance(job, CheckJob) else _map(job, config)
    except (ConfigError, BaselineError) as error:
        return Failed(printable(" ".join(str(error).split())), is_usage=True)
    except Exception as error:
        missing = missing_dependency(error)
        if missing is not None:
            return Failed(printable(missing), is_usage=True)
        if os.environ.get("CONCLINT_DEBUG"):
            import traceback

            traceback.print_exc()
        text = printable(" ".join(f"{type(error).__name__}: {error}".split()))
        return Failed(f"internal error: {text} (please report this; CONCLINT_DEBUG=1 shows the traceback)")


def _check(job: CheckJob, config: Config) -> Checked:
    buffers, left_out = _buffers(job.texts, config)
    sources = _sources(job, config, buffers)
    unsaved = [source for source in left_out if source.data is not None]
    every = {source.path: source for source in (*sources, *unsaved)}
    asked = tuple(every[path] for path in sorted(every))
    # The report on a text that is being typed, all findings of a folder, is hardly ever asked for again.
    is_saved = all(source.data is None for source in asked)
    with Workspace(config, asked, keep=is_saved) as workspace:
        run = run_on(workspace, asked, [], keep=is_saved)
    findings = new_findings(asked, run.report, config)
    wanted = {source.shown: source.path for source in sources if not is_notebook(source.path)}
    columns = Columns(dict(job.texts), job.units)
    marks = [
        _mark(finding, wanted[finding.path], config, columns)
        for finding in findings
        if finding.path in wanted
    ]
    silent = (source.path for source in left_out)  # nothing is said of them, and what was said is taken back
    return Checked((*wanted.values(), *silent), tuple(marks))


def _buffers(texts: Iterable[tuple[str, bytes]], config: Config) -> tuple[list[Source], list[Source]]:
    """The open buffers: those that the command would look at, and those that the configuration leaves out
    or that are no sources, whose text counts all the same where a chain leads through them."""
    strict = replace(config, force_exclude=True)
    wanted, left_out = [], []
    for path, data in texts:
        source = source_of_text(data, path, strict, config.cwd)
        if source is not None and not path.endswith(".pyi"):
            wanted.append(_saved(source))
        elif (source := source_of_text(data, path, config, config.cwd)) is not None:
            left_out.append(_saved(source))
    return wanted, left_out


def _sources(job: CheckJob, config: Config, buffers: Sequence[Source]) -> list[Source]:
    """What is to be looked at, buffers instead of their files.

    All of a folder is what the command would take it for, so that one takes what the other has kept; besides
    there is only what is not on disk.
    """
    found = {source.path: source for source in buffers}
    if job.scope is JobScope.ALL:
        on_disk = {source.path: source for source in discover_files([job.folder], config, config.cwd).sources}
        unsaved = {path: source for path, source in found.items() if source.data is not None}
        found = {**on_disk, **unsaved}
    return [found[path] for path in sorted(found)]


def _saved(source: Source) -> Source:
    """The source without its text if that is what the file holds: what is found then is kept for later."""
    try:
        is_saved = read_source(source.path) == source.data
    except (OSError, ValueError):
        is_saved = False
    return source._replace(data=None) if is_saved else source


def _mark(finding: Finding, path: str, config: Config, columns: Columns) -> Mark:
    return Mark(
        path=path,
        extent=columns.extent(path, finding.position),
        code=finding.code,
        url=rule_url(finding.code),
        level=level_of(finding).value,
        message="\n".join(map(printable, filter(None, (finding.message, advice(finding))))),
        related=tuple(_related(step, config, columns) for step in finding.chain[: _length(finding)]),
        explanation=printable_lines(explain_finding(finding, config.cwd)),
        finding=finding,
    )


def _length(finding: Finding) -> int:
    """A chain of one step says nothing that the finding doesn't."""
    return len(finding.chain) if len(finding.chain) > 1 else 0


def _related(step: Step, config: Config, columns: Columns) -> Related:
    path = os.path.normpath(config.cwd / step.path)
    return Related(path, columns.name_at(path, step.line, step.column), printable(f"calls {step.symbol}"))


def _map(job: MapJob, config: Config) -> Mapped:
    texts: Mapping[str, bytes] = dict(job.texts)
    buffers = [source for part in _buffers(job.texts, config) for source in part]
    whole = os.path.normpath(job.path)
    target = next(
        (source for source in buffers if source.path == whole),
        Source(whole, shown_path(whole, str(config.cwd))),
    )
    reaching: Sequence[Source] = discover_files([job.folder], config, config.cwd).sources
    with Workspace(config, (*buffers, target), keep=False) as workspace:
        if len(reaching) <= _SEARCHED_FILES:
            reaching = affected_by(workspace, [target], others=buffers).sources
        is_complete = len(reaching) <= _MAPPED_FILES
        asked = {source.path: source for source in (*(reaching if is_complete else ()), *buffers, target)}
        found = map_sources(workspace, [asked[path] for path in sorted(asked)])
    columns = Columns(texts, job.units)
    return Mapped(notes_of(asked[whole], found, columns, callers_known=is_complete))
