"""What runs where, at the functions and calls of one file."""

from __future__ import annotations

from collections.abc import Iterator

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind, MapEdge, MapFunction, ReachedModel
from conclint.report.printable import printable, printable_lines
from conclint.report.wording import MODEL_WORDS
from conclint.server.jobs import Extent, Note
from conclint.server.position_encoding import Columns
from conclint.source.discovery import Source

_LISTED = 5


def notes_of(
    source: Source, found: ConcurrencyMap, columns: Columns, *, callers_known: bool
) -> tuple[Note, ...]:
    """The notes for the file, in order. Without `callers_known` the map holds only some of the program, so
    that nothing is said of how many callers there are."""
    functions = {item.symbol: item for item in found.functions}
    callers: dict[str, list[MapEdge]] = {}
    for edge in found.edges:
        callers.setdefault(edge.callee, []).append(edge)
    known = callers if callers_known else {}
    notes: list[Note] = []
    for item in found.functions:
        if item.path == source.shown:
            extent = _place(columns, source.path, item.line, item.symbol)
            if extent is not None:
                notes.append(
                    Note(
                        extent,
                        printable(_title(item, known.get(item.symbol, []))),
                        printable_lines(_text(item, known.get(item.symbol, []))),
                    )
                )
    for edge in found.edges:
        caller, callee = functions.get(edge.caller), functions.get(edge.callee)
        if caller is None or callee is None or caller.path != source.shown or not edge.line:
            continue
        text = printable_lines(_text(callee, known.get(callee.symbol, [])))
        words = columns.words_at(source.path, edge.line, _name(callee.symbol))
        notes += [Note(extent, "", text) for extent in words]
    return tuple(sorted(set(notes)))


def _place(columns: Columns, path: str, line: int, symbol: str) -> Extent | None:
    """Where the function's name stands in its first line; None for a module's own code."""
    return next(iter(columns.words_at(path, line, _name(symbol))), None)


def _name(symbol: str) -> str:
    """The name as the source has it: of one defined again the number is left out."""
    return symbol.rpartition(".")[2].partition("#")[0]


def _title(item: MapFunction, callers: list[MapEdge]) -> str:
    if not item.models:
        return ""
    models = ", ".join(MODEL_WORDS[reached.model] for reached in item.models)
    number = len({edge.caller for edge in callers})
    if not number:
        return f"runs on: {models}"
    return f"runs on: {models} ← {number} {'caller' if number == 1 else 'callers'}"


def _text(item: MapFunction, callers: list[MapEdge]) -> str:
    lines = [f"`{item.symbol}`"]
    if item.models:
        lines += ["runs on", *(f"- {_reached(reached)}" for reached in item.models)]
    else:
        lines.append("runs where its callers run")
    if item.effects:
        effects = dict.fromkeys((effect.kind, effect.family, effect.cause) for effect in item.effects)
        lines += [
            "",
            "does",
            *(f"- {_WORDS.get(kind, kind)} ({family}): `{cause}`" for kind, family, cause in effects),
        ]
    if callers:
        lines += ["", "reached from", *_listed(callers)]
    return "\n".join(lines)


_WORDS = {
    "waits": "waits",
    "computes_gil": "computes, holding the GIL",
    "computes_nogil": "computes without the GIL",
}


def _reached(reached: ReachedModel) -> str:
    model = MODEL_WORDS[reached.model]
    return f"{model}, through `{reached.source}`" if reached.source is not None else model


def _listed(callers: list[MapEdge]) -> Iterator[str]:
    ways = list(dict.fromkeys((edge.caller, edge.kind, edge.model) for edge in callers))
    for caller, kind, model in ways[:_LISTED]:
        if kind is EdgeKind.PLACE and model is not None:
            yield f"- `{caller}`, which hands it to: {MODEL_WORDS[model]}"
        else:
            yield f"- `{caller}`"
    if len(ways) > _LISTED:
        yield f"- and {len(ways) - _LISTED} more"
