"""The way from everything the rules found to what is reported.

The order is part of the contract: what the configuration allows, rules selected, confidence, severity, one
finding for each place and code, then the comments in the source. (Removing duplicates before the confidence
would lose findings.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conclint.config.settings import Config
from conclint.model.finding import Finding
from conclint.summary.records import Directive
from conclint.suppress.allowances import Allowances, unused_allowances
from conclint.suppress.directives import DirectivesOfFile, Noqa, misspelled_directives, unused_directives
from conclint.suppress.selection import Selections


@dataclass(frozen=True, slots=True)
class FilterResult:
    """Findings to report; the directives that hid nothing, as findings of their own (CON901, only if
    `config.warn_unused_ignores`); and `misspelled`, those that say something unknown. All are sorted.
    `hidden` is how many findings are sure enough, but not bad enough, to be reported, `unsure` how many are
    bad enough, but not sure enough."""

    kept: tuple[Finding, ...]
    unused: tuple[Finding, ...]
    misspelled: tuple[Finding, ...] = ()
    hidden: int = 0
    unsure: int = 0


def filter_findings(
    findings: Iterable[Finding],
    config: Config,
    directives: Mapping[str, Sequence[Directive]],
    *,
    inline: bool,
    whole: bool = False,
) -> FilterResult:
    """The findings to report, whatever order they come in.

    `directives` are those of each file, by shown path. With `inline` false, `# noqa` is left to whoever
    asked (flake8 applies it itself); conclint's own comments hold all the same, and so does a `# noqa` for
    another linter's code that stands for ours, of which flake8 knows nothing. `whole`: the findings are those
    of all files of the project, so that an entry of `allow` that allows none of them is of no use.
    """
    selections = Selections(config)
    everything = list(findings)
    allowances = Allowances(config.allow)
    allowed = {id(finding) for finding in everything if allowances.cover(finding)}
    asked = (finding for finding in everything if id(finding) not in allowed)

    def takes(finding: Finding) -> bool:
        return selections.of(finding.path).takes(finding.code, finding.path)

    def is_sure(finding: Finding) -> bool:
        return selections.of(finding.path).is_sure_enough(finding)

    def is_bad(finding: Finding) -> bool:
        return selections.of(finding.path).is_bad_enough(finding)

    selected = list(filter(takes, asked))
    sure = list(filter(is_sure, selected))
    bad = list(filter(is_bad, sure))
    by_path = {path: DirectivesOfFile(of_file) for path, of_file in directives.items()}
    none = DirectivesOfFile(())
    noqa = Noqa.of(ours=inline, theirs=config.respect_async_noqa)

    def reported(findings: Iterable[Finding]) -> list[Finding]:
        return [
            finding
            for finding in _one_per_place(findings)
            if not by_path.get(finding.path, none).hide(finding, noqa)
        ]

    kept = reported(bad)
    hidden = len(reported(finding for finding in sure if not is_bad(finding)))
    unsure = len(reported(finding for finding in selected if not is_sure(finding) and is_bad(finding)))
    misspelled = [
        report
        for path, of_file in directives.items()
        if inline
        for report in misspelled_directives(path, of_file)
        if takes(report)
    ]
    unused: list[Finding] = []
    if config.warn_unused_ignores and inline:
        reports = [
            *_unused(everything, directives),
            *(unused_allowances(config, allowances) if whole else ()),
        ]
        unused = list(filter(takes, reports))
    return FilterResult(_sorted(kept), _sorted(unused), _sorted(misspelled), hidden, unsure)


def _one_per_place(findings: Iterable[Finding]) -> Iterable[Finding]:
    best: dict[tuple[str, int | None, int, int, str], Finding] = {}
    for finding in findings:
        place = (
            finding.path,
            finding.cell,
            finding.position.line,
            finding.position.column,
            finding.code,
        )
        other = best.get(place)
        if other is None or _rank(finding) < _rank(other):
            best[place] = finding
    return best.values()


def _rank(finding: Finding) -> tuple[object, ...]:
    """Least for the finding to keep: the surest, then the worst, then the shortest chain. What follows only
    makes the choice the same in every run."""
    return (
        -finding.confidence,
        -finding.severity,
        len(finding.chain),
        finding.message,
        tuple((step.path, step.line, step.column, step.symbol) for step in finding.chain),
        finding.position,
        finding.symbol,
        finding.cause or "",
        finding.fingerprint,
    )


def _unused(findings: Sequence[Finding], directives: Mapping[str, Sequence[Directive]]) -> Iterable[Finding]:
    """A directive counts as used if it hides anything that the rules found, selected and sure or not: a
    run with other options must not call it useless."""
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    for path, of_file in directives.items():
        yield from unused_directives(path, of_file, by_path.get(path, ()))


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.sort_key))
