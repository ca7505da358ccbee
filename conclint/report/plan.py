"""The plan: the fewest functions to change so that most findings vanish.

Each finding can be mended in any function that its chain passes: in the coroutine that is reported, in a
helper on the way, in the function that calls the primitive. Which functions to change is a set cover: greedy
(within a factor of ln n + 1 of the fewest; Chvátal 1979), exact where there are few functions.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from conclint.model.execution import EffectKind, ExecutionModel
from conclint.model.finding import Finding
from conclint.model.severity import Severity
from conclint.model.symbols import short_name
from conclint.report.grouping import badness
from conclint.report.printable import printable, printable_json
from conclint.report.wording import brief, count, some

_EXACT: Final = 16
"""With so many functions or fewer every choice is tried."""

_NAMED: Final = 3
_SIMPLE: Final = re.compile(r"run `[^`]+` in a thread[,.]|use `")
"""How advice begins that asks for no more than that."""

Function = tuple[str, str]
"""Path as shown, and symbol."""


class Change(NamedTuple):
    """One function to change, and the findings that this mends, the worst first. `is_coroutine`: these stand
    in it; else it is a helper on their way."""

    path: str
    symbol: str
    line: int
    is_coroutine: bool
    findings: tuple[Finding, ...]


class Plan(NamedTuple):
    """Changes, the one that mends most first, of `total` findings in which `functions` can be changed."""

    changes: tuple[Change, ...]
    total: int
    functions: int

    @property
    def mended(self) -> int:
        """How many findings vanish with all changes."""
        return sum(len(change.findings) for change in self.changes)

    @property
    def share(self) -> int:
        """The same in percent, rounded down."""
        return 100 * self.mended // self.total if self.total else 100


def make_plan(findings: Sequence[Finding], most: int) -> Plan:
    """At most so many changes, chosen so that most findings vanish."""
    through: dict[Function, list[int]] = {}
    depth: dict[Function, int] = {}
    lines: dict[Function, int] = {}
    for number, finding in enumerate(findings):
        for place, (function, line) in enumerate(_functions(finding)):
            through.setdefault(function, []).append(number)
            depth[function] = max(depth.get(function, 0), place)
            lines.setdefault(function, line)
    cover = {function: frozenset(numbers) for function, numbers in through.items()}
    order = {function: (-depth[function], function) for function in cover}
    chosen = _exact(cover, most) if len(cover) <= _EXACT else _greedy(cover, order, findings, most)
    changes = []
    left = set(range(len(findings)))
    for function in sorted(chosen, key=lambda item: (-len(cover[item]), order[item])):
        mended = sorted((findings[number] for number in cover[function] & left), key=badness)
        left -= cover[function]
        if mended:
            here = [finding for finding in mended if (finding.path, finding.symbol) == function]
            changes.append(Change(*function, lines[function], bool(here), tuple(mended)))
    changes.sort(key=lambda change: (-len(change.findings), -_worst(change), change.path, change.symbol))
    return Plan(tuple(changes), len(findings), len(cover))


def _functions(finding: Finding) -> Iterator[tuple[Function, int]]:
    """The functions that the chain passes, from the reported one down, each with the line of its call."""
    yield (finding.path, finding.symbol), finding.position.line
    for step, inner in zip(finding.chain, finding.chain[1:], strict=False):
        yield (inner.path, step.symbol), inner.line


def _greedy(
    cover: Mapping[Function, frozenset[int]],
    order: Mapping[Function, tuple[object, ...]],
    findings: Sequence[Finding],
    most: int,
) -> list[Function]:
    """Each time the function that mends most of what is left; of several the one with the worst findings,
    then the one that is nearest to the primitives."""
    left = set(range(len(findings)))
    chosen: list[Function] = []
    rest = dict(cover)

    def loss(function: Function) -> tuple[object, ...]:
        numbers = rest[function] & left
        worst = sum(findings[number].severity for number in numbers)
        return (-len(numbers), -worst, order[function])

    while left and rest and len(chosen) < most:
        best = min(rest, key=loss)
        if not rest[best] & left:
            break
        chosen.append(best)
        left.difference_update(rest.pop(best))
    return chosen


def _exact(cover: Mapping[Function, frozenset[int]], most: int) -> list[Function]:
    """The fewest that mend as many as can be."""
    every = sorted(cover)
    possible = len(frozenset().union(*cover.values()))
    best: tuple[int, list[Function]] = (0, [])
    for number in range(1, min(most, len(every)) + 1):
        for choice in combinations(every, number):
            mended = len(frozenset().union(*(cover[function] for function in choice)))
            if mended > best[0]:
                best = (mended, list(choice))
        if best[0] == possible:
            break
    return best[1]


def _worst(change: Change) -> Severity:
    return max(finding.severity for finding in change.findings)


def what_to_do(change: Change) -> list[str]:
    """What to do in a function: one sentence for a helper that merely waits, else what the findings'
    recommendations say, each once, with what it is about where there are several."""
    if not change.is_coroutine and all(map(_only_waits, change.findings)):
        name = short_name(change.symbol)
        callers = len({(finding.path, finding.symbol) for finding in change.findings})
        where = "its caller" if callers == 1 else f"its {callers} callers"
        return [f"make `{name}` a coroutine that doesn't block, or run it in a thread from {where}."]
    about: dict[str, dict[str, None]] = {}
    for finding in change.findings:
        text = finding.recommendation.text if finding.recommendation else ""
        causes = about.setdefault(text or f"see `conclint explain {finding.code}`", {})
        if finding.cause:
            causes[brief(finding.cause)] = None
    differ = len({tuple(causes) for causes in about.values()}) > 1
    texts = [f"{_named(causes)}: {text}" if differ and causes else text for text, causes in about.items()]
    more = len(texts) - _NAMED
    return (
        [*texts[:_NAMED], f"and {count(more, 'more recommendation')}, see the findings"]
        if more > 0
        else texts
    )


def _only_waits(finding: Finding) -> bool:
    """Whether what is reported waits, and a thread or a coroutine is all that is asked for."""
    advice = finding.recommendation
    return (
        finding.effect is EffectKind.WAITS
        and advice is not None
        and _SIMPLE.match(advice.text) is not None
        and advice.model in (ExecutionModel.THREAD, ExecutionModel.EVENT_LOOP)
    )


def _named(causes: Collection[str]) -> str:
    return some([f"`{cause}`" for cause in causes][:_NAMED], len(causes))


def _about(change: Change) -> str:
    """What stands behind the findings, in words."""
    causes = Counter(brief(finding.cause) for finding in change.findings if finding.cause)
    return _named([cause for cause, _ in causes.most_common()])


def _tail(plan: Plan) -> str:
    number = len(plan.changes)
    which = "this function" if number == 1 else f"these {number} functions"
    left = plan.total - plan.mended
    rest = "none remain" if not left else "1 remains" if left == 1 else f"{left} remain"
    return f"Changing {which} fixes {plan.share}% of {count(plan.total, 'finding')}; {rest}."


def _worth(change: Change) -> str:
    functions = {(finding.path, finding.symbol) for finding in change.findings}
    inside = "" if change.is_coroutine and len(functions) == 1 else f" in {count(len(functions), 'function')}"
    return f"{count(len(change.findings), 'finding')}{inside}, worst {_worst(change).label}"


def render_plan_text(plan: Plan) -> str:
    """The plan for a terminal."""
    if not plan.changes:
        return "Nothing to change: no findings.\n"
    lines = []
    for number, change in enumerate(plan.changes, 1):
        lines.append(f"{number:2}. {change.symbol} ({change.path}:{change.line})")
        about = _about(change)
        lines.append(f"      {_worth(change)}" + (f": {about}" if about else ""))
        lines += [f"      {text}" for text in what_to_do(change)]
    lines += ["", _tail(plan)]
    return "".join(printable(line) + "\n" for line in lines)


def render_plan_markdown(plan: Plan) -> str:
    """The plan as a list of tasks for an issue."""
    lines = ["## Blocking calls: what to change first", ""]
    for change in plan.changes:
        lines.append(f"- [ ] `{change.symbol}` ({change.path}:{change.line}): {_worth(change)}")
        what = what_to_do(change)
        lines += [f"  {what[0]}"] if len(what) == 1 else [f"  - {text}" for text in what]
    lines += ["", _tail(plan) if plan.changes else "Nothing to change: no findings."]
    return "".join(printable(line) + "\n" for line in lines)


def render_plan_json(plan: Plan) -> str:
    """The plan as a JSON object."""
    document = {
        "total": plan.total,
        "mended": plan.mended,
        "functions": plan.functions,
        "changes": [_as_object(change) for change in plan.changes],
    }
    return printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _as_object(change: Change) -> dict[str, object]:
    return {
        "symbol": change.symbol,
        "path": change.path,
        "line": change.line,
        "findings": len(change.findings),
        "severity": _worst(change).label,
        "causes": list(dict.fromkeys(finding.cause for finding in change.findings if finding.cause)),
        "what": " ".join(what_to_do(change)),
        "fingerprints": [finding.fingerprint for finding in change.findings],
    }
