"""The concurrency map for people: as a list by file, and around one function as a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind, MapEdge, MapFunction
from conclint.model.execution import ExecutionModel
from conclint.report.printable import printable
from conclint.report.wording import count

_MODEL_WORDS = {model: model.value.replace("_", " ") for model in ExecutionModel}
_MAX_DEPTH = 30


def render_map(found: ConcurrencyMap) -> str:
    """A paragraph a file, a line a function: the models it runs on and who brings it there, its effects."""
    lines: list[str] = []
    placed = _by(found.edges, forwards=True)
    path = None
    for item in found.functions:
        if item.path != path:
            path = item.path
            lines += ["", path] if lines else [path]
        lines.append(f"  {item.line}: {item.symbol}")
        lines += [
            f"      {text}" for text in (_models_of(item), _effects_of(item), *_problems_of(item)) if text
        ]
        lines += [f"      {_placing(edge)}" for edge in placed.get(item.symbol, ()) if edge.model]
    counts = {model: sum(_runs_on(item, model) for item in found.functions) for model in ExecutionModel}
    told = ", ".join(f"{number} on {_an(model)}" for model, number in counts.items() if number)
    lines += [""] if lines else []
    problems = sum(len(item.problems) for item in found.functions)
    bad = f"; {count(problems, 'finding')}" if problems else ""
    lines.append(f"{count(len(found.functions), 'function')}{f': {told}' if told else ''}{bad}.")
    return "".join(f"{printable(line)}\n" for line in lines)


def render_around(found: ConcurrencyMap, symbol: str) -> str:
    """The function, then the tree of what leads to it and the tree of what it leads to."""
    items = {item.symbol: item for item in found.functions}
    item = items[symbol]
    lines = [f"{symbol} ({item.path}:{item.line})"]
    lines += [f"  {text}" for text in (_models_of(item), _effects_of(item), *_problems_of(item)) if text]
    for head, forwards in (("called from", False), ("leads to", True)):
        steps = _by(found.edges, forwards)
        if symbol in steps:
            lines += ["", f"{head}:"]
            lines += _tree(steps, items, symbol, forwards)
    return "".join(f"{printable(line)}\n" for line in lines)


def _tree(
    steps: Mapping[str, list[MapEdge]], items: Mapping[str, MapFunction], symbol: str, forwards: bool
) -> list[str]:
    """Depth first; what was shown before, on this way or another, is named and not opened again."""
    lines: list[str] = []
    shown = {symbol}
    todo = [(edge, 1) for edge in reversed(steps[symbol])]
    while todo:
        edge, depth = todo.pop()
        end = edge.callee if forwards else edge.caller
        again = end in shown
        shown.add(end)
        item = items.get(end)
        effects = _effects_of(item) if item is not None and forwards else ""
        line = f"{'  ' * depth}{_how(edge)}{end}{f' ({item.path}:{item.line})' if item is not None else ''}"
        words = [text for text in (effects, "see above" if again and steps.get(end) else "") if text]
        lines.append(line + (f" - {'; '.join(words)}" if words else ""))
        if not again and depth < _MAX_DEPTH:
            todo += [(following, depth + 1) for following in reversed(steps.get(end, ()))]
    return lines


def _by(edges: Iterable[MapEdge], forwards: bool) -> dict[str, list[MapEdge]]:
    """The edges by where they start (backwards: end), one for each pair and kind, in order of line."""
    found: dict[str, dict[tuple[str, str, str], MapEdge]] = {}
    for edge in sorted(edges, key=lambda edge: (edge.line, edge.callee, edge.caller)):
        start, end = (edge.caller, edge.callee) if forwards else (edge.callee, edge.caller)
        found.setdefault(start, {}).setdefault((end, edge.kind_value, edge.model_value), edge)
    return {start: list(items.values()) for start, items in found.items()}


def _how(edge: MapEdge) -> str:
    if edge.kind is EdgeKind.AWAIT:
        return "coroutine "
    return f"[{_MODEL_WORDS[edge.model]}] " if edge.model is not None else ""


def _placing(edge: MapEdge) -> str:
    assert edge.model is not None
    return f"hands {edge.callee} to {_an(edge.model)} (line {edge.line}, {edge.by})"


def _models_of(item: MapFunction) -> str:
    if not item.models:
        return ""
    words = [
        _MODEL_WORDS[reached.model] + (f" (from {reached.source})" if reached.source else "")
        for reached in item.models
    ]
    return f"runs on: {', '.join(words)}"


def _effects_of(item: MapFunction) -> str:
    waits = [f"{effect.family} ({effect.cause})" for effect in item.effects if effect.kind == "waits"]
    computes = [effect.cause for effect in item.effects if effect.kind != "waits"]
    parts = [f"waits: {', '.join(waits)}"] if waits else []
    parts += [f"computes: {', '.join(computes)}"] if computes else []
    return "; ".join(parts)


def _problems_of(item: MapFunction) -> list[str]:
    return [
        f"finding: {problem.code}{f' {problem.cause}' if problem.cause else ''} (line {problem.line})"
        for problem in item.problems
    ]


def _runs_on(item: MapFunction, model: ExecutionModel) -> bool:
    return any(reached.model is model for reached in item.models)


def _an(model: ExecutionModel) -> str:
    word = _MODEL_WORDS[model]
    return ("the " if model is ExecutionModel.EVENT_LOOP else "an " if word[0] in "aeiou" else "a ") + word
