"""The concurrency map as a picture: Graphviz DOT and Mermaid. Boxes stand where they run: a cluster for each
execution model (in DOT with one for each file in it). What is reported is red, with the calls down to its
cause."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from conclint.model.concurrency_map import ConcurrencyMap, EdgeKind, MapFunction
from conclint.model.execution import ExecutionModel
from conclint.model.symbols import readable, short_name
from conclint.report.printable import printable

MOST_MERMAID_CHARACTERS: Final = 50_000
MOST_MERMAID_ARROWS: Final = 500
"""Mermaid draws no more, unless its page is configured otherwise (`maxTextSize`, `maxEdges`)."""

_CLUSTERS: Final = (
    ("event loop", "#e8f1ff"),
    ("threads", "#e8f7e2"),
    ("processes", "#fff0e0"),
    ("interpreters", "#f3ebff"),
    ("several models", "#f7f7dc"),
    ("wherever it is called", "#f4f4f4"),
)
_NUMBERS: Final = {
    ExecutionModel.EVENT_LOOP: 0,
    ExecutionModel.THREAD: 1,
    ExecutionModel.PROCESS: 2,
    ExecutionModel.INTERPRETER: 3,
}
_SEVERAL, _ANYWHERE = 4, 5
_BAD, _BAD_EDGE, _EDGE, _INK = "#ffd9d6", "#b3261e", "#7a8794", "#1d2125"
_MOST_EFFECTS: Final = 3


class _Arrow(NamedTuple):
    """One function leading to another, drawn once however often; `label` is what places it."""

    caller: str
    callee: str
    label: str
    is_bad: bool


def render_dot(found: ConcurrencyMap) -> str:
    """A digraph; placements are dashed arrows."""
    numbers = {item.symbol: number for number, item in enumerate(found.functions)}
    lines = [
        "digraph conclint {",
        '  rankdir=LR; ranksep=0.4; nodesep=0.12; fontname="sans-serif";',
        f'  node [shape=box style="filled,rounded" fillcolor=white color="{_EDGE}" fontcolor="{_INK}" '
        'fontname="sans-serif" fontsize=11 height=0.2 margin="0.1,0.05"];',
        f'  edge [color="{_EDGE}" fontname="sans-serif" fontsize=9 arrowsize=0.6];',
    ]
    for model, files in _clustered(found):
        title, colour = _CLUSTERS[model]
        lines.append(f"  subgraph cluster_m{model} {{")
        lines.append(f'    label={_quoted(title)}; style="filled,rounded"; color="{colour}"; fontsize=14;')
        for number, (path, items) in enumerate(files.items()):
            lines.append(f"    subgraph cluster_m{model}_{number} {{")
            lines.append(f'      label={_quoted(path)}; style=rounded; color="{_EDGE}"; fontsize=10;')
            for item in items:
                label = "\\n".join(_escaped(text) for text in (_own_name(item.symbol, path), *_about(item)))
                bad = f' fillcolor="{_BAD}" color="{_BAD_EDGE}"' if item.problems else ""
                lines.append(f'      n{numbers[item.symbol]} [label="{label}"{bad}];')
            lines.append("    }")
        lines.append("  }")
    for arrow in _arrows(found):
        styles = [f"style=dashed label={_quoted(arrow.label)}"] if arrow.label else []
        styles += [f'color="{_BAD_EDGE}" penwidth=2'] if arrow.is_bad else []
        style = f" [{' '.join(styles)}]" if styles else ""
        lines.append(f"  n{numbers[arrow.caller]} -> n{numbers[arrow.callee]}{style};")
    return "\n".join([*lines, "}"]) + "\n"


class Drawn(NamedTuple):
    """A picture, and how many functions had no room in it."""

    text: str
    left_out: int


def render_mermaid(found: ConcurrencyMap) -> Drawn:
    """A flowchart with the same boxes and arrows, of as many functions as Mermaid draws. Files are no
    clusters in it: its layout fails on some nested ones."""
    text = _mermaid_of(found)
    if _fits(text):
        return Drawn(text, 0)
    order = found.by_weight()
    fitting, too_many = 0, len(order)
    text = _mermaid_of(found.part(()))
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        tried = _mermaid_of(found.part(order[:middle]))
        if _fits(tried):
            fitting, text = middle, tried
        else:
            too_many = middle
    left_out = len(found.functions) - fitting
    return Drawn(text, left_out)


def _fits(text: str) -> bool:
    arrows = sum(line.startswith("  n") for line in text.splitlines())
    return len(text) <= MOST_MERMAID_CHARACTERS and arrows <= MOST_MERMAID_ARROWS


def _mermaid_of(found: ConcurrencyMap) -> str:
    numbers = {item.symbol: number for number, item in enumerate(found.functions)}
    lines = ["flowchart LR"]
    for model, files in _clustered(found):
        lines.append(f"  subgraph m{model}[{_mermaid(_CLUSTERS[model][0])}]")
        lines += [
            f"    n{numbers[item.symbol]}[{_mermaid(short_name(item.symbol), *_about(item))}]"
            for items in files.values()
            for item in items
        ]
        lines.append("  end")
    bad_arrows = []
    for number, arrow in enumerate(_arrows(found)):
        way = f"-. {_mermaid(arrow.label)} .->" if arrow.label else "-->"
        lines.append(f"  n{numbers[arrow.caller]} {way} n{numbers[arrow.callee]}")
        if arrow.is_bad:
            bad_arrows.append(str(number))
    lines += [
        f"  style m{model} fill:{_CLUSTERS[model][1]},color:{_INK},stroke:none"
        for model, _ in _clustered(found)
    ]
    bad = [f"n{numbers[item.symbol]}" for item in found.functions if item.problems]
    if bad:
        lines.append(f"  classDef bad fill:{_BAD},stroke:{_BAD_EDGE},color:{_INK}")
        lines.append(f"  class {','.join(bad)} bad")
    if bad_arrows:
        lines.append(f"  linkStyle {','.join(bad_arrows)} stroke:{_BAD_EDGE},stroke-width:2px")
    return "\n".join(lines) + "\n"


def _clustered(found: ConcurrencyMap) -> Iterator[tuple[int, dict[str, list[MapFunction]]]]:
    """The functions by what they run on, then by file."""
    clusters: dict[int, dict[str, list[MapFunction]]] = {}
    for item in found.functions:
        clusters.setdefault(_cluster(item), {}).setdefault(item.path, []).append(item)
    yield from sorted(clusters.items(), key=lambda cluster: cluster[0])


def _cluster(item: MapFunction) -> int:
    if not item.models:
        return _ANYWHERE
    return _NUMBERS[item.models[0].model] if len(item.models) == 1 else _SEVERAL


def _about(item: MapFunction) -> list[str]:
    """What is reported in the function; else what it does."""
    problems = [f"{problem.code} {readable(problem.cause)}".strip() for problem in item.problems]
    effects = [f"{effect.kind.split('_')[0]}: {readable(effect.cause)}" for effect in item.effects]
    about = list(dict.fromkeys(problems or effects))
    shown = about[:_MOST_EFFECTS]
    if len(about) > len(shown):
        shown.append(f"{len(about) - len(shown)} more")
    models = ", ".join(reached.model.value.replace("_", " ") for reached in item.models)
    return [models, *shown] if len(item.models) > 1 else shown


def _own_name(symbol: str, path: str) -> str:
    """The function's name without its module, which its file tells."""
    parts = symbol.split(".")
    folders = path.removesuffix(".py").removesuffix("/__init__").split("/")
    for end in range(len(parts) - 1, 0, -1):
        if parts[:end] == folders[-end:]:
            return ".".join(parts[end:])
    return symbol


def _arrows(found: ConcurrencyMap) -> list[_Arrow]:
    """Each arrow once, in order."""
    symbols = {item.symbol for item in found.functions}
    arrows: dict[_Arrow, None] = {}
    for edge in found.edges:
        if edge.caller in symbols and edge.callee in symbols:
            label = (edge.by or edge.model_value) if edge.kind is EdgeKind.PLACE else ""
            is_bad = (edge.caller, edge.callee) in found.steps
            arrows[_Arrow(edge.caller, edge.callee, label, is_bad)] = None
    return list(arrows)


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _mermaid(*lines: str) -> str:
    """The lines as one label: of what Mermaid reads in one (entities, tags, Markdown) nothing is left."""
    escaped = (re.sub('[#&<>"`]', lambda found: f"#{ord(found[0])};", printable(line)) for line in lines)
    return f'"{"<br/>".join(escaped)}"'
