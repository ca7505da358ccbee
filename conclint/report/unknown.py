"""Calls that could not be judged, as text by library, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from conclint.model.execution import ExecutionModel
from conclint.model.unknown_calls import Cure, UnknownCall, UnknownCalls, UnknownCause, percent
from conclint.report.json import dump
from conclint.report.printable import printable
from conclint.report.wording import MODEL_WORDS, some

_CURES: Final = {
    Cure.FOLLOW: "installed: --follow {0}",
    Cure.FACT: "an extension module: write a fact",
    Cure.INSTALL: "not installed here: --python, or write a fact",
}
_NAMES: Final = 3
_METHODS: Final = 10


def render_unknown_json(found: UnknownCalls) -> str:
    """One object: how many are known, the share of library calls that is, and each call that isn't."""
    return dump(
        {
            "known": found.known,
            "share": round(found.share, 4),
            "unknown": [
                {
                    "library": call.library or None,
                    "cause": call.cause.value,
                    "cure": call.cure.value,
                    "name": call.name,
                    "path": call.path,
                    "line": call.line,
                    "column": call.column,
                    "symbol": call.symbol,
                    "models": [model.value for model in call.models],
                }
                for call in found.calls
            ],
        }
    )


def render_unknown(found: UnknownCalls) -> str:
    """The share, a paragraph for each library, the most frequent unresolved methods."""
    outside = found.of(UnknownCause.NOT_DESCRIBED)
    number = found.known + len(outside)
    lines = [f"{percent(found.known, number)} of {number:,} library calls that run on some model are known."]
    by_library: dict[str, list[UnknownCall]] = {}
    for call in outside:
        by_library.setdefault(call.library, []).append(call)
    for library, calls in sorted(by_library.items(), key=lambda item: (-len(item[1]), item[0])):
        names = [name for name, _ in Counter(call.name for call in calls).most_common(_NAMES)]
        lines += [
            "",
            f"{printable(library)}: {_calls(calls)} ({_models(calls)}), first at {_place(calls[0])}",
            f"  {printable(some(names, len({call.name for call in calls})))}",
            f"  {printable(_CURES[calls[0].cure].format(library))}",
        ]
    unresolved = found.of(UnknownCause.UNRESOLVED)
    if unresolved:
        lines += [
            "",
            f"{_calls(unresolved)} of objects that are not known; an annotation would say what they are:",
        ]
        counted = Counter(call.name for call in unresolved).most_common(_METHODS)
        for name, count in counted:
            first = next(call for call in unresolved if call.name == name)
            lines.append(f"  {count:>4}  {printable(name)}  first at {_place(first)}")
        rest = len({call.name for call in unresolved}) - len(counted)
        lines += [f"        and {rest} more names"] if rest else []
    return "\n".join(lines) + "\n"


def _calls(calls: Sequence[UnknownCall]) -> str:
    return f"{len(calls):,} {'call' if len(calls) == 1 else 'calls'}"


def _models(calls: Sequence[UnknownCall]) -> str:
    on = {model for call in calls for model in call.models}
    return ", ".join(MODEL_WORDS[model] for model in ExecutionModel if model in on)


def _place(call: UnknownCall) -> str:
    return printable(f"{call.path}:{call.line}")
