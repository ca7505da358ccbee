"""The concurrency map for programs: JSON, Graphviz DOT and Mermaid."""

from __future__ import annotations

import re

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind, MapFunction
from conclint.model.execution import ExecutionModel
from conclint.report.json import dump
from conclint.report.printable import printable

_COLOURS = {
    ExecutionModel.EVENT_LOOP: "#cfe3ff",
    ExecutionModel.THREAD: "#d9f2d0",
    ExecutionModel.PROCESS: "#ffe2c4",
    ExecutionModel.INTERPRETER: "#eadcff",
}
_SEVERAL = "#f3f3c6"
_NONE = "#ffffff"


def render_map_json(found: ConcurrencyMap) -> str:
    """One object with `functions` and `edges`."""
    document = {
        "functions": [
            {
                "symbol": item.symbol,
                "path": item.path,
                "line": item.line,
                "coroutine": item.is_coroutine,
                "models": [{"model": m.model.value, "from": m.source} for m in item.models],
                "effects": [{"kind": e.kind, "family": e.family, "cause": e.cause} for e in item.effects],
            }
            for item in found.functions
        ],
        "edges": [
            {
                "caller": edge.caller,
                "callee": edge.callee,
                "kind": edge.kind_value,
                "model": edge.model_value or None,
                "by": edge.by or None,
                "line": edge.line or None,
                "external": edge.is_external,
            }
            for edge in found.edges
        ],
    }
    return dump(document)


def render_dot(found: ConcurrencyMap) -> str:
    """A digraph: a box a function in its model's colour, a cluster a file, placements as dashed arrows."""
    numbers = {item.symbol: number for number, item in enumerate(found.functions)}
    lines = ["digraph conclint {", '  rankdir=LR; node [shape=box style="filled,rounded" fontname=sans];']
    for cluster, path in enumerate(dict.fromkeys(item.path for item in found.functions)):
        lines.append(f"  subgraph cluster_{cluster} {{")
        lines.append(f"    label={_quoted(path)};")
        for item in found.functions:
            if item.path == path:
                label = "\\n".join(_escaped(text) for text in _label(item))
                lines.append(f'    n{numbers[item.symbol]} [label="{label}" fillcolor="{_colour(item)}"];')
        lines.append("  }")
    for caller, callee, label in _arrows(found):
        style = f" [style=dashed label={_quoted(label)}]" if label else ""
        lines.append(f"  n{numbers[caller]} -> n{numbers[callee]}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def render_mermaid(found: ConcurrencyMap) -> str:
    """A flowchart with the same boxes, arrows and colours."""
    numbers = {item.symbol: number for number, item in enumerate(found.functions)}
    lines = ["flowchart LR"]
    for cluster, path in enumerate(dict.fromkeys(item.path for item in found.functions)):
        lines.append(f"  subgraph f{cluster}[{_mermaid(path)}]")
        lines += [
            f"    n{numbers[item.symbol]}[{_mermaid(*_label(item))}]"
            for item in found.functions
            if item.path == path
        ]
        lines.append("  end")
    for caller, callee, label in _arrows(found):
        arrow = f"-. {_mermaid(label)} .->" if label else "-->"
        lines.append(f"  n{numbers[caller]} {arrow} n{numbers[callee]}")
    lines += [
        f"  style n{numbers[item.symbol]} fill:{_colour(item)}" for item in found.functions if item.models
    ]
    return "\n".join(lines) + "\n"


def _label(item: MapFunction) -> list[str]:
    models = ", ".join(reached.model.value.replace("_", " ") for reached in item.models)
    effects = [f"{effect.kind}: {effect.cause}" for effect in item.effects]
    return [item.symbol, *([models] if models else []), *effects]


def _arrows(found: ConcurrencyMap) -> dict[tuple[str, str, str], None]:
    """Caller, callee and label of each arrow, several calls in one function drawn once."""
    symbols = {item.symbol for item in found.functions}
    return {
        (edge.caller, edge.callee, (edge.by or edge.model_value) if edge.kind is EdgeKind.PLACE else ""): None
        for edge in found.edges
        if edge.caller in symbols and edge.callee in symbols
    }


def _colour(item: MapFunction) -> str:
    if not item.models:
        return _NONE
    return _COLOURS[item.models[0].model] if len(item.models) == 1 else _SEVERAL


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _mermaid(*lines: str) -> str:
    """The lines as one label: of what Mermaid reads in one (entities, tags, Markdown) nothing is left."""
    escaped = (re.sub('[#&<>"`]', lambda found: f"#{ord(found[0])};", printable(line)) for line in lines)
    return f'"{"<br/>".join(escaped)}"'
